"""Prepared batches and settings for the tests; all content is invented."""

import hashlib
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from lexer_pipeline.model import Manifest, Receipt, SourceUse
from lexer_pipeline.outbox.address import LedgerPlace
from lexer_pipeline.outbox.adopt import adopt_one
from lexer_pipeline.outbox.batch import PreparedBatch
from lexer_pipeline.outbox.entry import Entry
from lexer_pipeline.outbox.ledger import Ledger, entries
from lexer_pipeline.system.files import sha256_of, write_json
from lexer_pipeline.system.runtime import Runtime
from lexer_pipeline.uploading.body import Body, Identity
from lexer_pipeline.uploading.context import context_of
from lexer_pipeline.uploading.lexer_api import LexerApi
from lexer_pipeline.uploading.options import UploadOptions
from lexer_pipeline.uploading.permit import UploadService
from lexer_pipeline.uploading.s3_put import Watch
from lexer_pipeline.uploading.send import entry_of, send_batches
from lexer_pipeline.uploading.settings import Settings, Token
from msgspec.structs import fields, replace

from tests.upload.store import TOKEN, Store
from tests.waiting import PATIENCE

LINE = b'{"email":"mira.holt@example.com"}\n'
# Digits in the name of a source do not tell its series from others.
LETTERS = str.maketrans("0123456789", "abcdefghij")
# Settings for a service that falls silent. A good answer may come too late for them as well, hence many tries.
HASTY = {"stall_timeout": 0.3, "answer_timeout": 0.3, "tries": 100}


def prepared(
    out: Path,
    name: str = "customers-20240306-a",
    data: bytes = LINE * 20,
    state: str = "prepared",
    **more: Any,
) -> PreparedBatch:
    """A batch folder as convert leaves it; each name is a series of its own, and `more` stands in the manifest."""
    folder = out / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_bytes(data)
    manifest = Manifest(
        state=state,
        sha256=hashlib.sha256(data).hexdigest(), records=data.count(b"\n"),
        rejected=0, rows=data.count(b"\n"), continuations=0, blank=0, issues={}, warnings={}, conversions={},
        sources=(SourceUse(f"{name.translate(LETTERS)}.csv", len(data), "0" * 64, data.count(b"\n")),),
        **{"specification": "customers", "record_type": "customer_record", "file": f"{name}.json", "bytes": len(data), **more},
    )  # fmt: skip
    write_json(folder / "manifest.json", manifest.as_json())
    return PreparedBatch(folder, manifest)


def body_of(file: Path) -> Body:
    """What is to be sent of `file` as it lies there now."""
    return Body(file, Identity.of(file), sha256_of(file))


def md5_of(batch: PreparedBatch) -> str:
    """What a store says of the batch's file, as it lies there now."""
    return hashlib.md5(batch.file.read_bytes()).hexdigest()


def watch(
    progress: Callable[[int, int], None] = lambda *_: None, stop: Callable[[], bool] = lambda: False,
    last_block: Callable[[], None] = lambda: None,
) -> Watch:  # fmt: skip
    """Nobody who looks on, unless a test does."""
    return Watch(progress, stop, last_block)


def settings(store: Store, **changes: Any) -> Settings:
    """Settings for `store`, which wait for its answers as long as any machine takes."""
    plain = Settings(
        token=Token(TOKEN), url=store.url, ca_file=store.certificate, connect_timeout=PATIENCE, stall_timeout=PATIENCE,
        answer_timeout=PATIENCE,
    )  # fmt: skip
    return replace(plain, **changes)


def upload_by(
    batches: Sequence[PreparedBatch],
    out: Path,
    settings: Settings,
    *,
    service: UploadService | None = None,
    open_ledger: Callable[[Path, Runtime, LedgerPlace | None], Ledger] = Ledger,
    **more: Any,
) -> tuple[Receipt, ...]:
    """Upload with a ledger or a service of the test's own, and what it wants of Runtime and UploadOptions."""
    own = {field.name: more.pop(field.name) for field in fields(Runtime) if field.name in more}
    runtime, options = Runtime(**own), UploadOptions(**more)
    with closing(open_ledger(out, runtime, settings.ledger)) as ledger:
        to = service or LexerApi(settings)
        known = [entry_of(adopt_one(one.path, ledger), out, ledger) for one in batches]
        return send_batches(known, context_of(settings, to, ledger, options, runtime, len(batches)))


def send(store: Store, out: Path, *batches: PreparedBatch, **more: Any) -> tuple[Receipt, ...]:
    """Upload without real waiting between tries."""
    changes = more.pop("settings", {})
    return upload_by(batches, out, settings(store, **changes), **{"sleep": lambda seconds: None, **more})


def start(module: str, order: Mapping[str, Any], **more: Any) -> subprocess.Popen[str]:
    """A sender in a process of its own, under way: `python -m module ORDER`."""
    command = [sys.executable, "-m", module, json.dumps(order)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)


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
