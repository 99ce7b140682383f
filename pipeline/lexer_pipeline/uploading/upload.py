"""One upload, carried from where the ledger has it to its end, or left as it stands for the next run.

policy.py says what follows each answer, and the ledger remembers each step before it is taken. Whether a
permission has expired is judged by the store's clock, since ours may be wrong: asking it costs no byte of the body.
Ours counts only where the store cannot be asked, or does not say why it refuses.
"""

from msgspec.structs import replace

from lexer_pipeline.errors import ServiceUnavailable
from lexer_pipeline.model import Receipt
from lexer_pipeline.outbox.entry import ENDED, Entry, State
from lexer_pipeline.outbox.ledger import uploads_of
from lexer_pipeline.uploading import next_steps, receipts
from lexer_pipeline.uploading.asking import ask, unsent
from lexer_pipeline.uploading.body import Body
from lexer_pipeline.uploading.context import UploadContext
from lexer_pipeline.uploading.options import Progress
from lexer_pipeline.uploading.outcome import ANEW, GOES_ON, Outcome, end
from lexer_pipeline.uploading.outgoing import OutgoingFile
from lexer_pipeline.uploading.policy import Do, Event, backoff, seconds_of
from lexer_pipeline.uploading.putting import send_body


def send_file(file: OutgoingFile, context: UploadContext) -> Receipt:
    """One upload from where the ledger has it to its end, or as far as it gets."""
    content = file.content(context.service.name)
    if reason := file.flaw():
        hint = next_steps.after(State.CHANGED, file.folder)
        return receipts.turned_down(content, State.REFUSED, reason, hint=hint)
    with context.ledger.claim(file.batch.folder) as ours:
        entry = context.ledger.begin(file.batch, context.service.name, context.service.former_name)
        if not ours:
            return receipts.of_entry(entry, "another upload is busy with this batch")
        if reason := _lost_ledger(file, entry, context):
            # Written down, so that those after it in its series do not wait for it.
            entry = end(entry, State.REFUSED, reason, context)
        entry = _reopened(entry, context)
        rests = entry.state in ENDED and not context.options.resend
        receipt = receipts.of_entry(entry) if rests else _carry_out(file, entry, context)
        receipt = replace(receipt, replaces=file.replaces, hint=receipt.hint or _hint(file, receipt))
        if receipt.state == State.SENT and not receipt.reason:
            receipts.write(file.folder, receipt)
        return receipt


def _hint(file: OutgoingFile, receipt: Receipt) -> str:
    return next_steps.after(receipt.state, file.folder) if receipt.needs == receipts.PERSON else ""


def _lost_ledger(file: OutgoingFile, entry: Entry, context: UploadContext) -> str:
    """Why a batch that the ledger has just met must not be sent: its folder holds a receipt."""
    is_new = entry.state == State.PREPARED and entry.updated_at == entry.created_at
    if context.options.resend or not is_new:
        return ""
    with context.ledger.transaction() as connection:
        known = {upload.upload_id for upload in uploads_of(connection, file.batch)}
    earlier = receipts.earlier_upload(file.folder, entry, context.service.former_name, known)
    if not earlier:
        return ""
    return (
        f"its {receipts.FILE} says that it was sent as upload {earlier}, though the ledger does not;"
        " --resend sends it anew"
    )


def _reopened(entry: Entry, context: UploadContext) -> Entry:
    """An ended entry, made ready again where only the file was in the way; what a person asks to be resent, when it is asked for."""
    if entry.state == State.CHANGED and not entry.unanswered:
        return context.ledger.move(entry, State.PREPARED, "the file is looked at again", **ANEW)
    return entry


def _carry_out(file: OutgoingFile, entry: Entry, context: UploadContext) -> Receipt:
    """Act, record, decide, until the upload has ended or goes no further for now."""
    body: Body | None = None
    failures = 0
    while not context.halted():
        try:
            body = file.body(body)
        except ServiceUnavailable as problem:
            return unsent(entry, f"its file cannot be read now: {problem.message}", receipts.TIME)
        if body is None:
            return _changed(entry, context)
        # What has ended is here to be resent, which begins with a new permission.
        unasked = entry.state in (State.PREPARED, State.ASKED, *ENDED)
        answer = ask(file, entry, context) if unasked else send_body(entry, body, context)
        if isinstance(answer, Receipt):
            return answer
        entry, step = answer.entry, answer.step
        if step.do is Do.STOP_RUN:
            return unsent(entry, entry.reason, receipts.PERSON)
        if step.do is Do.END:
            return unsent(entry, entry.reason, receipts.PERSON) if unasked else receipts.of_entry(entry)
        if step.do is Do.GO_ON:
            continue
        failures += 1
        if failures >= context.tries:
            reason = (
                f"{entry.reason}; gave up after {failures} {'try' if failures == 1 else 'tries'}, {GOES_ON}"
            )
            return unsent(entry, reason, receipts.TIME)
        if step.wait:
            _wait(answer, failures, context)
    return unsent(entry, f"interrupted; {GOES_ON}", receipts.TIME)


def _changed(entry: Entry, context: UploadContext) -> Receipt:
    """The receipt of an upload whose file is not the one that was prepared."""
    if entry.state in ENDED:
        return unsent(entry, str(Event.FILE_CHANGED), receipts.PERSON)
    return receipts.of_entry(end(entry, State.CHANGED, str(Event.FILE_CHANGED), context))


def _wait(answer: Outcome, failures: int, context: UploadContext) -> None:
    """Wait before the next try, and say so."""
    entry = answer.entry
    retry_after = seconds_of(answer.retry_after, context.runtime.clock())
    seconds = backoff(failures, retry_after, context.runtime.random)
    if context.options.progress is not None:
        context.options.progress(
            Progress(entry.batch, entry.name, 0, entry.bytes, 0.0, None, seconds, entry.reason)
        )
    context.pause(seconds)
