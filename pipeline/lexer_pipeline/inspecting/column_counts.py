"""The columns of a table counted as they go by, in constant memory."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TypeVar

import numpy as np
from msgspec.structs import replace

from lexer_pipeline.chunks import cells
from lexer_pipeline.chunks.rows import Rows
from lexer_pipeline.inspecting import semantic_types
from lexer_pipeline.inspecting.column_profile import ColumnProfile, TableProfile
from lexer_pipeline.inspecting.semantic_types import SemanticType
from lexer_pipeline.kernels import dispatch
from lexer_pipeline.kernels.arrays import Floats, Integers, UInt64s
from lexer_pipeline.kernels.codes import ROW_BLANK, ROW_OK
from lexer_pipeline.specs import values

# So many distinct values are counted exactly; from there on a column is looked at in samples.
MOST_DISTINCT = 10_000
# Cells of one chunk that are looked at in a column with more distinct values than that.
SAMPLE = 64
MOST_SHAPES, KEPT_SHAPES = 2_000, 1_000
SHOWN_SHAPES = 5
# Enough of a date to hold its first two numbers, which decide between dd/mm and mm/dd.
DAY_AND_MONTH = 6
CountedT = TypeVar("CountedT")


def profile(names: Sequence[str], chunks: Iterable[Rows]) -> TableProfile:
    """Profile a table: its rows in chunks, its columns called `names`."""
    columns = [ColumnCounts() for _ in names]
    rows = blank = 0
    faults: dict[int, tuple[int, int]] = {}
    for chunk in chunks:
        rows += len(chunk.faults)
        blank += int((chunk.faults == ROW_BLANK).sum())
        for fault in np.unique(chunk.faults[chunk.faults > ROW_BLANK]).tolist():
            found = np.flatnonzero(chunk.faults == fault)
            before, first = faults.get(fault, (0, int(chunk.lines[found[0]])))
            faults[fault] = (before + len(found), first)
        view = ChunkView(chunk)
        for place, column in enumerate(columns):
            column.add(view, place)
    return TableProfile(
        rows, blank, faults, tuple(column.result(name) for name, column in zip(names, columns, strict=True))
    )


class ChunkView:
    """One chunk made ready to be looked at column by column."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.texts = cells.of_rows(rows)
        self.good = rows.faults == ROW_OK
        self._spoiled = self._scientific()

    def filled(self, column: int) -> Integers:
        """The rows whose cell is not empty."""
        rows, wide = self.rows, self.rows.columns
        return np.flatnonzero(self.good & (rows.ends[column::wide] > rows.starts[column::wide]))

    def hashes(self, column: int, most: int | None = None) -> UInt64s:
        """A hash for each row of a column, of the first `most` bytes of its cell if given."""
        rows = self.rows
        if most is not None:
            rows = replace(rows, ends=np.minimum(rows.ends, rows.starts + np.int32(most)))
        return dispatch.mark_keys(rows, column)[1]

    def _scientific(self) -> Integers:
        """Cells (row-major, among good rows) with an exponent: 6.14E+10."""
        data = np.frombuffer(self.rows.data, np.uint8)
        plus = np.flatnonzero(data == ord("+"))
        plus = plus[plus > 0]
        plus = plus[(data[plus - 1] | 0x20) == ord("e")]
        starts = self.rows.starts.reshape(-1, self.rows.columns)[self.good].ravel()
        if self.rows.originals is None or not len(plus):
            return np.unique(np.searchsorted(starts, plus, "right") - 1)
        # Cells of documents stand in any order, some in several rows, and not all of the bytes are of one.
        ends = self.rows.ends.reshape(-1, self.rows.columns)[self.good].ravel()
        filled = np.flatnonzero(ends > starts)
        order = filled[np.argsort(starts[filled], kind="stable")]
        at = np.searchsorted(starts[order], plus, "right") - 1
        found = order[at[at >= 0]]
        return np.unique(found[ends[found] > plus[at >= 0]])

    def spoiled(self, column: int) -> Integers:
        """The rows whose cell has an exponent, so that not one is missed in a sample."""
        places = self._spoiled[self._spoiled % self.rows.columns == column] // self.rows.columns
        rows: Integers = np.flatnonzero(self.good)[places[places >= 0]]
        return rows


class ColumnCounts:
    """What is remembered of one column; `known` holds hashes of values (sorted), `codes` what they look like."""

    def __init__(self) -> None:
        self.filled = 0
        self.is_more = False
        self._known = np.empty(0, np.uint64)
        self._codes = np.empty(0, np.int32)
        self._pairs: dict[tuple[SemanticType, str], int] = {}
        self._counts: Floats = np.empty(0)
        self._types: dict[SemanticType, float] = defaultdict(float)
        self._shapes: dict[str, float] = defaultdict(float)

    def add(self, chunk: ChunkView, place: int) -> None:
        """Take in the cells of a chunk."""
        rows = chunk.filled(place)
        self.filled += len(rows)
        if not len(rows):
            return
        if not self.is_more and not self._add_distinct(chunk, place, rows):
            self.is_more = True
            self._forget()
        if self.is_more:
            for some in self._groups(chunk, place, rows):
                self._sample(chunk, place, some)
            if len(self._shapes) > MOST_SHAPES:
                kept = sorted(self._shapes.items(), key=_often)[:KEPT_SHAPES]
                self._shapes = defaultdict(float, kept)

    def _add_distinct(self, chunk: ChunkView, place: int, rows: Integers) -> bool:
        """Look at each value that is new; False, and nothing is done, when there are too many."""
        found, first, counts = np.unique(chunk.hashes(place)[rows], return_index=True, return_counts=True)
        at = np.searchsorted(self._known, found)
        inside = np.minimum(at, max(len(self._known) - 1, 0))
        old = self._known[inside] == found if len(self._known) else np.zeros(len(found), np.bool_)
        fresh = np.flatnonzero(~old)
        fresh = fresh[np.argsort(first[fresh])]
        if len(self._known) + len(fresh) > MOST_DISTINCT:
            return False
        codes = np.array(
            [self._code(chunk.texts.text(int(rows[first[one]]), place)) for one in fresh], np.int32
        )
        every = np.empty(len(found), np.int32)
        every[old], every[fresh] = self._codes[at[old]], codes
        more = np.bincount(every, counts, len(self._pairs)).astype(np.float64, copy=False)
        more[: len(self._counts)] += self._counts
        self._counts = more
        self._known = np.insert(self._known, at[~old], found[~old])
        self._codes = np.insert(self._codes, at[~old], every[~old])
        return True

    def _code(self, text: str) -> int:
        return self._pairs.setdefault((semantic_types.look_at(text), values.shape_of(text)), len(self._pairs))

    def _forget(self) -> None:
        """Keep of the values seen so far how many look how, no more."""
        self._types, self._shapes = self._counted()
        self._known, self._codes, self._counts = np.empty(0, np.uint64), np.empty(0, np.int32), np.empty(0)
        self._pairs = {}

    def _counted(self) -> tuple[dict[SemanticType, float], dict[str, float]]:
        types, shapes = defaultdict(float, self._types), defaultdict(float, self._shapes)
        for (one, shape), count in zip(self._pairs, self._counts.tolist(), strict=True):
            types[one] += count
            shapes[shape] += count
        return types, shapes

    def _groups(self, chunk: ChunkView, place: int, rows: Integers) -> Iterable[Integers]:
        """Rows that one sample each may speak for."""
        spoiled = chunk.spoiled(place)
        if len(spoiled):
            yield spoiled
            rows = np.setdiff1d(rows, spoiled, assume_unique=True)
        dates = sum(count for one, count in self._types.items() if one.kind in semantic_types.DATES)
        if 2 * dates < sum(self._types.values()):
            yield rows
            return
        starts = chunk.hashes(place, DAY_AND_MONTH)[rows]
        order = np.argsort(starts, kind="stable")
        yield from np.split(rows[order], np.flatnonzero(np.diff(starts[order])) + 1)

    def _sample(self, chunk: ChunkView, place: int, rows: Integers) -> None:
        if not len(rows):
            return
        most = SAMPLE if len(rows) > 2 * SAMPLE else 4
        chosen = rows[np.unique(np.linspace(0, len(rows) - 1, min(most, len(rows))).astype(np.int64))]
        weight = len(rows) / len(chosen)
        for row in chosen.tolist():
            text = chunk.texts.text(row, place)
            self._types[semantic_types.look_at(text)] += weight
            self._shapes[values.shape_of(text)] += weight

    def result(self, name: str) -> ColumnProfile:
        """What is known of the column."""
        types, shapes = self._counted()
        distinct = MOST_DISTINCT if self.is_more else len(self._known)
        return ColumnProfile(
            name,
            self.filled,
            distinct,
            self.is_more,
            self.is_more,
            _most(types),
            _most(shapes)[:SHOWN_SHAPES],
        )


def _often(counted: tuple[object, float]) -> float:
    return -counted[1]


def _most(counts: dict[CountedT, float]) -> tuple[tuple[CountedT, int], ...]:
    return tuple((what, max(round(count), 1)) for what, count in sorted(counts.items(), key=_often))
