"""One upload, carried from where the ledger has it to its end, or left as it stands for the next run.

policy.py says what follows each answer, and the ledger remembers each step before it is taken. Whether a
permission has expired is for the store's clock to say, since ours may be wrong: asking it costs no byte of the body.
Ours counts only where the store cannot be reached or does not say why it denies access, and nothing can have landed.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from lexer_pipeline.model import Receipt
from lexer_pipeline.outbox.entry import Entry, State
from lexer_pipeline.outbox.ledger import claim
from lexer_pipeline.uploading import receipts
from lexer_pipeline.uploading.body import Body
from lexer_pipeline.uploading.context import UploadContext
from lexer_pipeline.uploading.options import Progress
from lexer_pipeline.uploading.outgoing import HELD, OutgoingFile
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
from lexer_pipeline.uploading.receipts import NO_ENTRY
from lexer_pipeline.uploading.s3_put import Watch, put
from lexer_pipeline.uploading.transfer import PutResult

GOES_ON = "the next upload goes on from here"
ENDED = frozenset({State.SENT, State.IN_DOUBT, State.REFUSED, State.CHANGED})
NO_PERMIT: Mapping[str, object] = {
    "upload_id": None, "url": None, "expires_at": None, "unanswered": 0, "last_block": 0, "body_bytes": 0,
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
    if file.held and not context.options.even_held:
        reason = "held back: too many of its rows were rejected; mend them, or add --even-held"
        return receipts.turned_down(file.content, HELD, reason)
    if reason := file.flaw():
        return receipts.turned_down(file.content, State.REFUSED, reason)
    with claim(file.folder) as ours:
        entry = context.ledger.begin(file.content)
        if not ours:
            return receipts.of_entry(entry, "another upload is busy with this batch")
        if reason := _lost_ledger(file, entry, context):
            return receipts.turned_down(file.content, State.REFUSED, reason)
        entry = _reopened(entry, context)
        receipt = receipts.of_entry(entry) if entry.state in ENDED else _carry_out(file, entry, context)
        if receipt.state == State.SENT:
            receipts.write(file.folder, receipt)
        return receipt


def _lost_ledger(file: OutgoingFile, entry: Entry, context: UploadContext) -> str:
    """Why a batch that the ledger has just met must not be sent: its folder holds a receipt."""
    is_new = entry.state == State.PREPARED and entry.updated_at == entry.created_at
    if context.options.resend or not is_new or len(context.ledger.find(entry.sha256)) > 1:
        return ""
    earlier = receipts.earlier_upload(file.folder, entry.sha256)
    if not earlier:
        return ""
    return (
        f"its {receipts.FILE} says that it was sent as upload {earlier}, though the ledger does not;"
        " --resend sends it anew"
    )


def _reopened(entry: Entry, context: UploadContext) -> Entry:
    """An ended entry, made ready again where a person said so, or where only the file was in the way."""
    if entry.state not in ENDED:
        return entry
    if context.options.resend:
        return context.ledger.move(entry, State.PREPARED, "to be sent anew, as told", **ANEW)
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
            _wait(answer, failures, context)
    return receipts.of_entry(entry, f"interrupted; {GOES_ON}")


def _wait(answer: _Outcome, failures: int, context: UploadContext) -> None:
    """Wait before the next try, and say so."""
    entry = answer.entry
    retry_after = seconds_of(answer.retry_after, context.runtime.clock())
    seconds = backoff(failures, retry_after, context.runtime.random)
    if context.options.progress is not None:
        context.options.progress(
            Progress(entry.batch, entry.name, 0, entry.bytes, 0.0, None, seconds, entry.reason)
        )
    context.pause(seconds)


def _ask(file: OutgoingFile, entry: Entry, context: UploadContext) -> _Outcome | Receipt:
    context.pause(context.ledger.pace())
    if context.barred.is_set():
        return receipts.of_entry(entry, f"{NO_ENTRY}, so the whole run was stopped")
    if context.halted():
        return receipts.of_entry(entry, f"interrupted; {GOES_ON}")
    entry, rival = context.ledger.ask(entry, resend=context.options.resend)
    if rival is not None:
        return _outdone(entry, rival, context)
    answer = context.service.ask(entry.name, file.record_type)
    event = name_permit(answer)
    step = TABLE[event]
    if step.do is Do.STOP_RUN:
        context.barred.set()
    if isinstance(answer, Grant):
        expires_at = answer.expires_at
        if expires_at is not None and expires_at <= context.runtime.clock():
            expires_at = None  # who gives it thinks otherwise, so our clock is no judge of it
        permit = {"upload_id": answer.upload_id, "url": answer.url, "expires_at": expires_at}
        entry = context.ledger.move(entry, step.state, str(event), **{**NO_PERMIT, **permit, "reason": ""})
        return _Outcome(entry, step)
    reason = _refusal_words(event, answer)
    entry = context.ledger.move(entry, step.state, str(event), **NO_PERMIT, reason=reason)
    return _Outcome(entry, step, answer.retry_after)


def _refusal_words(event: Event, refusal: Refusal) -> str:
    what = NO_ENTRY if event is Event.PERMIT_NO_ENTRY else str(event)
    remedy = "when that is mended, --resend asks anew" if event is Event.PERMIT_REFUSED else ""
    # A status without words, or words that need none: no answer came, or one that was to be a permit.
    status = "" if refusal.words and refusal.status in (0, 200, 201) else str(refusal.status)
    answer = ": ".join(filter(None, (status, refusal.words)))
    return "; ".join(filter(None, (f"{what} ({answer})", refusal.hint, remedy)))


def _outdone(entry: Entry, rival: Entry, context: UploadContext) -> Receipt:
    """The receipt of a batch that must not be sent, since `rival` is or may be at the destination."""
    who = f"upload {rival.upload_id or '(no id yet)'} ({rival.batch}, {rival.state})"
    if rival.state == State.SENT and rival.sha256 == entry.sha256:
        reason = f"the same content was sent to the same destination as {who}; --resend sends it anew"
        return receipts.of_entry(_end(entry, State.REFUSED, reason, context))
    if rival.state in (State.ASKED, State.GRANTED, State.SENDING):
        return receipts.of_entry(entry, f"waits for {who}: run upload for that one first, or --resend")
    # The ledger does not keep this refusal, since it ends when the other upload is settled.
    reason = f"it may already have arrived as {who}: settle that one first, or --resend"
    return receipts.turned_down(entry, State.REFUSED, reason)


def _put(entry: Entry, body: Body, context: UploadContext) -> _Outcome:
    before = entry.unanswered + entry.last_block
    entry = context.ledger.move(
        entry, State.SENDING, "sending", unanswered=before, last_block=0, tries=entry.tries + 1
    )

    def last_block() -> None:
        nonlocal entry
        entry = context.ledger.move(entry, State.SENDING, "the last block leaves", last_block=1)

    watch = Watch(context.reporter(entry), context.halted, last_block)
    result = put(entry.url or "", body, context.wire, watch)
    ever_sent = before > 0 or entry.body_bytes > 0
    overdue = entry.expires_at is not None and entry.expires_at < context.runtime.clock()
    event = name_put(result, before > 0, ever_sent, entry.denied > 0, overdue)
    step = TABLE[event]
    columns = {
        "unanswered": before + may_have_landed(result),
        "last_block": 0,
        "body_bytes": max(entry.body_bytes, result.bytes_sent),
        "reason": "" if step.state is State.SENT else _put_words(event, result, entry),
        "md5": result.md5 or entry.md5,
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
    answer = " ".join(str(part) for part in (result.status or "", result.code) if part)
    answer = ": ".join(filter(None, (answer, result.detail)))
    words = f"{event} ({answer})" if answer else str(event)
    state = TABLE[event].state
    if state is State.IN_DOUBT:
        return f"{words}; it may have arrived as upload {entry.upload_id}: ask the vendor, or --resend sends it anew"
    if state is State.REFUSED:
        return f"{words}; --resend asks for a new permission"
    if state is State.CHANGED and (entry.unanswered or may_have_landed(result)):
        return f"{words}; an earlier try may have arrived as upload {entry.upload_id}"
    return words


def _end(entry: Entry, state: State, reason: str, context: UploadContext) -> Entry:
    unanswered = entry.unanswered + entry.last_block
    if unanswered:
        reason = f"{reason}; an earlier try may have arrived as upload {entry.upload_id}"
    return context.ledger.move(entry, state, reason, reason=reason, unanswered=unanswered, last_block=0)
