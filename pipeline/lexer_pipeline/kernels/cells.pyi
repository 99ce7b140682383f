from lexer_pipeline.kernels.arrays import (
    HasCells,
    HasRows,
    HasSteps,
    Int32s,
    Int64s,
    Scanned,
    UInt8s,
    UInt64s,
)
from lexer_pipeline.kernels.dialect import Dialect, Doubtful

def scan_csv(
    data: bytes, dialect: Dialect, columns: int, final: bool, most_rows: int, longest: int,
    doubtful: Doubtful | None = None,
) -> Scanned: ...  # fmt: skip
def check_column(
    cells: HasCells, column: int, kind: int, low: float, high: float, words: tuple[bytes, ...]
) -> UInt8s: ...
def encode(
    cells: HasCells, first: Int32s, last: Int32s, take: UInt8s, program: HasSteps
) -> tuple[bytes, Int64s]: ...
def mark_keys(rows: HasRows, column: int, kind: int = 0) -> tuple[UInt8s, UInt64s]: ...
def agree(cells: HasCells, column: int, first: Int32s, last: Int32s, same: UInt8s) -> None: ...
def repeat_first(cells: HasCells, first: Int32s, last: Int32s) -> UInt8s: ...
def pull_up(
    starts: Int32s, ends: Int32s, flags: UInt8s, columns: int, column: int, first: Int32s, last: Int32s
) -> None: ...
def gather(data: bytes, row_starts: Int32s, row_ends: Int32s, order: Int64s) -> bytes: ...

class KeySet:
    count: int
    most: int
    def __init__(self, most: int) -> None: ...
    def add(self, hashes: UInt64s) -> int: ...
    def values(self) -> UInt64s: ...
