"""What a person decides about a batch: that it arrived or did not, or that it is to be out of the way."""

from contextlib import ExitStack

from msgspec.structs import replace

from lexer_pipeline.errors import PersonNeeded, UsageError
from lexer_pipeline.model import Receipt
from lexer_pipeline.outbox import deliveries
from lexer_pipeline.outbox.batch import as_named
from lexer_pipeline.outbox.connection import Connection
from lexer_pipeline.outbox.entry import UNDER_WAY, BatchEntry, BatchState, Entry, State
from lexer_pipeline.outbox.ledger import Ledger, uploads_of
from lexer_pipeline.outbox.outbox import opened
from lexer_pipeline.system.hosts import is_loopback
from lexer_pipeline.system.runtime import Runtime
from lexer_pipeline.system.stores import Folder
from lexer_pipeline.uploading import next_steps, receipts
from lexer_pipeline.uploading.destinations import bring_up
from lexer_pipeline.uploading.outcome import ANEW
from lexer_pipeline.uploading.send import entry_of
from lexer_pipeline.uploading.settings import Settings

BY_A_PERSON = "settled by a person"


def settle(
    batch: Folder | str, arrived: bool, out: Folder, settings: Settings, runtime: Runtime = Runtime()
) -> Receipt:
    """End the doubt about a batch: from now on it was sent, or it waits to be sent.

    Where it is in doubt at several services, that of the settings is meant. What may have arrived and can be sent to the
    same url no more is in doubt too, though its store could not be asked, and so is what is gone from here. UsageError where nobody is in doubt.
    """
    with opened(out, runtime, settings.ledger) as ledger:
        receipts.write_missing(ledger)
        one = entry_of(batch, out, ledger)
        folder = ledger.folder_of(one.folder)
        with ExitStack() as claims:
            _claim(claims, one, ledger)
            with ledger.transaction() as connection:
                entry = _doubted(uploads_of(connection, one), folder, settings, ledger.now())
            return _settled(entry, arrived, folder, ledger)


def _settled(entry: Entry, arrived: bool, folder: Folder, ledger: Ledger) -> Receipt:
    if not arrived:
        return receipts.of_entry(ledger.move(entry, State.PREPARED, f"not arrived, {BY_A_PERSON}", **ANEW))
    receipt = receipts.of_entry(
        ledger.move(entry, State.SENT, f"arrived, {BY_A_PERSON}", unanswered=0, last_block=0, reason="")
    )
    if folder.is_dir():
        receipts.write(folder, receipt)
    return receipt


def _doubted(uploads: list[Entry], folder: Folder, settings: Settings, now: float) -> Entry:
    found = [
        upload for upload in uploads if upload.state == State.IN_DOUBT or _is_stranded(upload, folder, now)
    ]
    here = [upload for upload in found if upload.service in (settings.service, settings.former_service)]
    if len(found) == 1 or here:
        return (here or found)[0]
    if found:
        services = ", ".join(upload.service for upload in found)
        raise UsageError(
            f"{next_steps.shown(folder)}: is in doubt at several services: {services}",
            "Name the one that is meant in LEXER_UPLOAD_API_URL.",
        )
    state = uploads[-1].state if uploads else "never asked for"
    raise UsageError(
        f"{next_steps.shown(folder)}: is not in doubt ({state})", "lexer-pipeline status shows what is."
    )


def _is_stranded(upload: Entry, folder: Folder, now: float) -> bool:
    """Whether an upload that may have arrived can be sent to the same url no more, or is gone from here."""
    may_have_landed = upload.state == State.SENDING and (upload.unanswered or upload.last_block)
    is_overdue = upload.expires_at is not None and upload.expires_at < now
    return bool(may_have_landed) and (is_overdue or not folder.is_dir())


def drop(
    batch: Folder | str, out: Folder, settings: Settings = Settings(), runtime: Runtime = Runtime()
) -> tuple[list[Folder], list[Folder]]:
    """Take what waits of a batch's delivery out of the way; (what was dropped, what waits again in place of it).

    What another service than that of the settings has may be dropped, so that this one does not get it too. The folders stay
    where they are, and the ledger keeps what it knows. What was dropped before is passed over. UsageError where all was sent or
    superseded, PersonNeeded while one is being sent or in doubt.
    """
    with opened(out, runtime, settings.ledger) as known:
        receipts.write_missing(known)
        one = entry_of(batch, out, known)
        with known.transaction() as connection:
            parts = [
                (part, uploads_of(connection, part)) for part in deliveries.parts_of(connection, one.delivery)
            ]
        waiting = [(part, uploads) for part, uploads in parts if _may_drop(part, uploads, known, settings)]
        if not waiting and any(part.state != BatchState.DROPPED for part, _ in parts):
            raise UsageError(
                f"{next_steps.shown(known.folder_of(one.folder))}: {_why_not(one, parts)}",
                "There is nothing to drop.",
            )
        with ExitStack() as claims:
            for part, uploads in waiting:
                _claim(claims, part, known)
                for upload in uploads:
                    if upload.state in UNDER_WAY:
                        known.move(upload, State.PREPARED, "dropped", **ANEW)
            with known.transaction() as connection:
                back = [_drop(connection, part) for part, _ in waiting]
        for part, uploads in parts:
            if part.state == BatchState.DROPPED or (part, uploads) in waiting:
                bring_up(replace(part, state=BatchState.DROPPED), known.folder_of(part.folder))
        dropped = [as_named(known.folder_of(part.folder), out) for part, _ in waiting]
        return dropped, [as_named(known.folder_of(part.folder), out) for part in back if part is not None]


def _claim(claims: ExitStack, one: BatchEntry, ledger: Ledger) -> None:
    if not claims.enter_context(ledger.claim(one.folder)):
        folder = ledger.folder_of(one.folder)
        raise PersonNeeded(f"{next_steps.shown(folder)}: is being sent", "Wait for that upload to end.")


def _may_drop(part: BatchEntry, uploads: list[Entry], ledger: Ledger, settings: Settings) -> bool:
    """Whether this part waits in some way; PersonNeeded where it may have arrived."""
    folder = ledger.folder_of(part.folder)
    for upload in uploads:
        if is_loopback(upload.service):
            continue  # the host alone, as 0.1.0 wrote it: no service of today
        if upload.state == State.IN_DOUBT:
            raise PersonNeeded(
                f"{next_steps.shown(folder)}: nobody knows whether it arrived",
                f"{next_steps.after(State.IN_DOUBT, folder)}.",
            )
        if upload.state == State.SENDING and (upload.unanswered or upload.last_block):
            raise PersonNeeded(
                f"{next_steps.shown(folder)}: is on its way and may have arrived",
                f"{next_steps.COMMAND} upload {next_steps.shown(folder)} goes on with it.",
            )
    here = (settings.service, settings.former_service)
    sent = any(upload.state == State.SENT and upload.service in here for upload in uploads)
    return not sent and part.state in (BatchState.PREPARED, BatchState.HELD, BatchState.REJECTED)


def _why_not(one: BatchEntry, parts: list[tuple[BatchEntry, list[Entry]]]) -> str:
    sent = any(upload.state == State.SENT for _, uploads in parts for upload in uploads)
    return "was sent" if sent else f"is {one.state} already"


def _drop(connection: Connection, part: BatchEntry) -> BatchEntry | None:
    deliveries.change(connection, part, state=BatchState.DROPPED, state_before=part.state)
    return deliveries.put_back(connection, part)
