"""What an export says twice, told from the hashes of its records."""

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from lexer_pipeline.chunks.hashes import NO_HASHES
from lexer_pipeline.kernels.arrays import Int64s, UInt64s
from lexer_pipeline.outbox.record_hashes import PAIR

# A record that is put aside: its pair, and the number of the part that it was written to, from 1; 0 where it is unchanged.
NOTED = np.dtype([("identity", "<u8"), ("content", "<u8"), ("part", "<i4")])
Noted = NDArray[np.void]


class Twice(Struct, frozen=True):
    """What an export says twice of one identity, known once it was read: contents that are not sent at all, and how often others come.

    Of these only the last is sent.
    """

    never: UInt64s
    often: UInt64s
    counts: Int64s

    def __bool__(self) -> bool:
        return bool(len(self.never) or len(self.often))


NOTHING_TWICE = Twice(NO_HASHES, NO_HASHES, np.zeros(0, np.int64))


def twice_in(noted: Noted) -> Twice:
    """Of some records, all of an identity among them, in the order in which they came: what is not sent since another came after it."""
    ids = np.sort(noted["identity"])
    if not (ids[1:] == ids[:-1]).any():
        return NOTHING_TWICE
    noted = noted[np.argsort(noted["identity"], kind="stable")]
    ids = noted["identity"]
    again = np.append(False, ids[1:] == ids[:-1])[: len(ids)]
    several = again | np.append(again[1:], False)[: len(ids)]
    some, again = noted[several], again[several]
    lasts = np.append(~again[1:], True)[: len(some)]
    group = np.cumsum(~again) - 1
    last_stands = (some["part"][lasts] == 0)[group] if len(some) else np.zeros(0, np.bool_)
    new = some["part"] > 0
    often, counts = np.unique(some["content"][new & ~last_stands], return_counts=True)
    return Twice(np.unique(some["content"][new & last_stands]), often[counts > 1], counts[counts > 1])


def last_of_each(noted: Noted) -> NDArray[np.void]:
    """Of records in the order of their identities the last of each, as pairs."""
    ids = noted["identity"]
    last = noted[np.append(ids[1:] != ids[:-1], True)[: len(ids)]]
    pairs = np.empty(len(last), PAIR)
    pairs["identity"], pairs["content"] = last["identity"], last["content"]
    return pairs
