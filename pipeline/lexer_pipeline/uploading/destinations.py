"""Which of the batches at hand may be sent, and to which dataset each goes: settled and written down before the first request."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from lexer_pipeline.errors import UsageError
from lexer_pipeline.model import Receipt
from lexer_pipeline.outbox import deliveries, order
from lexer_pipeline.outbox.batch import MANIFEST, read
from lexer_pipeline.outbox.connection import Connection
from lexer_pipeline.outbox.datasets import check_one_id, dataset_for
from lexer_pipeline.outbox.entry import ENDED, BatchEntry, BatchState, Entry, State
from lexer_pipeline.outbox.ledger import Ledger
from lexer_pipeline.outbox.stored_recovery import being_placed
from lexer_pipeline.system import files
from lexer_pipeline.system.store_path import side_by_side
from lexer_pipeline.system.stores import Folder
from lexer_pipeline.uploading import next_steps, receipts
from lexer_pipeline.uploading.context import UploadContext
from lexer_pipeline.uploading.outcome import end
from lexer_pipeline.uploading.outgoing import OutgoingFile

GONE = "its folder is gone"
PLACING = "another command is just putting it into its place"
PURGED = "its data was purged, so it cannot be sent from here"


class Sorted(Struct, frozen=True):
    """What is to be sent, in the order it was made, and what is not, by batch id, with the reason."""

    files: tuple[OutgoingFile, ...]
    left: dict[int, Receipt]


def sort_out(batches: Sequence[BatchEntry], context: UploadContext) -> Sorted:
    """Part what may be sent from what a person must decide on; batches without a dataset get the one that is named.

    UsageError, and nothing filled, where one dataset would take records of several types.
    """
    ledger, left = context.ledger, dict[int, Receipt]()
    chosen: list[tuple[BatchEntry, list[Entry]]] = []
    with ledger.transaction() as connection:
        for one in batches:
            uploads = order.uploads_at(connection, one, context.service.name, context.service.former_name)
            elsewhere = _compared_elsewhere(one, uploads, context)
            receipt = elsewhere or _left(connection, one, uploads, context)
            if receipt is not None:
                left[one.id] = receipt
            else:
                chosen.append((one, uploads))
        empty = [one for one, uploads in chosen if _may_fill(connection, one, uploads, context)]
        check_one_id([one.record_type for one in empty], context.datasets)
        filled = {one.id: dataset_for(context.datasets, one.record_type) for one in empty}
        outgoing = [
            _outgoing(connection, ledger, replace(one, dataset=filled.get(one.id) or one.dataset))
            for one, _ in chosen
        ]
        if not context.options.dry_run:
            for one in empty:
                deliveries.change(connection, one, dataset=filled[one.id])
    if not context.options.dry_run:
        for one in batches:
            if one.id in left and left[one.id].reason == GONE:
                _mark_as_gone(one, context)
        side_by_side(lambda file: bring_up(file.batch, file.folder), outgoing)
    return Sorted(tuple(sorted(outgoing, key=lambda file: (file.batch.delivery, file.batch.part))), left)


def _mark_as_gone(one: BatchEntry, context: UploadContext) -> None:
    """Write down that a batch's folder is gone, so that those after it in its series do not wait for it.

    What may have arrived stays as it is: made anew, it goes on to the same place, which alone tells whether it had arrived.
    """
    with context.ledger.claim(one.folder) as ours:  # it may lie on another machine, which is sending it
        entry = context.ledger.begin(one, context.service.name, context.service.former_name)
        if ours and entry.state not in ENDED and not _may_have_arrived(entry):
            end(entry, State.CHANGED, GONE, context)


def _may_have_arrived(upload: Entry) -> bool:
    return bool(upload.unanswered or upload.last_block)


def _may_fill(
    connection: Connection, one: BatchEntry, uploads: Sequence[Entry], context: UploadContext
) -> bool:
    """Whether a dataset may be given to this batch: it has none, and none was asked for at this service without one.

    What corrects a batch that this service was asked for goes where that went.
    """
    if one.dataset or one.record_type is None or one.compared:
        return False
    named = context.options.also_there and dataset_for(context.datasets, one.record_type)
    begun = [upload for upload in uploads if _is_begun(upload)]
    if begun:
        return bool(named) and all(upload.state == State.SENT and not upload.dataset for upload in begun)
    service = context.service
    return not order.corrects_what_is_at(connection, one, service.name, service.former_name)


def _is_begun(upload: Entry) -> bool:
    return upload.state != State.PREPARED or upload.upload_id is not None


def _outgoing(connection: Connection, ledger: Ledger, one: BatchEntry) -> OutgoingFile:
    folder = ledger.folder_of(one.folder)
    before = Path(deliveries.by_id(connection, one.replaces).folder).name if one.replaces else None
    return OutgoingFile(folder, folder / one.file, one, before)


def bring_up(one: BatchEntry, folder: Folder) -> None:
    """A manifest that says less than the ledger, since a crash came in between or the dataset is new, is written anew."""
    try:
        there = read(folder).manifest
    except UsageError:
        return  # the upload itself says what is wrong with the folder
    now = replace(there, destination=one.dataset or None, state=one.state)
    if now != there:
        files.write_json(folder / MANIFEST, now.as_json())


# ------------------------------------------------------------------------------------------------- what is left


def _left(
    connection: Connection, one: BatchEntry, uploads: Sequence[Entry], context: UploadContext
) -> Receipt | None:
    """Why a batch is not sent now and needs a person; None where it may be sent, or its upload has ended already."""
    folder = context.ledger.seen_at(one.folder)
    content = OutgoingFile(folder, folder / one.file, one).content(context.service.name)
    last = uploads[-1] if uploads else None
    named = dataset_for(context.datasets, one.record_type)
    goes_on = context.options.also_there and named and not one.dataset and folder.is_dir()
    if last is not None and last.state == State.SENT and not context.options.resend and not goes_on:
        return _sent_elsewhere(last, "" if one.purged_at else named, folder)
    if one.state == BatchState.PREPARED and one.purged_at and not (folder / one.file).is_file():
        state = last.state if last is not None else State.CHANGED
        return receipts.turned_down(content, state, PURGED, hint=next_steps.PURGED)
    if one.state != BatchState.PREPARED:
        reason = _why_held(folder) if one.state == BatchState.HELD else _STATES.get(one.state, "")
        needs = "" if one.state == BatchState.SUPERSEDED else receipts.PERSON
        hint = next_steps.after(one.state, folder)
        return receipts.turned_down(content, one.state, reason, needs=needs, hint=hint)
    correction = deliveries.correction_of(connection, one)
    if correction is not None:
        name = Path(correction.folder).name
        reason = f"its correction {name} took its place"
        return receipts.turned_down(content, BatchState.SUPERSEDED, reason, needs="")
    if one.folder in being_placed(connection):
        return receipts.turned_down(content, State.PREPARED, PLACING, needs=receipts.TIME)
    if one.specification and not folder.is_dir():
        hint = next_steps.after(State.CHANGED, folder)
        state = last.state if last is not None and _may_have_arrived(last) else State.CHANGED
        return receipts.turned_down(content, state, GONE, hint=hint)
    if last is not None and last.state in receipts.NEEDS_PERSON and not context.options.resend:
        return None
    if named and one.dataset and named != one.dataset:
        reason = f"belongs to the dataset {one.dataset}, and {named} was named"
        hint = f"{next_steps.COMMAND} upload --dataset {one.dataset} {next_steps.shown(folder)}"
        return receipts.turned_down(content, last.state if last else State.PREPARED, reason, hint=hint)
    if not one.specification:
        hint = next_steps.as_is(next_steps.shown(folder))
        state = last.state if last else State.PREPARED
        return receipts.turned_down(
            content, state, "a file that is sent as it is goes on when it is named", hint=hint
        )
    return None


def _compared_elsewhere(one: BatchEntry, uploads: Sequence[Entry], context: UploadContext) -> Receipt | None:
    """The receipt of a batch that holds what is new or changed at one destination, where another one is meant."""
    named = dataset_for(context.datasets, one.record_type)
    is_there = one.compared == context.service.name
    if not one.compared or (is_there and (not named or named == one.dataset)):
        return None
    folder = context.ledger.seen_at(one.folder)
    content = OutgoingFile(folder, folder / one.file, one).content(context.service.name)
    other = f"the dataset {one.dataset or '(none)'}, and {named} was named" if is_there else one.compared
    reason = f"holds only what was new or changed beside what was sent to {other}"
    flag = f" --dataset {named}" if is_there else ""
    anew = f"{next_steps.COMMAND} convert SOURCE --changed{flag} makes what is new here"
    hint = f"{anew}; {next_steps.COMMAND} drop {next_steps.shown(folder)} takes this one out of the way"
    state = uploads[-1].state if uploads else State.PREPARED
    return receipts.turned_down(content, state, reason, hint=hint)


def _sent_elsewhere(sent: Entry, named: str, folder: Folder) -> Receipt | None:
    """The receipt of what was sent without a dataset where one is named now, which is another destination; or without its folder."""
    if not named or sent.dataset:
        return None if folder.is_dir() else receipts.of_entry(sent)
    hint = f"{next_steps.COMMAND} upload --dataset {named} {next_steps.shown(folder)} sends it there too"
    return replace(
        receipts.of_entry(sent), reason="was sent without a dataset", needs=receipts.PERSON, hint=hint
    )


def _why_held(folder: Folder) -> str:
    try:
        return f"held back: {'; '.join(read(folder).manifest.held_for) or 'too much of it was rejected'}"
    except UsageError:
        return "held back"


_STATES: Mapping[str, str] = {
    BatchState.REJECTED: "none of its records is valid, so there is nothing to send",
    BatchState.SUPERSEDED: "another batch took its place before it was sent",
    BatchState.DROPPED: "it was dropped; converting its source again makes it anew",
}
