"""The chunks that pass between the stages, from the rows as read to the records as checked; all are immutable."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from lexer_pipeline.kernels.codes import (
    ABOUT_CELLS,
    ABOUT_END,
    ABOUT_INDEX,
    ABOUT_LINE,
    ABOUT_NUMBER,
    ABOUT_PLACE,
    ABOUT_START,
    ROW_BLANK,
)


@dataclass(frozen=True, slots=True)
class Change:
    """Rows (numpy indexes) of a chunk in which one named conversion or warning befell one field.

    `once` says that the field stands once a record, so that only a record's first row counts.
    """

    name: str
    path: str
    rows: Any
    once: bool

    def between(self, start: int, stop: int) -> "Change":
        """The change among the rows from `start` to `stop` - 1, counted from `start`."""
        return replace(self, rows=self.rows[(self.rows >= start) & (self.rows < stop)] - start)


@dataclass(frozen=True, slots=True)
class Written:
    """The records of a chunk that were certainly right, and became NDJSON as they were read.

    `pieces` are the NDJSON, one after another; `places` (int64) has for each row that is left the place in it where the line of
    its record belongs. `rows` were written, as `records`; `blank` rows were passed over; `cleaned` counts the e-mails and
    hashes of each column that were trimmed or put in lower case. `size` is the bytes of the source that all rows take, and
    `again` gives all of them as cells.
    """

    pieces: tuple[bytes, ...]
    places: Any
    rows: int
    records: int
    blank: int
    cleaned: Sequence[int]
    size: int
    again: "Callable[[], Rows]"


@dataclass(frozen=True, slots=True)
class Rows:
    """A chunk of a table: the bytes of some rows, where their cells lie, and which rows make a record.

    Shapes (numpy), for r rows of c columns: starts, ends (int32) and flags (uint8) are r*c, row-major; row_starts,
    row_ends, cells (int32, how many were found) and faults (uint8) are r; lines (int64) are physical lines and
    numbers (int64) row numbers, both from 1, blank rows not numbered. firsts (int32) holds the first row of
    each record, which reaches to the first row of the next; blank rows before the first record belong to none.
    `width` is how many cells a row of the source has, which a mapping may turn into another number of columns;
    it then says what it changed, what it could not convert (a tuple of `Problem` by row), and how many
    rows it left out, by reason. Rows that are `written` are not among those of the chunk.
    """

    data: bytes
    columns: int
    starts: Any
    ends: Any
    flags: Any
    row_starts: Any
    row_ends: Any
    cells: Any
    faults: Any
    lines: Any
    numbers: Any
    firsts: Any
    width: int
    changes: tuple[Change, ...] = ()
    problems: Mapping[int, tuple[Any, ...]] = field(default_factory=dict)
    skipped: Mapping[str, int] = field(default_factory=dict)
    written: Written | None = None

    @property
    def records(self) -> int:
        """How many records there are."""
        return len(self.firsts)

    @property
    def lasts(self) -> Any:
        """The row behind each record (int32)."""
        behind = np.append(self.firsts[1:], np.int32(len(self.faults))).astype(np.int32)
        return behind[: len(self.firsts)]  # a chunk of blank rows has no record

    @property
    def size(self) -> int:
        """How many bytes of the source the rows take."""
        if self.written is not None:
            return self.written.size
        return int(self.row_ends[-1] - self.row_starts[0]) if len(self.faults) else 0

    @property
    def filled(self) -> int:
        """How many rows are not blank, written ones included."""
        return int((self.faults != ROW_BLANK).sum()) + (self.written.rows if self.written else 0)

    def in_cells(self) -> "Rows":
        """The chunk with all its rows as cells, none of them written."""
        return self.written.again() if self.written else self

    def raw(self, row: int) -> bytes:
        """The row as it stands in the source, without its line break."""
        return self.data[self.row_starts.item(row) : self.row_ends.item(row)]

    def slice(self, start: int, stop: int) -> "Rows":
        """The rows from `start` to `stop` - 1, with no word on which of them make a record."""
        cells = slice(start * self.columns, stop * self.columns)
        rows = slice(start, stop)
        return Rows(
            self.data, self.columns, self.starts[cells], self.ends[cells], self.flags[cells], self.row_starts[rows],
            self.row_ends[rows], self.cells[rows], self.faults[rows], self.lines[rows], self.numbers[rows], None,
            self.width, tuple(change.between(start, stop) for change in self.changes),
            {row - start: found for row, found in self.problems.items() if start <= row < stop},
            {} if start else self.skipped,
        )  # fmt: skip

    def kept(self, keep: Any, skipped: Mapping[str, int]) -> "Rows":
        """The rows with keep[r], without those records that lose all their rows; blank rows make no record."""
        before = np.append(np.int32(0), np.cumsum(keep, dtype=np.int32))
        filled = np.flatnonzero(keep & (self.faults != ROW_BLANK))
        # Each record's first row that is left, which lies in another record where none is.
        left = np.append(filled, len(keep))[np.searchsorted(filled, self.firsts)]
        wide = (-1, self.columns)
        return replace(
            self, starts=self.starts.reshape(wide)[keep].ravel(), ends=self.ends.reshape(wide)[keep].ravel(),
            flags=self.flags.reshape(wide)[keep].ravel(),
            row_starts=self.row_starts[keep], row_ends=self.row_ends[keep], cells=self.cells[keep],
            faults=self.faults[keep], lines=self.lines[keep], numbers=self.numbers[keep],
            firsts=before[left[left < self.lasts]], skipped=skipped,
        )  # fmt: skip

    def alone(self) -> "Rows":
        """The same rows, without any bytes that are not theirs."""
        sizes = self.row_ends - self.row_starts
        ends = np.cumsum(sizes, dtype=np.int32)
        shift = ends - self.row_ends
        shifts = np.repeat(shift, self.columns)
        return replace(
            self, data=b"".join([self.raw(row) for row in range(len(sizes))]),
            starts=np.maximum(self.starts + shifts, 0), ends=np.maximum(self.ends + shifts, 0),
            row_starts=self.row_starts + shift, row_ends=ends,
        )  # fmt: skip

    def part(self, start: int, stop: int) -> "Rows":
        """The records from `start` to `stop` - 1 as a chunk; blank rows go with the record before them."""
        bounds = [0, *self.firsts.tolist()[1:], len(self.faults)]
        rows = self.slice(bounds[start], bounds[stop])
        return replace(rows, firsts=self.firsts[start:stop] - np.int32(bounds[start]))


def joined(chunks: Sequence[Rows]) -> Rows:
    """Chunks of one source, one after another, as one; `firsts` only where all have them, and nothing `written`.

    A mapping has changed nothing in them yet.
    """
    first = chunks[0]
    shifts = np.cumsum([0, *(len(chunk.data) for chunk in chunks)], dtype=np.int32)
    before = np.cumsum([0, *(len(chunk.faults) for chunk in chunks)], dtype=np.int32)

    def moved(name: str, by: Any) -> Any:
        return np.concatenate([getattr(chunk, name) + at for chunk, at in zip(chunks, by, strict=False)])

    def all_of(name: str) -> Any:
        return np.concatenate([getattr(chunk, name) for chunk in chunks])

    return Rows(
        b"".join([chunk.data for chunk in chunks]), first.columns, moved("starts", shifts), moved("ends", shifts),
        all_of("flags"), moved("row_starts", shifts), moved("row_ends", shifts), all_of("cells"), all_of("faults"),
        all_of("lines"), all_of("numbers"), None if first.firsts is None else moved("firsts", before), first.width,
    )  # fmt: skip


class WrittenBlock(NamedTuple):
    """What a writer made of a block of rows; see `row_writer.Writer.write`."""

    data: bytes
    consumed: int
    lines: int
    filled: int
    blank: int
    rows: int
    records: int
    cleaned: Sequence[int]
    starts: Any
    ends: Any
    flags: Any
    faults: Any
    about: Any

    @property
    def lines_before(self) -> Any:
        """How many lines come before each row given back."""
        return self.about[:, ABOUT_LINE]

    @property
    def numbers(self) -> Any:
        """The number of each row given back among those that are not blank, from 1."""
        return self.about[:, ABOUT_NUMBER]

    @property
    def indexes(self) -> Any:
        """The place of each row given back among all rows, from 0."""
        return self.about[:, ABOUT_INDEX]

    def left_over(
        self, block: bytes, columns: int, lines: Any, numbers: Any, again: Callable[[], Rows]
    ) -> Rows:
        """The chunk: what was written, and the rows given back, of which the lines and numbers are told."""
        row_starts, row_ends, cells = (
            self.about[:, place].astype(np.int32) for place in (ABOUT_START, ABOUT_END, ABOUT_CELLS)
        )
        written = Written(
            (self.data,),
            self.about[:, ABOUT_PLACE],
            self.rows,
            self.records,
            self.blank,
            self.cleaned,
            self.consumed,
            again,
        )
        return Rows(
            block, columns, self.starts, self.ends, self.flags, row_starts, row_ends, cells, self.faults, lines,
            numbers, None, columns, written=written,
        )  # fmt: skip
