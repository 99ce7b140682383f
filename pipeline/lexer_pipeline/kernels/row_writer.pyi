from lexer_pipeline.kernels.arrays import Floats, Int32s, Int64s, UInt64s, WrittenBlock

class Writer:
    folds: bool
    def __init__(
        self, steps: Int64s, bounds: Floats, words: Int32s, shapes: UInt64s, conditions: Int64s, text: bytes,
        columns: int, key: int, once: list[int],
    ) -> None: ...  # fmt: skip
    def write(
        self, data: bytes | memoryview, delimiter: int, final: bool, longest: int, most: int
    ) -> WrittenBlock: ...

def scan_keys(
    data: bytes, delimiter: int, column: int, final: bool, longest: int, is_address: bool = False
) -> tuple[int, int, Int64s]: ...
