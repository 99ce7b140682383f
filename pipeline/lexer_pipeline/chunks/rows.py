"""The rows of a table as they were read, of which those that were certainly right may be written already."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Generic, Self, TypeVar

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from lexer_pipeline.kernels.arrays import (
    Bools,
    Int32s,
    Int64s,
    Integers,
    Scanned,
    UInt8s,
    UInt64s,
    WrittenBlock,
)
from lexer_pipeline.kernels.codes import ROW_BLANK
from lexer_pipeline.limits import RECORD_BYTES

ChunkT = TypeVar("ChunkT", bound="Rows")
ChunkT_co = TypeVar("ChunkT_co", bound="Rows", covariant=True)


def on_one_line(document: bytes) -> bytes:
    """A document of JSON without a line break, which can only stand between its tokens."""
    return document.strip().replace(b"\r", b" ").replace(b"\n", b" ")


class Written(Struct, Generic[ChunkT_co], frozen=True):
    """The records of a chunk that were certainly right, and became NDJSON as they were read.

    `pieces` are the NDJSON, one after another; `places` has for each row that is left the place in it where the line of
    its record belongs. `rows` were written, as `records`, which begin on the `lines`, whose NDJSON `ends` there and
    whose `hashes` (a row of them each) tell by what they are known; where rows are folded, `row_lines` are those of all their rows,
    the record numbered `row_records` one after another;
    `blank` rows were passed over; `cleaned` counts the e-mails and hashes of each column that were trimmed or put in lower
    case. `size` is the bytes of the source that all rows take, and
    `again` gives all of them as cells.
    """

    pieces: tuple[bytes, ...]
    places: Int64s
    rows: int
    records: int
    lines: Int64s
    row_lines: Int64s
    row_records: Int64s
    ends: Int64s
    hashes: UInt64s
    blank: int
    cleaned: Sequence[int]
    size: int
    again: Callable[[], ChunkT_co]

    @property
    def largest(self) -> int:
        """At least the bytes of NDJSON of the largest record: exactly that where all together have more than one may have."""
        total = sum(map(len, self.pieces))
        return int(np.diff(self.ends, prepend=0).max(initial=0)) if total > RECORD_BYTES else total

    def given_by(self, again: "Callable[[], ChunkT]") -> "Written[ChunkT]":
        """The same, with another way to all of its rows as cells."""
        return Written(
            self.pieces, self.places, self.rows, self.records, self.lines, self.row_lines, self.row_records, self.ends, self.hashes, self.blank, self.cleaned,
            self.size, again,
        )  # fmt: skip


class Rows(Struct, frozen=True):
    """A chunk of a table as it was read: the bytes of some rows, and where their cells lie.

    For r rows of c columns, `starts`, `ends` and `flags` are r*c, row-major; `row_starts`, `row_ends`, `cells` (how many were
    found) and `faults` are r; `lines` are physical lines and `numbers` row numbers, both from 1, blank rows not numbered.
    Rows that are `written` are not among those of the chunk. Where rows are made of documents, these are the `originals`: the
    bytes that rows start and end in; several rows may be of one document.
    """

    data: bytes
    columns: int
    starts: Int32s
    ends: Int32s
    flags: UInt8s
    row_starts: Int32s
    row_ends: Int32s
    cells: Int32s
    faults: UInt8s
    lines: Int64s
    numbers: Int64s
    written: "Written[Rows] | None"
    originals: bytes | None = None

    @property
    def size(self) -> int:
        """How many bytes of the source the rows take."""
        if self.written is not None:
            return self.written.size
        return int(self.row_ends[-1] - self.row_starts[0]) if len(self.faults) else 0

    @property
    def own(self) -> Bools:
        """Which rows stand in the source so; the others were made of the row before them, whose cell holds a list."""
        if self.originals is not None:
            return np.ones(len(self.faults), np.bool_)
        blank = self.faults == ROW_BLANK
        own: Bools = (np.diff(self.row_starts, prepend=np.int32(-1)) != 0) | blank
        # A blank row may begin where the one behind it does.
        own[1:] |= blank[:-1]
        return own

    @property
    def filled(self) -> int:
        """How many rows are not blank, written ones included."""
        return int((self.faults != ROW_BLANK).sum()) + (self.written.rows if self.written else 0)

    def in_cells(self) -> "Rows":
        """The chunk with all its rows as cells, none of them written."""
        return self.written.again() if self.written else self

    def raw(self, row: int) -> bytes:
        """The row as it stands in the source, without its line break."""
        data = self.data if self.originals is None else self.originals
        return data[self.row_starts.item(row) : self.row_ends.item(row)]

    def sha256(self, row: int) -> str:
        """By which the document that a row is of is known again, as hex."""
        return hashlib.sha256(on_one_line(self.raw(row))).hexdigest()

    def slice(self, start: int, stop: int) -> "Rows":
        """The rows from `start` to `stop` - 1."""
        cells = slice(start * self.columns, stop * self.columns)
        rows = slice(start, stop)
        return Rows(
            self.data, self.columns, self.starts[cells], self.ends[cells], self.flags[cells], self.row_starts[rows],
            self.row_ends[rows], self.cells[rows], self.faults[rows], self.lines[rows], self.numbers[rows], None, self.originals,
        )  # fmt: skip

    def kept(self, keep: Bools) -> "Rows":
        """The rows with keep[r]."""
        return self.chosen(keep)

    def chosen(self, keep: Bools | Integers) -> "Rows":
        """The rows with keep[r], or those of which it holds the numbers, in its order."""
        wide = (-1, self.columns)
        return Rows(
            self.data, self.columns, self.starts.reshape(wide)[keep].ravel(), self.ends.reshape(wide)[keep].ravel(),
            self.flags.reshape(wide)[keep].ravel(), self.row_starts[keep], self.row_ends[keep], self.cells[keep],
            self.faults[keep], self.lines[keep], self.numbers[keep], None, self.originals,
        )  # fmt: skip

    def within(self, begin: int, end: int) -> Self:
        """The same rows, all of which lie in data[begin:end], without the other bytes."""
        by = np.int32(begin)
        return replace(
            self, data=self.data[begin:end],
            starts=np.maximum(self.starts - by, 0), ends=np.maximum(self.ends - by, 0),
            row_starts=self.row_starts - by, row_ends=self.row_ends - by,
        )  # fmt: skip

    def alone(self) -> Self:
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


def joined(chunks: Sequence[Rows]) -> Rows:
    """Chunks of one source, one after another, as one; nothing of it is `written`."""
    shifts = np.cumsum([0, *(len(chunk.data) for chunk in chunks)], dtype=np.int32).tolist()

    def moved(places: Callable[[Rows], Int32s]) -> Int32s:
        each = [places(chunk) for chunk in chunks]
        whole, at = np.concatenate(each), 0
        for one, by in zip(each, shifts, strict=False):
            whole[at : at + len(one)] += np.int32(by)
            at += len(one)
        return whole

    return Rows(
        b"".join([chunk.data for chunk in chunks]), chunks[0].columns,
        moved(lambda chunk: chunk.starts), moved(lambda chunk: chunk.ends),
        np.concatenate([chunk.flags for chunk in chunks]),
        moved(lambda chunk: chunk.row_starts), moved(lambda chunk: chunk.row_ends),
        np.concatenate([chunk.cells for chunk in chunks]), np.concatenate([chunk.faults for chunk in chunks]),
        np.concatenate([chunk.lines for chunk in chunks]), np.concatenate([chunk.numbers for chunk in chunks]), None,
    )  # fmt: skip


def rows_of(found: Scanned, data: bytes, columns: int, lines: Int64s, numbers: Int64s) -> Rows:
    """The rows found in a block as a chunk, none of them written."""
    return Rows(
        data, columns, found.starts, found.ends, found.flags, found.row_starts, found.row_ends, found.row_cells,
        found.row_faults, lines, numbers, None,
    )  # fmt: skip


def left_over(
    done: WrittenBlock, block: bytes, columns: int, lines: Int64s, numbers: Int64s, began: Int64s, row_lines: Int64s,
    again: Callable[[], Rows],
) -> Rows:  # fmt: skip
    """A block as a chunk: what was written of it, where that `began`, the lines of its rows, and the rows given back with their lines and numbers."""
    written = Written(
        (done.data,), done.places, done.rows, done.records, began, row_lines, done.rows_of[:, 2], done.first_rows[:, 2], done.hashes, done.blank, done.cleaned, done.consumed, again
    )  # fmt: skip
    return Rows(
        block, columns, done.starts, done.ends, done.flags, done.row_starts, done.row_ends, done.cells, done.faults,
        lines, numbers, written,
    )  # fmt: skip
