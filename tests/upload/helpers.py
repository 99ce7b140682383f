"""Prepared batches and settings for the tests; all content is invented."""

import hashlib
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from lexer_pipeline.model import Manifest, PreparedBatch, Receipt
from lexer_pipeline.outbox.entry import Entry
from lexer_pipeline.outbox.ledger import entries
from lexer_pipeline.system.files import write_json
from lexer_pipeline.uploading.scheduler import upload
from lexer_pipeline.uploading.settings import Settings, Token

from tests.upload.store import TOKEN, Store

LINE = b'{"email":"mira.holt@example.com"}\n'


def prepared(
    out: Path, name: str = "customers-20240306-a", data: bytes = LINE * 20, state: str = "prepared"
) -> PreparedBatch:
    """A batch folder as convert leaves it."""
    folder = out / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_bytes(data)
    manifest = Manifest(
        specification="customers", record_type="customer", state=state, file=f"{name}.json", bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(), md5=hashlib.md5(data).hexdigest(), records=data.count(b"\n"),
        rejected=0, rows=data.count(b"\n"), continuations=0, blank=0, issues={}, warnings={}, conversions={}, sources=(),
    )  # fmt: skip
    write_json(folder / "manifest.json", manifest.as_json())
    return PreparedBatch(folder, manifest)


def settings(store: Store, **changes: Any) -> Settings:
    """Settings for `store`, with short timeouts."""
    plain = Settings(
        token=Token(TOKEN), url=store.url, ca_file=store.certificate, connect_timeout=3.0, stall_timeout=1.0,
        answer_timeout=1.0,
    )  # fmt: skip
    return replace(plain, **changes)


def send(store: Store, out: Path, *batches: PreparedBatch, **options: Any) -> tuple[Receipt, ...]:
    """Upload without real waiting between tries."""
    changes = options.pop("settings", {})
    options.setdefault("sleep", lambda seconds: None)
    return upload(batches, out, settings(store, **changes), **options)


def entry(out: Path) -> Entry:
    """The only entry of the ledger."""
    (only,) = entries(out)
    return only


def after(calls: int, event: threading.Event) -> Callable[[object], None]:
    """A progress callback that sets `event` at the n-th call."""
    count = [0]

    def tell(_: object) -> None:
        count[0] += 1
        if count[0] >= calls:
            event.set()

    return tell
