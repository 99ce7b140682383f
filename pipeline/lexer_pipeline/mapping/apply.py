"""A mapping put to work on one table: its rows become rows of the specification's columns.

What comes out is a table like any other, so that everything behind it is the same with a mapping and without.
"""

import re
from collections.abc import Sequence

import numpy as np
from msgspec.structs import replace

from lexer_pipeline.chunks import cells
from lexer_pipeline.chunks.records import Change, Records
from lexer_pipeline.errors import UsageError
from lexer_pipeline.kernels import codes, dispatch
from lexer_pipeline.kernels.arrays import Bools, Integers
from lexer_pipeline.kernels.codes import HAS_ESCAPE, HAS_HIGH, HAS_NESTED, ROW_OK
from lexer_pipeline.limits import MADE_BYTES
from lexer_pipeline.mapping import conversions
from lexer_pipeline.mapping.compile import Mapper
from lexer_pipeline.mapping.currencies import Currencies, note_currencies
from lexer_pipeline.mapping.header import NOWHERE
from lexer_pipeline.mapping.noted import Noted
from lexer_pipeline.mapping.outcomes import LEFT_PLACEHOLDER, Outcome, Outcomes
from lexer_pipeline.mapping.reconcile import (
    DIFFERS,
    DISCOUNT_WORKED_OUT,
    DOES_NOT_ADD_UP,
    NOT_RECONCILED,
    ROUNDING_ADDED,
    UNKNOWN,
    Reconciled,
    Reconciling,
    reconciled,
)
from lexer_pipeline.mapping.record_sums import in_first_rows
from lexer_pipeline.mapping.source_texts import any_filled, places_of, told_apart
from lexer_pipeline.mapping.target_columns import TargetColumn
from lexer_pipeline.mapping.unpacking import unpacked
from lexer_pipeline.model import Problem
from lexer_pipeline.validating.cell_kinds import kind_of
from lexer_pipeline.validating.line_prices import LinePrices, note_prices

NESTED = conversions.Unconvertible(
    "type", "one value",
    "holds a list or an object; say which of its values is meant (address.city), or begin with first, count, join or pick",
)  # fmt: skip
NEEDS_ESCAPE = re.compile(r'[\x00-\x1f"\\]')


def apply(mapper: Mapper, rows: Records, outcomes: Outcomes, noted: Noted) -> Records:
    """The same rows as a table of the mapping's columns, and what is `noted` of them; `outcomes` serve all chunks of a source."""
    chunk = _MappedChunk(mapper, unpacked(mapper.unpacking, rows), outcomes)
    made = chunk.result()
    chunk.note(noted.currencies)
    chunk.note_lines(noted.prices)
    return made


class _MappedChunk:
    """One chunk being remapped: new cells point into the old bytes, or to texts written behind them."""

    def __init__(self, mapper: Mapper, rows: Records, outcomes: Outcomes) -> None:
        self._mapper = mapper
        self._rows = rows
        self._outcomes = outcomes
        self._texts = cells.of_rows(rows)
        self._good: Bools = rows.faults == ROW_OK
        # What the cells of each column of the source hold.
        self._held = np.bitwise_or.reduce(rows.flags.reshape(len(rows.faults), rows.columns), axis=0)
        self._begins = np.zeros(len(rows.faults), np.bool_)
        self._begins[rows.firsts] = True
        shape = (len(rows.faults), len(mapper.target_columns))
        self._starts = np.zeros(shape, np.int32)
        self._ends = np.zeros(shape, np.int32)
        self._flags = np.zeros(shape, np.uint8)
        self._pieces = [rows.data]
        self._size = len(rows.data)
        self._changes: list[Change] = []
        self._problems: dict[int, tuple[Problem, ...]] = dict(rows.problems)

    def result(self) -> Records:
        for place in self._mapper.order:
            one = self._mapper.target_columns[place]
            where = self._without_nested(one, self._where(place, one))
            if one.is_copy:
                self._copy(place, one.columns[0], where)
            elif one.columns or one.made:
                self._make(place, one, where)
            else:
                self._put(place, np.flatnonzero(where), str(one.pieces[0]))
            if one.is_link and self._mapper.leaves_placeholders:
                self._leave_placeholders(place, one)
            if one.rule.default:
                self._put(place, np.flatnonzero(where & ~self._filled((place,))), one.rule.default)
        self._bring_together(self._mapper.together)
        if self._mapper.reconciling is not None:
            self._reconcile(self._mapper.reconciling)
        self._bound(int((self._ends - self._starts).sum(dtype=np.int64)))
        fields = self._mapper.fields
        return replace(
            self._rows, data=self._so_far().data, columns=fields,
            starts=self._starts[:, :fields].ravel(), ends=self._ends[:, :fields].ravel(),
            flags=self._flags[:, :fields].ravel(), changes=tuple(self._changes), problems=self._problems,
        )  # fmt: skip

    def _leave_placeholders(self, place: int, one: TargetColumn) -> None:
        """Empty the cells of a link that a word for nothing fills."""
        made, cleaning = self._so_far(), self._mapper.cleaning
        kind, words = kind_of(one.place, cleaning.placeholders.further)
        doubtful = np.flatnonzero(made.status(place, kind, words=words) == codes.CELL_DOUBT)
        numbers, said = told_apart(made, (place,), doubtful)
        gone = doubtful[np.array([cleaning.is_nothing(text) for (text,) in said], np.bool_)[numbers]]
        if len(gone):
            self._ends[gone, place] = self._starts[gone, place]
            self._changes.append(Change(LEFT_PLACEHOLDER, str(one.path), gone, one.is_once))

    def _without_nested(self, one: TargetColumn, where: Bools) -> Bools:
        """The rows without those in which a list or an object stands where one value belongs, which are refused."""
        if not self._has_nested(one.columns) or self._mapper.takes_nested(one):
            return where
        is_told = np.zeros(len(where), np.bool_)
        for column in one.columns:
            cells = slice(column, None, self._rows.columns)
            nested = where & ~is_told & (self._rows.flags[cells] & HAS_NESTED != 0)
            if nested.any():
                self._refuse(one, np.flatnonzero(nested).tolist(), NESTED)
                where = where & ~nested
            if one.rule.takes_first:
                # What stands behind the first that is filled is not read.
                is_told |= self._texts.filled(column)
        return where

    def _has_nested(self, columns: Sequence[int]) -> bool:
        return any(self._held[column] & HAS_NESTED for column in columns)

    def note(self, currencies: Currencies) -> None:
        """Take in the currencies of amounts, as they stand in the source."""
        if not self._mapper.amounts:
            return
        own = next(
            (at for at, one in enumerate(self._mapper.target_columns) if one.rule.target == "currency"), None
        )
        note_currencies(
            currencies,
            self._mapper.amounts,
            self._texts,
            self._so_far(),
            own,
            self._rows,
            np.flatnonzero(self._good),
        )

    def note_lines(self, prices: LinePrices) -> None:
        """Take in the prices of lines beside the other columns of the source."""
        places = self._mapper.lines
        if places:
            label = self._mapper.target_columns[places["price_paid"]].label
            note_prices(prices, self._mapper.names, self._texts, self._so_far(), places, label, self._rows)

    def _where(self, place: int, one: TargetColumn) -> Bools:
        """The rows in which a column may be filled."""
        where = self._good.copy()
        if self._mapper.says_one_thing(one):
            where &= self._begins
        if one.index and not one.chain:
            # No text has an item more where it lacks the item before.
            where &= self._filled((place - 1,))
        if one.beside:
            where &= self._filled(one.beside)
        if one.unless:
            where &= ~self._filled(one.unless)
        return where

    def _filled(self, places: Sequence[int]) -> Bools:
        """The rows in which one of some columns is filled; what stands once a record counts for all its rows."""
        mask: Bools = np.zeros(len(self._good), np.bool_)
        for place in places:
            mask |= self._ends[:, place] > self._starts[:, place]
        if (
            mask.any()
            and self._rows.records
            and all(self._mapper.target_columns[place].is_once for place in places)
        ):
            is_filled = self._rows.rows_of(np.logical_or.reduceat(mask, self._rows.firsts))
            mask[self._rows.firsts[0] :] = is_filled[self._rows.firsts[0] :]
        return mask

    def _bring_together(self, places: Sequence[int]) -> None:
        """Leave these columns filled in the first row alone of each record that fills one of them."""
        filled = np.flatnonzero((self._ends[:, places] > self._starts[:, places]).any(axis=1))
        records = np.searchsorted(self._rows.firsts, filled, "right")
        later = np.setdiff1d(filled, filled[np.unique(records, return_index=True)[1]])
        for place in places:
            self._ends[later, place] = self._starts[later, place]

    def _reconcile(self, what: Reconciling) -> None:
        """Let each amount that prices may contain stand where the record's total says, and name records that do not add up."""
        once = [place for place, one in enumerate(self._mapper.target_columns) if one.is_once]
        texts = self._so_far()
        found = reconciled(what, texts, self._rows, once)
        for at, one in enumerate(what.movable):
            is_filled = self._filled((one.amount,)) if one.amount in once else np.ones(texts.rows, np.bool_)
            is_added = self._rows.rows_of(found.added[:, at])
            self._empty(one.beside, ~is_added)
            self._empty(one.instead, is_added & is_filled)
        self._round(what, found)
        for state, name in ((DIFFERS, DOES_NOT_ADD_UP), (UNKNOWN, NOT_RECONCILED)):
            self._changed(name, what.label, self._rows.firsts[found.states == state], True)

    def _round(self, what: Reconciling, found: Reconciled) -> None:
        """Add what rounding left of a total as an adjustment of its own, or the discount that explains it."""
        if not what.rounding:
            return
        amount, reason = what.rounding
        spans = np.array([(self._size, *self._kept(text)) for text in found.texts], np.int64)
        is_filled = found.rests != 0
        self._fill(amount, self._rows.firsts[is_filled], tuple(spans[found.rests[is_filled]].T))
        rounded = self._rows.firsts[is_filled & ~found.is_discount]
        self._put(reason, rounded, "Rounding")
        self._changed_in(self._mapper.target_columns[amount], ROUNDING_ADDED, rounded)
        if what.discount is not None:
            lowered = self._rows.firsts[found.is_discount]
            self._put(reason, lowered, what.discount[1])
            self._changed_in(self._mapper.target_columns[amount], DISCOUNT_WORKED_OUT, lowered)

    def _empty(self, places: Sequence[int], where: Bools) -> None:
        for place in places:
            self._ends[where, place] = self._starts[where, place]

    def _copy(self, place: int, column: int, where: Bools) -> None:
        rows, wide = self._rows, self._rows.columns
        self._starts[where, place] = rows.starts[column::wide][where]
        self._ends[where, place] = rows.ends[column::wide][where]
        self._flags[where, place] = rows.flags[column::wide][where]

    def _put(self, place: int, rows: Integers, text: str) -> None:
        """Write one text into some rows of a column."""
        self._starts[rows, place] = self._size
        self._ends[rows, place], self._flags[rows, place] = self._kept(text)

    def _bound(self, size: int) -> None:
        """Raise UsageError where more would be made of a chunk than fits."""
        if size > MADE_BYTES + len(self._rows.data):
            raise UsageError(
                f"{self._mapper.source}: the mapping makes more than {MADE_BYTES >> 20} MiB of one part of the source",
                "Shorten its constants and templates, or leave out fields.",
            )

    def _added(self, piece: bytes) -> None:
        self._pieces.append(piece)
        self._size += len(piece)
        self._bound(self._size - len(self._rows.data))

    def _kept(self, text: str) -> tuple[int, int]:
        """Where a text written behind the others ends, and its flags."""
        piece = text.encode()
        self._added(piece)
        flags = (HAS_ESCAPE if NEEDS_ESCAPE.search(text) else 0) | (0 if piece.isascii() else HAS_HIGH)
        return self._size, flags

    def _all_kept(self, texts: Sequence[str]) -> Integers:
        """Where each of some texts written behind the others begins and ends, and its flags."""
        whole = "".join(texts)
        if whole.isascii() and not NEEDS_ESCAPE.search(whole):
            sizes = np.fromiter(map(len, texts), np.int64, len(texts))
            ends = self._size + np.cumsum(sizes)
            self._added(whole.encode())
            return np.stack([ends - sizes, ends, np.zeros_like(ends)], axis=1)
        return np.array([(self._size, *self._kept(text)) for text in texts], np.int64).reshape(-1, 3)

    def _make(self, place: int, one: TargetColumn, where: Bools) -> None:
        texts, columns = (self._so_far(), one.made) if one.made else (self._texts, one.columns)
        once = [at == NOWHERE or self._mapper.target_columns[at].is_once for at in one.made]
        if one.is_once and not all(once):
            texts, columns = in_first_rows(texts, columns, once, self._rows), tuple(range(len(columns)))
        rows = np.flatnonzero(where & any_filled(texts, columns))
        left = self._copy_or_rewrite(place, one, texts, columns, rows)
        self._convert(place, one, texts, (*columns, *one.telling), left)

    def _copy_or_rewrite(
        self, place: int, one: TargetColumn, texts: cells.Cells, columns: Sequence[int], rows: Integers
    ) -> Integers:
        """Make the cells whose outcome is certain, and return the rows that are left."""
        steps = [step for step in one.chain if isinstance(step, conversions.Vectorised)]
        places = places_of(one, texts, columns, rows) if len(steps) == len(one.chain) else None
        if places is None:
            return rows
        kinds = np.array([step.kernel for step in steps], np.int32)
        ends = np.cumsum([0, *(len(step.argument) for step in steps)], dtype=np.int32)
        arguments = b"".join(step.argument for step in steps)
        if not steps and not one.made:
            self._fill(place, rows, places[1:])
            return rows[:0]
        new, starts, stops, flags, marks = dispatch.rewrite(
            *places, kinds, arguments, ends, self._size, bool(one.made)
        )
        self._added(new)
        sure = marks != codes.IN_DOUBT
        made, marks = rows[sure], marks[sure]
        self._fill(place, made, [part[sure] for part in (starts, stops, flags)])
        seen = int(np.bitwise_or.reduce(marks))
        for bit, name in enumerate(codes.CHANGES):
            if seen & 1 << bit:
                self._changed_in(one, name, made[marks & 1 << bit != 0])
        left: Integers = rows[~sure]
        return left

    def _fill(self, place: int, rows: Integers, places: Sequence[Integers]) -> None:
        self._starts[rows, place], self._ends[rows, place], self._flags[rows, place] = places

    def _convert(
        self, place: int, one: TargetColumn, texts: cells.Cells, columns: Sequence[int], rows: Integers
    ) -> None:
        """Make cells by the conversions themselves, those that say the same once."""
        if not len(rows):
            return
        numbers, said = told_apart(texts, columns, rows)
        outcomes = self._outcomes.of(place, one, said)
        spans = self._all_kept(["" if failed is not None else text for text, _, failed in outcomes])
        self._fill(place, rows, tuple(spans[numbers].T))
        self._tell(one, rows, numbers, outcomes)

    def _tell(
        self, one: TargetColumn, rows: Integers, numbers: Integers, outcomes: Sequence[Outcome]
    ) -> None:
        """Note what was changed in which rows, and what could not be converted."""
        named: dict[str, list[int]] = {}
        for number, (_, names, failed) in enumerate(outcomes):
            for name in names:
                named.setdefault(name, []).append(number)
            if failed is not None and not one.is_hidden:
                self._refuse(one, rows[numbers == number].tolist(), failed)
        for name, found in named.items():
            is_found = np.zeros(len(outcomes), np.bool_)
            is_found[found] = True
            self._changed_in(one, name, rows[is_found[numbers]])

    def _changed_in(self, one: TargetColumn, name: str, rows: Integers) -> None:
        if not one.is_hidden:
            self._changed(name, str(one.path), rows, one.is_once)

    def _changed(self, name: str, path: str, rows: Integers, once: bool) -> None:
        self._changes.append(Change(name, path, rows, once))

    def _so_far(self) -> cells.Cells:
        """The cells made until now."""
        self._pieces = [b"".join(self._pieces)] if len(self._pieces) > 1 else self._pieces
        return cells.Cells(
            self._pieces[0], len(self._mapper.target_columns), self._starts.ravel(), self._ends.ravel(), self._flags.ravel()
        )  # fmt: skip

    def _refuse(self, one: TargetColumn, rows: Sequence[int], failed: conversions.Unconvertible) -> None:
        problem = Problem(one.path.first, failed.code, failed.rule, failed.message)
        for row in rows:
            self._problems[row] = (*self._problems.get(row, ()), problem)
