"""Exports, converted and sent as a person would; all people are invented."""

import json
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from lexer_pipeline.model import Receipt
from lexer_pipeline.outbox.address import LedgerPlace
from lexer_pipeline.outbox.batch import PreparedBatch
from lexer_pipeline.outbox.ledger import Ledger
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.prepare import prepare
from lexer_pipeline.preparing.report import Report
from lexer_pipeline.system.runtime import Runtime
from lexer_pipeline.uploading.options import UploadOptions
from lexer_pipeline.uploading.send import upload
from lexer_pipeline.uploading.settings import Settings
from lexer_pipeline.uploading.settle import drop as drop_batch
from lexer_pipeline.uploading.settle import settle as settle_batch
from lexer_pipeline.uploading.status import BatchStatus, status
from msgspec.structs import replace

from tests.upload.helpers import settings as settings_of
from tests.upload.store import Store

DATE = "20261126"
SPEC = "customer_record"
FIRST = f"profile_customer-{DATE}-a"
SECOND = f"profile_customer_02-{DATE}-a"
CORRECTED = f"profile_customer-{DATE}-b"


def export(*names: str) -> bytes:
    """A table of people with these first names; `?` is one whose row is not valid."""
    rows = (f"{name.strip('?')}@example.com,{name},{'maybe' if '?' in name else 'no'}\n" for name in names)
    return ("link.email,first_name,employee_flag\n" + "".join(rows)).encode()


class Shop:
    """A folder of batches, the exports beside it, and the service that they go to."""

    def __init__(self, out: Path, store: Store, ledger: LedgerPlace | None = None) -> None:
        self.out, self.store = out, store
        self.settings = settings_of(store, ledger=ledger)
        self.now = [1_795_000_000.0]  # 2026-11-18, and later with every step
        self.runtime = Runtime(clock=self._tick, sleep=lambda _: None)

    def _tick(self) -> float:
        self.now[0] += 1
        return self.now[0]

    def convert(
        self, *people: str, name: str = "people.csv", spec: str | None = SPEC, **asked: Any
    ) -> Report:
        """Write an export of these people and convert it."""
        source = self.out.parent / name
        source.parent.mkdir(parents=True, exist_ok=True)
        source.write_bytes(export(*people))
        return self.prepare(source, spec=spec, **asked)

    def prepare(self, source: object, spec: str | None = SPEC, **asked: Any) -> Report:
        """Convert a source that is there."""
        return self.prepare_all(source, spec=spec, **asked)

    def prepare_all(self, *sources: object, spec: str | None = SPEC, **asked: Any) -> Report:
        """Convert sources that are there."""
        if "replaces" not in asked:
            asked = {"date": DATE, **asked}
        options = replace(Options(ledger=self.settings.ledger), **asked)
        given: list[Any] = [str(source) if isinstance(source, Path) else source for source in sources]
        return prepare(given, spec, asked.get("out", self.out), options, self.runtime)

    def fix(self, batch: str | Path, *files: str | Path, **asked: Any) -> Report:
        """Make what the rejects of a batch say now."""
        word = str(self.out / batch) if len(Path(batch).parts) == 1 else str(batch)
        options = replace(Options(ledger=self.settings.ledger), **{"date": DATE, **asked}, fix=word)
        return prepare(
            [str(file) for file in files], asked.pop("spec", None), self.out, options, self.runtime
        )

    def mend(self, batch: str, *changes: tuple[str, str], name: str = "rejects.csv") -> Path:
        """Change texts in a rejects file where it lies."""
        file = self.out / batch / name
        text = file.read_text("utf-8")
        for before, after in changes:
            assert before in text
            text = text.replace(before, after)
        file.write_text(text, "utf-8")
        return file

    def upload(
        self, *batches: PreparedBatch | Path | str, settings: Settings | None = None, **asked: Any
    ) -> list[Receipt]:
        """Send these batches, or all that wait."""
        chosen = settings or self.settings
        return list(upload(batches or None, self.out, chosen, UploadOptions(**asked), self.runtime))

    def with_dataset(self, **datasets: str) -> Settings:
        """The settings with datasets by record type; `any` is for all types."""
        return replace(
            self.settings, datasets={"*" if kind == "any" else kind: one for kind, one in datasets.items()}
        )

    def drop(self, batch: str) -> None:
        drop_batch(batch, self.out, self.settings, self.runtime)

    def settle(self, batch: str, arrived: bool) -> Receipt:
        return settle_batch(batch, arrived, self.out, self.settings, self.runtime)

    def in_ledger(self, change: str, *values: object) -> None:
        """Change what the ledger holds, behind the back of all."""
        with (
            closing(Ledger(self.out, file=self.settings.ledger)) as ledger,
            ledger.transaction() as connection,
        ):
            connection.execute(change, values)

    def status(self) -> dict[str, BatchStatus]:
        """The last line of `status` for each batch, by the name of its folder."""
        return {Path(one.path).name: one for one in status(self.out, self.settings.ledger)}

    def states(self) -> dict[str, str]:
        return {name: one.state for name, one in self.status().items()}

    def asked(self) -> list[str]:
        """The file names that permission was asked for, in order."""
        return [json.loads(post.body)["filename"] for post in self.store.posts]

    def destinations(self) -> list[str | None]:
        """The datasets that permission was asked for, in order."""
        said = [json.loads(post.body).get("destination") for post in self.store.posts]
        return [one["dataset_id"] if one else None for one in said]


def names(report: Report) -> list[str]:
    """The folders of a report's batches; in brackets what was there already."""
    return [one.path.name if one.made else f"({one.path.name})" for one in report.batches]


def states(receipts: Sequence[Receipt]) -> list[tuple[str, str]]:
    """(folder, state) of receipts."""
    return [(Path(one.batch).name, one.state) for one in receipts]


def raised(kind: type[Exception], act: Callable[[], object]) -> Any:
    """The exception that an act ends with."""
    try:
        act()
    except kind as problem:
        return problem
    raise AssertionError(f"no {kind.__name__}")
