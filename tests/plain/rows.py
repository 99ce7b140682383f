"""Find the rows and cells of a table, and the keys of rows: what `cells` and `row_writer` do."""

import hashlib
import re
from typing import NamedTuple

import numpy as np
from lexer_pipeline.kernels.arrays import HasRows, Int32s, Int64s, Scanned, UInt8s, UInt64s
from lexer_pipeline.kernels.clean_key import clean_key
from lexer_pipeline.kernels.codes import (
    BROKEN_ROWS,
    HAS_DOUBLED,
    HAS_ESCAPE,
    HAS_HIGH,
    KEY_EMPTY,
    KEY_EXACT,
    KEY_SAME,
    KEY_STARTS,
    KEY_UNREADABLE,
    ROW_BLANK,
    ROW_NUL,
    ROW_OK,
    ROW_PASSED_OVER,
    ROW_QUOTE,
    ROW_RAGGED,
    ROW_SWALLOWED,
    ROW_UNCLOSED,
    ROW_UTF8,
)  # fmt: skip
from lexer_pipeline.kernels.dialect import Dialect, Doubtful
from msgspec import Struct

LINE_BREAK = re.compile(rb"\r\n|\n|\r")
# Where rows end in LF, CRs before it belong to it, and one in a line is text.
NO_CR_ALONE = re.compile(rb"\r*\n|\r+\Z")
NEEDS_ESCAPE = re.compile(rb'[\x00-\x1f"\\]')


class Found(NamedTuple):
    """The rows of some bytes and their cells, as kernels ask for them."""

    data: bytes
    columns: int
    starts: Int32s
    ends: Int32s
    flags: UInt8s
    faults: UInt8s
    cells: Int32s

    @classmethod
    def of(cls, data: bytes, columns: int, scanned: Scanned) -> "Found":
        """What `scan_csv` found."""
        return cls(
            data, columns, scanned.starts, scanned.ends, scanned.flags, scanned.row_faults, scanned.row_cells
        )


class _Row(Struct, frozen=True):
    cells: list[tuple[int, int, bool]]
    end: int
    fault: int
    finished: bool


def scan_csv(
    data: bytes, dialect: Dialect, columns: int, final: bool, most_rows: int, longest: int,
    doubtful: Doubtful | None = None,
) -> Scanned:  # fmt: skip
    """Find the rows and cells of `data`, which starts at the start of a row; see `cells.scan_csv`."""
    rows: list[_Row] = []
    starts: list[int] = []
    lines: list[int] = []
    at = consumed = line = 0
    while at < len(data) and len(rows) < most_rows:
        row = _row(data, at, dialect, final, longest)
        if not row.finished:
            break
        rows.append(row)
        starts.append(at)
        lines.append(line)
        found = _line_break(dialect).match(data, row.end)
        end = found.end() if found else len(data)
        line += _breaks(data, at, end)
        at = consumed = end
    faults = [
        _fault(data, start, row, columns, dialect, doubtful) for start, row in zip(starts, rows, strict=True)
    ]
    return Scanned(consumed, len(rows), *_cells(data, rows, columns), _ints(starts), _ints([row.end for row in rows]),
            _ints([*lines, line]), _ints([len(row.cells) for row in rows]), np.array(faults, np.uint8))  # fmt: skip


def _line_break(dialect: Dialect) -> re.Pattern[bytes]:
    return LINE_BREAK if dialect.cr_ends_rows else NO_CR_ALONE


def _row(data: bytes, start: int, dialect: Dialect, final: bool, longest: int) -> _Row:
    delimiter, line_break = dialect.delimiter.encode(), _line_break(dialect)
    stop = re.compile(b"(?:" + line_break.pattern + b"|" + re.escape(delimiter) + b")")
    cells: list[tuple[int, int, bool]] = []
    at = start
    while True:
        if dialect.quotes and data[at : at + 1] == b'"':
            begin, at, doubled = at + 1, *_closing_quote(data, at + 1)
            if at < 0 or (at < len(data) and not stop.match(data, at)):
                return _broken(data, start, at < 0, line_break, final, longest)
            cells.append((begin, at - 1, doubled))
        else:
            found = stop.search(data, at)
            begin, at = at, found.start() if found else len(data)
            cells.append((begin, at, False))
        if data[at : at + 1] != delimiter:
            break
        at += 1
    return _Row(cells, at, ROW_OK, final or not _may_go_on(data, at, line_break))


def _may_go_on(data: bytes, at: int, line_break: re.Pattern[bytes]) -> bool:
    """Whether more data could still change what ends at `at`."""
    found = line_break.match(data, at)
    return found is None or (found.end() == len(data) and found[0].endswith(b"\r"))


def _closing_quote(data: bytes, at: int) -> tuple[int, bool]:
    """The place behind the quote that closes a cell, or -1; and whether a doubled quote came before it."""
    doubled = False
    while (at := data.find(b'"', at)) >= 0:
        if data[at + 1 : at + 2] != b'"':
            return at + 1, doubled
        doubled = True
        at += 2
    return -1, doubled


def _broken(
    data: bytes, start: int, unclosed: bool, line_break: re.Pattern[bytes], final: bool, longest: int
) -> _Row:
    found = line_break.search(data, start)
    end = found.start() if found else len(data)
    decided = not unclosed or len(data) - start > longest
    return _Row(
        [],
        end,
        ROW_UNCLOSED if unclosed else ROW_QUOTE,
        final or (decided and not _may_go_on(data, end, line_break)),
    )


def _breaks(data: bytes, start: int, end: int) -> int:
    """How many line breaks lie between two places, whether they end a row or not."""
    return len(LINE_BREAK.findall(data[start:end]))


def _fault(
    data: bytes, start: int, row: _Row, columns: int, dialect: Dialect, doubtful: Doubtful | None
) -> int:
    fault = row.fault or _fault_of_cells(data, start, row, columns, dialect)
    if doubtful is None or fault not in (ROW_OK, ROW_RAGGED) or (fault and len(row.cells) > columns):
        return fault
    cells = [data[begin:end] for begin, end, _ in row.cells[:columns]]
    return ROW_PASSED_OVER if doubtful.may_be_none(cells) and doubtful.is_none(cells) else fault


def _fault_of_cells(data: bytes, start: int, row: _Row, columns: int, dialect: Dialect) -> int:
    if not any(_is_filled(data, cell) for cell in row.cells):
        return ROW_BLANK
    if dialect.in_a_row and any(_holds_rows(data, cell, dialect) for cell in row.cells):
        return ROW_SWALLOWED
    if b"\0" in data[start : row.end]:
        return ROW_NUL
    if not all(_is_utf8(data[begin:end]) for begin, end, _ in row.cells):
        return ROW_UTF8
    surplus = any(_is_filled(data, cell) for cell in row.cells[columns:])
    return ROW_RAGGED if len(row.cells) < columns or surplus else ROW_OK


def _is_filled(data: bytes, cell: tuple[int, int, bool]) -> bool:
    return bool(data[cell[0] : cell[1]].strip(b" "))


def _holds_rows(data: bytes, cell: tuple[int, int, bool], dialect: Dialect) -> bool:
    """Whether two lines of a quoted cell look like rows: as many delimiters, surplus ones at their end aside, and no prose.

    Prose has a blank or the end of its line behind most of them.
    """
    begin, end, _ = cell
    if data[begin - 1 : begin] != b'"' or not dialect.quotes:
        return False
    lines = re.split(rb"\r\n|\n|\r" if dialect.cr_ends_rows else rb"\n", data[begin:end])
    return sum(_looks_like_row(line, dialect) for line in lines) > 1


def _looks_like_row(line: bytes, dialect: Dialect) -> bool:
    mark = dialect.delimiter.encode()
    least, most = line.rstrip(mark + b" \r").count(mark), line.count(mark)
    spaced = len(re.findall(re.escape(mark) + rb"(?=[ \r]|\Z)", line))
    is_filled = bool(line.strip(mark + b" \r"))
    return is_filled and least <= dialect.in_a_row <= most and 2 * spaced <= most


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


def mark_keys(rows: HasRows, column: int, kind: int = KEY_EXACT) -> tuple[UInt8s, UInt64s]:
    """Say of each row whether its key begins a record, and a hash of it; see `cells.mark_keys`."""
    marks = np.zeros(len(rows.faults), np.uint8)
    hashes = np.zeros(len(rows.faults), np.uint64)
    last = None
    for row, fault in enumerate(rows.faults.tolist()):
        at = row * rows.columns + column
        key = rows.data[rows.starts[at] : rows.ends[at]]
        key = clean_key(kind, key)
        if fault == ROW_BLANK:
            continue
        if fault in BROKEN_ROWS or rows.cells[row] <= column:
            marks[row] = KEY_UNREADABLE
        elif not key:
            marks[row] = KEY_EMPTY
        else:
            marks[row] = KEY_SAME if key == last else KEY_STARTS
            hashes[row] = int.from_bytes(hashlib.blake2b(key, digest_size=8).digest(), "little")
            last = key
    return marks, hashes


def scan_keys(
    data: bytes, dialect: Dialect, column: int, final: bool, longest: int, kind: int = KEY_EXACT
) -> tuple[int, int, Int64s]:
    """Find the rows that are not blank, and the key of each; see `row_writer.scan_keys`."""
    columns, most = column + 1, len(data) + 1
    found = scan_csv(data, dialect, columns, final, most, longest)
    marks, hashes = mark_keys(Found.of(data, columns, found), column, kind)
    parts = [found.row_starts, found.row_ends, found.row_lines[:-1], marks, hashes.view(np.int64)]
    about = np.stack(parts, axis=1).astype(np.int64)
    return found.consumed, int(found.row_lines[-1]), about[found.row_faults != ROW_BLANK]


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
