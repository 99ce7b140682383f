from collections.abc import Sequence

from lexer_pipeline.kernels.arrays import HasCells, Int32s, Int64s, UInt64s

def hash_text(text: bytes, is_folded: bool) -> int: ...
def hash_cells(cells: HasCells, column: int, rows: Int32s, is_folded: bool) -> UInt64s: ...
def hash_lines(
    data: bytes,
    ends: Int64s,
    keys: tuple[bytes, ...],
    links: Sequence[bool],
    folded: Sequence[bool],
    enough: int,
) -> tuple[UInt64s, int, list[int]]: ...

class BloomFilter:
    def add(self, hashes: UInt64s) -> UInt64s: ...
