"""Keyed hashes of records, and what is among those that are known."""

from itertools import pairwise

import numpy as np
from lexer_pipeline.kernels.arrays import Bools, Int64s, UInt64s
from lexer_pipeline.kernels.plain.fingerprints import record_hashes_of


def record_hashes(
    data: bytes, ends: Int64s, names: tuple[bytes, ...], is_reference: bool, key: bytes
) -> tuple[UInt64s, UInt64s]:
    """Two hashes of each line of NDJSON; see `fingerprints.record_hashes`."""
    lines = [data[begin:end] for begin, end in pairwise([0, *ends.tolist()])]
    found = [record_hashes_of(line, names, is_reference, key) for line in lines]
    identities, contents = zip(*found, strict=True) if found else ((), ())
    return np.array(identities, np.uint64), np.array(contents, np.uint64)


def among(some: UInt64s, known: UInt64s, starts: Int64s) -> Bools:
    """Which of some hashes are among known ones; see `fingerprints.among`."""
    found: Bools = np.isin(some, known[: int(starts[-1])])
    return found
