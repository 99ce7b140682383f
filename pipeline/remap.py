"""A mapping put to work on one table: its rows become rows of the specification's columns.

What comes out is a table like any other, so that everything behind it is the same with a mapping and without.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from pipeline import cells, conversions
from pipeline.errors import UsageError
from pipeline.layout import named_path
from pipeline.mapping import Skip
from pipeline.rows import Change, Rows
from pipeline.scan import HAS_DOUBLED, HAS_ESCAPE, HAS_HIGH, ROW_BLANK, ROW_OK
from pipeline.virtual import NOWHERE, Mapper, Virtual
from pipeline.wording import Problem

# Between the texts of the fields that a field is made of.
UNIT_SEPARATOR = "\x1f"
NEEDS_ESCAPE = re.compile(r'[\x00-\x1f"\\]')
Outcome = tuple[str, tuple[str, ...], conversions.Failed | None]


def decided(mapper: Mapper, blocks: Iterable[Rows]) -> Mapper:
    """The mapper with each conversion settled that had to see its whole column."""
    if not mapper.waits:
        return mapper
    for rows in blocks:
        texts = cells.of_rows(rows)
        good = np.flatnonzero(rows.faults == ROW_OK)
        for one in mapper.virtuals:
            _look(one, texts, good)
    virtuals = tuple(
        replace(one, chain=tuple(_settle(step, one) for step in one.chain)) for one in mapper.virtuals
    )
    return replace(mapper, virtuals=virtuals)


def _look(one: Virtual, texts: cells.Cells, rows: Any) -> None:
    place = next((at for at, step in enumerate(one.chain) if isinstance(step, conversions.NeedsColumn)), None)
    if place is None or one.index:
        return
    before = replace(one, chain=one.chain[:place])
    known: dict[tuple[str, ...], str] = {}
    found = []
    for said in _said(texts, one.columns, rows):
        if said not in known:
            text, _, failed = _converted(before, said)
            known[said] = text if failed is None else ""
        found.append(known[said])
    one.chain[place].look(text for text in found if text)


def _said(texts: cells.Cells, columns: Sequence[int], rows: Any) -> Iterator[tuple[str, ...]]:
    """What some columns say in some rows; a column that is not there says nothing."""
    return zip(*(_column(texts, column, rows) for column in columns), strict=True)


def _column(texts: cells.Cells, column: int, rows: Any) -> list[str]:
    """The texts of one column in some rows, equal ones decoded once."""
    if column == NOWHERE:
        return [""] * len(rows)
    known: dict[bytes, str] = {}
    found = []
    at = rows * texts.columns + column
    for start, end, flag in zip(
        texts.starts[at].tolist(), texts.ends[at].tolist(), texts.flags[at].tolist(), strict=True
    ):
        cell = texts.data[start:end]
        if flag & HAS_DOUBLED:
            found.append(cell.replace(b'""', b'"').decode())
            continue
        if cell not in known:
            known[cell] = cell.decode()
        found.append(known[cell])
    return found


def _settle(step: Any, one: Virtual) -> Any:
    if not isinstance(step, conversions.NeedsColumn):
        return step
    try:
        return step.decide()
    except UsageError as problem:
        raise UsageError(f"column {one.label}: {problem.message}", problem.hint) from None


def sifted(mapper: Mapper, rows: Rows, left: Counter[str]) -> Rows:
    """Rows not yet brought together, without those that the mapping leaves out for their key; `left` counts them.

    A row without a key would else go on with the row before it.
    """
    skips = [(column, skip) for column, skip in mapper.skips if column == mapper.key]
    if not skips:
        return rows
    kept = _without(skips, replace(rows, firsts=np.arange(len(rows.faults), dtype=np.int32)))
    left.update(kept.skipped)
    return replace(kept, firsts=None, skipped={})


def skipped(mapper: Mapper, rows: Rows) -> Rows:
    """The rows of whole records without those that the mapping leaves out, which are counted by reason.

    An empty cell means what the row before it in the same record says.
    """
    return _without([(column, skip) for column, skip in mapper.skips if column != mapper.key], rows)


def _without(skips: Sequence[tuple[int, Skip]], rows: Rows) -> Rows:
    texts = cells.of_rows(rows)
    keep = np.ones(len(rows.faults), np.bool_)
    counts: dict[str, int] = {}
    good = np.flatnonzero(rows.faults == ROW_OK)
    starts = np.isin(good, rows.firsts).tolist()
    for column, skip in skips:
        said, place = "", good.tolist()
        for row, begins, text in zip(place, starts, _column(texts, column, good), strict=True):
            plain = text.strip().casefold()
            said = plain if begins else plain or said
            if keep[row] and (said in skip.words) != skip.negated:
                keep[row] = False
                counts[skip.reason] = counts.get(skip.reason, 0) + 1
    return rows.kept(keep, counts) if counts else rows


def carried(mapper: Mapper, rows: Rows) -> Rows:
    """With columns to carry: each row a record of its own, told by the rows before it of the same key."""
    if not mapper.carry or not rows.records:
        return rows
    starts, ends, flags = rows.starts.copy(), rows.ends.copy(), rows.flags.copy()
    numbers = np.arange(len(rows.faults))
    begins = np.zeros(len(rows.faults), np.int64)
    begins[rows.firsts] = rows.firsts
    begins = np.maximum.accumulate(begins)
    for column in mapper.carry:
        filled = ends[column :: rows.columns] > starts[column :: rows.columns]
        source = np.maximum.accumulate(np.where(filled, numbers, NOWHERE))
        to = np.flatnonzero(~filled & (rows.faults == ROW_OK) & (source >= begins))
        there, here = source[to] * rows.columns + column, to * rows.columns + column
        starts[here], ends[here], flags[here] = starts[there], ends[there], flags[there]
    firsts = np.flatnonzero(rows.faults != ROW_BLANK).astype(np.int32)
    return replace(rows, starts=starts, ends=ends, flags=flags, firsts=firsts)


def apply(mapper: Mapper, rows: Rows) -> Rows:
    """The same rows as a table of the mapping's columns."""
    return _Work(mapper, rows).result()


class _Work:
    """One batch being remapped: new cells point into the old bytes, or to texts written behind them."""

    def __init__(self, mapper: Mapper, rows: Rows) -> None:
        self._mapper = mapper
        self._rows = rows
        self._texts = cells.of_rows(rows)
        self._good = rows.faults == ROW_OK
        shape = (len(rows.faults), len(mapper.virtuals))
        self._starts = np.zeros(shape, np.int32)
        self._ends = np.zeros(shape, np.int32)
        self._flags = np.zeros(shape, np.uint8)
        self._pieces = [rows.data]
        self._size = len(rows.data)
        self._changes: list[Change] = []
        self._problems: dict[int, tuple[Problem, ...]] = {}

    def result(self) -> Rows:
        for place in self._mapper.order:
            one = self._mapper.virtuals[place]
            where = self._where(place, one)
            if one.is_copy:
                self._copy(place, one.columns[0], where)
            elif one.columns or one.made:
                self._make(place, one, where)
            else:
                self._put(place, np.flatnonzero(where), str(one.pieces[0]))
            if one.rule.default:
                self._put(place, np.flatnonzero(where & ~self._filled((place,))), one.rule.default)
        self._bring_together(self._mapper.together)
        return replace(
            self._rows, data=b"".join(self._pieces), columns=len(self._mapper.virtuals), starts=self._starts.ravel(),
            ends=self._ends.ravel(), flags=self._flags.ravel(), changes=tuple(self._changes), problems=self._problems,
        )  # fmt: skip

    def _where(self, place: int, one: Virtual) -> Any:
        """The rows in which a column may be filled."""
        where = self._good.copy()
        if one.index and not one.chain:
            # No text has an item more where it lacks the item before.
            where &= self._filled((place - 1,))
        if one.beside:
            where &= self._filled(one.beside)
        if one.unless:
            where &= ~self._filled(one.unless)
        return where

    def _filled(self, places: Sequence[int]) -> Any:
        """The rows in which one of some columns is filled; what stands once a record counts for all its rows."""
        mask: Any = (self._ends[:, places] > self._starts[:, places]).any(axis=1)
        firsts, lasts = self._rows.firsts, self._rows.lasts
        if len(firsts) and all(self._mapper.virtuals[place].is_once for place in places):
            mask[firsts[0] :] = np.repeat(np.logical_or.reduceat(mask, firsts), lasts - firsts)
        return mask

    def _bring_together(self, places: Sequence[int]) -> None:
        """Leave these columns filled in the first row alone of each record that fills one of them."""
        filled = np.flatnonzero((self._ends[:, places] > self._starts[:, places]).any(axis=1))
        records = np.searchsorted(self._rows.firsts, filled, "right")
        later = np.setdiff1d(filled, filled[np.unique(records, return_index=True)[1]])
        for place in places:
            self._ends[later, place] = self._starts[later, place]

    def _copy(self, place: int, column: int, where: Any) -> None:
        rows, wide = self._rows, self._rows.columns
        self._starts[where, place] = rows.starts[column::wide][where]
        self._ends[where, place] = rows.ends[column::wide][where]
        self._flags[where, place] = rows.flags[column::wide][where]

    def _put(self, place: int, rows: Any, text: str) -> None:
        """Write one text into some rows of a column."""
        self._starts[rows, place] = self._size
        self._ends[rows, place], self._flags[rows, place] = self._kept(text)

    def _kept(self, text: str) -> tuple[int, int]:
        """Where a text written behind the others ends, and its flags."""
        piece = text.encode()
        self._pieces.append(piece)
        self._size += len(piece)
        flags = (HAS_ESCAPE if NEEDS_ESCAPE.search(text) else 0) | (0 if piece.isascii() else HAS_HIGH)
        return self._size, flags

    def _make(self, place: int, one: Virtual, where: Any) -> None:
        texts, columns = (self._so_far(), one.made) if one.made else (self._texts, one.columns)
        filled = np.logical_or.reduce([texts.filled(column) for column in columns if column != NOWHERE])
        rows = np.flatnonzero(where & filled)
        known: dict[tuple[str, ...], int] = {}
        # For each row the number of what its cells say; for each number what becomes of it.
        numbers = np.array(
            [known.setdefault(said, len(known)) for said in _said(texts, columns, rows)], np.int64
        )
        outcomes = [_converted(one, said) for said in known]
        spans = np.zeros((len(outcomes), 3), np.int64)
        for number, (text, _, failed) in enumerate(outcomes):
            if failed is None and text:
                spans[number] = (self._size, *self._kept(text))
        if len(rows):
            self._starts[rows, place], self._ends[rows, place], self._flags[rows, place] = spans[numbers].T
        self._tell(one, rows, numbers, outcomes)

    def _tell(self, one: Virtual, rows: Any, numbers: Any, outcomes: Sequence[Outcome]) -> None:
        """Note what was changed in which rows, and what could not be converted."""
        named: dict[str, list[int]] = {}
        for number, (_, names, failed) in enumerate(outcomes):
            for name in names:
                named.setdefault(name, []).append(number)
            if failed is not None:
                self._refuse(one, rows[numbers == number].tolist(), failed)
        for name, found in named.items():
            self._changes.append(Change(name, one.target, rows[np.isin(numbers, found)], one.is_once))

    def _so_far(self) -> cells.Cells:
        """The cells made until now."""
        return cells.Cells(
            b"".join(self._pieces), len(self._mapper.virtuals), self._starts.ravel(), self._ends.ravel(),
            self._flags.ravel(),
        )  # fmt: skip

    def _refuse(self, one: Virtual, rows: Sequence[int], failed: conversions.Failed) -> None:
        path = tuple(0 if part == -1 else part for part in named_path(one.target) or ())
        problem = Problem(path, failed.code, failed.rule, failed.message)
        for row in rows:
            self._problems[row] = (*self._problems.get(row, ()), problem)


def _converted(one: Virtual, said: Sequence[str]) -> Outcome:
    """What a column of the mapping says where the columns that it reads say `said`."""
    text = _joined(one, said)
    rule = one.rule
    if rule.split:
        parts = [part.strip() for part in text.split(rule.split)]
        filled = [part for part in parts if part]
        if len(filled) > rule.most:
            message = f"has more than {rule.most} items; allow more with most = ... in the mapping"
            return "", (), conversions.Failed("length", f"at most {rule.most} items", message)
        text = filled[one.index] if one.index < len(filled) else ""
    names: list[str] = []
    for step in one.chain:
        if not text:
            break
        done = step(text)
        if isinstance(done, conversions.Failed):
            return "", (), done
        names.extend(done.names)
        text = done.text
    return text, tuple(names), None


def _joined(one: Virtual, said: Sequence[str]) -> str:
    if not any(said):
        return ""
    if one.made:
        return UNIT_SEPARATOR.join(said)
    if one.rule.takes_first:
        return next(text for text in said if text)
    if one.rule.join is not None:
        return one.rule.join.join(text for text in said if text)
    if len(one.pieces) == 1:
        return said[0]
    texts = iter(said)
    return "".join(next(texts) if isinstance(piece, int) else piece for piece in one.pieces).strip()
