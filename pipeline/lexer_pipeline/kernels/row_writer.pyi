from typing import Any

class Writer:
    folds: bool
    def __init__(
        self,
        steps: Any,
        bounds: Any,
        words: Any,
        shapes: Any,
        conditions: Any,
        text: bytes,
        columns: int,
        key: int,
        once: list[int],
    ) -> None: ...
    def write(
        self, data: bytes | memoryview, delimiter: int, final: bool, longest: int, most: int
    ) -> Any: ...

def scan_keys(
    data: bytes, delimiter: int, column: int, final: bool, longest: int
) -> tuple[int, int, Any]: ...
