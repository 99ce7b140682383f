"""The rows of a table of delimited text in chunks: kernels read blocks ahead, and what they found is put together in turn."""

from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np
from msgspec import Struct

from lexer_pipeline.chunks.group import Keys
from lexer_pipeline.chunks.rows import Rows, left_over, rows_of
from lexer_pipeline.kernels import dispatch
from lexer_pipeline.kernels.arrays import Scanned, WrittenBlock
from lexer_pipeline.kernels.codes import KEYS_HASH, KEYS_MARK, LONGEST_ROW, ROW_BLANK, ROW_PASSED_OVER
from lexer_pipeline.kernels.dialect import Doubtful
from lexer_pipeline.loading.delimited import Head, too_long
from lexer_pipeline.loading.format import Readable
from lexer_pipeline.loading.passed_over import PassedOver
from lexer_pipeline.system.parallel import IN_TURN, Ahead

BLOCK = 1 << 20
# The most cells that are looked for at a time: a header may have thousands of columns.
MOST_CELLS = 1 << 23
# What a kernel made of a block.
Done = TypeVar("Done", Scanned, WrittenBlock)


def read_rows(
    source: Readable, head: Head, rest: bytes, writer: "dispatch.Writer | None" = None,
    passed_over: PassedOver | None = None, ahead: Ahead = IN_TURN,
) -> Iterator[Rows]:  # fmt: skip
    """The rows behind the header, in chunks of about a megabyte, without a word on records.

    With a `writer` a chunk holds whole records, and those that are certainly right are written already. Rows that are
    `passed_over` are blank. `ahead` says how many blocks are read ahead.
    """
    place = Place(head, head.lines, passed_over)
    if passed_over is not None:
        passed_over.begin()
    if writer is None:
        for block, found in ahead.of(_blocks(source, rest, place, _scan)):
            if found.rows:
                yield _found(block, found, place)
        return

    def write(rest: bytes, place: Place, final: bool, most: int) -> WrittenBlock:
        return writer.write(rest, place.head.dialect, final, LONGEST_ROW, most, place.doubtful)

    for block, done in ahead.of(_blocks(source, rest, place, write, writer.folds)):
        yield _written(block, done, place)


def _blocks(
    source: Readable, rest: bytes, place: "Place", read: "Callable[[bytes, Place, bool, int], Done]", folds: bool = False
) -> Iterator[tuple[bytes, Done]]:  # fmt: skip
    """The bytes in blocks of about a megabyte, and what `read` makes of the first rows of each; the next one begins behind them."""
    head, line, final = place.head, place.line, False
    most = least = min(BLOCK, MOST_CELLS // head.width + 1)
    while rest or not final:
        if not final and len(rest) < BLOCK:
            more = source.read(BLOCK)
            final = not more
            rest += more
        rest = head.quotes.look(source, rest, head.cr_ends_rows)
        done = read(rest, place, final, most)
        if done.consumed:
            yield rest, done
            line += _lines(done, head)
            rest, most = rest[done.consumed :], least
            continue
        # No record has more rows than there are bytes.
        most = max(least, min(2 * most, len(rest) + 1))
        if not final:
            if len(rest) > LONGEST_ROW:
                raise too_long(source, line + 1, folds)
            more = source.read(BLOCK)
            final = not more
            rest += more


class Place(Struct):
    """How far a table was read: `line` lines, those above it included, and `number` rows that are not blank.

    `counts` says that rows which are `passed_over` are met for the first time.
    """

    head: Head
    line: int
    passed_over: PassedOver | None = None
    number: int = 0
    counts: bool = True

    @property
    def doubtful(self) -> Doubtful | None:
        """The rows that may be none, and who is asked about them."""
        return self.passed_over.doubtful if self.passed_over is not None else None


def _lines(done: Scanned | WrittenBlock, head: Head) -> int:
    """How many lines a block has as far as it was read."""
    if isinstance(done, WrittenBlock):
        return done.filled + done.blank if head.row_a_line else done.lines
    return done.rows if head.row_a_line else int(done.row_lines[-1])


def _scan(rest: bytes, place: Place, final: bool, most: int) -> Scanned:
    """The next rows as cells, at most `most` of them."""
    # A row has a byte for each of its columns at least; shorter ones, which lack cells, wait for the next round.
    room = min(1024 + len(rest) // max(16, place.head.width), most)
    return dispatch.scan_csv(
        rest, place.head.dialect, place.head.width, final, room, LONGEST_ROW, place.doubtful
    )


def _found(rest: bytes, found: Scanned, place: Place) -> Rows:
    """The rows found, of which there are some, as a chunk."""
    head, columns, ask = place.head, place.head.width, place.passed_over
    lines = np.arange(found.rows + 1, dtype=np.int32) if head.row_a_line else found.row_lines
    lines_of = lines[:-1].astype(np.int64) + place.line + 1
    passed_over = np.flatnonzero(found.row_faults == ROW_PASSED_OVER)
    found.row_faults[passed_over] = ROW_BLANK
    numbers = place.number + np.cumsum(found.row_faults != ROW_BLANK, dtype=np.int64)
    block = rest[: found.consumed]
    rows = rows_of(found, block, columns, lines_of, numbers)
    if ask and place.counts:
        for row in passed_over.tolist():
            wide = range(row * columns, (row + 1) * columns)
            ask.seen([block[rows.starts[at] : rows.ends[at]] for at in wide], int(lines_of[row]))
    place.number = int(numbers[-1])
    place.line += int(lines[-1])
    return rows


def _written(rest: bytes, done: WrittenBlock, place: Place) -> Rows:
    """The records of which a writer wrote those that are certain, as a chunk: the others as cells."""
    head, line, number, ask = place.head, place.line, place.number, place.passed_over
    place.number += done.filled
    place.line += _lines(done, head)

    def again(counts: bool = False) -> Rows:
        block, begin = rest[: done.consumed], Place(head, line, ask, number, counts)
        scanned = dispatch.scan_csv(
            block, head.dialect, head.width, True, done.filled + done.blank, LONGEST_ROW, begin.doubtful
        )
        return _found(block, scanned, begin)

    if done.passed_over:
        again(counts=True)
    lines = line + 1 + (done.indexes if head.row_a_line else done.lines_before)
    place_of = 1 if head.row_a_line else 0
    began, row_lines = (line + 1 + places[:, place_of] for places in (done.first_rows, done.rows_of))
    return left_over(done, rest, len(head.names), lines, number + done.numbers, began, row_lines, again)


def read_keys(source: Readable, head: Head, key: int) -> Iterator[Keys]:
    """The mark and the hash of the key of each row that is not blank; see `cells.mark_keys`."""
    rest, line, final = b"", head.lines, False
    while rest or not final:
        if not final:
            more = source.read(BLOCK)
            final = not more
            rest += more
        rest = head.quotes.look(source, rest, head.cr_ends_rows)
        consumed, lines, about = dispatch.scan_keys(rest, head.dialect, key, final, LONGEST_ROW)
        if not consumed and len(rest) > LONGEST_ROW:
            raise too_long(source, line + 1)
        yield about[:, KEYS_MARK], about[:, KEYS_HASH].view(np.uint64)
        rest, line = rest[consumed:], line + lines
