from collections.abc import Sequence

from lexer_pipeline.kernels.arrays import Floats, Int32s, Int64s, UInt64s, WrittenBlock
from lexer_pipeline.kernels.dialect import Dialect, Doubtful

class Writer:
    folds: bool
    def __init__(
        self, steps: Int64s, bounds: Floats, words: Int32s, shapes: UInt64s, conditions: Int64s, text: bytes,
        columns: int, key: int, once: list[int], hashed: Sequence[tuple[int, bool]],
    ) -> None: ...  # fmt: skip
    def write(
        self, data: bytes | memoryview, dialect: Dialect, final: bool, longest: int, most: int,
        doubtful: Doubtful | None = None,
    ) -> WrittenBlock: ...  # fmt: skip

def scan_keys(
    data: bytes, dialect: Dialect, column: int, final: bool, longest: int, kind: int = 0
) -> tuple[int, int, Int64s]: ...
