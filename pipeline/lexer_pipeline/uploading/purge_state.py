"""What is known of the records at a destination is removed: the next delivery there is compared with nothing."""

from msgspec import Struct
from msgspec.structs import asdict

from lexer_pipeline.outbox import deliveries, record_hashes
from lexer_pipeline.outbox.at_destination import Destination, counted
from lexer_pipeline.outbox.connection import Connection
from lexer_pipeline.outbox.datasets import dataset_for
from lexer_pipeline.outbox.outbox import looked_into, opened
from lexer_pipeline.system.runtime import Runtime
from lexer_pipeline.system.stores import Folder
from lexer_pipeline.uploading.settings import Settings

KINDS = f"SELECT DISTINCT b.specification, b.record_type FROM batches AS b WHERE {record_hashes.HASHED} ORDER BY 1, 2"  # noqa: S608 - a word of this package


class PurgedState(Struct, frozen=True):
    """What is known of the records of one specification at a service and dataset (None for none), from so many batches."""

    specification: str
    service: str
    dataset: str | None
    batches: int
    records: int

    def as_json(self) -> dict[str, object]:
        """The state as `purge --state --json` prints it."""
        return asdict(self)


def purge_state(
    out: Folder, settings: Settings, *, really: bool = False, runtime: Runtime = Runtime()
) -> tuple[PurgedState, ...]:
    """What is known of the records at the service and the datasets of the settings; forgotten if `really`."""
    opening = opened if really else looked_into
    with opening(out, runtime, settings.ledger) as ledger, ledger.transaction() as connection:
        kinds = connection.execute(KINDS).fetchall()
        found = [
            _state(
                connection, Destination(name, settings.service, dataset_for(settings.datasets, kind)), really
            )
            for name, kind in kinds
        ]
    return tuple(one for one in found if one.batches)


def _state(connection: Connection, at: Destination, really: bool) -> PurgedState:
    where = f"{record_hashes.HASHED} AND b.specification = :specification AND b.dataset = :dataset AND b.compared IN ('', :service)"
    batches = {one.batch.id: one.batch for one in counted(connection, at)}
    batches |= {one.id: one for one in deliveries.select(connection, where, **asdict(at))}
    if really and batches:
        record_hashes.forget(connection, list(batches))
    records = sum(one.records or 0 for one in batches.values())
    return PurgedState(at.specification, at.service, at.dataset or None, len(batches), records)
