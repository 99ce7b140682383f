"""The rows of a table put side by side by their keys, through files on disk, where the source does not keep them so."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from functools import partial

import numpy as np

from lexer_pipeline.chunks.buckets import Buckets, Lying, carried
from lexer_pipeline.chunks.group import Key, by_record, marks_of
from lexer_pipeline.chunks.records import Records
from lexer_pipeline.chunks.rows import Rows, left_over, rows_of
from lexer_pipeline.kernels import dispatch
from lexer_pipeline.kernels.arrays import Int64s
from lexer_pipeline.kernels.clean_key import clean_key
from lexer_pipeline.kernels.codes import (
    KEY_BLANK,
    KEY_SAME,
    KEY_STARTS,
    KEY_UNREADABLE,
    KEYS_END,
    KEYS_HASH,
    KEYS_MARK,
    KEYS_START,
)
from lexer_pipeline.kernels.dialect import Dialect
from lexer_pipeline.limits import RECORD_BYTES
from lexer_pipeline.system.parallel import map_in_order
from lexer_pipeline.system.scratch import Scratch

# A bucket of about this size, in bytes and rows, is put in order in memory.
BUCKET, BUCKET_ROWS = 4 << 20, 1 << 15
# Chunks of a bucket are as large as those of a block.
CHUNK_ROWS = 8192
Blocks = Callable[[], Iterator[Rows]]


def regrouped(
    blocks: Blocks,
    key: Key,
    once: Sequence[int],
    dialect: Callable[[], Dialect],
    size: int,
    scratch: Scratch,
    source: str,
    writer: "dispatch.Writer | None" = None,
) -> Iterator[Records]:
    """All rows of a table in chunks where rows of one key stand side by side, in the order of the file.

    The `dialect` is asked for once all rows were taken. The rows are parted by the hash of their key into buckets on disk, each small enough for memory. A row whose
    key cannot be read stands alone: in such a file nobody can say which record it belongs to. Records that a `writer`
    is certain of are written already.
    """
    with ExitStack() as held:
        parting = _Parting(key, size, scratch, held)
        for apart in map_in_order(parting.part, blocks(), 1):
            if len(apart.faults):
                yield apart
        if parting.buckets is None:
            return
        told, columns = dialect(), parting.columns
        keys = partial(_keys, key=key, dialect=told)
        in_order = partial(_in_order, key=key, dialect=told, columns=columns)
        for data, found in map_in_order(in_order, parting.buckets.each(keys, scratch, source), 1):
            for some in _in_chunks(data, found, told, columns, writer):
                yield from _narrow(by_record(some, key, once))


def _narrow(whole: Records) -> Iterator[Records]:
    """A chunk in parts that are no larger than a block; one whose records are written is small as it is."""
    wide = max(1, CHUNK_ROWS * whole.records // max(1, len(whole.faults)))
    if whole.written is not None:
        yield whole
        return
    for start in range(0, whole.records, wide):
        part = whole.part(start, min(start + wide, whole.records))
        yield part.within(part.row_starts.item(0), part.row_ends.item(-1))


class _Parting:
    """Puts rows into the buckets of their keys, all blocks of a table one after another; there are no buckets before the first."""

    def __init__(self, key: Key, size: int, scratch: Scratch, held: ExitStack) -> None:
        self._key = key
        self._size = size
        self._scratch = scratch
        self._held = held
        self._last = np.uint64(0)
        self.columns = 0
        self.buckets: Buckets | None = None

    def part(self, rows: Rows) -> Records:
        """Put away rows; returns those that have no place in a bucket, each a record."""
        if self.buckets is None:
            self.columns = rows.columns
            each = max(1, rows.size // max(1, len(rows.faults)))
            parts = -(-self._size // min(BUCKET, BUCKET_ROWS * each))
            self.buckets = self._held.enter_context(closing(Buckets(self._scratch, max(1, parts))))
        marks, hashes = marks_of(rows, self._key)
        of, self._last = carried(marks, hashes, self._last)
        whole = (marks != KEY_BLANK) & (marks != KEY_UNREADABLE)
        numbers = (of % np.uint64(len(self.buckets))).astype(np.int64)
        places = np.stack([rows.lines, rows.numbers], axis=1)
        self.buckets.add(numbers, np.flatnonzero(whole), rows.data, (rows.row_starts, rows.row_ends), places)
        return by_record(rows.kept(~whole), None, ())


def _in_order(bucket: Lying, key: Key, dialect: Dialect, columns: int) -> Lying:
    """The rows of a bucket side by side by key, with the line and number of each."""
    return _sorted(*bucket, key, dialect, columns)


def _sorted(data: bytes, places: Int64s, key: Key, dialect: Dialect, columns: int) -> tuple[bytes, Int64s]:
    about = _keys(data, key, dialect)
    marks, hashes = about[:, KEYS_MARK], about[:, KEYS_HASH]
    known = np.maximum.accumulate(
        np.where((marks == KEY_STARTS) | (marks == KEY_SAME), np.arange(len(marks)), 0)
    )
    order, groups = side_by_side(hashes[known])
    in_order = _put(data, about, order)
    if (_keys(in_order, key, dialect)[:, KEYS_MARK] == KEY_STARTS).sum() <= groups:
        return in_order, places[order]
    # Two keys have one hash, once in the life of a universe: then the keys themselves decide.
    rows = _scanned(data, places, dialect, columns)
    keys = [_key(rows, int(row), key) for row in known]
    first_of = {text: row for row, text in reversed(list(enumerate(keys)))}
    order = np.argsort(np.array([first_of[text] for text in keys]), kind="stable").astype(
        np.int64, copy=False
    )
    return _put(data, about, order), places[order]


def side_by_side(hashes: Int64s) -> tuple[Int64s, int]:
    """The order in which equal hashes stand together, each where its first one stands; and how many differ."""
    by_hash = np.argsort(hashes, kind="stable").astype(np.int64, copy=False)
    in_turn = hashes[by_hash]
    begins = np.flatnonzero(np.append(len(hashes) > 0, in_turn[1:] != in_turn[:-1]))
    sizes = np.diff(np.append(begins, len(hashes)))
    turn = np.argsort(by_hash[begins])
    begins, sizes = begins[turn], sizes[turn]
    # Each group is a run of places in `by_hash`, and the runs now follow each other in another order.
    shift = begins - (np.cumsum(sizes) - sizes)
    return by_hash[np.repeat(shift, sizes) + np.arange(len(hashes))], len(begins)


def _keys(data: bytes, key: Key, dialect: Dialect) -> Int64s:
    return dispatch.scan_keys(data, dialect, key.column, True, RECORD_BYTES, key.kind)[2]


def _put(data: bytes, about: Int64s, order: Int64s) -> bytes:
    row_starts, row_ends = (about[:, place].astype(np.int32) for place in (KEYS_START, KEYS_END))
    return dispatch.gather(data, row_starts, row_ends, order)


def _key(rows: Rows, row: int, key: Key) -> bytes:
    at = row * rows.columns + key.column
    return clean_key(key.kind, rows.data[rows.starts[at] : rows.ends[at]])


def _in_chunks(
    data: bytes, places: Int64s, dialect: Dialect, columns: int, writer: "dispatch.Writer | None"
) -> Iterator[Rows]:
    """The rows of a bucket: as cells or, with a writer, in chunks of whole records that are written if certain."""
    if writer is None:
        if data:
            yield _scanned(data, places, dialect, columns)
        return
    most, row, at, left = CHUNK_ROWS, 0, 0, memoryview(data)
    while left:
        done = writer.write(left, dialect, True, RECORD_BYTES, most)
        if not done.consumed:
            most *= 2
            continue
        here, block = places[row : row + done.filled], data[at : at + done.consumed]
        again = partial(_scanned, block, here, dialect, columns)
        index = done.indexes
        began, row_lines = here[done.first_rows[:, 1], 0], here[done.rows_of[:, 1], 0]
        yield left_over(done, block, columns, here[index, 0], here[index, 1], began, row_lines, again)
        left, row, at, most = left[done.consumed :], row + done.filled, at + done.consumed, CHUNK_ROWS


def _scanned(data: bytes, places: Int64s, dialect: Dialect, columns: int) -> Rows:
    found = dispatch.scan_csv(data, dialect, columns, True, len(places) + 1, RECORD_BYTES)
    if found.rows != len(places):
        raise AssertionError(f"{len(places)} rows were put aside and {found.rows} came back")
    return rows_of(found, data, columns, places[:, 0], places[:, 1])
