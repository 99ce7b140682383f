"""Which records of a run are there more than once, by hashes of what they are known by; memory stays constant."""

from collections.abc import Iterator
from contextlib import closing
from io import BytesIO
from typing import BinaryIO

import numpy as np
from msgspec import Struct, field
from numpy.typing import NDArray

from lexer_pipeline.chunks.hashes import Hashes, by_beginning, each_once, that_come_again
from lexer_pipeline.kernels import dispatch
from lexer_pipeline.kernels.arrays import Bools, Int64s, UInt64s
from lexer_pipeline.suspicions import MOST_LINES
from lexer_pipeline.system.scratch import Parted, Scratch

# So many are held in memory; more go to disk, one after another.
MOST_HELD = 1 << 17
# Where more than so many came again, all are put aside once more, in so many parts that each fits in memory.
MOST_AGAIN = 1 << 19
PART_BITS = 10
PARTS = 1 << PART_BITS
NOTED = np.dtype([("hash", "<u8"), ("line", "<i8"), ("source", "<i4"), ("file", "<i4"), ("what", "<u1")])
# What became of a record that is noted.
ACCEPTED, REJECTED, LEFT_OUT = range(3)
Noted = NDArray[np.void]


class Repeated(Struct):
    """What is there more than once: for each source how many records were there before, and the first lines of these.

    `shared` are the hashes that more than one source has, or that one makes something of and the file of another leaves out.
    """

    counts: dict[int, int] = field(default_factory=dict)
    lines: dict[int, list[int]] = field(default_factory=dict)
    shared: UInt64s = field(default_factory=lambda: np.zeros(0, np.uint64))

    def join(self, more: "Repeated") -> None:
        """Take in what was found among records of other hashes."""
        for source, count in more.counts.items():
            self.counts[source] = self.counts.get(source, 0) + count
            self.lines[source] = sorted([*self.lines.get(source, ()), *more.lines[source]])[:MOST_LINES]
        if len(more.shared):
            self.shared = np.sort(np.concatenate([self.shared, more.shared]))


class _Noted(Struct, frozen=True):
    """Some records that were noted together: how many, and what all of them have in common."""

    count: int
    source: int
    file: int
    what: int

    def array(self, hashes: UInt64s, lines: Int64s) -> Noted:
        """Those of them that have these hashes and lines."""
        noted = np.empty(len(hashes), NOTED)
        noted["hash"], noted["line"], noted["source"], noted["file"], noted["what"] = (
            hashes, lines, self.source, self.file, self.what,
        )  # fmt: skip
        return noted


class Repeats:
    """Takes in the hashes of records, source after source, and tells in the end which came again.

    A filter says at once which may have, and few do where all is well; these alone are looked at in the end.
    """

    def __init__(self, scratch: Scratch) -> None:
        self._scratch = scratch
        self._filter = dispatch.BloomFilter()
        self._again: list[UInt64s] = []
        self._noted: list[_Noted] = []
        self._held: list[bytes] = []
        self._count = self._total = self._total_again = 0
        self._file: BinaryIO | None = None

    def add(self, source: int, hashes: UInt64s, lines: Int64s, what: int, file: int) -> None:
        """Note some records of a source, which begin on the `lines`; a hash of 0 is none.

        Sources of one `file` are what several records of a mapping make of it: what one of them leaves out may be another's.
        """
        filled = hashes != 0
        known = np.ascontiguousarray(hashes[filled])
        self._noted.append(_Noted(len(known), source, file, what))
        self._held += (known.tobytes(), lines[filled].tobytes())
        self._count += len(known)
        self._total += len(known)
        if self._count > MOST_HELD:
            self._put()
        if self._total_again <= MOST_AGAIN:
            self._again.append(self._filter.add(known))
            self._total_again += len(self._again[-1])

    def _put(self) -> None:
        if self._file is None:
            self._file = self._scratch.file()
        self._file.writelines(self._held)
        self._held, self._count = [], 0

    def _each(self) -> Iterator[tuple[_Noted, UInt64s, Int64s]]:
        """What was noted, as it came."""
        if self._file is not None:
            self._put()
            self._file.seek(0)
        data = self._file or BytesIO(b"".join(self._held))
        for some in self._noted:
            hashes, lines = data.read(8 * some.count), data.read(8 * some.count)
            yield some, np.frombuffer(hashes, np.uint64), np.frombuffer(lines, np.int64)

    def noted(self) -> Iterator[Noted]:
        """All that was noted, in pieces that fit in memory."""
        return (some.array(hashes, lines) for some, hashes, lines in self._each())

    def found(self) -> Repeated:
        """What came more than once; asked once, when all were added."""
        found = Repeated()
        for part in self._that_may_be_again() if self._total_again <= MOST_AGAIN else self._all():
            found.join(repeated_in(part))
        if self._file is not None:
            self._file.close()
        return found

    def _that_may_be_again(self) -> Iterator[Noted]:
        if not self._total_again:
            return
        again = Hashes.of(each_once(np.concatenate(self._again)))
        some = ((one, hashes, lines, again.have(hashes)) for one, hashes, lines in self._each())
        yield np.concatenate([one.array(hashes[are], lines[are]) for one, hashes, lines, are in some])

    def _all(self) -> Iterator[Noted]:
        """All that was noted, those of one hash in one piece."""
        with closing(Parted(self._scratch.file(), PARTS)) as parts:
            for noted in self.noted():
                order, ends = by_beginning(noted["hash"], PART_BITS)
                for number, part in enumerate(np.split(noted[order], ends)):
                    parts.write(number, part.tobytes())
            # As many parts at once as fit: where few records came, a thousand parts are of a few each.
            some = max(1, PARTS * MOST_HELD // self._total)
            for first in range(0, PARTS, some):
                together = range(first, min(first + some, PARTS))
                yield np.frombuffer(b"".join(map(parts.read, together)), NOTED)


def repeated_in(part: Noted) -> Repeated:
    """What came more than once of some records, among which are all of their hashes."""
    some = _again(part)
    if not len(some):
        return Repeated()
    noted = some[np.lexsort((some["line"], some["source"], some["hash"]))]
    found = Repeated(shared=_in_several(noted))
    taken = noted[noted["what"] == ACCEPTED]
    again = taken[np.append(False, _same(taken))[: len(taken)]]
    for source in np.unique(again["source"]).tolist():
        lines = again["line"][again["source"] == source]
        found.counts[source] = len(lines)
        found.lines[source] = np.sort(lines)[:MOST_LINES].tolist()
    return found


def _again(noted: Noted) -> Noted:
    """Those whose hash was noted more than once: few, where all is well, and hashes alone are sorted much faster."""
    hashes = np.ascontiguousarray(noted["hash"])
    again = that_come_again(hashes)
    return noted[Hashes.of(again).have(hashes)] if len(again) else noted[:0]


def _same(noted: Noted) -> Bools:
    same: Bools = noted["hash"][1:] == noted["hash"][:-1]
    return same


def _in_several(noted: Noted) -> UInt64s:
    """The hashes that more than one source has, and those that one has and another file leaves out."""
    had = noted[noted["what"] != LEFT_OUT]
    several = _differing(had, "source")
    if len(had) == len(noted):
        return several
    left_out = _differing(noted, "file")
    return np.union1d(several, left_out[np.isin(left_out, had["hash"])])


def _differing(noted: Noted, name: str) -> UInt64s:
    """The hashes noted more than once, with differences in a field."""
    return np.unique(noted["hash"][1:][_same(noted) & (noted[name][1:] != noted[name][:-1])])
