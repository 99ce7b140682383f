"""What an upload would come to, said without asking anybody and without writing anything down."""

from collections.abc import Sequence

from lexer_pipeline.model import Receipt
from lexer_pipeline.outbox import deliveries, order
from lexer_pipeline.outbox.connection import Connection
from lexer_pipeline.outbox.entry import ENDED, BatchEntry, Entry, State
from lexer_pipeline.outbox.order import Kind, Obstacle
from lexer_pipeline.uploading import next_steps, receipts
from lexer_pipeline.uploading.asking import out_of_order
from lexer_pipeline.uploading.context import UploadContext
from lexer_pipeline.uploading.outgoing import OutgoingFile
from lexer_pipeline.uploading.policy import Event


def would_send(files: Sequence[OutgoingFile], context: UploadContext) -> dict[int, Receipt]:
    """By batch id: what would go where and as what, or why it would not; `files` are in the order they were made."""
    found = dict[int, Receipt]()
    for number, file in enumerate(files):
        found[file.batch.id] = _one(file, files[:number], context)
    return found


def _one(file: OutgoingFile, before: Sequence[OutgoingFile], context: UploadContext) -> Receipt:
    content = file.content(context.service.name)
    if reason := file.flaw():
        return receipts.turned_down(content, State.REFUSED, reason, replaces=file.replaces)
    with context.ledger.transaction() as connection:
        last = _last(connection, file.batch, context)
        blocked = _obstacle(connection, file, before, last, context)
    if last is not None and _rests(last, context):
        hint = next_steps.after(last.state, file.folder) if last.state != State.SENT else ""
        return receipts.of_entry(last, hint=hint)
    if file.body(None) is None:
        hint = next_steps.after(State.CHANGED, file.folder)
        return receipts.turned_down(content, State.CHANGED, str(Event.FILE_CHANGED), hint=hint)
    if blocked is not None:
        reason, hint = _words(file, blocked, context)
        state = State.REFUSED if blocked.kind is Kind.THERE else last.state if last else State.PREPARED
        return receipts.turned_down(content, state, reason, hint=hint, replaces=file.replaces)
    what = f"a correction of {file.replaces}" if file.replaces else "a delivery"
    return receipts.turned_down(content, receipts.WOULD_SEND, what, needs="", replaces=file.replaces)


def _last(connection: Connection, one: BatchEntry, context: UploadContext) -> Entry | None:
    service = context.service
    uploads = order.uploads_at(connection, one, service.name, service.former_name) if one.id else []
    return uploads[-1] if uploads else None


def _rests(last: Entry, context: UploadContext) -> bool:
    """Whether an upload has ended and is left alone; a file that changed is looked at again."""
    looked_at_again = last.state == State.CHANGED and not last.unanswered
    return last.state in ENDED and not looked_at_again and not context.options.resend


def _obstacle(
    connection: Connection, file: OutgoingFile, before: Sequence[OutgoingFile], last: Entry | None,
    context: UploadContext,
) -> Obstacle | None:  # fmt: skip
    """What would stand in the way; what goes before it in this run does not."""
    one, name, former = file.batch, context.service.name, context.service.former_name
    if not context.options.resend:
        upload = order.rival(connection, one, name, former, last.id if last is not None else 0)
        if upload is not None:
            return Obstacle(Kind.THERE, deliveries.by_id(connection, upload.batch_id), upload)
        for other in (other.batch for other in before):
            if (other.sha256, other.dataset) == (one.sha256, one.dataset) and other.delivery > one.after:
                return Obstacle(Kind.THERE, other)
    if not one.id:
        return None  # a new file is the newest of its series, and what waits of it is none of this run
    sent_first = {other.batch.id for other in before}
    for earlier in order.series_waiting(connection, one, name, former):
        if earlier.id not in sent_first:
            return Obstacle(Kind.EARLIER, earlier)
    later = None if context.options.older else order.sent_after(connection, one, name, former)
    return Obstacle(Kind.LATER, later) if later is not None else None


def _words(file: OutgoingFile, blocked: Obstacle, context: UploadContext) -> tuple[str, str]:
    own, other = (
        next_steps.shown(folder) for folder in (file.folder, context.ledger.folder_of(blocked.batch.folder))
    )
    if blocked.kind is not Kind.THERE:
        return out_of_order(file.batch, blocked, own, other, resend=context.options.resend)
    if blocked.upload is None:
        return f"the same content goes as {other}", ""
    return f"the same content was sent, or may have been, as {other} ({blocked.upload.state})", ""
