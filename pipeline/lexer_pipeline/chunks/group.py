"""Which rows of a table make one record, and putting them side by side where the file does not.

Rows belong together when they have the same key. A row whose key is empty goes on with the record before it
if all its own once-a-record cells are empty too. A row that cannot be read may belong to the record on either
side, so it joins both, and they are rejected together rather than sent with a line too few.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from lexer_pipeline.chunks.rows import Rows, WrittenBlock, joined
from lexer_pipeline.errors import SourceError
from lexer_pipeline.kernels import dispatch
from lexer_pipeline.kernels.codes import (
    KEY_BLANK,
    KEY_EMPTY,
    KEY_SAME,
    KEY_STARTS,
    KEY_UNREADABLE,
    KEYS_END,
    KEYS_HASH,
    KEYS_MARK,
    KEYS_START,
    ROW_BLANK,
)
from lexer_pipeline.system.parallel import map_in_order

MOST_KEYS = 1 << 21
SPILLS = 64
# A bucket of this size is put in order in memory.
BUCKET = 8 << 20
LONGEST_RECORD = 16 << 20
# Rows of many keys come in turn, a few at a time for each bucket.
BUFFER = 1 << 17
# Chunks of a bucket are as large as those of a block.
CHUNK_ROWS = 8192
Blocks = Callable[[], Iterator[Rows]]
# The mark and the hash of each row's key.
Keys = tuple[Any, Any]


def by_record(rows: Rows, key: int | None, once: Sequence[int]) -> Rows:
    """A chunk of whole records with the first row of each; `key` and `once` as for `record_starts`."""
    written = rows.written
    if written is not None:
        again = written.again
        written = replace(written, again=lambda: by_record(again(), key, once))
    return replace(rows, firsts=record_starts(rows, key, once), written=written)


def record_starts(rows: Rows, key: int | None, once: Sequence[int]) -> Any:
    """The first row (int32) of each record; blank rows before the first record belong to none.

    `key` is the column that says which rows belong together, `once` are the columns filled once a record;
    without a key each row that is not blank is a record.
    """
    filled = np.flatnonzero(rows.faults != ROW_BLANK).astype(np.int32)
    if key is None or not len(filled):
        return filled
    marks = _marks(rows, key)[0][filled]
    starts = marks == KEY_STARTS
    following = _next_keyed(marks)
    for index in np.flatnonzero(marks == KEY_EMPTY).tolist():
        goes_on = not any(_size(rows, int(filled[index]), column) for column in once)
        starts[index] = not goes_on and following[index] != KEY_SAME
    starts[1:][marks[:-1] == KEY_UNREADABLE] = False
    starts[0] = True
    return filled[starts]


def _next_keyed(marks: Any) -> Any:
    """For each row the mark of the next row that has a key (KEY_STARTS behind the last one)."""
    places = np.where((marks == KEY_STARTS) | (marks == KEY_SAME), np.arange(len(marks)), len(marks))
    following = np.append(np.minimum.accumulate(places[::-1])[::-1][1:], len(marks))
    return np.append(marks, KEY_STARTS)[following]


def _marks(rows: Rows, key: int) -> Keys:
    marks, hashes = dispatch.mark_keys(
        rows.data, rows.starts, rows.ends, rows.faults, rows.cells, rows.columns, key
    )
    return marks, hashes


def _size(rows: Rows, row: int, column: int) -> int:
    at = row * rows.columns + column
    return int(rows.ends[at] - rows.starts[at])


def adjacent(blocks: Iterator[Rows], key: int, once: Sequence[int], source: str) -> Iterator[Rows]:
    """Chunks of whole records; the last record of a block waits for the next block."""
    kept: Rows | None = None
    for block in blocks:
        rows = block if kept is None else _joined(kept, block)
        firsts = record_starts(rows, key, once)
        whole = _surely_whole(rows, key, firsts)
        if not whole:
            if len(rows.data) > LONGEST_RECORD:
                raise SourceError(
                    f"{source}: the record on line {int(rows.lines[0])} has rows of more than "
                    f"{LONGEST_RECORD >> 20} MiB",
                    "Check the column that says which rows belong together.",
                )
            kept = rows
            continue
        end = int(firsts[whole])
        yield replace(rows.slice(0, end), firsts=firsts[:whole])
        kept = rows.slice(end, len(rows.faults))
    if kept is not None:
        yield by_record(kept, key, once)


def _surely_whole(rows: Rows, key: int, firsts: Any) -> int:
    """How many records no later row can add to: those before the last that has a key of its own."""
    keyed = np.flatnonzero(_marks(rows, key)[0][firsts] == KEY_STARTS)
    return int(keyed[-1]) if len(keyed) else max(0, len(firsts) - 1)


def _joined(before: Rows, after: Rows) -> Rows:
    """Two chunks as one; only the bytes that `before` still needs are kept."""
    begin = np.int32(before.row_starts[0] if len(before.faults) else len(before.data))
    # The line break behind the last row stays, so a CR LF is never cut.
    kept = replace(
        before, data=before.data[begin:], starts=np.maximum(before.starts - begin, 0),
        ends=np.maximum(before.ends - begin, 0), row_starts=before.row_starts - begin, row_ends=before.row_ends - begin,
        firsts=None,
    )  # fmt: skip
    return joined([kept, after])


def marked(blocks: Iterator[Rows], key: int) -> Iterator[Keys]:
    """The keys of some chunks of rows."""
    return (_marks(rows, key) for rows in blocks)


def comes_back(keys: Iterator[Keys]) -> bool:
    """Whether some key stands again behind rows of another key; memory stays constant, hashes go to disk."""
    seen, last = dispatch.KeySet(MOST_KEYS), 0
    with tempfile.TemporaryDirectory() as folder:
        spill: _Spill | None = None
        for marks, hashes in keys:
            keyed = hashes[(marks == KEY_STARTS) | (marks == KEY_SAME)]
            if not len(keyed):
                continue
            begins = np.concatenate([[keyed[0] != last], keyed[1:] != keyed[:-1]])
            last, begun = int(keyed[-1]), keyed[begins]
            if spill is not None:
                spill.write(begun)
            elif seen.add(begun) < len(begun):
                return True
            elif seen.count > MOST_KEYS // 2:
                spill = _Spill(Path(folder))
                spill.write(seen.values())
        return spill is not None and spill.has_doubles()


class _Spill:
    """Hashes on disk, parted so that one part fits in memory."""

    def __init__(self, folder: Path) -> None:
        self._files: list[BinaryIO] = [(folder / str(number)).open("w+b") for number in range(SPILLS)]

    def write(self, hashes: Any) -> None:
        odd = hashes | np.uint64(1)
        parts = (odd >> np.uint64(58)).astype(np.int64)
        for number, file in enumerate(self._files):
            file.write(odd[parts == number].tobytes())

    def has_doubles(self) -> bool:
        found = False
        for file in self._files:
            file.seek(0)
            hashes = np.sort(np.frombuffer(file.read(), np.uint64))
            found = found or bool((hashes[1:] == hashes[:-1]).any())
            file.close()
        return found


def regrouped(
    blocks: Blocks, key: int, once: Sequence[int], delimiter: str, size: int, writer: Any = None
) -> Iterator[Rows]:
    """All rows of a table in chunks where rows of one key stand side by side, in the order of the file.

    The rows are parted by the hash of their key into files on disk, each small enough for memory. A row whose
    key cannot be read stands alone: in such a file nobody can say which record it belongs to. Records that a `writer`
    is certain of are written already.
    """
    parts = max(1, -(-size // BUCKET))
    with tempfile.TemporaryDirectory() as folder:
        buckets = [_Bucket(Path(folder), number) for number in range(parts)]
        for apart in map_in_order(partial(_part, key=key, buckets=buckets), blocks(), 1):
            if len(apart.faults):
                yield apart
        read_back = partial(_Bucket.in_order, key=key, delimiter=delimiter)
        for data, places, columns in map_in_order(read_back, buckets, 1):
            for rows in _in_chunks(data, places, delimiter, columns, writer):
                yield from _narrow(by_record(rows, key, once))


def _narrow(whole: Rows) -> Iterator[Rows]:
    """A chunk in parts that are no larger than a block; one whose records are written is small as it is."""
    wide = max(1, CHUNK_ROWS * whole.records // max(1, len(whole.faults)))
    if whole.written is not None:
        yield whole
        return
    for start in range(0, whole.records, wide):
        yield whole.part(start, min(start + wide, whole.records))


def _part(rows: Rows, key: int, buckets: Sequence["_Bucket"]) -> Rows:
    """Put the rows into the buckets of their keys; returns those that have no place there, each a record."""
    marks, hashes = _marks(rows, key)
    # A row without a key goes on with the row before it, wherever that one goes.
    known = np.maximum.accumulate(
        np.where((marks == KEY_STARTS) | (marks == KEY_SAME), np.arange(len(marks)), 0)
    )
    numbers = (hashes[known] % np.uint64(len(buckets))).astype(np.int64)
    whole = (marks != KEY_BLANK) & (marks != KEY_UNREADABLE)
    for number, bucket in enumerate(buckets):
        bucket.write(rows, np.flatnonzero(whole & (numbers == number)))
    apart = replace(rows, firsts=np.zeros(0, np.int32)).kept(~whole, rows.skipped)
    return by_record(apart, None, ())


class _Bucket:
    """The rows of some keys on disk, with their lines and numbers."""

    def __init__(self, folder: Path, number: int) -> None:
        self._rows: BinaryIO = (folder / f"{number}.rows").open("w+b", buffering=BUFFER)
        self._places: BinaryIO = (folder / f"{number}.places").open("w+b")
        self.columns = 0

    def write(self, rows: Rows, chosen: Any) -> None:
        self.columns = rows.columns
        self._rows.write(dispatch.gather(rows.data, rows.row_starts, rows.row_ends, chosen))
        self._places.write(np.stack([rows.lines[chosen], rows.numbers[chosen]], axis=1).tobytes())

    def in_order(self, key: int, delimiter: str) -> tuple[bytes, Any, int]:
        """The rows side by side by key, the line and number of each, and how many columns there are."""
        self._rows.seek(0)
        self._places.seek(0)
        data = self._rows.read()
        places = np.frombuffer(self._places.read(), np.int64).reshape(-1, 2)
        self._rows.close()
        self._places.close()
        return *_sorted(data, places, key, delimiter, self.columns), self.columns


def _sorted(data: bytes, places: Any, key: int, delimiter: str, columns: int) -> tuple[bytes, Any]:
    about = _keys(data, key, delimiter)
    marks, hashes = about[:, KEYS_MARK], about[:, KEYS_HASH]
    known = np.maximum.accumulate(
        np.where((marks == KEY_STARTS) | (marks == KEY_SAME), np.arange(len(marks)), 0)
    )
    order, groups = _side_by_side(hashes[known])
    in_order = _put(data, about, order)
    if (_keys(in_order, key, delimiter)[:, KEYS_MARK] == KEY_STARTS).sum() <= groups:
        return in_order, places[order]
    # Two keys have one hash, once in the life of a universe: then the keys themselves decide.
    rows = _scanned(data, places, delimiter, columns)
    keys = [_key(rows, int(row), key) for row in known]
    first_of = {text: row for row, text in reversed(list(enumerate(keys)))}
    order = np.argsort(np.array([first_of[text] for text in keys]), kind="stable")
    return _put(data, about, order), places[order]


def _side_by_side(hashes: Any) -> tuple[Any, int]:
    """The order in which equal hashes stand together, each where its first one stands; and how many differ."""
    by_hash = np.argsort(hashes, kind="stable")
    in_turn = hashes[by_hash]
    begins = np.flatnonzero(np.append(len(hashes) > 0, in_turn[1:] != in_turn[:-1]))
    sizes = np.diff(np.append(begins, len(hashes)))
    turn = np.argsort(by_hash[begins])
    begins, sizes = begins[turn], sizes[turn]
    # Each group is a run of places in `by_hash`, and the runs now follow each other in another order.
    shift = begins - (np.cumsum(sizes) - sizes)
    return by_hash[np.repeat(shift, sizes) + np.arange(len(hashes))], len(begins)


def _keys(data: bytes, key: int, delimiter: str) -> Any:
    return dispatch.scan_keys(data, ord(delimiter), key, True, LONGEST_RECORD)[2]


def _put(data: bytes, about: Any, order: Any) -> bytes:
    row_starts, row_ends = (about[:, place].astype(np.int32) for place in (KEYS_START, KEYS_END))
    return dispatch.gather(data, row_starts, row_ends, order)


def _key(rows: Rows, row: int, key: int) -> bytes:
    at = row * rows.columns + key
    return rows.data[rows.starts[at] : rows.ends[at]]


def _in_chunks(data: bytes, places: Any, delimiter: str, columns: int, writer: Any) -> Iterator[Rows]:
    """The rows of a bucket: as cells or, with a writer, in chunks of whole records that are written if certain."""
    if writer is None:
        if data:
            yield _scanned(data, places, delimiter, columns)
        return
    most, row, at, left = CHUNK_ROWS, 0, 0, memoryview(data)
    while left:
        done = WrittenBlock(*writer.write(left, ord(delimiter), True, LONGEST_RECORD, most))
        if not done.consumed:
            most *= 2
            continue
        here, block = places[row : row + done.filled], data[at : at + done.consumed]
        again = partial(_scanned, block, here, delimiter, columns)
        index = done.indexes
        yield done.left_over(block, columns, here[index, 0], here[index, 1], again)
        left, row, at, most = left[done.consumed :], row + done.filled, at + done.consumed, CHUNK_ROWS


def _scanned(data: bytes, places: Any, delimiter: str, columns: int) -> Rows:
    found = dispatch.scan_csv(data, ord(delimiter), columns, True, len(places) + 1, LONGEST_RECORD)
    _, count, starts, ends, flags, row_starts, row_ends, _, cells, faults = found
    if count != len(places):
        raise AssertionError(f"{len(places)} rows were put aside and {count} came back")
    return Rows(
        data, columns, starts, ends, flags, row_starts, row_ends, cells, faults, places[:, 0], places[:, 1], None,
        columns,
    )  # fmt: skip
