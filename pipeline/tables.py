"""Read a table of delimited text (RFC 4180 and its dialects) in batches of rows."""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from pipeline import compiled
from pipeline.errors import SourceError
from pipeline.rows import Rows

DELIMITERS = (",", ";", "\t", "|")
BLOCK = 1 << 20
LONGEST_ROW = 16 << 20
OK, BLANK, BROKEN = 0, 1, (3, 6)
SAMPLE_ROWS = 50


class Readable(Protocol):
    """Anything that gives the bytes of a named source, a block at a time."""

    name: str

    def read(self, size: int) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Head:
    """The first row of a table and what it tells: the names, the delimiter, and where the data begins."""

    names: tuple[str, ...]
    delimiter: str
    raw: bytes
    lines: int


def read_head(source: Readable, start: bytes) -> tuple[Head, bytes]:
    """The header of the table that begins with `start`; returns it with the bytes that follow it."""
    data = start.removeprefix(codecs.BOM_UTF8)
    while b"\n" not in data and b"\r" not in data[:-1] and len(data) <= LONGEST_ROW:
        more = source.read(BLOCK)
        if not more:
            break
        data += more
    first = len(data) - len(data.lstrip(b"\r\n"))
    delimiter = sniff(data[first : first + BLOCK])
    consumed, names = _header_cells(source, data[first:], delimiter)
    end = first + consumed
    lines = data[:end].count(b"\n") or data[:end].count(b"\r")
    raw = data[first:end].rstrip(b"\r\n")
    return Head(tuple(name.strip() for name in names), delimiter, raw, lines), data[end:]


def _header_cells(source: Readable, data: bytes, delimiter: str) -> tuple[int, list[str]]:
    while True:
        found = compiled.scan_csv(data, ord(delimiter), 1, False, 1, LONGEST_ROW)
        if found[1]:
            break
        more = source.read(BLOCK)
        if not more:
            found = compiled.scan_csv(data, ord(delimiter), 1, True, 1, LONGEST_ROW)
            break
        data += more
    columns = int(found[8][0]) if found[1] else 0
    if not columns or found[9][0] in BROKEN:
        raise SourceError(f"{source.name}: line 1: the header cannot be read", "Close the quotes in the first line.")
    found = compiled.scan_csv(data, ord(delimiter), columns, True, 1, LONGEST_ROW)
    consumed, _, starts, ends = found[:4]
    if found[9][0] == BLANK:
        raise SourceError(f"{source.name}: line 1: the header is empty", "Put the column names into the first line.")
    cells = [data[start:end].replace(b'""', b'"') for start, end in zip(starts, ends, strict=True)]
    try:
        return consumed, [cell.decode() for cell in cells]
    except UnicodeDecodeError:
        raise SourceError(
            f"{source.name}: line 1: the header is not UTF-8", "Save the file as UTF-8."
        ) from None


def sniff(sample: bytes) -> str:
    """The delimiter that cuts the first rows most evenly, and into most cells; a comma when none does."""
    scores = {}
    for delimiter in DELIMITERS:
        found = compiled.scan_csv(sample, ord(delimiter), 1, False, SAMPLE_ROWS, LONGEST_ROW)
        if not found[1]:
            found = compiled.scan_csv(sample, ord(delimiter), 1, True, SAMPLE_ROWS, LONGEST_ROW)
        counts, faults = found[8], found[9]
        whole = counts[(faults != BLANK) & ~np.isin(faults, BROKEN)]
        if len(whole) and whole[0] > 1:
            scores[delimiter] = (float((whole == whole[0]).mean()) >= 0.5, int(whole[0]))
    return max(scores, key=lambda delimiter: scores[delimiter]) if scores else ","


def read_rows(source: Readable, head: Head, rest: bytes) -> Iterator[Rows]:
    """The rows behind the header, in batches of about a megabyte, without a word on records."""
    line, number, final = head.lines, 0, False
    columns = len(head.names)
    while rest or not final:
        if not final and len(rest) < BLOCK:
            more = source.read(BLOCK)
            final = not more
            rest += more
        found = compiled.scan_csv(rest, ord(head.delimiter), columns, final, 1024 + len(rest) // 16, LONGEST_ROW)
        consumed, count, starts, ends, flags, row_starts, row_ends, lines, cells, faults = found
        if not count and not final:
            if len(rest) > LONGEST_ROW:
                raise SourceError(
                    f"{source.name}: line {line + 1} is longer than {LONGEST_ROW >> 20} MiB",
                    "Check that the file is a table and that its quotes are closed.",
                )
            more = source.read(BLOCK)
            final = not more
            rest += more
            continue
        if count:
            numbers = number + np.cumsum(faults != BLANK, dtype=np.int64)
            yield Rows(
                rest[:consumed], columns, starts, ends, flags, row_starts, row_ends, cells, faults,
                lines[:-1].astype(np.int64) + line + 1, numbers, None, columns,
            )  # fmt: skip
            number = int(numbers[-1])
        line += int(lines[-1])
        rest = rest[consumed:]
        if final and not count:
            break
