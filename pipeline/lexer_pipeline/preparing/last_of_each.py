"""Of records that tell of one thing only the last is sent, where a mapping says so; which these are is known once all were read."""

import secrets
from collections.abc import Sequence
from contextlib import ExitStack, closing

import numpy as np
from msgspec.structs import replace

from lexer_pipeline.chunks.hashes import Hashes, by_beginning
from lexer_pipeline.chunks.results import Checked
from lexer_pipeline.chunks.traced import accepted_of, rows_of_lines
from lexer_pipeline.errors import UsageError
from lexer_pipeline.kernels import dispatch
from lexer_pipeline.kernels.arrays import Bools, Int64s, UInt64s
from lexer_pipeline.mapping.rules import LAST
from lexer_pipeline.model import Specification
from lexer_pipeline.preparing.identified import identifying
from lexer_pipeline.preparing.plan import Plan
from lexer_pipeline.specs.identity import REFERENCE
from lexer_pipeline.system.scratch import Parted, Scratch

EARLIER = "a later record tells of the same, and the last one is sent"
PART_BITS = 6
PARTS = 1 << PART_BITS
KEY_BYTES = 16


def last_of_each(
    specification: Specification, todo: Sequence[Plan], scratch: Scratch, held: ExitStack
) -> "LastOfEach | None":
    """What leaves out all but the last, until `held` ends; None where no mapping says so. UsageError where not all of them do."""
    said = {plan.record is not None and plan.record.repeated == LAST for plan in todo}
    if len(said) > 1:
        raise UsageError(
            f"not all that makes a {specification.name} here says that the last one is sent of several",
            'Write repeated = "last" in each of their mappings, or convert them one by one.',
        )
    if not said.pop():
        return None
    return held.enter_context(closing(LastOfEach(identifying(specification, todo), scratch)))


class LastOfEach:
    """Notes by what the records of a delivery are known while they are read, and leaves out earlier ones when they are read once more."""

    def __init__(self, names: Sequence[str], scratch: Scratch) -> None:
        self._names = tuple(name.encode() for name in names)
        self._is_reference = REFERENCE in names
        self._key = secrets.token_bytes(KEY_BYTES)
        self._noted = Parted(scratch.file(), PARTS)
        self._several: Hashes | None = None
        self._left = np.zeros(0, np.int64)

    def close(self) -> None:
        """Let go of what was put aside."""
        self._noted.close()

    def begin_again(self) -> bool:
        """Whether all must be read once more, since some came several times; asked when all were read."""
        if self._several is not None:
            return False
        found = [_several(np.frombuffer(self._noted.read(number), np.uint64)) for number in range(PARTS)]
        ids, counts = (np.concatenate([one[place] for one in found]) for place in (0, 1))
        if not len(ids):
            return False
        self._several, self._left = Hashes.of(ids), counts
        return True

    def look(self, data: bytes, ends: Int64s) -> Bools:
        """Which of the next records, as NDJSON whose lines end there, are not the last of their kind; asked for one chunk after another, in their order."""
        ids, _ = dispatch.record_hashes(data, ends, self._names, self._is_reference, self._key)
        earlier = np.zeros(len(ids), np.bool_)
        if self._several is None:
            self._note(ids)
            return earlier
        for place in np.flatnonzero(self._several.have(ids)).tolist():
            at = np.searchsorted(self._several.known, ids[place])
            self._left[at] -= 1
            earlier[place] = self._left[at] > 0
        return earlier

    def _note(self, ids: UInt64s) -> None:
        order, ends = by_beginning(ids, PART_BITS)
        for number, some in enumerate(np.split(ids[order], ends)):
            self._noted.write(number, some.tobytes())


def _several(ids: UInt64s) -> tuple[UInt64s, Int64s]:
    """Those of some hashes that come more than once, in order, and how often."""
    found, counts = np.unique(ids, return_counts=True)
    return found[counts > 1], counts[counts > 1]


def without(checked: Checked, earlier: Bools) -> Checked:
    """A chunk, of which no row was written as it was read, without some of its records that were to be sent; their rows are counted as left out."""
    accepted = accepted_of(checked)[earlier]
    records, rows = len(accepted), int(rows_of_lines(checked)[earlier].sum())
    gone, vouched = frozenset(accepted.tolist()), checked.vouched.copy()
    vouched[accepted] = False
    return replace(
        checked, vouched=vouched, lines={record: line for record, line in checked.lines.items() if record not in gone},
        rows=checked.rows - rows, records=checked.records - records, continuations=checked.continuations - (rows - records),
        skipped={**checked.skipped, EARLIER: checked.skipped.get(EARLIER, 0) + rows}, whole=checked,
    )  # fmt: skip
