"""A line of JSON and those that belong to it, put together as one document whose bytes are those of the lines."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

import orjson
from msgspec import Struct

from lexer_pipeline.errors import SourceError
from lexer_pipeline.limits import RECORD_BYTES, RECORD_ROWS
from lexer_pipeline.loading.json_members import EMPTY_LIST, behind_space, members

# Shopify's ids name the kind of thing: gid://shopify/LineItem/2001.
KIND = re.compile(r"gid://[^/]+/([A-Za-z_]\w*)/", re.ASCII)
NO_KIND = "children"


class Line(Struct, frozen=True):
    """One line: its number among the documents, the physical line, its id, and that of its parent where it names one."""

    number: int
    line: int
    text: bytes
    own: str | None
    above: str | None


def about(text: bytes, parent: str) -> tuple[str | None, str | None]:
    """The id of a line, and the one that it names under `parent`; None where there is none, or the line is no JSON."""
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None, None
    if not isinstance(document, dict):
        return None, None
    return _name(document.get("id"), text, "id"), _name(document.get(parent), text, parent)


def _name(value: object, text: bytes, key: str) -> str | None:
    if isinstance(value, float):
        # Digits beyond those of a double tell ids apart too.
        known = members(text, 0)
        found = [one for one in known[0] if one.key == key] if known is not None else []
        return text[found[-1].start : found[-1].end].decode() if found else None
    return None if value is None else str(value)


def families(lines: Iterable[Line], source: str) -> Iterator[list[Line]]:
    """Lines with those that follow and belong to them; SourceError where they are too long for a document."""
    family, size = list[Line](), 0
    for line in lines:
        if line.above is None and family:
            yield family
            family, size = [], 0
        family.append(line)
        size += len(line.text)
        if size > RECORD_BYTES or len(family) > RECORD_ROWS:
            raise too_large(source, family[0].line)
    if family:
        yield family


def too_large(source: str, line: int) -> SourceError:
    """What is said of a line with more in it than a document may have."""
    return SourceError(
        f"{source}: the lines that belong to the one on line {line} are more than {RECORD_ROWS:,}, or {RECORD_BYTES >> 20} MiB",
        "Check the key that says to which line they belong: parent under [documents] of the mapping.",
    )


def nearest(places: Sequence[int], at: int) -> int:
    """Which of several `places` is meant: the last before `at`, else the first behind it."""
    return max(0, bisect_left(places, at) - 1)


def composed(family: Sequence[Line]) -> tuple[bytes, bool]:
    """The document that lines make, in the order of the file; False where a key that they come under is taken by another value."""
    places = dict[str, list[int]]()
    for place, line in enumerate(family):
        if line.own is not None:
            places.setdefault(line.own, []).append(place)
    below = dict[int, list[int]]()
    root = 0
    for place, line in enumerate(family):
        if line.above is None:
            root = place
        else:
            above = places[line.above]
            below.setdefault(above[nearest(above, place)], []).append(place)
    return _with_children(family, root, below) if below else (family[root].text, True)


def _with_children(family: Sequence[Line], place: int, below: dict[int, list[int]]) -> tuple[bytes, bool]:
    text, is_whole = family[place].text, True
    kinds = dict[str, list[bytes]]()
    for child in below.get(place, ()):
        inner, fits = _with_children(family, child, below)
        is_whole &= fits
        found = KIND.match(family[child].own or "")
        kinds.setdefault(found[1] if found else NO_KIND, []).append(inner)
    for kind, some in kinds.items():
        text, fits = _put_in(text, kind, b",".join(some))
        is_whole &= fits
    return text, is_whole


def _put_in(text: bytes, key: str, values: bytes) -> tuple[bytes, bool]:
    """A document with some values under a key, behind those that are there already; False where the key has a value of another kind."""
    known = members(text, behind_space(text, 0)) if b'"' + key.encode() + b'"' in text else None
    there = [one for one in known[0] if one.key == key] if known is not None else []
    if there and text[there[-1].start : there[-1].start + 1] == b"[":
        comma = b"" if EMPTY_LIST.match(text, there[-1].start) else b","
        cut = there[-1].end - 1
        return text[:cut] + comma + values + text[cut:], True
    cut = text.rindex(b"}")
    comma = b"" if text[:cut].rstrip().endswith(b"{") else b","
    is_free = all(text[one.start : one.end] == b"null" for one in there)
    return text[:cut] + comma + b'"' + key.encode() + b'":[' + values + b"]" + text[cut:], is_free
