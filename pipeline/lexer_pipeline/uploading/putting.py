"""One PUT: recorded before it begins and before its last block leaves, and what follows the answer."""

from lexer_pipeline.outbox.entry import Entry, State
from lexer_pipeline.uploading.body import Body
from lexer_pipeline.uploading.context import UploadContext
from lexer_pipeline.uploading.outcome import GOES_ON, NO_PERMIT, Outcome
from lexer_pipeline.uploading.policy import TABLE, Do, Event, may_have_landed, name_put
from lexer_pipeline.uploading.s3_put import Watch, put
from lexer_pipeline.uploading.transfer import PutResult

# As if the store had said so: with the token that opened its address, the permission is gone.
OTHER_TOKEN = PutResult(True, 403, expired=True, detail="it was sealed with a token that is no longer used")


def send_body(entry: Entry, body: Body, context: UploadContext) -> Outcome:
    """Send the whole body to the url of the entry once."""
    before = entry.unanswered + entry.last_block
    entry = context.ledger.move(
        entry, State.SENDING, "sending", unanswered=before, last_block=0, tries=entry.tries + 1
    )

    def last_block() -> None:
        nonlocal entry
        entry = context.ledger.move(entry, State.SENDING, "the last block leaves", last_block=1)

    watch = Watch(context.reporter(entry), context.halted, last_block)
    url = context.seal.open(entry.url or "") if context.seal else entry.url or ""
    result = put(url, body, context.wire, watch) if url is not None else OTHER_TOKEN
    ever_sent = before > 0 or entry.body_bytes > 0
    overdue = entry.expires_at is not None and entry.expires_at < context.runtime.clock()
    event = name_put(result, before > 0, ever_sent, entry.denied > 0, overdue)
    step = TABLE[event]
    columns = {
        "unanswered": before + may_have_landed(result),
        "last_block": 0,
        "body_bytes": max(entry.body_bytes, result.bytes_sent),
        "reason": "" if step.state is State.SENT else _words(event, result, entry),
        "md5": result.md5 or entry.md5,
        "etag": result.etag,
        "verified": int(event is Event.PUT_STORED),
    }
    if step.do is Do.NEW:
        columns |= NO_PERMIT
        columns["denied"] = entry.denied + (event is Event.PUT_DENIED)
    if step.state is State.SENT:
        columns["unanswered"] = 0
    return Outcome(context.ledger.move(entry, step.state, str(event), **columns), step, result.retry_after)


def _words(event: Event, result: PutResult, entry: Entry) -> str:
    if result.stopped:
        return f"interrupted; {GOES_ON}"
    answer = " ".join(str(part) for part in (result.status or "", result.code) if part)
    answer = ": ".join(filter(None, (answer, result.detail)))
    words = f"{event} ({answer})" if answer else str(event)
    state = TABLE[event].state
    if state is State.IN_DOUBT:
        return (
            f"{words}; it may have arrived as upload {entry.upload_id}: ask Lexer, or --resend sends it anew"
        )
    if state is State.REFUSED:
        return f"{words}; --resend asks for a new permission"
    if state is State.CHANGED and (entry.unanswered or may_have_landed(result)):
        return f"{words}; an earlier try may have arrived as upload {entry.upload_id}"
    return words
