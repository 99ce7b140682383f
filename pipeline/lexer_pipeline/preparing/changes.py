"""What of a delivery is at its destination already, record by record, so that only what is new or changed is sent.

Each record is a pair of hashes. It is unchanged where its pair is among those that stand at the destination: then it is not written. All
pairs of an export are put aside meanwhile, and in the end they tell what came twice, what was new, what is missing, and which pairs the
batches that were made hold.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from lexer_pipeline.chunks.hashes import NO_HASHES, Hashes, by_beginning, ordered_among
from lexer_pipeline.chunks.ndjson_lines import line_ends, lines_kept
from lexer_pipeline.chunks.results import Checked
from lexer_pipeline.chunks.traced import rows_of_lines
from lexer_pipeline.kernels import dispatch
from lexer_pipeline.kernels.arrays import Bools, Int64s, UInt64s
from lexer_pipeline.outbox.at_destination import PART_BITS, PARTS, Known, Standing
from lexer_pipeline.outbox.entry import BatchEntry
from lexer_pipeline.preparing.hashes import NOTED, Twice, last_of_each, twice_in
from lexer_pipeline.specs.identity import REFERENCE
from lexer_pipeline.system.scratch import Parted, Scratch
from lexer_pipeline.system.stores import Folder

BLOCK = 1 << 20
NONE_KNOWN = Known(NO_HASHES, NO_HASHES, np.zeros(0, np.bool_))


class Hashed(Struct, frozen=True):
    """The pairs of lines of NDJSON, and which lines are to be sent."""

    identities: UInt64s
    contents: UInt64s
    kept: Bools


class Sifted(Struct, frozen=True):
    """Lines of NDJSON that are to be sent, with what is then to be said of their chunk."""

    checked: Checked
    lines: Sequence[bytes]
    hashed: Hashed


class Compared(Struct, frozen=True):
    """How a delivery stands to what was there: records of identities that are `new`, or `changed`, and which that stand are `missing` in it."""

    new: int
    changed: int
    missing: UInt64s


class Changes:
    """Tells the records of one delivery from those that stand at its destination; without `standing` it only notes what they are.

    `names` are the members that make the identity of a record.
    """

    def __init__(self, key: bytes, names: Sequence[str], standing: Standing | None, scratch: Scratch) -> None:
        self.standing = standing
        self.compared = Compared(0, 0, NO_HASHES)
        self.outdated: tuple[BatchEntry, ...] = ()
        self._key, self._names = key, tuple(name.encode() for name in names)
        self._is_reference = REFERENCE in names
        self._there = Hashes.of(standing.contents() if standing is not None else NO_HASHES)
        self._twice: Twice | None = None
        self._left = np.zeros(0, np.int64)
        self._scratch = scratch
        self._noted = Parted(scratch.file(), PARTS)
        self._hashes: Parted | None = None

    def begin_again(self, twice: Twice | None = None) -> "Changes":
        """Itself, for reading the export once more, now that it may be known what it says twice."""
        self._noted.close()
        self._noted = Parted(self._scratch.file(), PARTS)
        self._twice = twice
        if twice is not None:
            self._left = twice.counts.copy()
        return self

    def close(self) -> None:
        """Let go of what was put aside."""
        self._noted.close()
        if self._hashes is not None:
            self._hashes.close()

    def sift(self, checked: Checked, lines: Sequence[bytes]) -> Sifted:
        """The lines of a chunk that are new or changed; several threads may ask at once."""
        data = lines[0] if len(lines) == 1 else b"".join(lines)
        ends, hashed = self._hashed(data)
        gone = self._there.have(hashed.contents)
        if self._twice is not None:
            gone |= Hashes.of(self._twice.never).have(hashed.contents)
        if not gone.any():
            return Sifted(checked, lines, hashed)
        kept = ~gone
        return Sifted(
            _without(checked, gone, kept), [lines_kept(data, ends, kept)], replace(hashed, kept=kept)
        )

    def _hashed(self, data: bytes) -> tuple[Int64s, Hashed]:
        """Where the lines of some NDJSON end, and their pairs."""
        ends = line_ends(data)
        found = dispatch.record_hashes(data, ends, self._names, self._is_reference, self._key)
        return ends, Hashed(*found, np.ones(len(ends), np.bool_))

    def in_turn(self, sifted: Sifted) -> Sifted:
        """The same without those that come again; asked for one chunk after another, in their order."""
        if self._twice is None or not len(self._twice.often):
            return sifted
        hashed = sifted.hashed
        gone = np.zeros(len(hashed.kept), np.bool_)
        for place in np.flatnonzero(
            hashed.kept & Hashes.of(self._twice.often).have(hashed.contents)
        ).tolist():
            at = np.searchsorted(self._twice.often, hashed.contents[place])
            self._left[at] -= 1
            gone[place] = self._left[at] > 0
        if not gone.any():
            return sifted
        data, kept = b"".join(sifted.lines), hashed.kept & ~gone
        ends = line_ends(data)
        left = lines_kept(data, ends, ~gone[hashed.kept])
        return Sifted(_without(sifted.checked, gone[hashed.kept], kept), [left], replace(hashed, kept=kept))

    def note(self, part: int, hashed: Hashed) -> None:
        """What became of the records of a chunk: those that are sent are in the part of this number."""
        noted = np.empty(len(hashed.kept), NOTED)
        noted["identity"], noted["content"] = hashed.identities, hashed.contents
        noted["part"] = np.where(hashed.kept, part, 0)
        order, ends = by_beginning(hashed.identities, PART_BITS)
        for number, some in enumerate(np.split(noted[order], ends)):
            self._noted.write(number, some.tobytes())

    def note_file(self, part: int, file: Folder) -> None:
        """What the records of a file are, all of which are sent in the part of this number."""
        with file.open("rb") as records:
            while some := records.readlines(BLOCK):
                _, hashed = self._hashed(b"".join(some))
                self.note(part, hashed)

    def twice(self) -> Twice | None:
        """What the export says twice, where it has to be read once more for that; asked when all of it was read."""
        if self.standing is None or self._twice is not None:
            return None
        found = [twice_in(np.frombuffer(self._noted.read(number), NOTED)) for number in range(PARTS)]
        never = np.sort(np.concatenate([one.never for one in found]))
        often, counts = (
            np.concatenate([getattr(one, name) for one in found]) for name in ("often", "counts")
        )
        order = np.argsort(often)
        twice = Twice(never, often[order], counts[order])
        return twice if twice else None

    def settle(self, parts: int, series: str) -> None:
        """Find out what was new, changed and, of this series, missing; from then on the pairs of each of so many parts are known."""
        if self.standing is not None:
            self.standing.own(series)
        self._there = Hashes.of(NO_HASHES)
        self._hashes = Parted(self._scratch.file(), parts + 1)
        new = changed = 0
        missing: list[UInt64s] = []
        lacking = set[int]()
        for number in range(PARTS):
            noted = np.frombuffer(self._noted.read(number), NOTED)
            known = self.standing.part(number) if self.standing is not None else NONE_KNOWN
            every = np.sort(noted["identity"])
            missing.append(_missing(every, known))
            lacking |= self._held_elsewhere(number, every)
            sent = noted[noted["part"] > 0]
            sent = sent[np.argsort(sent["identity"], kind="stable")]
            ids = np.unique(sent["identity"])
            before = int(ordered_among(ids, known.identities).sum())
            changed += before
            new += len(ids) - before
            for part in np.unique(sent["part"]).tolist():
                self._hashes.write(part, last_of_each(sent[sent["part"] == part]).tobytes())
        self.compared = Compared(new, changed, np.concatenate(missing))
        self.outdated = self._outdated(lacking)

    def _held_elsewhere(self, number: int, every: UInt64s) -> set[int]:
        """The held batches that have records in this part which the export has not."""
        held = self.standing.held_in(number) if self.standing is not None else {}
        return {batch for batch, known in held.items() if not ordered_among(known, every).all()}

    def _outdated(self, lacking: set[int]) -> tuple[BatchEntry, ...]:
        """The held deliveries of the same kind of which the export has all records, as they are now."""
        held = self.standing.held if self.standing is not None else []
        stay = {one.delivery for one in held if one.id in lacking}
        return tuple(one for one in held if one.delivery not in stay)

    def pairs(self, part: int) -> Iterator[bytes]:
        """The pairs of the part of this number, from 1, in the order of their identities."""
        assert self._hashes is not None
        return self._hashes.pieces(part)


def _without(checked: Checked, gone: Bools, kept: Bools) -> Checked:
    """A chunk without some of the records that were to be sent, the `gone` among them; `kept` are those of all that are."""
    rows = rows_of_lines(checked)
    records, taken = int(gone.sum()), int(rows[gone].sum())
    return replace(
        checked, records=checked.records - records, continuations=checked.continuations - (taken - records),
        unchanged=checked.unchanged + taken, unchanged_records=checked.unchanged_records + records, sent=kept,
    )  # fmt: skip


def _missing(every: UInt64s, known: Known) -> UInt64s:
    """The identities of this series that an export has not; `every` are those that it has, in order."""
    own = known.identities[known.is_own]
    return own[~ordered_among(own, every)]
