from typing import Any

def find_lines(data: bytes, end: int) -> tuple[Any, Any, Any, int, bool]: ...
def split_array(data: bytes, at: int, final: bool, most: int) -> tuple[Any, int, int]: ...

class Automaton:
    slots: tuple[tuple[str, str], ...]
    paths: tuple[tuple[str | int, ...], ...]
    def __init__(
        self,
        nodes: Any,
        bounds: Any,
        properties: Any,
        shapes: Any,
        conditions: Any,
        text: bytes,
        root: int,
        slots: tuple[tuple[str, str], ...],
        paths: tuple[tuple[str | int, ...], ...],
    ) -> None: ...

def vouch_documents(automaton: Automaton, data: bytes, starts: Any, ends: Any) -> tuple[bytes, Any, Any]: ...
def sketch_document(automaton: Automaton, data: bytes) -> tuple[bytes, list[tuple[int, int, int]]] | None: ...
