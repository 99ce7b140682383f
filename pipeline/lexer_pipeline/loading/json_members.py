"""Where the values of JSON lie: the members of an object, the items of a list, what lies below some keys."""

import re
from collections.abc import Sequence

import orjson
from msgspec import Struct

from lexer_pipeline.kernels import dispatch
from lexer_pipeline.kernels.codes import ARRAY_ENDED

SPACE = re.compile(rb"[ \t-\r]*")
EMPTY_LIST = re.compile(rb"\[[ \t-\r]*\]")

Place = tuple[int, int]


class Member(Struct, frozen=True):
    """A key of an object, and where its value begins and ends; the end is -1 where it lies beyond what was read."""

    key: str
    start: int
    end: int


def members(data: bytes, at: int) -> tuple[list[Member], int] | None:
    """The members of the object at `at`, and the place behind it, -1 where that was not read yet; None where it is broken."""
    found = list[Member]()
    at = behind_space(data, at + 1)
    if data[at : at + 1] == b"}":
        return found, at + 1
    while at < len(data):
        if data[at : at + 1] != b'"':
            return None
        if (end := dispatch.value_end(data, at)) < 0:
            break
        key, at = data[at:end], behind_space(data, end)
        start = behind_space(data, at + 1)
        if start >= len(data):
            break
        end = dispatch.value_end(data, start)
        if data[at : at + 1] != b":" or end == start:
            return None
        found.append(Member(text_of(key), start, end))
        if end < 0:
            break
        at = behind_space(data, end)
        if at < len(data) and data[at : at + 1] not in b",}":
            return None
        if data[at : at + 1] == b"}":
            return found, at + 1
        at = behind_space(data, at + 1)
    return found, -1


def items(data: bytes, at: int, end: int) -> Sequence[Place] | None:
    """The places of the values of the list at `at`; None where it is broken."""
    if EMPTY_LIST.match(data, at):
        return []
    places, _, state = dispatch.split_array(data, at + 1, True, end - at)
    return [(start, end) for start, end in places.tolist()] if state == ARRAY_ENDED else None


def below(data: bytes, places: Sequence[Place], keys: Sequence[str]) -> Sequence[Place]:
    """What lies below `keys` in each value, a list with each of its items; a value that has no such key stays as it is."""
    if not keys:
        return places
    found = list[Place]()
    for start, end in places:
        inner = _below(data, start, keys)
        found += [(start, end)] if inner is None else inner
    return found


def _below(data: bytes, at: int, keys: Sequence[str]) -> Sequence[Place] | None:
    known = members(data, at) if data[at : at + 1] == b"{" else None
    one = next((one for one in known[0] if one.key == keys[0]), None) if known is not None else None
    sign = data[one.start : one.start + 1] if one is not None else b""
    if one is None or sign not in (b"{", b"["):
        return None
    if sign == b"[":
        places = items(data, one.start, one.end)
        return None if places is None else below(data, places, keys[1:])
    return _below(data, one.start, keys[1:]) if keys[1:] else [(one.start, one.end)]


def text_of(key: bytes) -> str:
    """A key as it reads without quotes and escapes; empty where it is none."""
    if b"\\" not in key:
        return key[1:-1].decode("utf-8", "replace")
    try:
        return str(orjson.loads(key))
    except orjson.JSONDecodeError:
        return ""


def behind_space(data: bytes, at: int) -> int:
    """The place of the next sign."""
    found = SPACE.match(data, at)
    return found.end() if found else at
