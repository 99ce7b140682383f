"""Rows that a mapping leaves out, and rows that carry what the row before them says."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from msgspec.structs import replace

from lexer_pipeline.chunks import cells
from lexer_pipeline.chunks.records import Carried, LeftOut, Records
from lexer_pipeline.chunks.rows import Rows
from lexer_pipeline.kernels.arrays import Bools, Int32s, Integers
from lexer_pipeline.kernels.codes import HAS_DOUBLED, HAS_HIGH, ROW_BLANK, ROW_OK
from lexer_pipeline.mapping.compile import Mapper, PlacedSkip
from lexer_pipeline.mapping.header import NOWHERE
from lexer_pipeline.mapping.rules import Skip
from lexer_pipeline.mapping.source_texts import told_apart

# What no skip leaves out.
STAYS = -1
# Stands for texts that are none of those asked for: no word is this, or begins with it.
ANOTHER = "\ud800"


def sifted(mapper: Mapper, rows: Rows, left: Counter[str]) -> Rows:
    """Rows not yet brought together, without those that the mapping leaves out for their key or for themselves; `left` counts them.

    A row without a key would else go on with the row before it.
    """
    keep = staying(mapper, rows, left)
    return rows if keep.all() else rows.kept(keep)


def staying(mapper: Mapper, rows: Rows, left: Counter[str]) -> Bools:
    """Which of some rows are not left out for their key or for themselves; `left` counts those that are."""
    skips = [one for one in mapper.skips if _goes_alone(one, mapper)]
    if not skips:
        return np.ones(len(rows.faults), np.bool_)
    reasons = _reasons(skips, rows, np.arange(len(rows.faults), dtype=np.int32), None)
    left.update(_counted(skips, reasons))
    stays: Bools = reasons == STAYS
    return stays


def skipped(mapper: Mapper, rows: Records, make: Callable[[Records], Records]) -> Records:
    """The rows of whole records without those that the mapping leaves out, which are counted by reason.

    An empty cell means what the row before it in the same record says. What a row that is left out says of its whole record
    goes on to the first row that stays. Records of which none does are told, as the mapping would `make` them.
    """
    skips = [one for one in mapper.skips if not _goes_alone(one, mapper)]
    if not skips:
        return rows
    reasons = _reasons(skips, rows, rows.firsts, rows.carried)
    keep = reasons == STAYS
    if keep.all():
        return rows
    return replace(
        _handed_on(mapper, rows, keep, _speaks(skips, reasons)).kept(keep), skipped=_counted(skips, reasons),
        left_out=tuple(_left_out(skips, rows, reasons, make)),
    )  # fmt: skip


def _left_out(
    skips: Sequence[PlacedSkip], rows: Records, reasons: Integers, make: Callable[[Records], Records]
) -> Iterator[LeftOut]:
    """The records of which no row stays, and another source cannot be right to have them."""
    stays = (rows.faults != ROW_BLANK) & (reasons == STAYS)
    says_nothing = [at for at, one in enumerate(skips) if not one.skip.reason or not one.skip.contradicts]
    gone = ~np.logical_or.reduceat(stays | np.isin(reasons, says_nothing), rows.firsts)
    if gone.any():
        said = tuple(skips[number].skip.reason for number in reasons[rows.firsts[gone]].tolist())
        yield LeftOut(said, lambda: make(rows.kept(rows.rows_of(gone))))


def _speaks(skips: Sequence[PlacedSkip], reasons: Integers) -> Bools:
    """Which rows are left out, and speak of their whole records."""
    return np.array([*(one.skip.whole for one in skips), False], np.bool_)[reasons]


def _handed_on(mapper: Mapper, rows: Records, keep: Bools, speaks: Bools) -> Records:
    """The rows, of which the first that stays in a record holds what stood once a record in those before it.

    Where the first row of the record `speaks` of all of it, its words go before those of the row that stays.
    """
    staying = np.flatnonzero(keep & (rows.faults == ROW_OK))
    record = np.searchsorted(rows.firsts, staying, "right") - 1
    _, begins = np.unique(record, return_index=True)
    heirs, firsts = staying[begins], rows.firsts[record[begins]]
    # A record with a row that cannot be read is rejected, and what stands in that row may be no text.
    is_broken = np.logical_or.reduceat((rows.faults != ROW_OK) & (rows.faults != ROW_BLANK), rows.firsts)
    moved = (heirs != firsts) & ~is_broken[record[begins]]
    columns = mapper.of_records
    if mapper.layout.takes_first:
        moved &= speaks[firsts]
    heirs, firsts = heirs[moved], firsts[moved]
    if not len(heirs) or not columns:
        return rows
    texts = cells.settled(rows, mapper.once)
    starts, ends, flags = rows.starts.copy(), rows.ends.copy(), rows.flags.copy()
    taken = Carried(tuple(columns), np.zeros((len(keep), len(columns), 3), np.int32))
    for place, column in enumerate(columns):
        there, here = firsts * rows.columns + column, heirs * rows.columns + column
        goes_first = speaks[firsts] & (rows.ends[there] > rows.starts[there])
        goes_on = goes_first | ((ends[here] == starts[here]) & (texts.ends[there] > texts.starts[there]))
        there, here = there[goes_on], here[goes_on]
        starts[here], ends[here], flags[here] = texts.starts[there], texts.ends[there], texts.flags[there]
        taken.places[heirs[goes_on], place] = np.stack([starts[here], ends[here], flags[here]], axis=1)
    return replace(rows, starts=starts, ends=ends, flags=flags, carried=taken)


def _goes_alone(one: PlacedSkip, mapper: Mapper) -> bool:
    """Whether a row alone tells that it is left out, and nothing of it is handed on: it is no part of a record, or of another one."""
    is_key = mapper.key is not None and one.column == mapper.key.column
    is_taken = one.skip.own and not one.skip.reason and not mapper.carry
    # A document says all that is to be known of it, and so does each of those that are brought together.
    is_told = mapper.documents is not None and mapper.key is not None
    return is_key or is_taken or is_told


def _counted(skips: Sequence[PlacedSkip], reasons: Integers) -> dict[str, int]:
    """How many rows are left out, by reason."""
    counts: Counter[str] = Counter()
    for one, count in zip(
        skips, np.bincount(reasons + 1, minlength=len(skips) + 1)[1:].tolist(), strict=True
    ):
        counts[one.skip.reason] += count
    return dict(+counts)


def _reasons(skips: Sequence[PlacedSkip], rows: Rows, firsts: Int32s, taken: Carried | None) -> Integers:
    """For each row the number of the first skip that leaves it out, or STAYS.

    `firsts` are the first rows of records; what was `taken` from the row before is no cell of a row's own.
    """
    reasons = np.full(len(rows.faults), STAYS)
    good = np.flatnonzero(rows.faults == ROW_OK)
    told: dict[tuple[int, bool], tuple[Integers, list[str]]] = {}
    asked = [*skips, *(one.further for one in skips if one.further is not None)]

    # One that calls itself would keep the rows of every chunk in memory until cycles are looked for.
    def is_so(one: PlacedSkip) -> Bools:
        """Of which good rows it says what it asks for, but for what must hold of another column too."""
        column, skip = one.column, one.skip
        if (column, skip.own) not in told:
            others = [other.skip for other in asked if other.column == column]
            told[column, skip.own] = (
                _own(rows, taken, column, good, others)
                if skip.own
                else _said_so_far(rows, firsts, column, good, others)
            )
        numbers, plain = told[column, skip.own]
        wanted = np.array([skip.is_said(text) for text in plain], np.bool_)
        so: Bools = wanted[numbers] & _all_empty(rows, one.beside)[good]
        return so

    for number, one in enumerate(skips):
        gone = is_so(one) & (reasons[good] == STAYS)
        if one.further is not None and gone.any():
            gone &= is_so(one.further)
        reasons[good[gone]] = number
    return reasons


def _all_empty(rows: Rows, columns: Sequence[int]) -> Bools:
    """Where the cells of all these columns are empty."""
    empty = np.ones(len(rows.faults), np.bool_)
    for column in columns:
        empty &= rows.ends[column :: rows.columns] == rows.starts[column :: rows.columns]
    return empty


def _own(
    rows: Rows, taken: Carried | None, column: int, good: Integers, skips: Sequence[Skip]
) -> tuple[Integers, list[str]]:
    """For each row the number of a text without case: that of its own cell."""
    numbers, plain = _said_so_far(rows, np.arange(len(rows.faults), dtype=np.int32), column, good, skips)
    if taken is None or column not in taken.columns:
        return numbers, plain
    place = taken.columns.index(column)
    is_taken = taken.places[good, place, 1] > taken.places[good, place, 0]
    return np.where(is_taken, len(plain), numbers), [*plain, ""]


def _said_so_far(
    rows: Rows, firsts: Int32s, column: int, good: Integers, skips: Sequence[Skip]
) -> tuple[Integers, list[str]]:
    """For each row the number of a text without case: that of its cell, or where it is empty of the row before it.

    The first row of a record says what its own cell does. All texts that surely none of `skips` asks for are one.
    """
    texts = cells.of_rows(rows)
    asked = np.ones(len(good), np.bool_) if column == NOWHERE else ~_surely_none(texts, column, good, skips)
    found, said = told_apart(texts, (column,), good[asked])
    plain = [*(text.strip().casefold() for (text,) in said), ANOTHER]
    numbers = np.full(len(good), len(said), np.int64)
    numbers[asked] = found
    begins = np.zeros(len(rows.faults), np.bool_)
    begins[firsts] = True
    speaks = begins[good] | np.array([bool(text) for text in plain], np.bool_)[numbers]
    at = np.maximum.accumulate(np.where(speaks, np.arange(len(good)), 0))
    return numbers[at], plain


def _surely_none(texts: cells.Cells, column: int, rows: Integers, skips: Sequence[Skip]) -> Bools:
    """Where a cell of plain ASCII without blanks around it has the length of no word that it may be, nor the first sign of one that it may begin with."""
    at = rows * texts.columns + column
    starts, ends = texts.starts[at], texts.ends[at]
    signs = np.frombuffer(texts.data, np.uint8)
    sizes = ends - starts
    sure: Bools = (sizes > 0) & (texts.flags[at] & (HAS_HIGH | HAS_DOUBLED) == 0)
    for size in {len(word) for skip in skips if not skip.begins for word in skip.words}:
        sure &= sizes != size
    for sign in {word[0] for skip in skips if skip.begins for word in skip.words if word[0].isascii()}:
        sure[sure] = ~np.isin(signs[starts[sure]], [ord(sign), ord(sign.upper())])
    edges = signs[starts[sure]], signs[ends[sure] - 1]
    sure[sure] = np.logical_and.reduce([(edge > ord(" ")) & (edge <= ord("~")) for edge in edges])
    return sure


def carried(mapper: Mapper, rows: Records) -> Records:
    """With columns to carry: each row a record of its own, told by the rows before it of the same key.

    What a row that cannot be read says is not known, so a row that goes on with it cannot be read either.
    """
    if not mapper.carry or not rows.records:
        return rows
    starts, ends, flags = rows.starts.copy(), rows.ends.copy(), rows.flags.copy()
    faults = rows.faults.copy()
    numbers = np.arange(len(rows.faults))
    begins = np.zeros(len(rows.faults), np.int64)
    begins[rows.firsts] = rows.firsts
    begins = np.maximum.accumulate(begins)
    taken = Carried(mapper.carry, np.zeros((len(numbers), len(mapper.carry), 3), np.int32))
    for place, column in enumerate(mapper.carry):
        filled = ends[column :: rows.columns] > starts[column :: rows.columns]
        source = np.maximum.accumulate(np.where(filled, numbers, NOWHERE))
        to = np.flatnonzero(~filled & (rows.faults == ROW_OK) & (source >= begins))
        there, here = source[to] * rows.columns + column, to * rows.columns + column
        starts[here], ends[here], flags[here] = starts[there], ends[there], flags[there]
        taken.places[to, place] = np.stack([starts[there], ends[there], flags[there]], axis=1)
        faults[to] = np.maximum(faults[to], rows.faults[source[to]])
    firsts = np.flatnonzero(rows.faults != ROW_BLANK).astype(np.int32)
    return replace(rows, starts=starts, ends=ends, flags=flags, faults=faults, firsts=firsts, carried=taken)
