from lexer_pipeline.kernels.arrays import Floats, Int32s, Int64s, UInt8s, UInt64s

class Writer:
    folds: bool
    def __init__(
        self, steps: Int64s, bounds: Floats, words: Int32s, shapes: UInt64s, conditions: Int64s, text: bytes,
        columns: int, key: int, once: list[int],
    ) -> None: ...  # fmt: skip
    def write(
        self, data: bytes | memoryview, delimiter: int, final: bool, longest: int, most: int
    ) -> tuple[bytes, int, int, int, int, int, int, list[int], Int32s, Int32s, UInt8s, UInt8s, Int64s]: ...

def scan_keys(
    data: bytes, delimiter: int, column: int, final: bool, longest: int
) -> tuple[int, int, Int64s]: ...
