"""From prepared batches to receipts: which batches an upload means, and what the ledger knows of them."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lexer_pipeline.errors import UsageError
from lexer_pipeline.model import PreparedBatch, Receipt
from lexer_pipeline.outbox import batch, ledger
from lexer_pipeline.outbox.entry import Entry
from lexer_pipeline.uploading.scheduler import as_is, upload
from lexer_pipeline.uploading.settings import Settings
from lexer_pipeline.uploading.upload import Progress


@dataclass(frozen=True, slots=True)
class BatchStatus:
    """A batch and how far it is on its way; `state` is the ledger's once it was asked to be sent."""

    path: str
    specification: str
    state: str
    records: int | None
    rejected: int | None
    bytes: int
    upload_id: str | None
    updated_at: str | None
    reason: str = ""

    def as_json(self) -> dict[str, Any]:
        """The batch as `status --json` prints it."""
        return asdict(self)


def send(
    folders: Sequence[Path],
    out: Path,
    settings: Settings,
    *,
    resend: bool = False,
    even_held: bool = False,
    parallel: int | None = None,
    progress: Callable[[Progress], None] | None = None,
    stop: threading.Event | None = None,
) -> tuple[Receipt, ...]:
    """Send the batches in `folders`; without any, all in `out` that are prepared and not yet sent."""
    batch.recover(out)
    chosen = [batch.read(folder) for folder in folders] if folders else _waiting(out, even_held)
    if not chosen:
        return ()
    return upload(
        chosen,
        out,
        settings,
        resend=resend,
        even_held=even_held,
        parallel=parallel,
        progress=progress,
        stop=stop,
    )


def send_as_is(
    paths: Sequence[Path],
    out: Path,
    settings: Settings,
    *,
    name: str | None = None,
    resend: bool = False,
    progress: Callable[[Progress], None] | None = None,
    stop: threading.Event | None = None,
) -> tuple[Receipt, ...]:
    """Send CSV files that could not be converted, one after another; `name` says what they hold."""
    if not paths:
        raise UsageError("--as-is needs the CSV files to send", "Name them: upload export.csv --as-is.")
    return tuple(
        as_is(path, out, settings, descriptor=name, resend=resend, progress=progress, stop=stop)
        for path in paths
    )


def _waiting(out: Path, even_held: bool) -> list[PreparedBatch]:
    """What is prepared and not sent; what needs a person is among it, so that its state is told each time."""
    sent = {entry.batch for entry in ledger.entries(out) if entry.state == "sent"}
    ready = ("prepared", "held") if even_held else ("prepared",)
    return [one for one in batch.find(out) if one.manifest.state in ready and one.path.name not in sent]


def status(out: Path) -> list[BatchStatus]:
    """What lies in `out` and what the ledger knows, one line a batch."""
    batch.recover(out)
    latest = {entry.batch: entry for entry in ledger.entries(out)}
    lines = [_line(one, latest.pop(one.path.name, None)) for one in batch.find(out)]
    return lines + [_lone(out, entry) for entry in latest.values()]


def _line(one: PreparedBatch, entry: Entry | None) -> BatchStatus:
    manifest = one.manifest
    return BatchStatus(
        path=str(one.path),
        specification=manifest.specification,
        state=entry.state if entry else manifest.state,
        records=manifest.records,
        rejected=manifest.rejected,
        bytes=manifest.bytes,
        upload_id=entry.upload_id if entry else None,
        updated_at=_moment(entry.updated_at) if entry else None,
        reason=entry.reason if entry else "",
    )


def _lone(out: Path, entry: Entry) -> BatchStatus:
    """An upload without a prepared batch in `out`: a CSV sent as it is, or a batch that lies elsewhere."""
    moment = _moment(entry.updated_at)
    path = str(out / entry.batch)
    return BatchStatus(
        path, "", entry.state, entry.records, None, entry.bytes, entry.upload_id, moment, entry.reason
    )


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
