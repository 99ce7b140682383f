"""Receipts: what became of an upload, from the ledger's entry, and `receipt.json` in the batch folder."""

import json
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from itertools import groupby

from lexer_pipeline.errors import PersonNeeded, ServiceUnavailable
from lexer_pipeline.model import Receipt
from lexer_pipeline.outbox.entry import Content, Entry, State
from lexer_pipeline.outbox.ledger import Ledger
from lexer_pipeline.outbox.order import UPLOADS
from lexer_pipeline.system.files import write_json
from lexer_pipeline.system.store_path import StorePath
from lexer_pipeline.system.stores import Folder, in_order

FILE = "receipt.json"
WOULD_SEND = "would_send"
PERSON, TIME = "person", "time"
NEEDS_PERSON = frozenset({State.IN_DOUBT, State.REFUSED, State.CHANGED})


def of_entry(entry: Entry, reason: str | None = None, needs: str | None = None, hint: str = "") -> Receipt:
    """The receipt of an entry as it stands; `reason` says why it goes no further, if the entry does not."""
    sent = entry.state == State.SENT
    started = entry.started_at
    usual = "" if sent else PERSON if entry.state in NEEDS_PERSON else TIME
    return Receipt(
        batch=entry.batch,
        name=entry.name,
        state=entry.state,
        service=entry.service,
        dataset=entry.dataset or None,
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
        needs=usual if needs is None else needs,
        hint=hint,
    )


def turned_down(
    content: Content,
    state: str,
    reason: str,
    *,
    needs: str = PERSON,
    hint: str = "",
    replaces: str | None = None,
) -> Receipt:
    """A receipt for what is not sent now, of which the ledger has nothing to remember."""
    return Receipt(
        content.batch, content.name, state, content.service, content.dataset or None, "", content.bytes, content.records,
        content.sha256, "", False, 0.0, replaces=replaces, reason=reason, needs=needs, hint=hint,
    )  # fmt: skip


def write(folder: Folder, receipt: Receipt) -> None:
    """Put `receipt` into the batch folder, unless it lies there already; beside those of other services."""
    try:
        path, old = _place(folder, receipt)
        if old != receipt.as_json():
            write_json(path, receipt.as_json())
    except OSError as error:
        raise PersonNeeded(
            f"{receipt.batch} was sent as upload {receipt.upload_id}, but its receipt cannot be written in {folder}"
            f" ({error.strerror})",
            "Make room there, or allow it to be written to, then run upload again: it writes the receipt and sends nothing.",
        ) from None


def _place(folder: Folder, receipt: Receipt) -> tuple[Folder, object]:
    """Where the receipt of this service lies or may lie, and what lies there."""
    path, number = folder / FILE, 1
    while True:
        old = _read(path)
        if not isinstance(old, dict) or _is_of(old, receipt):
            return path, old
        number += 1
        path = folder / f"receipt_{number:02}.json"


def _is_of(old: dict[str, object], receipt: Receipt) -> bool:
    """Whether a receipt is the former one of the same service; those of 0.1.0 name none, and their upload tells."""
    if "service" not in old:
        return old.get("upload_id") == receipt.upload_id
    return old["service"] == receipt.service


def _read(path: Folder) -> object:
    """What a receipt says; None where there is none or it cannot be understood."""
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None


def earlier_upload(folder: Folder, content: Content, former: str, known: Collection[str | None]) -> str:
    """The upload id under which a receipt in `folder` says that this content was sent to this place, or nothing.

    `former` is the service's name in 0.1.0. Receipts of 0.1.0 do not name the place; they hold for any, but for those of
    uploads that the ledger has as `known`, since it names it.
    """
    for path in in_order(folder.glob("receipt*.json")):
        old = _read(path)
        if not isinstance(old, dict) or old.get("sha256") != content.sha256:
            continue
        upload_id = str(old.get("upload_id") or "")
        if "service" not in old:
            is_here = upload_id not in known
        else:
            is_here = (
                old["service"] in (content.service, former) and (old.get("dataset") or "") == content.dataset
            )
        if is_here:
            return upload_id
    return ""


def exit_code(receipts: Sequence[Receipt]) -> int:
    """0 when all were sent, 5 when trying again later is enough for one, 4 when one needs a person; the first that holds."""
    needs = {receipt.needs for receipt in receipts}
    if TIME in needs:
        return ServiceUnavailable.exit_code
    return PersonNeeded.exit_code if PERSON in needs else 0


def utc_text(at: float, timespec: str = "milliseconds") -> str:
    """A time in Unix seconds as receipts and `status` show it."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec=timespec).replace("+00:00", "Z")


def write_missing(ledger: Ledger) -> None:
    """Write the receipts that a crash left out, right after the ledger had the upload as sent."""
    with ledger.transaction() as connection:
        sent = [Entry(**row) for row in connection.execute(f"{UPLOADS} WHERE u.state = 'sent' ORDER BY b.id")]
    for batch, entries in groupby(sent, key=lambda entry: entry.batch):
        folder, of_batch = ledger.seen_at(batch), list(entries)
        if isinstance(folder, StorePath) and folder.listing is None:
            continue  # that of another folder in a store, which its own commands look after
        if folder.is_dir() and len(list(folder.glob("receipt*.json"))) < len(of_batch):
            for entry in of_batch:
                if not _is_written(folder, entry):
                    write(folder, of_entry(entry))


def _is_written(folder: Folder, entry: Entry) -> bool:
    """Whether a receipt of this very upload lies in the folder."""
    for path in folder.glob("receipt*.json"):
        old = _read(path)
        if isinstance(old, dict):
            found = (old.get("service", entry.service), old.get("upload_id"), old.get("sha256"))
            if found == (entry.service, entry.upload_id, entry.sha256):
                return True
    return False
