from typing import Any

def find_lines(data: bytes, end: int) -> tuple[Any, Any, Any, int, bool]: ...
def split_array(data: bytes, at: int, final: bool, most: int) -> tuple[Any, int, int]: ...

class Automaton:
    slots: tuple[tuple[str, str], ...]
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
    ) -> None: ...

def vouch_documents(automaton: Automaton, data: bytes, starts: Any, ends: Any) -> tuple[bytes, Any, Any]: ...
