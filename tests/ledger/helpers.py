"""Batches and uploads as a ledger has them, wherever it lies."""

from itertools import count

from lexer_pipeline.outbox import deliveries
from lexer_pipeline.outbox.address import LedgerAddress
from lexer_pipeline.outbox.entry import BatchEntry, Entry, NewBatch
from lexer_pipeline.outbox.ledger import Ledger

from tests.postgres import Postgres

SERVICE = "https://api.lexer.io/v1/uploads"
NUMBERS = count(1)


def address_in(postgres: Postgres) -> LedgerAddress:
    """The address of a ledger that is not there yet, in a schema of its own."""
    return LedgerAddress(f"{postgres.address()}?schema=ledger_{next(NUMBERS)}")


def written(ledger: Ledger, number: int = 1) -> BatchEntry:
    """A batch that was made."""
    name = f"customers_{number}-20240306"
    new = NewBatch(
        part=1, folder=f"{name}-a", file=f"{name}-a.json", name=name, version="a", specification="customers",
        record_type=None, series=f"{number}.csv", content=f"{number:064}", sha256=f"{number:064}", bytes=5, records=1,
        dataset="", made_for="", state="prepared",
    )  # fmt: skip
    with ledger.transaction() as connection:
        (one,) = deliveries.add(connection, [new], 1000.0)
    return one


def granted(
    ledger: Ledger, number: int = 1, url: str = "https://s3.example.com/k?X-Amz-Signature=5ca1ab1e"
) -> Entry:
    entry, obstacle = ledger.ask(ledger.begin(written(ledger, number), SERVICE))
    assert obstacle is None
    return ledger.move(entry, "granted", "granted", upload_id=str(number), url=url)
