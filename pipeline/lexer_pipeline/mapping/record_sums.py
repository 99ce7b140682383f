"""Amounts added up over the rows of each record, exactly: in whole millionths where that is certain, else as decimals."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

import numpy as np

from lexer_pipeline.chunks import cells
from lexer_pipeline.chunks.records import Records
from lexer_pipeline.kernels import dispatch
from lexer_pipeline.kernels.arrays import Bools, Int32s, Int64s
from lexer_pipeline.mapping.conversions.arithmetic import EXACT, exact
from lexer_pipeline.mapping.header import NOWHERE

# The amounts of so many rows cannot leave 64 bits.
MOST_ROWS = 200


def added_up(texts: cells.Cells, column: int, rows: Records) -> tuple[Int64s, Bools]:
    """What a column comes to in each record, in millionths, and for which records that is certain."""
    firsts, lasts = rows.firsts, rows.lasts
    if not len(firsts):
        return np.zeros(0, np.int64), np.zeros(0, np.bool_)
    starts, ends = texts.starts[column :: texts.columns], texts.ends[column :: texts.columns]
    flags = np.ascontiguousarray(texts.flags[column :: texts.columns])
    amounts, doubt = dispatch.exact_amounts(
        texts.data, np.ascontiguousarray(starts), np.ascontiguousarray(ends), flags
    )
    sums: Int64s = np.add.reduceat(amounts, firsts)
    sure: Bools = ~np.logical_or.reduceat(doubt, firsts) & (lasts - firsts <= MOST_ROWS)
    return sums, sure


def in_first_row(texts: cells.Cells, column: int, rows: Records) -> tuple[Int64s, Bools]:
    """What a column says in the first row of each record, in millionths, and for which records that is certain."""
    at = rows.firsts * texts.columns + column
    amounts, doubt = dispatch.exact_amounts(texts.data, texts.starts[at], texts.ends[at], texts.flags[at])
    return amounts, ~doubt


def total_of(said: Iterable[str]) -> Decimal | None:
    """The sum of some texts, of which empty ones count as nothing; None where one is no number."""
    total = Decimal(0)
    for text in said:
        number = exact(text or "0")
        if number is None:
            return None
        total = EXACT.add(total, number)
    return total


def pulled_up(texts: cells.Cells, once: Sequence[int], rows: Records) -> cells.Cells:
    """The cells with those of columns that stand `once` a record in its first row, wherever they were filled."""
    starts, ends, flags = texts.starts.copy(), texts.ends.copy(), texts.flags.copy()
    for column in once:
        dispatch.pull_up(starts, ends, flags, texts.columns, column, rows.firsts, rows.lasts)
    return cells.Cells(texts.data, texts.columns, starts, ends, flags)


def in_first_rows(
    texts: cells.Cells, columns: Sequence[int], once: Sequence[bool], rows: Records
) -> cells.Cells:
    """Some columns with one row filled a record, its first: what stands `once` a record, and the sums of all else."""
    shape = (texts.rows, len(columns))
    starts, ends, flags = np.zeros(shape, np.int32), np.zeros(shape, np.int32), np.zeros(shape, np.uint8)
    data = texts.data
    for place, (column, is_once) in enumerate(zip(columns, once, strict=True)):
        if column == NOWHERE:
            continue
        if is_once:
            found = pulled_up(_alone(texts, column), (0,), rows)
            starts[rows.firsts, place] = found.starts[rows.firsts]
            ends[rows.firsts, place] = found.ends[rows.firsts]
            flags[rows.firsts, place] = found.flags[rows.firsts]
            continue
        said, begins, stops = _sums(texts, column, rows)
        starts[rows.firsts, place], ends[rows.firsts, place] = len(data) + begins, len(data) + stops
        data += said
    return cells.Cells(data, len(columns), starts.ravel(), ends.ravel(), flags.ravel())


def _alone(texts: cells.Cells, column: int) -> cells.Cells:
    """One column as a table of its own."""
    one = slice(column, None, texts.columns)
    return cells.Cells(texts.data, 1, texts.starts[one], texts.ends[one], texts.flags[one])


def _sums(texts: cells.Cells, column: int, rows: Records) -> tuple[bytes, Int32s, Int32s]:
    """The sum of each record as a text: all of them behind each other, and where each starts and ends; empty where no row is filled."""
    sums, sure = added_up(texts, column, rows)
    data, ends = dispatch.written_amounts(sums)
    starts = np.append(np.int32(0), ends[:-1])[: len(ends)]
    pieces, size = [data], len(data)
    for record in np.flatnonzero(~sure).tolist():
        there = [texts.text(row, column) for row in range(rows.firsts.item(record), rows.lasts.item(record))]
        total = total_of(there)
        # What is no number stays the text that it is, for the conversion to refuse.
        said = next(text for text in there if exact(text or "0") is None) if total is None else plain(total)
        pieces.append(said.encode())
        starts[record], size = size, size + len(pieces[-1])
        ends[record] = size
    ends = np.where(np.logical_or.reduceat(texts.filled(column), rows.firsts), ends, starts)
    return b"".join(pieces), starts, ends


def plain(number: Decimal) -> str:
    """A number without exponent and without zeros behind its decimals."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
