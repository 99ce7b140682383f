"""The arrays that pass between the kernels and the code around them, and what a kernel finds in a block of bytes."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
UInt8s = NDArray[np.uint8]
Int32s = NDArray[np.int32]
UInt32s = NDArray[np.uint32]
Int64s = NDArray[np.int64]
UInt64s = NDArray[np.uint64]
Floats = NDArray[np.float64]


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
