"""Find rows, cells and documents in plain Python: the fallback of the kernels.

It reads the same language as `cells.scan_csv` and `documents`, is what runs where the kernels were
not compiled, and is what the tests compare them with.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from lexer_pipeline.kernels.arrays import Bools, Int32s, Int64s, Scanned, UInt8s, UInt32s, UInt64s
from lexer_pipeline.kernels.codes import (
    ARRAY_BROKEN,
    ARRAY_ENDED,
    ARRAY_GOES_ON,
    CELL_DOUBT,
    CELL_EMPTY,
    CLOSE_ARRAY,
    CLOSE_OBJECT,
    FAMILIES,
    HAS_DOUBLED,
    HAS_ESCAPE,
    HAS_HIGH,
    IN_DOUBT,
    KEY_EMPTY,
    KEY_SAME,
    KEY_STARTS,
    KEY_UNREADABLE,
    OPEN_ARRAY,
    OPEN_OBJECT,
    RAW_LEAF,
    READINGS,
    REPEAT_END,
    ROW_BLANK,
    ROW_NUL,
    ROW_OK,
    ROW_QUOTE,
    ROW_RAGGED,
    ROW_UNCLOSED,
    ROW_UTF8,
    TEXT_LEAF,
)

LINE_BREAK = re.compile(rb"\r\n|\n|\r")
NEEDS_ESCAPE = re.compile(rb'[\x00-\x1f"\\]')
OPENERS = {OPEN_OBJECT: b"{", OPEN_ARRAY: b"["}
CLOSERS = {CLOSE_OBJECT: b"}", CLOSE_ARRAY: b"]"}
Step = tuple[int, int, bytes]


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


SPACE = re.compile(rb"[ \t-\r]*")
WRAPPED = re.compile(rb'[ \t-\r]*\{[ \t-\r]*"records"')
# A string is read by runs: `re` remembers each turn of a loop, and a sign a turn would cost gigabytes.
TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|["\[\]{}, \t-\r]', re.DOTALL)


def find_lines(data: bytes, end: int) -> tuple[Int64s, Int64s, Int64s, int, bool]:
    """Find the lines of JSON; see `documents.find_lines`."""
    breaks = np.flatnonzero(np.frombuffer(data, np.uint8, end) == 0x0A)
    ends = breaks if not end or data[end - 1] == 0x0A else np.append(breaks, end)
    starts = np.append(0, ends[:-1] + 1) if len(ends) else ends
    lines = [(at, stop, number) for number, (at, stop) in enumerate(zip(starts, ends, strict=True))]
    filled = [(at, stop, number) for at, stop, number in lines if data[at:stop].strip(b" \t\r\v\f")]
    is_wrapped = any(WRAPPED.match(data, at, stop) for at, stop, _ in filled)
    table = np.array(filled, np.int64).reshape(-1, 3).T.copy()
    return table[0], table[1], table[2], len(lines), is_wrapped


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


def check_column(
    data: bytes, starts: Int32s, ends: Int32s, flags: UInt8s, columns: int, column: int,
    kind: int, low: float, high: float, words: tuple[bytes, ...], status: UInt8s,
) -> None:  # fmt: skip
    """Vouch for no filled cell: all of them go to the reference."""
    filled = ends[column::columns] != starts[column::columns]
    status[:] = np.where(filled[: len(status)], CELL_DOUBT, CELL_EMPTY)


def encode(
    data: bytes, starts: Int32s, ends: Int32s, flags: UInt8s, columns: int, first: Int32s, last: Int32s, take: UInt8s,
    operations: Int32s, arguments: Int32s, keys: list[bytes],
) -> tuple[bytes, Int64s]:  # fmt: skip
    """Write one NDJSON line for each record taken; see `cells.encode`."""
    steps = list(zip(operations.tolist(), arguments.tolist(), keys, strict=True))
    line_ends = np.zeros(len(take), np.int64)
    lines: list[bytes] = []

    def cell(row: int, column: int, is_raw: bool) -> bytes:
        at = row * columns + column
        raw = data[starts[at] : ends[at]]
        if is_raw or not raw:
            return raw
        raw = raw.replace(b'""', b'"') if flags[at] & HAS_DOUBLED else raw
        return json.dumps(raw.decode(), ensure_ascii=False).encode()

    for record in range(len(take)):
        if take[record]:
            rows = range(int(first[record]), int(last[record]))
            lines.append(b"{" + b"".join(_members(rows, steps, cell)) + b"}\n")
        line_ends[record] = (line_ends[record - 1] if record else 0) + (len(lines[-1]) if take[record] else 0)
    return b"".join(lines), line_ends


def _members(rows: range, steps: list[Step], cell: Callable[[int, int, bool], bytes]) -> Iterator[bytes]:
    """What stands between the outer braces of a record; nothing is opened before something fills it."""
    waiting: list[bytes] = []
    comma, row, at = b"", rows.start, 0
    while at < len(steps):
        operation, argument, key = steps[at]
        if operation in (TEXT_LEAF, RAW_LEAF):
            if text := cell(row, argument, operation == RAW_LEAF):
                yield (b"" if waiting else comma) + b"".join([*waiting, key, text])
                waiting, comma = [], b","
        elif operation in OPENERS:
            waiting.append((comma if not waiting else b"") + key + OPENERS[operation])
        elif operation in CLOSERS and waiting:
            waiting.pop()
        elif operation in CLOSERS:
            yield CLOSERS[operation]
            comma = b","
        elif operation == REPEAT_END:
            row, at = (row + 1, argument) if row + 1 < rows.stop else (rows.start, at)
        at += 1


def mark_keys(
    data: bytes, starts: Int32s, ends: Int32s, faults: UInt8s, cells: Int32s, columns: int, column: int
) -> tuple[UInt8s, UInt64s]:
    """Say of each row whether its key begins a record, and a hash of it; see `cells.mark_keys`."""
    marks = np.zeros(len(faults), np.uint8)
    hashes = np.zeros(len(faults), np.uint64)
    last = None
    for row, fault in enumerate(faults.tolist()):
        key = data[starts[row * columns + column] : ends[row * columns + column]]
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


def scan_keys(data: bytes, delimiter: int, column: int, final: bool, longest: int) -> tuple[int, int, Int64s]:
    """Find the rows that are not blank, and the key of each; see `row_writer.scan_keys`."""
    columns, most = column + 1, len(data) + 1
    consumed, _, starts, ends, _, row_starts, row_ends, lines, cells, faults = scan_csv(
        data, delimiter, columns, final, most, longest
    )
    marks, hashes = mark_keys(data, starts, ends, faults, cells, columns, column)
    about = np.stack([row_starts, row_ends, lines[:-1], marks, hashes.view(np.int64)], axis=1).astype(
        np.int64
    )
    return consumed, int(lines[-1]), about[faults != ROW_BLANK]


def agree(
    data: bytes,
    starts: Int32s,
    ends: Int32s,
    flags: UInt8s,
    columns: int,
    column: int,
    first: Int32s,
    last: Int32s,
    same: UInt8s,
) -> None:
    """Clear same[r] where a later row of record r fills a column otherwise; see `cells.agree`."""
    for record, (begin, end) in enumerate(zip(first.tolist(), last.tolist(), strict=True)):
        places = range(begin * columns + column, end * columns + column, columns)
        texts = [(data[starts[at] : ends[at]], flags[at] & HAS_DOUBLED) for at in places]
        if any(text[0] and text != texts[0] for text in texts[1:]):
            same[record] = 0


def pull_up(
    starts: Int32s, ends: Int32s, flags: UInt8s, columns: int, column: int, first: Int32s, last: Int32s
) -> None:
    """Let an empty once-a-record cell of a first row point to the first later one; see `cells.pull_up`."""
    for begin, end in zip(first.tolist(), last.tolist(), strict=True):
        places = range(begin * columns + column, end * columns + column, columns)
        found = next((at for at in places if ends[at] != starts[at]), None)
        if found is not None:
            for array in (starts, ends, flags):
                array[places[0]] = array[found]


def gather(data: bytes, row_starts: Int32s, row_ends: Int32s, order: Int64s) -> bytes:
    """The rows named by `order`, one after another, an LF behind each."""
    return b"".join(data[row_starts[row] : row_ends[row]] + b"\n" for row in order.tolist())


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


def rewrite(
    data: bytes, starts: Int32s, ends: Int32s, flags: UInt8s, kinds: Int32s, arguments: bytes, argument_ends: Int32s, base: int,
    copies: bool,
) -> tuple[bytes, Int32s, Int32s, UInt8s, UInt32s]:  # fmt: skip
    """No text, and every cell in doubt."""
    marks = np.full(len(starts), IN_DOUBT, np.uint32)
    return b"", np.zeros_like(starts), np.zeros_like(ends), np.zeros_like(flags), marks


def tally_money(data: bytes, starts: Int32s, ends: Int32s, flags: UInt8s) -> tuple[Int64s, Bools]:
    """Nothing counted, and every cell in doubt."""
    return np.zeros(READINGS, np.int64), np.ones(len(starts), np.bool_)


def tally_dates(data: bytes, starts: Int32s, ends: Int32s, flags: UInt8s) -> tuple[Int64s, Bools]:
    """Nothing counted, and every cell in doubt."""
    return np.zeros((FAMILIES, READINGS), np.int64), np.ones(len(starts), np.bool_)


def distinct(data: bytes, starts: Int32s, ends: Int32s, flags: UInt8s) -> tuple[Int64s, Int64s]:
    """The number of each cell's text in the order in which they come, and the first cell of each number."""
    known: dict[tuple[bytes, int], int] = {}
    first: list[int] = []
    numbers = []
    for cell, (start, end, flag) in enumerate(
        zip(starts.tolist(), ends.tolist(), flags.tolist(), strict=True)
    ):
        text = (data[start:end], flag & HAS_DOUBLED)
        if text not in known:
            known[text] = len(first)
            first.append(cell)
        numbers.append(known[text])
    return np.array(numbers, np.int64), np.array(first, np.int64)


def joined(
    data: bytes, starts: Int32s, ends: Int32s, flags: UInt8s, separator: int
) -> tuple[bytes, Int32s, Int32s, UInt8s]:
    """The cells of each row as one text, a separator between them, which also follows the last."""
    sizes = (ends - starts + 1).sum(axis=1, dtype=np.int32)
    places = np.cumsum(sizes, dtype=np.int32)
    sign = bytes([separator])
    texts = b"".join(data[start:end] + sign for start, end in zip(starts.ravel(), ends.ravel(), strict=True))
    return texts, places - sizes, places - np.int32(1), np.bitwise_or.reduce(flags, axis=1)
