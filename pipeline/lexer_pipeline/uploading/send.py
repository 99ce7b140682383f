"""From prepared batches to receipts: which batches an upload means, and in which order they go."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from lexer_pipeline.errors import UsageError
from lexer_pipeline.model import Receipt
from lexer_pipeline.outbox import batch as stored
from lexer_pipeline.outbox import deliveries, order
from lexer_pipeline.outbox.address import in_database
from lexer_pipeline.outbox.adopt import adopt_one
from lexer_pipeline.outbox.batch import PreparedBatch
from lexer_pipeline.outbox.entry import BatchEntry, Content
from lexer_pipeline.outbox.ledger import Ledger
from lexer_pipeline.outbox.outbox import looked_into, opened
from lexer_pipeline.outbox.stored_recovery import being_placed
from lexer_pipeline.system import stores
from lexer_pipeline.system.runtime import Runtime
from lexer_pipeline.system.stores import Folder
from lexer_pipeline.uploading import receipts
from lexer_pipeline.uploading import settings as config
from lexer_pipeline.uploading.context import UploadContext, context_of
from lexer_pipeline.uploading.destinations import sort_out
from lexer_pipeline.uploading.dry_run import would_send
from lexer_pipeline.uploading.lexer_api import LexerApi
from lexer_pipeline.uploading.options import UploadOptions
from lexer_pipeline.uploading.permit import UploadService
from lexer_pipeline.uploading.scheduler import send_all
from lexer_pipeline.uploading.settings import Settings

BROKEN = "broken"


def upload(
    batches: Sequence[PreparedBatch | Folder | str] | None = None,
    out: Folder | str = "batches",
    settings: Settings | None = None,
    options: UploadOptions = UploadOptions(),
    runtime: Runtime = Runtime(),
) -> tuple[Receipt, ...]:
    """Send prepared batches so that nothing is lost and nothing is sent twice; one receipt for each, in order.

    `batches` are what `prepare` returns, their folders, or the names of these; None means all in the folder `out` that wait to
    be sent, and those that need a person. The ledger remembers each step before it is taken, so calling this again, also
    after a crash, goes on with what was interrupted and leaves alone what was sent. Each batch goes to its own dataset; one
    without gets what the settings name. Without `settings`, those of the environment and of `pipeline.toml` in the working
    folder hold; the token is in LEXER_UPLOAD_API_TOKEN.

        from lexer_pipeline import upload

        for receipt in upload(report.batches):
            receipt.state, receipt.upload_id, receipt.reason

    What network and service do is told by the receipts. `state` is `sent`; or one that needs a person, as `needs` and `hint`
    say; or `prepared`, `asked`, `granted` or `sending`, where the next call goes on. `reason` says why it is not `sent`.

    Raises UsageError where a setting is wrong, there is no token, or a folder holds no batch; PersonNeeded where the
    ledger, a batch folder or a receipt cannot be opened or written; ServiceUnavailable where another process has
    the ledger locked. After any exception, that of a callback too, calling this again is safe.
    """
    out = stores.folder(out)
    settings = config.read(os.environ, Path()) if settings is None else settings
    if batches is None and not stores.is_there(out) and not in_database(settings.ledger):
        raise UsageError(
            f"{out}: there is no such folder",
            "lexer-pipeline convert SOURCE makes it; --out names another one.",
        )
    if batches is not None and not batches:
        return ()
    opening = looked_into if options.dry_run else opened
    with opening(out, runtime, settings.ledger) as ledger:
        receipts.write_missing(ledger)
        service = LexerApi(settings)
        folders = None if batches is None else [_folder(one, out) for one in batches]
        broken = _broken(folders or stored.folders(ledger.seen), ledger)
        if folders is None:
            chosen = _waiting(out, ledger, service)
        else:
            whole = [folder for folder in folders if folder not in broken]
            chosen = _named(whole, out, ledger, service if options.earlier else None)
        context = context_of(settings, service, ledger, options, runtime, len(chosen))
        return (*send_batches(chosen, context), *(_unreadable(folder, service) for folder in broken))


def _folder(one: PreparedBatch | Folder | str, out: Folder) -> Folder:
    return one.path if isinstance(one, PreparedBatch) else stored.folder_named(one, out)


def _broken(folders: Iterable[Folder], ledger: Ledger) -> list[Folder]:
    """The folders that have a manifest which cannot be read, and of which the ledger does not know what they were."""
    with ledger.transaction() as connection:
        known = {folder for (folder,) in connection.execute("SELECT folder FROM batches")}
    unknown = [folder for folder in folders if ledger.text_of(folder) not in known]
    return [folder for folder in unknown if (folder / stored.MANIFEST).is_file() and not _is_whole(folder)]


def _is_whole(folder: Folder) -> bool:
    try:
        stored.read(folder)
    except UsageError:
        return False
    return True


def _unreadable(folder: Folder, service: UploadService) -> Receipt:
    """The receipt of a folder that nobody can make sense of, which stops no other."""
    content = Content(folder.name, "", 0, "", None, service.name, "")
    hint = "convert its source again, then remove this folder"
    return receipts.turned_down(content, BROKEN, f"its {stored.MANIFEST} is broken", hint=hint)


def send_batches(batches: Sequence[BatchEntry], context: UploadContext) -> tuple[Receipt, ...]:
    """Send each of these batches once, wherever it belongs; one receipt for each, in the order they are given."""
    sorted_out = sort_out(list({one.id: one for one in batches}.values()), context)
    if context.options.dry_run:
        found = would_send(sorted_out.files, context)
    else:
        if sorted_out.files:
            context.service.check()
        found = send_all(sorted_out.files, context)
    found |= sorted_out.left
    return tuple(found[number] for number in dict.fromkeys(one.id for one in batches))


def _waiting(out: Folder, ledger: Ledger, service: UploadService) -> list[BatchEntry]:
    """What waits in a folder; what needs a person is among it, so that it is named each time."""
    root = out.resolve()
    with ledger.transaction() as connection:
        found = order.waiting(connection, service.name, service.former_name)
        placing = being_placed(connection)
    return [one for one in found if ledger.seen_at(one.folder).parent == root and one.folder not in placing]


def _named(
    batches: Sequence[Folder], out: Folder, ledger: Ledger, earlier_at: UploadService | None
) -> list[BatchEntry]:
    """The batches that were named, in that order; before each what waits of its series at the service, if one is given."""
    found: list[BatchEntry] = []
    for one in batches:
        entry = entry_of(one, out, ledger)
        if earlier_at is not None:
            with ledger.transaction() as connection:
                found += order.series_waiting(connection, entry, earlier_at.name, earlier_at.former_name)
        found.append(entry)
    return found


def entry_of(word: Folder | str, out: Folder, ledger: Ledger) -> BatchEntry:
    """The batch that a person names by its folder or the name of it; UsageError where there is none."""
    folder = stored.folder_named(word, out)
    found = _in_folder(folder, ledger)
    if found is None:
        stored.read(folder)  # says what is wrong where it is no batch
        found = _in_folder(adopt_one(folder, ledger), ledger)
    if found is None:
        raise UsageError(f"{folder}: is not a prepared batch", "lexer-pipeline status shows the batches.")
    return found


def _in_folder(folder: Folder, ledger: Ledger) -> BatchEntry | None:
    with ledger.transaction() as connection:
        return deliveries.in_folder(connection, ledger.text_of(folder))
