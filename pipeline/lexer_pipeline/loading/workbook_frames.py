"""How a workbook is handed to the program that reads it, and how that answers (`cage`, `workbook_child`), each in frames.

A frame is a letter, a length of eight bytes, and so many bytes. An end is told, since a process that another thread of the parent
forks meanwhile may hold the pipe open.
"""

TEXT, SAID = b"T", b"S"
LENGTH = 8


def framed(kind: bytes, data: bytes) -> bytes:
    """A frame: a piece of the workbook or of the text of its sheet, or what is said of it, as JSON."""
    return kind + len(data).to_bytes(LENGTH, "big") + data
