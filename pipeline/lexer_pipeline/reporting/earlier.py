"""The deliveries of the same kind that came before, and whether the new one is unlike them."""

from collections.abc import Mapping, Sequence
from statistics import median

from msgspec import Struct, field

from lexer_pipeline.errors import UsageError
from lexer_pipeline.outbox import deliveries
from lexer_pipeline.outbox.batch import REPORT, read
from lexer_pipeline.outbox.connection import Connection
from lexer_pipeline.outbox.entry import BatchEntry, Offer
from lexer_pipeline.outbox.ledger import Ledger
from lexer_pipeline.reporting.told import EarlierFacts, fill_in
from lexer_pipeline.suspicions import Sighting

# So many are shown, and the newest of them are what a new one is measured by.
SHOWN, MEASURED_BY = 7, 3
# A delivery is unlike those before it with so many times fewer or more rows, where these had no fewer than that.
TIMES, FEWEST_ROWS = 10, 100
# A field is empty now and was filled before, in records enough to say so.
FILLED, EMPTY, FEWEST_RECORDS = 0.5, 0.05, 20


class Earlier(Struct, frozen=True):
    """A delivery of before as its page tells it; `fill` is the share of records in which a field is filled."""

    name: str
    rows: int
    records: int
    rejected: int
    fill: Mapping[str, float] = field(default_factory=dict)

    @property
    def facts(self) -> EarlierFacts:
        """What a page tells of it."""
        return EarlierFacts(self.name, self.rows, self.records, self.rejected)


def of_series(ledger: Ledger, offer: Offer) -> tuple[Earlier, ...]:
    """The last deliveries of a series to its destination, the newest first; not those that only mend another, or were dropped."""
    where = f"""b.specification = :specification AND b.series = :series AND b.fixes IS NULL
        AND b.state IN ('prepared', 'held', 'rejected') AND {deliveries.SAME_DESTINATION}"""
    with ledger.transaction() as connection:
        found = _newest(connection, where, offer)
    told = (_told(ledger, parts) for parts in found)
    return tuple(one for one in told if one is not None)


def _newest(connection: Connection, where: str, offer: Offer) -> Sequence[Sequence[BatchEntry]]:
    found: dict[int, list[BatchEntry]] = {}
    for one in deliveries.select(
        connection, where, specification=offer.specification, series=offer.series, dataset=offer.dataset,
    ):  # fmt: skip
        found.setdefault(one.delivery, []).append(one)
    return [found[number] for number in sorted(found, reverse=True)[:SHOWN]]


def _told(ledger: Ledger, parts: Sequence[BatchEntry]) -> Earlier | None:
    """A delivery as its folders tell it; None where they are gone."""
    try:
        manifests = [read(ledger.folder_of(one.folder)).manifest for one in parts]
    except (UsageError, OSError):
        return None
    return Earlier(
        f"{parts[0].name}-{parts[0].version}",
        sum(one.rows + sum(one.skipped.values()) for one in manifests),
        sum(one.records for one in manifests),
        sum(one.rejected_records for one in manifests),
        # What changed in a night is no measure of how full a field is.
        {} if manifests[0].compared_with else fill_in(ledger.folder_of(parts[0].folder) / REPORT),
    )


def unlike(
    before: Sequence[Earlier], rows: int, records: int, fill: Mapping[str, float] | None
) -> tuple[Sighting, ...]:
    """What is suspicious of a delivery beside those before it: far fewer or more rows, or a field that is empty now, if that is known."""
    measured = before[:MEASURED_BY]
    if not measured:
        return ()
    usual = median(one.rows for one in measured)
    found = []
    if usual >= FEWEST_ROWS and not usual / TIMES < rows < usual * TIMES:
        found.append(Sighting("size_unlike_before", "", 1))
    told = [one for one in measured if one.fill]
    if fill is not None and records >= FEWEST_RECORDS and told:
        was_filled = [name for name in told[0].fill if all(_was_filled(one, name) for one in told)]
        found += [
            Sighting("field_emptied", name, records) for name in was_filled if fill.get(name, 0.0) < EMPTY
        ]
    return tuple(found)


def _was_filled(one: Earlier, name: str) -> bool:
    return one.records >= FEWEST_RECORDS and one.fill.get(name, 0.0) >= FILLED
