"""Find the rows and cells of a table, and the keys of rows: what `cells` and `row_writer` do."""

import hashlib
import re
from dataclasses import dataclass

import numpy as np

from lexer_pipeline.kernels.arrays import Int32s, Int64s, Scanned, UInt8s, UInt64s
from lexer_pipeline.kernels.codes import (
    HAS_DOUBLED,
    HAS_ESCAPE,
    HAS_HIGH,
    KEY_EMPTY,
    KEY_SAME,
    KEY_STARTS,
    KEY_UNREADABLE,
    ROW_BLANK,
    ROW_NUL,
    ROW_OK,
    ROW_QUOTE,
    ROW_RAGGED,
    ROW_UNCLOSED,
    ROW_UTF8,
)  # fmt: skip

LINE_BREAK = re.compile(rb"\r\n|\n|\r")
BLANKS = bytes(range(0x21))
NEEDS_ESCAPE = re.compile(rb'[\x00-\x1f"\\]')


@dataclass(frozen=True, slots=True)
class _Row:
    cells: list[tuple[int, int, bool]]
    end: int
    fault: int
    finished: bool


def scan_csv(data: bytes, delimiter: int, columns: int, final: bool, most_rows: int, longest: int) -> Scanned:
    """Find the rows and cells of `data`, which starts at the start of a row; see `cells.scan_csv`."""
    rows: list[_Row] = []
    starts: list[int] = []
    lines: list[int] = []
    at = consumed = line = 0
    while at < len(data) and len(rows) < most_rows:
        row = _row(data, at, bytes([delimiter]), final, longest)
        if not row.finished:
            break
        rows.append(row)
        starts.append(at)
        lines.append(line)
        found = LINE_BREAK.match(data, row.end)
        line += _breaks(data, at, row.end) + (found is not None)
        at = consumed = found.end() if found else len(data)
    faults = [_fault(data, start, row, columns) for start, row in zip(starts, rows, strict=True)]
    return Scanned(consumed, len(rows), *_cells(data, rows, columns), _ints(starts), _ints([row.end for row in rows]),
            _ints([*lines, line]), _ints([len(row.cells) for row in rows]), np.array(faults, np.uint8))  # fmt: skip


def _row(data: bytes, start: int, delimiter: bytes, final: bool, longest: int) -> _Row:
    stop = re.compile(b"[\r\n" + re.escape(delimiter) + b"]")
    cells: list[tuple[int, int, bool]] = []
    at = start
    while True:
        if data[at : at + 1] == b'"':
            begin, at, doubled = at + 1, *_closing_quote(data, at + 1)
            if at < 0 or (at < len(data) and data[at : at + 1] not in (delimiter, b"\r", b"\n")):
                return _broken(data, start, at < 0, final, longest)
            cells.append((begin, at - 1, doubled))
        else:
            found = stop.search(data, at)
            begin, at = at, found.start() if found else len(data)
            cells.append((begin, at, False))
        if data[at : at + 1] != delimiter:
            break
        at += 1
    return _Row(cells, at, ROW_OK, final or not _may_go_on(data, at))


def _may_go_on(data: bytes, at: int) -> bool:
    """Whether more data could still change what ends at `at`."""
    return at >= len(data) or (data[at : at + 1] == b"\r" and at + 1 >= len(data))


def _closing_quote(data: bytes, at: int) -> tuple[int, bool]:
    """The place behind the quote that closes a cell, or -1; and whether a doubled quote came before it."""
    doubled = False
    while (at := data.find(b'"', at)) >= 0:
        if data[at + 1 : at + 2] != b'"':
            return at + 1, doubled
        doubled = True
        at += 2
    return -1, doubled


def _broken(data: bytes, start: int, unclosed: bool, final: bool, longest: int) -> _Row:
    found = LINE_BREAK.search(data, start)
    end = found.start() if found else len(data)
    decided = not unclosed or len(data) - start > longest
    return _Row(
        [], end, ROW_UNCLOSED if unclosed else ROW_QUOTE, final or (decided and not _may_go_on(data, end))
    )


def _breaks(data: bytes, start: int, end: int) -> int:
    """How many line breaks lie between two places; a CR LF that straddles `end` is not counted."""
    return len(LINE_BREAK.findall(data[start:end]))


def _fault(data: bytes, start: int, row: _Row, columns: int) -> int:
    if row.fault:
        return row.fault
    if not any(data[begin:end].strip(b" ") for begin, end, _ in row.cells):
        return ROW_BLANK
    if b"\0" in data[start : row.end]:
        return ROW_NUL
    if not all(_is_utf8(data[begin:end]) for begin, end, _ in row.cells):
        return ROW_UTF8
    return ROW_OK if len(row.cells) == columns else ROW_RAGGED


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _cells(data: bytes, rows: list[_Row], columns: int) -> tuple[Int32s, Int32s, UInt8s]:
    starts = np.zeros((len(rows), columns), np.int32)
    ends = np.zeros((len(rows), columns), np.int32)
    flags = np.zeros((len(rows), columns), np.uint8)
    for number, row in enumerate(rows):
        for column, (begin, end, doubled) in enumerate(row.cells[:columns]):
            cell = data[begin:end]
            starts[number, column], ends[number, column] = begin, end
            flags[number, column] = (
                (HAS_ESCAPE if NEEDS_ESCAPE.search(cell) else 0)
                | (0 if cell.isascii() else HAS_HIGH)
                | (HAS_DOUBLED if doubled else 0)
            )
    return starts.ravel(), ends.ravel(), flags.ravel()


def _ints(values: list[int]) -> Int32s:
    return np.array(values, np.int32)


def mark_keys(
    data: bytes, starts: Int32s, ends: Int32s, faults: UInt8s, cells: Int32s, columns: int, column: int,
    is_address: bool = False,
) -> tuple[UInt8s, UInt64s]:  # fmt: skip
    """Say of each row whether its key begins a record, and a hash of it; see `cells.mark_keys`."""
    marks = np.zeros(len(faults), np.uint8)
    hashes = np.zeros(len(faults), np.uint64)
    last = None
    for row, fault in enumerate(faults.tolist()):
        key = data[starts[row * columns + column] : ends[row * columns + column]]
        if is_address:
            key = key.strip(BLANKS).lower() or key[-1:]
        if fault == ROW_BLANK:
            continue
        if fault in (ROW_QUOTE, ROW_UNCLOSED) or cells[row] <= column:
            marks[row] = KEY_UNREADABLE
        elif not key:
            marks[row] = KEY_EMPTY
        else:
            marks[row] = KEY_SAME if key == last else KEY_STARTS
            hashes[row] = int.from_bytes(hashlib.blake2b(key, digest_size=8).digest(), "little")
            last = key
    return marks, hashes


def scan_keys(
    data: bytes, delimiter: int, column: int, final: bool, longest: int, is_address: bool = False
) -> tuple[int, int, Int64s]:
    """Find the rows that are not blank, and the key of each; see `row_writer.scan_keys`."""
    columns, most = column + 1, len(data) + 1
    consumed, _, starts, ends, _, row_starts, row_ends, lines, cells, faults = scan_csv(
        data, delimiter, columns, final, most, longest
    )
    marks, hashes = mark_keys(data, starts, ends, faults, cells, columns, column, is_address)
    about = np.stack([row_starts, row_ends, lines[:-1], marks, hashes.view(np.int64)], axis=1).astype(
        np.int64
    )
    return consumed, int(lines[-1]), about[faults != ROW_BLANK]


class KeySet:
    """Hashes seen so far; see `cells.KeySet`."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._seen: set[int] = set()

    @property
    def count(self) -> int:
        """How many hashes there are."""
        return len(self._seen)

    def add(self, hashes: UInt64s) -> int:
        """How many of `hashes` were added before one was found that was there already."""
        for index, value in enumerate(hashes.tolist()):
            if value | 1 in self._seen:
                return index
            self._seen.add(value | 1)
        return len(hashes)

    def values(self) -> UInt64s:
        """The hashes, in no order."""
        return np.array(sorted(self._seen), np.uint64)
