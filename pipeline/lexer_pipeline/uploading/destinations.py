"""Which of the batches at hand may be sent, and to which dataset each goes: settled and written down before the first request."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from sqlite3 import Connection

from lexer_pipeline.errors import UsageError
from lexer_pipeline.model import Receipt
from lexer_pipeline.outbox import deliveries, order
from lexer_pipeline.outbox.batch import MANIFEST, read
from lexer_pipeline.outbox.datasets import check_one_id, dataset_for
from lexer_pipeline.outbox.entry import BatchEntry, BatchState, Entry, State
from lexer_pipeline.outbox.ledger import Ledger
from lexer_pipeline.system import files
from lexer_pipeline.uploading import next_steps, receipts
from lexer_pipeline.uploading.context import UploadContext
from lexer_pipeline.uploading.outgoing import OutgoingFile


@dataclass(frozen=True, slots=True)
class Sorted:
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
            receipt = _left(connection, one, uploads, context)
            if receipt is not None:
                left[one.id] = receipt
            else:
                chosen.append((one, uploads))
        empty = [one for one, uploads in chosen if _may_fill(one, uploads)]
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
        for file in outgoing:
            bring_up(file.batch, file.folder)
    return Sorted(tuple(sorted(outgoing, key=lambda file: (file.batch.delivery, file.batch.part))), left)


def _may_fill(one: BatchEntry, uploads: Sequence[Entry]) -> bool:
    """Whether a dataset may be given to this batch: it has none, and none was asked for at this service without one."""
    return (
        not one.dataset and one.record_type is not None and not any(_is_begun(upload) for upload in uploads)
    )


def _is_begun(upload: Entry) -> bool:
    return upload.state != State.PREPARED or upload.upload_id is not None


def _outgoing(connection: Connection, ledger: Ledger, one: BatchEntry) -> OutgoingFile:
    folder = ledger.folder_of(one.folder)
    before = Path(deliveries.by_id(connection, one.replaces).folder).name if one.replaces else None
    return OutgoingFile(folder, folder / one.file, one, before)


def bring_up(one: BatchEntry, folder: Path) -> None:
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
    folder = context.ledger.folder_of(one.folder)
    content = OutgoingFile(folder, folder / one.file, one).content(context.service.name)
    last = uploads[-1] if uploads else None
    if last is not None and last.state == State.SENT and not context.options.resend:
        return None
    if one.state != BatchState.PREPARED:
        reason = _STATES.get(one.state, "")
        return receipts.turned_down(content, one.state, reason, hint=next_steps.after(one.state, folder))
    correction = deliveries.correction_of(connection, one)
    if correction is not None:
        name = Path(correction.folder).name
        return receipts.turned_down(content, BatchState.SUPERSEDED, f"its correction {name} took its place")
    if last is not None and last.state in receipts.NEEDS_PERSON and not context.options.resend:
        return None
    named = dataset_for(context.datasets, one.record_type)
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
    if not folder.is_dir():
        hint = next_steps.after(State.CHANGED, folder)
        return receipts.turned_down(content, State.CHANGED, "its folder is gone", hint=hint)
    return None


_STATES: Mapping[str, str] = {
    BatchState.HELD: "held back; its manifest and `status` say why",
    BatchState.REJECTED: "none of its records is valid, so there is nothing to send",
    BatchState.SUPERSEDED: "another batch took its place before it was sent",
    BatchState.DROPPED: "it was dropped; converting its source again makes it anew",
}
