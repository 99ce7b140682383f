from typing import Any

def scan_csv(data: bytes, delimiter: int, columns: int, final: bool, most_rows: int, longest: int) -> Any: ...
def check_column(
    data: bytes,
    starts: Any,
    ends: Any,
    flags: Any,
    columns: int,
    column: int,
    kind: int,
    low: float,
    high: float,
    words: tuple[bytes, ...],
    status: Any,
) -> None: ...
def encode(
    data: bytes,
    starts: Any,
    ends: Any,
    flags: Any,
    columns: int,
    first: Any,
    last: Any,
    take: Any,
    operations: Any,
    arguments: Any,
    keys: list[bytes],
) -> tuple[bytes, Any]: ...
def mark_keys(
    data: bytes, starts: Any, ends: Any, faults: Any, cells: Any, columns: int, column: int
) -> tuple[Any, Any]: ...
def agree(
    data: bytes,
    starts: Any,
    ends: Any,
    flags: Any,
    columns: int,
    column: int,
    first: Any,
    last: Any,
    same: Any,
) -> None: ...
def pull_up(starts: Any, ends: Any, flags: Any, columns: int, column: int, first: Any, last: Any) -> None: ...
def gather(data: bytes, row_starts: Any, row_ends: Any, order: Any) -> bytes: ...

class KeySet:
    count: int
    most: int
    def __init__(self, most: int) -> None: ...
    def add(self, hashes: Any) -> int: ...
    def values(self) -> Any: ...
