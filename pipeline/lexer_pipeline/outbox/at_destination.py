"""Which records stand at a destination, or will: told from the hashes of the batches that went there, and never written down twice.

So what became of an upload is in the same transaction what became of its records, and a kill at any moment cannot part the two.
"""

from collections.abc import Iterator, Mapping, Sequence
from math import inf

import numpy as np
from msgspec import Struct
from msgspec.structs import asdict, replace

from lexer_pipeline.kernels.arrays import Bools, UInt64s
from lexer_pipeline.outbox import deliveries, record_hashes
from lexer_pipeline.outbox.connection import Connection
from lexer_pipeline.outbox.entry import UNDER_WAY, BatchEntry, BatchState, Entry, State
from lexer_pipeline.outbox.ledger import Ledger
from lexer_pipeline.outbox.order import AT_SERVICE, UPLOADS, WAITS_HERE

# The hashes are looked at in so many parts; fewer than this are looked at as a whole.
PART_BITS, FEW = 6, 1 << 18
PARTS = 1 << PART_BITS
WIDTH = (1 << record_hashes.BITS) // PARTS
# Permission was asked for at the most, so nothing of it can have arrived.
UNSENT = frozenset({State.ASKED, State.GRANTED})


class Destination(Struct, frozen=True):
    """Where the records of one specification go: a service and a dataset, empty for none."""

    specification: str
    service: str
    dataset: str


class Counted(Struct, frozen=True):
    """A batch that went to a destination, or is to; `at` is when, in Unix seconds.

    Where it does not `stand`, nobody knows what became of its records: a correction took its place, or it broke off. One that
    `waits` has not arrived yet, and what came before one that `renews` does not count.
    """

    batch: BatchEntry
    at: float
    stands: bool
    waits: bool
    renews: bool


def counted(connection: Connection, to: Destination) -> list[Counted]:
    """Within a transaction: the batches that say what stands at a destination, in the order in which they arrive there."""
    # No batch of the versions that knew a service by another name has hashes.
    values = {"service": to.service, "host": to.service}
    of_kind = f"b.specification = :specification AND {record_hashes.HASHED}"
    batches = deliveries.select(connection, of_kind, specification=to.specification)
    waiting = {
        one.id
        for one in deliveries.select(
            connection, f"{of_kind} AND {WAITS_HERE}", specification=to.specification, **values
        )
    }
    query = f"{UPLOADS} WHERE b.specification = :specification AND u.dataset = :dataset AND {AT_SERVICE} ORDER BY u.id"
    uploads: dict[int, list[Entry]] = {}
    for row in connection.execute(
        query, {**values, "specification": to.specification, "dataset": to.dataset}
    ):
        uploads.setdefault(row["batch_id"], []).append(Entry(**row))
    found = [_counted(one, uploads.get(one.id, ()), one.id in waiting, to) for one in batches]
    return _in_force([one for one in found if one is not None])


def _counted(one: BatchEntry, uploads: Sequence[Entry], may_wait: bool, to: Destination) -> Counted | None:
    """What a batch by itself is to a destination; None where it is nothing to it."""
    began = max((upload.started_at or upload.updated_at for upload in uploads), default=inf)
    states = {upload.state for upload in uploads}
    renews = bool(one.renews)
    if State.SENT in states:
        return Counted(one, began, True, False, renews)
    is_prepared = one.state == BatchState.PREPARED
    if is_prepared and states & {*UNDER_WAY, State.IN_DOUBT}:
        return Counted(one, began, True, True, renews)
    # It broke off and may have arrived all the same.
    is_open = states & ({*UNDER_WAY, State.IN_DOUBT} - UNSENT)
    if is_open or any(upload.unanswered for upload in uploads):
        return Counted(one, began, False, False, False)
    belongs = one.dataset == to.dataset and one.compared in ("", to.service)
    return Counted(one, inf, True, True, renews) if is_prepared and may_wait and belongs else None


def _in_force(found: Sequence[Counted]) -> list[Counted]:
    """What a correction took the place of stands no more, and what came before one that renews all is nothing."""
    newest: dict[str, int] = {}
    for one in found:
        if one.stands:
            newest[one.batch.name] = max(newest.get(one.batch.name, 0), one.batch.id)
    kept = sorted(
        (replace(one, stands=one.stands and newest[one.batch.name] == one.batch.id) for one in found),
        key=lambda one: (one.at, one.batch.delivery, one.batch.part),
    )
    renewing = [one.batch.delivery for one in kept if one.renews]
    if not renewing:
        return kept
    first = next(place for place, one in enumerate(kept) if one.batch.delivery == renewing[-1])
    return kept[first:]


class Known(Struct, frozen=True):
    """Records by their identities, each once and in order, with what they say; `is_own` marks those of the series that was asked for."""

    identities: UInt64s
    contents: UInt64s
    is_own: Bools


class Standing:
    """The records that stand at a destination or will, as far as batches of `corrected` names do not hold them.

    A correction has all of what it corrects, whatever stands.
    """

    def __init__(self, ledger: Ledger, to: Destination, corrected: Sequence[str] = ()) -> None:
        self.destination = to
        self.held: list[BatchEntry] = []
        self._ledger, self._corrected, self._series = ledger, frozenset(corrected), ""
        with ledger.transaction() as connection:
            self.counted = counted(connection, to)
        self._most = sum(one.batch.records or 0 for one in self.counted)
        self._whole = self._between(0, PARTS - 1) if self._most <= FEW else None

    def own(self, series: str) -> None:
        """From now on records of this series are the own ones."""
        self._series = series
        if self._whole is not None:
            self._whole = self._between(0, PARTS - 1)
        where = f"""{record_hashes.HASHED} AND b.state = 'held' AND b.fixes IS NULL AND b.compared = :service AND b.series = :series
            AND b.specification = :specification AND b.dataset = :dataset"""
        with self._ledger.transaction() as connection:
            self.held = deliveries.select(connection, where, series=series, **asdict(self.destination))

    def held_in(self, number: int) -> dict[int, UInt64s]:
        """By what the records of held batches of this series are known, in one part, by batch."""
        if not self.held:
            return {}
        with self._ledger.transaction() as connection:
            some = [one.id for one in self.held]
            found = record_hashes.between(connection, some, number * WIDTH, (number + 1) * WIDTH - 1)
        return {batch: pairs["identity"] for batch, pairs in found.items()}

    @property
    def waiting(self) -> tuple[BatchEntry, ...]:
        """The batches that have not arrived yet."""
        return tuple(one.batch for one in self.counted if one.waits)

    def has_changed(self, connection: Connection) -> bool:
        """Within a transaction: whether other batches count by now, or for something else."""
        now = [(one.batch.id, one.stands) for one in counted(connection, self.destination)]
        return now != [(one.batch.id, one.stands) for one in self.counted]

    def contents(self) -> UInt64s:
        """What all of them say, in order."""
        if self._whole is not None:
            return np.sort(self._whole.contents)
        found, end = np.empty(self._most, np.uint64), 0
        for part in self.parts():
            found[end : end + len(part.contents)] = part.contents
            end += len(part.contents)
        found = found[:end]
        found.sort()
        return found

    def parts(self) -> Iterator[Known]:
        """All of them, in `PARTS` parts by the first bits of their identities."""
        return map(self.part, range(PARTS))

    def part(self, number: int) -> Known:
        """Those of one part."""
        if self._whole is None:
            return self._between(number, number)
        ids = self._whole.identities
        begin = np.searchsorted(ids, np.uint64(number << 58), "left")
        end = np.searchsorted(ids, np.uint64(((number + 1) << 58) - 1), "right")
        return Known(ids[begin:end], self._whole.contents[begin:end], self._whole.is_own[begin:end])

    def _between(self, first: int, last: int) -> Known:
        some = [one.batch.id for one in self.counted]
        if not some:
            return _known({}, (), self._corrected, self._series)
        with self._ledger.transaction() as connection:
            pairs = record_hashes.between(connection, some, first * WIDTH, (last + 1) * WIDTH - 1)
        return _known(pairs, self.counted, self._corrected, self._series)


def _known(
    pairs: Mapping[int, record_hashes.Pairs], batches: Sequence[Counted], corrected: frozenset[str], series: str
) -> Known:  # fmt: skip
    """Of the pairs of several batches the last of each identity, as far as that one stands."""
    some = [(one, pairs[one.batch.id]) for one in batches if one.batch.id in pairs]
    sizes = [len(found) for _, found in some]
    every = np.concatenate([np.zeros(0, record_hashes.PAIR), *(found for _, found in some)])
    identities = np.ascontiguousarray(every["identity"])
    is_ordered = len(some) < 2
    order = np.arange(len(every)) if is_ordered else np.argsort(identities, kind="stable")
    identities = identities[order]
    stands = np.repeat([one.stands and one.batch.name not in corrected for one, _ in some], sizes)
    own = np.repeat([one.batch.series == series for one, _ in some], sizes)
    if not len(identities):
        return Known(identities, identities, np.zeros(0, np.bool_))
    firsts = np.flatnonzero(np.append(True, identities[1:] != identities[:-1]))
    lasts = order[np.append(firsts[1:], len(order)) - 1]
    kept = stands[lasts]
    is_own = np.logical_or.reduceat(own[order], firsts)
    return Known(identities[firsts][kept], every["content"][lasts][kept], is_own[kept])
