"""Hashes: which of some are among others, which come again, and those of one beginning side by side."""

import numpy as np
from msgspec import Struct

from lexer_pipeline.kernels import dispatch
from lexer_pipeline.kernels.arrays import Bools, Int64s, UInt64s

MOST_BITS = 20
NO_HASHES: UInt64s = np.zeros(0, np.uint64)


class Hashes(Struct, frozen=True):
    """Hashes in order, found by the places where each of their beginnings begins."""

    known: UInt64s
    starts: Int64s

    @classmethod
    def of(cls, known: UInt64s) -> "Hashes":
        """Some hashes, which are in order; about eight of them have a beginning in common."""
        bits = min(max(len(known).bit_length() - 3, 1), MOST_BITS)
        begins = np.arange(1 << bits, dtype=np.uint64) << np.uint64(64 - bits)
        return cls(known, np.append(np.searchsorted(known, begins), len(known)).astype(np.int64))

    def have(self, some: UInt64s) -> Bools:
        """Which of some are among them."""
        return dispatch.among(some, self.known, self.starts)


def ordered_among(some: UInt64s, known: UInt64s) -> Bools:
    """Which of some are among others, where both are in order."""
    if not len(known):
        return np.zeros(len(some), np.bool_)
    found: Bools = known[np.minimum(np.searchsorted(known, some), len(known) - 1)] == some
    return found


def each_once(hashes: UInt64s) -> UInt64s:
    """Some hashes in order; what numpy has for it imports all of its masked arrays first."""
    ordered = np.sort(hashes)
    first = np.ones(len(ordered), np.bool_)
    first[1:] = ordered[1:] != ordered[:-1]
    return ordered[first]


def that_come_again(hashes: UInt64s) -> UInt64s:
    """Those of some hashes that are there more than once, each once, in order."""
    ordered = np.sort(hashes)
    return each_once(ordered[1:][ordered[1:] == ordered[:-1]])


def by_beginning(hashes: UInt64s, bits: int) -> tuple[Int64s, Int64s]:
    """An order that brings hashes of one beginning of so many bits, 16 at the most, side by side, each as they came; and where all but the last of these end."""
    # Of numbers of 16 bits an order that keeps equals is found much faster.
    numbers = (hashes >> np.uint64(64 - bits)).astype(np.uint16)
    order = np.argsort(numbers, kind="stable")
    return order, np.searchsorted(numbers[order], np.arange(1, 1 << bits, dtype=np.uint16))
