"""What tests of batches in a store have in common: exports of invented people, and a desk with a bucket, a ledger and a service."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lexer_pipeline.model import Receipt
from lexer_pipeline.outbox.address import LedgerPlace
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.prepare import prepare
from lexer_pipeline.preparing.report import Report
from lexer_pipeline.system import stores
from lexer_pipeline.uploading.send import upload
from lexer_pipeline.uploading.settings import Settings, Token
from lexer_pipeline.uploading.status import BatchStatus, status

from tests.running import ROOT, environment
from tests.stored.driver import place_of
from tests.stores import Bucket
from tests.upload.store import TOKEN, Store
from tests.waiting import PATIENCE

HEADER = (
    "purchase_id,link.email,action_at,type,products[].product_reference.id,products[].product_reference.id_type,"
    "products[].quantity,products[].price_paid\n"
)
GOOD, BAD = "mira.holt@example.com", "no-address"


def row(number: int, who: str = GOOD) -> str:
    """An order line."""
    return f"T-{number:05},{who},2026-03-06T10:15:00Z,physical,0012,sku,2,19.90\n"


def export(rows: int = 3, bad: int = 1, first: int = 1) -> str:
    """So many orders, the last of which are rejected."""
    return HEADER + "".join(row(first + one, BAD if one >= rows - bad else GOOD) for one in range(rows))


@dataclass(frozen=True)
class Desk:
    """A folder of this machine, a place for batches in a bucket, a ledger beside, and a service that takes batches."""

    folder: Path
    bucket: Bucket
    service: Store
    database: str = ""

    @property
    def out(self) -> str:
        return self.bucket.at("batches")

    @property
    def ledger(self) -> LedgerPlace:
        return place_of(self.at)

    @property
    def at(self) -> str:
        """Where the ledger lies: in the database, or in the folder."""
        return self.database or str(self.folder / "ledger.sqlite3")

    @property
    def settings(self) -> Settings:
        return Settings(
            token=Token(TOKEN), url=self.service.url, ledger=self.ledger, connect_timeout=PATIENCE,
            stall_timeout=PATIENCE, answer_timeout=PATIENCE, tries=2,
        )  # fmt: skip

    def source(self, text: str, name: str = "orders.csv") -> Path:
        path = self.folder / name
        path.write_text(text)
        return path

    def convert(self, *sources: Path | str, **more: Any) -> Report:
        options = Options(**{"max_invalid": 1.0, "ledger": self.ledger, **more})
        return prepare(sources, None if "fix" in more else "purchase", self.out, options)

    def upload(self, *batches: str) -> tuple[Receipt, ...]:
        return upload(batches or None, self.out, self.settings)

    def states(self) -> dict[str, str]:
        return {one.path.rpartition("/")[2]: one.state for one in self.statuses()}

    def statuses(self) -> list[BatchStatus]:
        return status(stores.folder(self.out), self.ledger)

    def lying(self) -> list[str]:
        """What lies in the place for batches, each from there on."""
        return [key.removeprefix("batches/") for key in self.bucket.keys()]

    def night(self, **more: Any) -> "subprocess.CompletedProcess[str]":
        """The driver at work on this desk, until it ends."""
        with self.machine(**more) as process:
            said, complained = process.communicate(timeout=300)
        return subprocess.CompletedProcess(process.args, process.returncode, said, complained)

    def machine(self, **more: Any) -> "subprocess.Popen[str]":
        """The driver at work on this desk."""
        order: Mapping[str, Any] = {
            "source": str(self.folder / "orders.csv"), "out": self.out, "ledger": self.at, "url": self.service.url,
            "max_bytes": 1000, **more,
        }  # fmt: skip
        return subprocess.Popen(
            [sys.executable, "-m", "tests.stored.driver", json.dumps(order)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, env=environment(**self.bucket.store.environ, TMPDIR=str(self.folder)) | {"PYTHONPATH": f"{ROOT}:{ROOT / 'pipeline'}"},
        )  # fmt: skip
