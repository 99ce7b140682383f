"""Find the lines of NDJSON and the values of a JSON array: what `documents` does."""

import re

import numpy as np
from lexer_pipeline.kernels.arrays import Int64s
from lexer_pipeline.kernels.codes import ARRAY_BROKEN, ARRAY_ENDED, ARRAY_GOES_ON

SPACE = re.compile(rb"[ \t-\r]*")
# A string is read by runs: `re` remembers each turn of a loop, and a sign a turn would cost gigabytes.
TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|["\[\]{}, \t-\r]', re.DOTALL)


def find_lines(data: bytes, end: int) -> tuple[Int64s, Int64s, Int64s, int]:
    """Find the lines of JSON; see `documents.find_lines`."""
    breaks = np.flatnonzero(np.frombuffer(data, np.uint8, end) == 0x0A)
    ends = breaks if not end or data[end - 1] == 0x0A else np.append(breaks, end)
    starts = np.append(0, ends[:-1] + 1) if len(ends) else ends
    lines = [(at, stop, number) for number, (at, stop) in enumerate(zip(starts, ends, strict=True))]
    filled = [(at, stop, number) for at, stop, number in lines if data[at:stop].strip(b" \t\r\v\f")]
    table = np.array(filled, np.int64).reshape(-1, 3).T.copy()
    return table[0], table[1], table[2], len(lines)


def split_array(data: bytes, at: int, final: bool, most: int) -> tuple[Int64s, int, int]:
    """Find the values of a JSON array; see `documents.split_array`."""
    places, at, state = _split(data, at, most)
    return np.array(places, np.int64).reshape(-1, 2), at, state


def _split(data: bytes, at: int, most: int) -> tuple[list[tuple[int, int]], int, int]:
    places: list[tuple[int, int]] = []
    while len(places) < most:
        start = _behind_space(data, at)
        if start >= len(data):
            break
        if data[start] in b"],":
            return places, at, ARRAY_BROKEN
        end = value_end(data, start)
        after = _behind_space(data, end) if end >= 0 else len(data)
        if after >= len(data):
            return places, start, ARRAY_GOES_ON
        if data[after] not in b",]":
            return places, start, ARRAY_BROKEN
        places.append((start, end))
        at = after + 1
        if data[after : after + 1] == b"]":
            return places, at, ARRAY_ENDED
    return places, at, ARRAY_GOES_ON


def value_end(data: bytes, at: int) -> int:
    """The place behind the JSON value that starts at `at`; -1 when it does not end within `data`."""
    depth = 0
    for found in TOKEN.finditer(data, at):
        token = found[0]
        if token == b'"':
            return -1
        if token in (b"{", b"["):
            depth += 1
        elif token in (b"}", b"]"):
            if depth == 0:
                return found.start()
            depth -= 1
        elif not token.startswith(b'"'):
            if depth == 0:
                return found.start()
            continue
        if depth == 0 and token not in (b"{", b"["):
            return found.end()
    return -1


def _behind_space(data: bytes, at: int) -> int:
    found = SPACE.match(data, at)
    return found.end() if found else at
