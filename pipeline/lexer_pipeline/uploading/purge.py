"""The data of old batches with which nothing is to be done any more is removed; what they were stays known.

Manifests, receipts and the ledger stay, so nothing is sent twice or named anew. The ledger says that the data is purged before any of
it goes; what a crash leaves of it, the next purge removes.
"""

from msgspec import Struct, to_builtins

from lexer_pipeline.errors import UsageError
from lexer_pipeline.outbox import deliveries, order
from lexer_pipeline.outbox.address import in_database
from lexer_pipeline.outbox.batch import as_named
from lexer_pipeline.outbox.connection import Connection
from lexer_pipeline.outbox.entry import BatchEntry, BatchState
from lexer_pipeline.outbox.found import look
from lexer_pipeline.outbox.ledger import Ledger, uploads_of
from lexer_pipeline.outbox.outbox import looked_into, opened
from lexer_pipeline.outbox.standing import DONE, data_in, remove_data, since, size_of, standing
from lexer_pipeline.system.runtime import Runtime
from lexer_pipeline.system.stores import Folder, is_there
from lexer_pipeline.uploading import receipts
from lexer_pipeline.uploading.destinations import bring_up
from lexer_pipeline.uploading.settings import Settings


class Purged(Struct, frozen=True):
    """A batch whose data goes, or would: where it stands and since when, and the bytes of it."""

    path: str
    state: str
    bytes: int
    updated_at: str

    def as_json(self) -> dict[str, object]:
        """The batch as `purge --json` prints it."""
        told: dict[str, object] = to_builtins(self)
        return told


class Purge(Struct, frozen=True):
    """What data goes, or would, and what stays though it is old.

    `waiting` batches keep theirs, since only a sandbox has them and they wait for `service`; `others` are folders that hold something
    else than the batch that the ledger knows there.
    """

    batches: tuple[Purged, ...]
    waiting: int
    service: str
    others: tuple[Folder, ...]


def purge(
    out: Folder, seconds: float, settings: Settings, *, really: bool = False, runtime: Runtime = Runtime()
) -> Purge:
    """What data in `out` belongs to batches that were sent, dropped, superseded or rejected and are older than this; gone if `really`.

    A batch is as old as its last upload that was sent or, where there is none, as the batch. UsageError where there is no such folder.
    """
    if not is_there(out) and not in_database(settings.ledger):
        raise UsageError(
            f"{out}: there is no such folder",
            "lexer-pipeline convert SOURCE makes it; --out names another one.",
        )
    opening = opened if really else looked_into
    with opening(out, runtime, settings.ledger) as ledger:
        if really:
            receipts.write_missing(ledger)
        before = ledger.now() - seconds
        with ledger.transaction() as connection:
            batches = deliveries.select(connection, "b.specification != ''")
            old = [(one, found) for one in batches if (found := _done(connection, one, before, settings))]
        gone, waiting, others = [], 0, []
        for one, (state, at, waits) in old:
            folder = ledger.seen_at(one.folder)
            data = data_in(folder) if folder.parent == out.resolve() else []
            size, path = sum(map(size_of, data)), as_named(folder, out)
            if data and not _is_its_own(one, folder):
                others.append(path)
            elif data and waits:
                waiting += 1
            elif data and (not really or _purge(one, ledger.folder_of(one.folder), ledger, before, settings)):
                gone.append(Purged(str(path), state, size, receipts.utc_text(at, "seconds")))
        return Purge(tuple(gone), waiting, settings.service, tuple(others))


def _done(
    connection: Connection, one: BatchEntry, before: float, settings: Settings
) -> tuple[str, float, bool] | None:
    """Where a batch stands and since when, if nothing is to be done with its data since before then, unless it waits here."""
    uploads = uploads_of(connection, one)
    state, at = standing(one, uploads), since(one, uploads)
    if state not in DONE or at > before:
        return None
    return state, at, order.waits(connection, one, settings.service, settings.former_service)


def _is_its_own(one: BatchEntry, folder: Folder) -> bool:
    """Whether what lies in a folder is this batch: a person may have put another one there."""
    found = look(folder)
    return found is not None and found.manifest.sha256 == one.sha256


def _purge(one: BatchEntry, folder: Folder, ledger: Ledger, before: float, settings: Settings) -> bool:
    """Whether the data of a batch went; where another command is at it, that comes first."""
    with ledger.claim(one.folder) as ours:
        if not ours:
            return False
        with ledger.transaction() as connection:
            now = deliveries.by_id(connection, one.id)
            found = _done(connection, now, before, settings)
            if found is None or found[2]:
                return False
            # Its rejects cannot be fixed any more, so its name is free, as that of a dropped one.
            is_rejected = now.state == BatchState.REJECTED
            change = {"state": BatchState.DROPPED, "state_before": now.state} if is_rejected else {}
            now = deliveries.change(connection, now, purged_at=ledger.now(), **change)
        # Before its data goes, for without data the next purge passes by the batch.
        bring_up(now, folder)
        remove_data(folder)
    return True
