"""Receipts: what became of an upload, from the ledger's entry, and `receipt.json` in the batch folder."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from lexer_pipeline.errors import PersonNeeded, ServiceUnavailable
from lexer_pipeline.model import Receipt
from lexer_pipeline.outbox.entry import Content, Entry, State
from lexer_pipeline.system.files import write_json
from lexer_pipeline.uploading.outgoing import HELD

FILE = "receipt.json"
NEEDS_PERSON = frozenset({State.IN_DOUBT, State.REFUSED, State.CHANGED, HELD})
# How a reason begins where a person is needed although nothing became of the upload itself.
NO_ENTRY = "the service refused the token or this machine's address"


def of_entry(entry: Entry, reason: str | None = None) -> Receipt:
    """The receipt of an entry as it stands; `reason` says why it goes no further, if the entry does not."""
    sent = entry.state == State.SENT
    started = entry.started_at
    return Receipt(
        batch=entry.batch,
        name=entry.name,
        state=entry.state,
        upload_id=entry.upload_id or "",
        bytes=entry.bytes,
        records=entry.records,
        sha256=entry.sha256,
        etag=entry.etag,
        verified=bool(entry.verified),
        seconds=round(max(0.0, entry.updated_at - started), 3) if started else 0.0,
        started_at=utc_text(started) if started else "",
        finished_at=utc_text(entry.updated_at) if sent else "",
        reason="" if sent else (entry.reason if reason is None else reason),
    )


def turned_down(content: Content, state: str, reason: str) -> Receipt:
    """A receipt for what is not sent now, of which the ledger has nothing to remember."""
    return Receipt(
        content.batch, content.name, state, "", content.bytes, content.records, content.sha256, "", False, 0.0,
        reason=reason,
    )  # fmt: skip


def write(folder: Path, receipt: Receipt) -> None:
    """Put `receipt` into the batch folder, unless it lies there already."""
    path = folder / FILE
    try:
        if read(folder) != receipt.as_json():
            write_json(path, receipt.as_json())
    except OSError as error:
        raise PersonNeeded(
            f"{receipt.batch} was sent as upload {receipt.upload_id}, but {FILE} cannot be written"
            f" ({error.strerror})",
            "mend the folder, then run upload again: it writes the receipt and sends nothing",
        ) from None


def read(folder: Path) -> object:
    """What `receipt.json` says; None where there is none or it cannot be understood."""
    try:
        return json.loads((folder / FILE).read_bytes())
    except (OSError, ValueError):
        return None


def earlier_upload(folder: Path, sha256: str) -> str:
    """The upload id under which the receipt in `folder` says that this very content was sent, or nothing."""
    old = read(folder)
    if not isinstance(old, dict) or old.get("sha256") != sha256:
        return ""
    return str(old.get("upload_id") or "")


def exit_code(receipts: Sequence[Receipt]) -> int:
    """0 when all were sent, 4 when one needs a person, else 5: trying again later is enough."""
    if any(receipt.state in NEEDS_PERSON or receipt.reason.startswith(NO_ENTRY) for receipt in receipts):
        return PersonNeeded.exit_code
    return 0 if all(receipt.state == State.SENT for receipt in receipts) else ServiceUnavailable.exit_code


def utc_text(at: float, timespec: str = "milliseconds") -> str:
    """A time in Unix seconds as receipts and `status` show it."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec=timespec).replace("+00:00", "Z")
