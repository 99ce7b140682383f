"""How the program that reads a workbook answers (`workbook_child` to `cage`): a letter, a length of eight bytes, so many bytes."""

TEXT, SAID = b"T", b"S"
LENGTH = 8


def framed(kind: bytes, data: bytes) -> bytes:
    """A frame: a piece of the text of a sheet, or what is said of it, as JSON."""
    return kind + len(data).to_bytes(LENGTH, "big") + data
