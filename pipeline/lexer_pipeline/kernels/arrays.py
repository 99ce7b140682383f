"""The arrays that pass between the kernels and the code around them, and what a kernel finds in a block of bytes."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from lexer_pipeline.kernels.codes import (
    ABOUT_CELLS,
    ABOUT_END,
    ABOUT_INDEX,
    ABOUT_LINE,
    ABOUT_NUMBER,
    ABOUT_PLACE,
    ABOUT_START,
)

Bools = NDArray[np.bool_]
UInt8s = NDArray[np.uint8]
Int32s = NDArray[np.int32]
UInt32s = NDArray[np.uint32]
Int64s = NDArray[np.int64]
UInt64s = NDArray[np.uint64]
Floats = NDArray[np.float64]
# Whole numbers of any width: places in other arrays.
Integers = NDArray[np.integer]


class HasCells(Protocol):
    """Cells of some rows: `starts`, `ends` and `flags` are row-major, `columns` a row, and point into `data`."""

    @property
    def data(self) -> bytes: ...
    @property
    def columns(self) -> int: ...
    @property
    def starts(self) -> Int32s: ...
    @property
    def ends(self) -> Int32s: ...
    @property
    def flags(self) -> UInt8s: ...


class HasRows(HasCells, Protocol):
    """The same with what each row is: `faults`, and how many `cells` were found in it."""

    @property
    def faults(self) -> UInt8s: ...
    @property
    def cells(self) -> Int32s: ...


class HasSteps(Protocol):
    """A program that writes records: the operation of each step, its argument, and what stands before its value."""

    @property
    def operations(self) -> Int32s: ...
    @property
    def arguments(self) -> Int32s: ...
    @property
    def keys(self) -> list[bytes]: ...


class Scanned(NamedTuple):
    """The rows and cells of a block of CSV, as `scan_csv` finds them.

    Cells are row-major; `row_lines` counts the physical lines before each row, and its last element those before
    `consumed`, which is where the first row lies that is not finished.
    """

    consumed: int
    rows: int
    starts: Int32s
    ends: Int32s
    flags: UInt8s
    row_starts: Int32s
    row_ends: Int32s
    row_lines: Int32s
    row_cells: Int32s
    row_faults: UInt8s


class WrittenBlock(NamedTuple):
    """What a writer made of a block of rows: the NDJSON, what it counted, and the rows that it gives back.

    `consumed` bytes have `lines` lines, `filled` rows that are not blank and `blank` ones; of these, `rows` rows were
    written as `records` records, in which `cleaned` counts for each column the e-mails and hashes that were trimmed or put
    in lower case; `first_rows` has of each record written how many lines come before its first row, the index of that
    row, and the place behind its NDJSON, and `hashes` those of the fields by which records are known; `rows_of` has where rows
    are folded of each row written how many lines come before it, its index, and which of the records it is of. Cells are
    row-major.
    """

    data: bytes
    consumed: int
    lines: int
    filled: int
    blank: int
    rows: int
    records: int
    passed_over: int
    cleaned: Sequence[int]
    first_rows: Int64s
    hashes: UInt64s
    rows_of: Int64s
    starts: Int32s
    ends: Int32s
    flags: UInt8s
    faults: UInt8s
    about: Int64s

    @property
    def row_starts(self) -> Int32s:
        """Where each row given back starts."""
        return self.about[:, ABOUT_START].astype(np.int32)

    @property
    def row_ends(self) -> Int32s:
        """Where each row given back ends."""
        return self.about[:, ABOUT_END].astype(np.int32)

    @property
    def cells(self) -> Int32s:
        """How many cells each row given back has."""
        return self.about[:, ABOUT_CELLS].astype(np.int32)

    @property
    def lines_before(self) -> Int64s:
        """How many lines come before each row given back."""
        return self.about[:, ABOUT_LINE]

    @property
    def numbers(self) -> Int64s:
        """The number of each row given back among those that are not blank, from 1."""
        return self.about[:, ABOUT_NUMBER]

    @property
    def indexes(self) -> Int64s:
        """The place of each row given back among all rows, from 0."""
        return self.about[:, ABOUT_INDEX]

    @property
    def places(self) -> Int64s:
        """Where in the NDJSON the line of each row's record belongs."""
        return self.about[:, ABOUT_PLACE]
