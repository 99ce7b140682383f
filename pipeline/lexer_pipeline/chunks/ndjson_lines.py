"""The lines of some NDJSON: where they end, and some of them."""

import numpy as np

from lexer_pipeline.kernels import dispatch
from lexer_pipeline.kernels.arrays import Bools, Int64s

LINE_END = 10


def line_ends(data: bytes) -> Int64s:
    """The places behind the lines."""
    return np.flatnonzero(np.frombuffer(data, np.uint8) == LINE_END) + 1


def lines_kept(data: bytes, ends: Int64s, kept: Bools) -> bytes:
    """The lines that are kept, in their order."""
    begins, behind = np.append(0, ends[:-1]).astype(np.int32), (ends - 1).astype(np.int32)
    return dispatch.gather(data, begins, behind, np.flatnonzero(kept).astype(np.int64))
