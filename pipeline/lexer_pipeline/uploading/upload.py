"""One upload, carried from where the ledger has it to its end, or left as it stands for the next run.

policy.py says what follows each answer, and the ledger remembers each step before it is taken. Whether a
permission has expired is judged by the store's clock alone, since ours may be wrong: asking it costs no byte of
the body.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from lexer_pipeline.model import Receipt
from lexer_pipeline.outbox.entry import ENDED, UNDER_WAY, BatchState, Entry, State
from lexer_pipeline.outbox.ledger import claim
from lexer_pipeline.outbox.order import Kind, Obstacle
from lexer_pipeline.uploading import next_steps, receipts
from lexer_pipeline.uploading.body import Body
from lexer_pipeline.uploading.context import UploadContext
from lexer_pipeline.uploading.outgoing import OutgoingFile
from lexer_pipeline.uploading.permit import Grant, Refusal
from lexer_pipeline.uploading.policy import (
    TABLE,
    Do,
    Event,
    Step,
    backoff,
    may_have_landed,
    name_permit,
    name_put,
    seconds_of,
)
from lexer_pipeline.uploading.s3_put import put
from lexer_pipeline.uploading.transfer import PutResult

GOES_ON = "the next upload goes on from here"
# How a reason begins where a person is needed although nothing became of the upload itself.
NO_ENTRY = "the service refused the token or this machine's address"
NO_PERMIT: Mapping[str, object] = {
    "upload_id": None, "url": None, "expires_at": None, "unanswered": 0, "body_bytes": 0,
}  # fmt: skip
ANEW: Mapping[str, object] = {
    **NO_PERMIT, "tries": 0, "denied": 0, "etag": "", "verified": 0, "reason": "", "started_at": None,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What one act came to."""

    entry: Entry
    step: Step
    retry_after: str = ""


def send_file(file: OutgoingFile, context: UploadContext) -> Receipt:
    """One upload from where the ledger has it to its end, or as far as it gets."""
    content = file.content(context.service.name)
    if reason := file.flaw():
        hint = next_steps.after(State.CHANGED, file.folder)
        return receipts.turned_down(content, State.REFUSED, reason, hint=hint)
    with claim(file.folder) as ours:
        entry = context.ledger.begin(file.batch, context.service.name, context.service.former_name)
        if not ours:
            return receipts.of_entry(entry, "another upload is busy with this batch")
        if reason := _lost_ledger(file, entry, context):
            hint = next_steps.after(State.REFUSED, file.folder)
            return receipts.turned_down(content, State.REFUSED, reason, hint=hint)
        entry = _reopened(entry, context)
        if entry.state in ENDED:
            receipt = receipts.of_entry(entry)
        else:
            receipt = _carry_out(file, entry, context)
        receipt = replace(receipt, replaces=file.replaces, hint=receipt.hint or _hint(file, receipt))
        if receipt.state == State.SENT:
            receipts.write(file.folder, receipt)
        return receipt


def _hint(file: OutgoingFile, receipt: Receipt) -> str:
    return next_steps.after(receipt.state, file.folder) if receipt.needs == receipts.PERSON else ""


def _lost_ledger(file: OutgoingFile, entry: Entry, context: UploadContext) -> str:
    """Why a batch that the ledger has just met must not be sent: its folder holds a receipt."""
    is_new = entry.state == State.PREPARED and entry.updated_at == entry.created_at
    if context.options.resend or not is_new:
        return ""
    earlier = receipts.earlier_upload(file.folder, entry)
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
        if (body := file.body(body)) is None:
            return receipts.of_entry(_end(entry, State.CHANGED, str(Event.FILE_CHANGED), context))
        unasked = entry.state in (State.PREPARED, State.ASKED)
        answer = _ask(file, entry, context) if unasked else _put(entry, body, context)
        if isinstance(answer, Receipt):
            return answer
        entry, step = answer.entry, answer.step
        if step.do in (Do.END, Do.STOP_RUN):
            return receipts.of_entry(entry)
        if step.do is Do.GO_ON:
            continue
        failures += 1
        if failures >= context.tries:
            return receipts.of_entry(entry, f"{entry.reason}; gave up after {failures} tries, {GOES_ON}")
        if step.wait:
            retry_after = seconds_of(answer.retry_after, context.runtime.clock())
            context.pause(backoff(failures, retry_after, context.runtime.random))
    return receipts.of_entry(entry, f"interrupted; {GOES_ON}")


def _ask(file: OutgoingFile, entry: Entry, context: UploadContext) -> _Outcome | Receipt:
    context.pause(context.ledger.pace())
    if context.barred.is_set():
        return receipts.of_entry(entry, f"{NO_ENTRY}, so the whole run was stopped")
    if context.halted():
        return receipts.of_entry(entry, f"interrupted; {GOES_ON}")
    options = context.options
    entry, found = context.ledger.ask(
        entry, context.service.former_name, resend=options.resend, older=options.older
    )
    if found is not None:
        return _blocked(file, entry, found, context)
    answer = context.service.ask(entry.name, file.batch.record_type, entry.dataset)
    event = name_permit(answer)
    step = TABLE[event]
    if step.do is Do.STOP_RUN:
        context.barred.set()
    if isinstance(answer, Grant):
        permit = {"upload_id": answer.upload_id, "url": answer.url, "expires_at": answer.expires_at}
        entry = context.ledger.move(entry, step.state, str(event), **{**NO_PERMIT, **permit, "reason": ""})
        return _Outcome(entry, step)
    reason = _refusal_words(event, answer)
    entry = context.ledger.move(entry, step.state, str(event), **NO_PERMIT, reason=reason)
    return _Outcome(entry, step, answer.retry_after)


def _refusal_words(event: Event, refusal: Refusal) -> str:
    what = NO_ENTRY if event is Event.PERMIT_NO_ENTRY else str(event)
    remedy = "when that is mended, --resend asks anew" if event is Event.PERMIT_REFUSED else ""
    return "; ".join(filter(None, (f"{what} ({refusal.words or refusal.status})", refusal.hint, remedy)))


def _blocked(file: OutgoingFile, entry: Entry, found: Obstacle, context: UploadContext) -> Receipt:
    """The receipt of a batch that must not be asked for, because of what is there already, or in which order they go."""
    own, other = next_steps.shown(file.folder), next_steps.shown(context.ledger.folder_of(found.batch.folder))
    if found.kind is Kind.NOT_PREPARED:
        return receipts.turned_down(entry, found.batch.state, f"it is {found.batch.state}")
    if found.kind is Kind.CORRECTED:
        return receipts.turned_down(entry, BatchState.SUPERSEDED, f"its correction {other} took its place")
    if found.kind is Kind.EARLIER:
        hint = f"{next_steps.COMMAND} upload {other} {own}"
        reason = f"goes after {other}, which was made before it and waits"
        return receipts.of_entry(entry, reason, receipts.PERSON, hint)
    if found.kind is Kind.LATER:
        reason = f"is older than {other}, which was sent after this one was made"
        hint = f"{next_steps.COMMAND} upload --older {own}, or {next_steps.COMMAND} drop {own}"
        return receipts.of_entry(entry, reason, receipts.PERSON, hint)
    return _outdone(entry, found, context)


def _outdone(entry: Entry, found: Obstacle, context: UploadContext) -> Receipt:
    """The receipt of a batch whose content is or may be at the destination already."""
    rival = found.upload
    assert rival is not None
    who = f"upload {rival.upload_id or '(no id yet)'} ({rival.batch}, {rival.state})"
    if rival.state == State.SENT and rival.sha256 == entry.sha256:
        reason = f"the same content was sent to the same destination as {who}; --resend sends it anew"
        return receipts.of_entry(_end(entry, State.REFUSED, reason, context))
    if rival.state in UNDER_WAY:
        return receipts.of_entry(entry, f"waits for {who}: run upload for that one first, or --resend")
    # The ledger does not keep this refusal, since it ends when the other upload is settled.
    reason = f"it may already have arrived as {who}: settle that one first, or --resend"
    hint = next_steps.after(rival.state, context.ledger.folder_of(rival.batch))
    return receipts.turned_down(entry, State.REFUSED, reason, hint=hint)


def _put(entry: Entry, body: Body, context: UploadContext) -> _Outcome:
    before = entry.unanswered
    # Counted as unanswered until the answer is recorded: if we die in between, it was.
    entry = context.ledger.move(entry, State.SENDING, "sending", unanswered=before + 1, tries=entry.tries + 1)
    result = put(entry.url or "", body, context.wire, progress=context.reporter(entry), stop=context.halted)
    ever_sent = before > 0 or entry.body_bytes > 0
    overdue = entry.expires_at is not None and entry.expires_at < context.runtime.clock()
    event = name_put(result, entry.md5, before > 0, ever_sent, entry.denied > 0, overdue)
    step = TABLE[event]
    columns = {
        "unanswered": before + may_have_landed(result),
        "body_bytes": max(entry.body_bytes, result.bytes_sent),
        "reason": "" if step.state is State.SENT else _put_words(event, result, entry),
        "etag": result.etag,
        "verified": int(event is Event.PUT_STORED),
    }
    if step.do is Do.NEW:
        columns |= NO_PERMIT
        columns["denied"] = entry.denied + (event is Event.PUT_DENIED)
    if step.state is State.SENT:
        columns["unanswered"] = 0
    return _Outcome(context.ledger.move(entry, step.state, str(event), **columns), step, result.retry_after)


def _put_words(event: Event, result: PutResult, entry: Entry) -> str:
    if result.stopped:
        return f"interrupted; {GOES_ON}"
    answer = " ".join(str(part) for part in (result.status or "", result.code, result.detail) if part)
    words = f"{event} ({answer})" if answer else str(event)
    state = TABLE[event].state
    if state is State.IN_DOUBT:
        return f"{words}; it may have arrived as upload {entry.upload_id}: ask the vendor, or --resend sends it anew"
    if state is State.REFUSED:
        return f"{words}; --resend asks for a new permission"
    if state is State.CHANGED and (entry.unanswered > 1 or may_have_landed(result)):
        return f"{words}; an earlier try may have arrived as upload {entry.upload_id}"
    return words


def _end(entry: Entry, state: State, reason: str, context: UploadContext) -> Entry:
    if entry.unanswered:
        reason = f"{reason}; an earlier try may have arrived as upload {entry.upload_id}"
    return context.ledger.move(entry, state, reason, reason=reason)
