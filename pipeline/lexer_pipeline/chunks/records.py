"""Rows grouped into records, and what a mapping made of them."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from msgspec import Struct, field
from msgspec.structs import replace

from lexer_pipeline.chunks.rows import Rows, Written, joined
from lexer_pipeline.kernels.arrays import Bools, Int32s, Integers
from lexer_pipeline.kernels.codes import HAS_DOUBLED, ROW_BLANK
from lexer_pipeline.model import Problem


class Change(Struct, frozen=True):
    """Rows of a chunk in which one named conversion or warning befell one field.

    `once` says that the field stands once a record, so that only a record's first row counts.
    """

    name: str
    path: str
    rows: Integers
    once: bool

    def between(self, start: int, stop: int) -> "Change":
        """The change among the rows from `start` to `stop` - 1, counted from `start`."""
        return replace(self, rows=self.rows[(self.rows >= start) & (self.rows < stop)] - start)


class Carried(Struct, frozen=True):
    """Cells of the source that rows took from the row before them.

    `places[r, i]` is the start, end and flags of the text that row r took in `columns[i]`, zeros where it took none.
    """

    columns: tuple[int, ...]
    places: Int32s

    def of(self, rows: Bools | Integers | slice) -> "Carried":
        """Those of some rows."""
        return Carried(self.columns, self.places[rows])

    def texts(self, data: bytes, row: int) -> dict[int, bytes]:
        """What a row took, by column, as it stands between the quotes of a cell."""
        taken = {}
        for column, (start, end, flags) in zip(self.columns, self.places[row].tolist(), strict=True):
            if end > start:
                text = data[start:end]
                taken[column] = text if flags & HAS_DOUBLED else text.replace(b'"', b'""')
        return taken


class LeftOut(Struct, frozen=True):
    """Records of which a mapping makes nothing: the reason for each, and what `made` would give, with nothing counted."""

    reasons: tuple[str, ...]
    made: "Callable[[], Records]"


class Records(Rows, frozen=True):
    """A chunk of rows of which it is known which make a record.

    `firsts` holds the first row of each record, which reaches to the first row of the next, as `lasts` says; blank rows before the first
    record belong to none. `width` is how many cells a row of the source has, which a mapping may turn into another number
    of columns; it then says what it changed, what it could not convert, by row, and how many rows it left out, by reason.
    `carried` are the cells of the source that a row took from the row before it, and `left_out` the records of which no row is left.
    """

    written: "Written[Records] | None" = None
    firsts: Int32s = field(default_factory=lambda: np.zeros(0, np.int32))
    width: int = 0
    changes: tuple[Change, ...] = ()
    problems: Mapping[int, tuple[Problem, ...]] = field(default_factory=dict)
    skipped: Mapping[str, int] = field(default_factory=dict)
    carried: "Carried | None" = None
    left_out: tuple[LeftOut, ...] = ()

    @property
    def lasts(self) -> Int32s:
        """The row behind the last one of each record."""
        behind = np.append(self.firsts[1:], np.int32(len(self.faults))).astype(np.int32)
        # A chunk of blank rows has no record.
        return behind[: len(self.firsts)]

    @classmethod
    def of(cls, rows: Rows, firsts: Int32s, written: "Written[Records] | None" = None) -> "Records":
        """The rows as records that begin with the rows `firsts`, no mapping applied yet."""
        return cls(
            rows.data, rows.columns, rows.starts, rows.ends, rows.flags, rows.row_starts, rows.row_ends, rows.cells,
            rows.faults, rows.lines, rows.numbers, written, rows.originals, firsts, rows.columns,
        )  # fmt: skip

    @property
    def records(self) -> int:
        """How many records there are."""
        return len(self.firsts)

    def rows_of(self, records: Bools) -> Bools:
        """Which rows belong to some of the records, blank ones behind them included."""
        chosen = np.zeros(len(self.faults), np.bool_)
        if len(self.firsts):
            chosen[self.firsts[0] :] = np.repeat(records, self.lasts - self.firsts)
        return chosen

    def in_cells(self) -> "Records":
        """The chunk with all its rows as cells, none of them written."""
        return self.written.again() if self.written else self

    def kept(self, keep: Bools) -> "Records":
        """The rows with keep[r], without those records that lose all their rows; blank rows make no record."""
        before = np.append(np.int32(0), np.cumsum(keep, dtype=np.int32))
        filled = np.flatnonzero(keep & (self.faults != ROW_BLANK))
        # Each record's first row that is left, which lies in another record where none is.
        left = np.append(filled, len(keep))[np.searchsorted(filled, self.firsts)]
        return replace(
            Records.of(Rows.kept(self, keep), before[left[left < self.lasts]]), width=self.width, skipped=self.skipped,
            changes=tuple(replace(one, rows=before[one.rows[keep[one.rows]]]) for one in self.changes),
            problems={int(before[row]): found for row, found in self.problems.items() if keep[row]},
            carried=self.carried.of(keep) if self.carried else None, left_out=self.left_out,
        )  # fmt: skip

    def in_turn(self, order: Integers) -> "Records":
        """The rows that `order` numbers, in its order, each a record of its own."""
        return Records.of(self.chosen(order), np.arange(len(order), dtype=np.int32))

    def behind_blank(self) -> "tuple[Records | None, Records]":
        """The blank rows before the first record, if there are any, and the rest."""
        begin = int(self.firsts[0]) if len(self.firsts) else 0
        if not begin:
            return None, self
        blank = replace(
            Records.of(self.slice(0, begin), self.firsts[:0]),
            width=self.width,
            skipped=self.skipped,
            left_out=self.left_out,
        )
        end = len(self.faults)
        return blank, replace(
            Records.of(self.slice(begin, end), self.firsts - np.int32(begin)), width=self.width,
            changes=tuple(one.between(begin, end) for one in self.changes),
            problems={row - begin: found for row, found in self.problems.items()},
            carried=self.carried.of(slice(begin, None)) if self.carried else None,
        )  # fmt: skip

    def part(self, start: int, stop: int) -> "Records":
        """The records from `start` to `stop` - 1 as a chunk; blank rows go with the record before them."""
        bounds = [0, *self.firsts.tolist()[1:], len(self.faults)]
        begin, end = bounds[start], bounds[stop]
        return replace(
            Records.of(self.slice(begin, end), self.firsts[start:stop] - np.int32(begin)), width=self.width,
            changes=tuple(change.between(begin, end) for change in self.changes),
            problems={row - begin: found for row, found in self.problems.items() if begin <= row < end},
            skipped={} if begin else self.skipped, carried=self.carried.of(slice(begin, end)) if self.carried else None,
            left_out=() if begin else self.left_out,
        )  # fmt: skip


def joined_records(chunks: Sequence[Records]) -> Records:
    """Chunks of one source, one after another, as one; no mapping was applied to them, and nothing is `written`."""
    before = np.cumsum([0, *(len(chunk.faults) for chunk in chunks)], dtype=np.int32).tolist()
    firsts = [chunk.firsts + np.int32(rows) for chunk, rows in zip(chunks, before, strict=False)]
    return Records.of(joined(chunks), np.concatenate(firsts))
