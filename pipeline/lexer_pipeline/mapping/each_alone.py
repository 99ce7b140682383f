"""A document with several records in one list, as a document for each of them: so that one of them can be put aside and come back alone."""

import json
import re
from collections.abc import Iterator, Sequence

from lexer_pipeline.kernels import dispatch

SPACE = re.compile(r"[ \t\n\r]*")
DECODER = json.JSONDecoder(parse_float=str, parse_int=str)


def alone(document: bytes, keys: Sequence[str]) -> Iterator[bytes]:
    """The document with each item of the list under some keys as its only one, in their order; items that are null are left out."""
    text = document.decode()
    start = _place(text, keys)
    _, end = DECODER.raw_decode(text, start)
    before, behind = text[:start].encode(), text[end:].encode()
    items = text[start + 1 : end].encode()
    places, _, _ = dispatch.split_array(items, 0, True, len(items))
    for begin, stop in places.tolist():
        if items[begin:stop] != b"null":
            yield before + b"[" + items[begin:stop] + b"]" + behind


def _place(text: str, keys: Sequence[str]) -> int:
    """Where the value under some keys begins, which is there."""
    at = _behind_space(text, 0)
    for key in keys:
        at = next(place for found, place in _members(text, at) if found == key)
    return at


def _members(text: str, at: int) -> Iterator[tuple[str, int]]:
    """The keys of the object that begins somewhere, and where the value of each begins."""
    at = _behind_space(text, at + 1)
    while text[at] == '"':
        key, at = DECODER.raw_decode(text, at)
        at = _behind_space(text, _behind_space(text, at) + 1)
        yield key, at
        _, at = DECODER.raw_decode(text, at)
        at = _behind_space(text, at)
        if text[at] == ",":
            at = _behind_space(text, at + 1)


def _behind_space(text: str, at: int) -> int:
    found = SPACE.match(text, at)
    return found.end() if found else at
