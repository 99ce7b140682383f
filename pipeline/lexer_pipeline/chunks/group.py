"""Which rows of a table make one record, where the rows of a record stand side by side.

Rows belong together when they have the same key. A row whose key is empty goes on with the record before it
if all its own once-a-record cells are empty too. A row that cannot be read may belong to the record on either
side, so it joins both, and they are rejected together rather than sent with a line too few.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from lexer_pipeline.chunks.records import Records
from lexer_pipeline.chunks.rows import Rows, joined
from lexer_pipeline.errors import SourceError
from lexer_pipeline.kernels import dispatch
from lexer_pipeline.kernels.arrays import Bools, Int32s, Integers, UInt64s
from lexer_pipeline.kernels.codes import KEY_EMPTY, KEY_EXACT, KEY_SAME, KEY_STARTS, KEY_UNREADABLE, ROW_BLANK
from lexer_pipeline.limits import RECORD_BYTES, RECORD_ROWS


class Key(NamedTuple):
    """The column that says which rows belong together, and as what its cells are compared: KEY_EXACT, KEY_TRIMMED, KEY_ADDRESS."""

    column: int
    kind: int = KEY_EXACT


# The mark and the hash of each row's key.
Keys = tuple[Integers, UInt64s]


def by_record(rows: Rows, key: Key | None, once: Sequence[int]) -> Records:
    """A chunk of whole records with the first row of each; `key` and `once` as for `record_starts`."""
    firsts, written = record_starts(rows, key, once), rows.written
    if written is None:
        return Records.of(rows, firsts)
    again = written.again
    return Records.of(rows, firsts, written.given_by(lambda: by_record(again(), key, once)))


def record_starts(rows: Rows, key: Key | None, once: Sequence[int]) -> Int32s:
    """The first row of each record; blank rows before the first record belong to none.

    `key` is the column that says which rows belong together, `once` are the columns filled once a record;
    without a key each row that is not blank is a record.
    """
    if key is None:
        return np.flatnonzero(rows.faults != ROW_BLANK).astype(np.int32)
    return _starts_by(rows, marks_of(rows, key)[0], once)


def _starts_by(rows: Rows, marks: Integers, once: Sequence[int]) -> Int32s:
    """The same, where it is known what the key of each row says."""
    filled = np.flatnonzero(rows.faults != ROW_BLANK).astype(np.int32)
    if not len(filled):
        return filled
    marks = marks[filled]
    starts: Bools = marks == KEY_STARTS
    following = _next_keyed(marks)
    for index in np.flatnonzero(marks == KEY_EMPTY).tolist():
        goes_on = not any(_size(rows, int(filled[index]), column) for column in once)
        starts[index] = not goes_on and following[index] != KEY_SAME
    starts[1:][marks[:-1] == KEY_UNREADABLE] = False
    starts[0] = True
    return filled[starts]


def _next_keyed(marks: Integers) -> Integers:
    """For each row the mark of the next row that has a key (KEY_STARTS behind the last one)."""
    places = np.where((marks == KEY_STARTS) | (marks == KEY_SAME), np.arange(len(marks)), len(marks))
    following = np.append(np.minimum.accumulate(places[::-1])[::-1][1:], len(marks))
    next_marks: Integers = np.append(marks, KEY_STARTS)[following]
    return next_marks


def marks_of(rows: Rows, key: Key) -> Keys:
    """What the key of each row says, and its hash."""
    return dispatch.mark_keys(rows, key.column, key.kind)


def _size(rows: Rows, row: int, column: int) -> int:
    at = row * rows.columns + column
    return int(rows.ends[at] - rows.starts[at])


def adjacent(blocks: Iterator[Rows], key: Key, once: Sequence[int], source: str) -> Iterator[Records]:
    """Chunks of whole records; the last record of a block waits for the next block."""
    kept: Rows | None = None
    for block in blocks:
        rows = block if kept is None else _joined(kept, block)
        marks = marks_of(rows, key)[0]
        firsts = _starts_by(rows, marks, once)
        whole = _surely_whole(marks, firsts)
        if not whole:
            if len(rows.data) > RECORD_BYTES:
                raise too_large(source, f"on line {int(rows.lines[0])}")
            kept = rows
            continue
        end = int(firsts[whole])
        yield Records.of(rows.slice(0, end), firsts[:whole])
        kept = rows.slice(end, len(rows.faults))
    if kept is not None:
        yield by_record(kept, key, once)


def too_large(source: str, where: str) -> SourceError:
    """The error of a key with more rows than one record may have."""
    return SourceError(
        f"{source}: the record {where} has more than {RECORD_ROWS:,} rows, or rows of more than {RECORD_BYTES >> 20} MiB",
        "Check the column that says which rows belong together: what stands in so many rows is no key.",
    )


def _surely_whole(marks: Integers, firsts: Int32s) -> int:
    """How many records no later row can add to: those before the last that has a key of its own."""
    keyed = np.flatnonzero(marks[firsts] == KEY_STARTS)
    return int(keyed[-1]) if len(keyed) else max(0, len(firsts) - 1)


def _joined(before: Rows, after: Rows) -> Rows:
    """Two chunks as one; only the bytes that `before` still needs are kept."""
    begin = before.row_starts.item(0) if len(before.faults) else len(before.data)
    # The line break behind the last row stays, so a CR LF is never cut.
    return joined([before.within(begin, len(before.data)), after])
