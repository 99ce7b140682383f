"""The vendor's API as 0.1.0 knew it by its host, answered by the store of a test."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from lexer_pipeline.model import Receipt
from lexer_pipeline.outbox import order
from lexer_pipeline.outbox.outbox import opened
from lexer_pipeline.system.runtime import Runtime
from lexer_pipeline.uploading import receipts
from lexer_pipeline.uploading.context import context_of
from lexer_pipeline.uploading.lexer_api import LexerApi
from lexer_pipeline.uploading.options import UploadOptions
from lexer_pipeline.uploading.permit import Grant, Refusal
from lexer_pipeline.uploading.send import send_batches

from tests.upload.helpers import settings
from tests.upload.store import SIGNATURE, Store

DATASET = "a1b2c3d4"
DATASETS = {"purchase": DATASET, "customer_record": DATASET}
WITHIN, LATER = 1795715600.0, 1795815600.0  # while the urls of the fixture hold, and a day later
FIRST_NEW = 1000


@dataclass(frozen=True)
class Vendor:
    """`https://api.lexer.io/v1/uploads`, which is the host api.lexer.io of 0.1.0."""

    store: Store

    name = "https://api.lexer.io/v1/uploads"
    former_name = "api.lexer.io"

    def check(self) -> None:
        """The token is there."""

    def ask(self, file_name: str, record_type: str | None, dataset: str) -> Grant | Refusal:
        return LexerApi(settings(self.store)).ask(file_name, record_type, dataset)


def point_to(out: Path, store: Store) -> None:
    """The urls of the kept ledger lead to the store of the test."""
    store.first_id = FIRST_NEW
    url = f"{store.base}/bucket/' || upload_id || '?X-Amz-SignedHeaders=host&X-Amz-Signature={SIGNATURE}"
    with closing(sqlite3.connect(out / "ledger.sqlite3")) as ledger, ledger:
        ledger.execute(f"UPDATE uploads SET url = '{url}' WHERE url IS NOT NULL")  # noqa: S608 - the test's own words


def upload_all(out: Path, store: Store, clock: float, dry_run: bool = False) -> tuple[Receipt, ...]:
    """What `upload` without names does, two tries long."""
    runtime = Runtime(clock=lambda: clock, sleep=lambda _: None, random=lambda: 0.0)
    vendor, options = Vendor(store), UploadOptions(dry_run=dry_run)
    with opened(out, runtime) as ledger:
        receipts.write_missing(ledger)
        with ledger.transaction() as connection:
            found = order.waiting(connection, vendor.name, vendor.former_name)
        chosen = [one for one in found if ledger.folder_of(one.folder).parent == out.resolve()]
        own = settings(store, datasets=DATASETS, tries=2)
        return send_batches(chosen, context_of(own, vendor, ledger, options, runtime, len(chosen)))
