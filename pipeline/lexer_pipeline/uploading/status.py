"""What lies in an out folder, and what the ledger knows of it."""

from dataclasses import asdict, dataclass
from pathlib import Path

from lexer_pipeline.model import PreparedBatch
from lexer_pipeline.outbox import batch, ledger, workspace
from lexer_pipeline.outbox.entry import Entry
from lexer_pipeline.uploading.receipts import utc_text


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

    def as_json(self) -> dict[str, object]:
        """The batch as `status --json` prints it."""
        return asdict(self)


def status(out: Path) -> list[BatchStatus]:
    """What lies in `out` and what the ledger knows, one line a batch."""
    workspace.recover(out)
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
        updated_at=utc_text(entry.updated_at, "seconds") if entry else None,
        reason=entry.reason if entry else "",
    )


def _lone(out: Path, entry: Entry) -> BatchStatus:
    """An upload without a prepared batch in `out`: a CSV sent as it is, or a batch that lies elsewhere."""
    moment = utc_text(entry.updated_at, "seconds")
    path = str(out / entry.batch)
    return BatchStatus(
        path, "", entry.state, entry.records, None, entry.bytes, entry.upload_id, moment, entry.reason
    )
