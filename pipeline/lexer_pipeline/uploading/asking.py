"""One request for permission: what stands in its way, the question, and what follows the answer.

What was sent, refused or is in doubt stays so in the ledger until a new permission is there, so that a request that comes to
nothing forgets nothing.
"""

from msgspec.structs import replace

from lexer_pipeline.model import Receipt
from lexer_pipeline.outbox.entry import ENDED, UNDER_WAY, BatchEntry, BatchState, Entry, State
from lexer_pipeline.outbox.order import Kind, Obstacle
from lexer_pipeline.uploading import next_steps, receipts
from lexer_pipeline.uploading.context import UploadContext
from lexer_pipeline.uploading.outcome import ANEW, GOES_ON, NO_PERMIT, Outcome, end
from lexer_pipeline.uploading.outgoing import OutgoingFile
from lexer_pipeline.uploading.permit import Grant, Refusal
from lexer_pipeline.uploading.policy import TABLE, Do, Event, name_permit

NO_ENTRY = "the service refused the token or this machine's address"


def ask(file: OutgoingFile, entry: Entry, context: UploadContext) -> Outcome | Receipt:
    """Ask for permission once; a receipt where that must not be, or is of no use."""
    context.pause(context.ledger.pace())
    if context.barred.is_set():
        return unsent(entry, f"{NO_ENTRY}, so the whole run was stopped", receipts.PERSON)
    if context.halted():
        return unsent(entry, f"interrupted; {GOES_ON}", receipts.TIME)
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
        return Outcome(_granted(entry, answer, step.state, str(event), context), step)
    reason = _words(event, answer)
    if entry.state not in ENDED:
        entry = context.ledger.move(entry, step.state, str(event), **NO_PERMIT, reason=reason)
    return Outcome(replace(entry, reason=reason), step, answer.retry_after)


def _granted(entry: Entry, answer: Grant, state: State, what: str, context: UploadContext) -> Entry:
    expires_at = answer.expires_at
    if expires_at is not None and expires_at <= context.runtime.clock():
        expires_at = None  # who gives it thinks otherwise, so our clock is no judge of it
    before = (
        {**ANEW, "started_at": context.runtime.clock()}
        if entry.state in ENDED
        else {**NO_PERMIT, "reason": ""}
    )
    permit = {
        "upload_id": answer.upload_id,
        "url": context.seal.close(answer.url) if context.seal else answer.url,
        "expires_at": expires_at,
    }
    return context.ledger.move(entry, state, what, **{**before, **permit})


def unsent(entry: Entry, reason: str, needs: str, hint: str = "") -> Receipt:
    """The receipt of an upload that goes no further now; one that was sent before says that it was not sent again."""
    if entry.state == State.SENT:
        reason = f"was not sent again: {reason}"
    return replace(receipts.of_entry(entry), reason=reason, needs=needs, hint=hint)


def _words(event: Event, refusal: Refusal) -> str:
    what = NO_ENTRY if event is Event.PERMIT_NO_ENTRY else str(event)
    # A status without words, or words that need none: no answer came, or one that was to be a permit.
    status = "" if refusal.words and refusal.status in (0, 200, 201) else str(refusal.status)
    answer = ": ".join(filter(None, (status, refusal.words)))
    return "; ".join(filter(None, (f"{what} ({answer})", refusal.hint)))


def _blocked(file: OutgoingFile, entry: Entry, found: Obstacle, context: UploadContext) -> Receipt:
    """The receipt of a batch that must not be asked for, because of what is there already, or in which order they go."""
    own, other = next_steps.shown(file.folder), next_steps.shown(context.ledger.folder_of(found.batch.folder))
    if found.kind is Kind.NOT_PREPARED:
        return receipts.turned_down(entry, found.batch.state, f"it is {found.batch.state}")
    if found.kind is Kind.CORRECTED:
        return receipts.turned_down(entry, BatchState.SUPERSEDED, f"its correction {other} took its place")
    if found.kind in (Kind.EARLIER, Kind.LATER):
        reason, hint = out_of_order(file.batch, found, own, other, resend=context.options.resend)
        return unsent(entry, reason, receipts.PERSON, hint)
    return _outdone(entry, found, context)


def out_of_order(one: BatchEntry, found: Obstacle, own: str, other: str, *, resend: bool) -> tuple[str, str]:
    """Why a batch does not go now, and the command that goes on, where another of its series stands in the way."""
    if found.kind is Kind.LATER:
        reason = f"is older than {other}, which was sent after this one was made"
        if not one.specification:
            return reason, next_steps.as_is(own, " --older")
        flags = "--resend --older" if resend else "--older"
        return reason, f"{next_steps.COMMAND} upload {flags} {own}, or {next_steps.COMMAND} drop {own}"
    reason = f"goes after {other}, which was made before it and waits"
    if not found.batch.specification:
        return reason, next_steps.as_is(other)
    return reason, f"{next_steps.COMMAND} upload {other} {own}"


def _outdone(entry: Entry, found: Obstacle, context: UploadContext) -> Receipt:
    """The receipt of a batch whose content is or may be at the destination already."""
    rival = found.upload
    assert rival is not None
    who = f"upload {rival.upload_id or '(no id yet)'} ({rival.batch}, {rival.state})"
    if rival.state == State.SENT and rival.sha256 == entry.sha256:
        reason = f"the same content was sent to the same destination as {who}; --resend sends it anew"
        return receipts.of_entry(end(entry, State.REFUSED, reason, context))
    if rival.state in UNDER_WAY:
        return receipts.of_entry(entry, f"waits for {who}: run upload for that one first, or --resend")
    # The ledger does not keep this refusal, since it ends when the other upload is settled.
    reason = f"it may already have arrived as {who}: settle that one first, or --resend"
    hint = next_steps.after(rival.state, context.ledger.folder_of(rival.batch))
    return receipts.turned_down(entry, State.REFUSED, reason, hint=hint)
