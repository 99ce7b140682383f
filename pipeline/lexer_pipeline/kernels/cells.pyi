from lexer_pipeline.kernels.arrays import Int32s, Int64s, Scanned, UInt8s, UInt64s
from lexer_pipeline.kernels.dialect import Dialect, Doubtful

def scan_csv(
    data: bytes, dialect: Dialect, columns: int, final: bool, most_rows: int, longest: int,
    doubtful: Doubtful | None = None,
) -> Scanned: ...  # fmt: skip
def check_column(
    data: bytes, starts: Int32s, ends: Int32s, flags: UInt8s, columns: int, column: int,
    kind: int, low: float, high: float, words: tuple[bytes, ...], status: UInt8s,
) -> None: ...  # fmt: skip
def encode(
    data: bytes, starts: Int32s, ends: Int32s, flags: UInt8s, columns: int, first: Int32s, last: Int32s, take: UInt8s,
    operations: Int32s, arguments: Int32s, keys: list[bytes],
) -> tuple[bytes, Int64s]: ...  # fmt: skip
def mark_keys(
    data: bytes, starts: Int32s, ends: Int32s, faults: UInt8s, cells: Int32s, columns: int, column: int,
    kind: int = 0,
) -> tuple[UInt8s, UInt64s]: ...  # fmt: skip
def agree(
    data: bytes, starts: Int32s, ends: Int32s, flags: UInt8s, columns: int, column: int, first: Int32s, last: Int32s,
    same: UInt8s,
) -> None: ...  # fmt: skip
def repeat_first(
    data: bytes, starts: Int32s, ends: Int32s, columns: int, first: Int32s, last: Int32s
) -> UInt8s: ...
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
