from lexer_pipeline.kernels.arrays import Floats, Int32s, Int64s, UInt64s

def find_lines(data: bytes, end: int) -> tuple[Int64s, Int64s, Int64s, int]: ...
def split_array(data: bytes, at: int, final: bool, most: int) -> tuple[Int64s, int, int]: ...
def value_end(data: bytes, at: int) -> int: ...

class Automaton:
    slots: tuple[tuple[str, str], ...]
    paths: tuple[tuple[str | int, ...], ...]
    def __init__(
        self, nodes: Int32s, bounds: Floats, properties: Int32s, shapes: UInt64s, conditions: Int64s, text: bytes,
        root: int, slots: tuple[tuple[str, str], ...], paths: tuple[tuple[str | int, ...], ...],
    ) -> None: ...  # fmt: skip

def vouch_documents(
    automaton: Automaton, data: bytes, starts: Int64s, ends: Int64s
) -> tuple[bytes, Int64s, Int64s]: ...
def sketch_document(
    automaton: Automaton, data: bytes
) -> tuple[bytes, list[tuple[int, int, int]], list[tuple[int, int, int]]] | None: ...
