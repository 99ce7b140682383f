"""What one act of an upload came to, and how entries of the ledger begin anew or end."""

from collections.abc import Mapping

from msgspec import Struct

from lexer_pipeline.outbox.entry import Entry, State
from lexer_pipeline.uploading.context import UploadContext
from lexer_pipeline.uploading.policy import Step

GOES_ON = "the next upload goes on from here"
NO_PERMIT: Mapping[str, object] = {
    "upload_id": None, "url": None, "expires_at": None, "unanswered": 0, "last_block": 0, "body_bytes": 0,
}  # fmt: skip
ANEW: Mapping[str, object] = {
    **NO_PERMIT, "tries": 0, "denied": 0, "etag": "", "verified": 0, "reason": "", "started_at": None,
}  # fmt: skip


class Outcome(Struct, frozen=True):
    """What one act came to."""

    entry: Entry
    step: Step
    retry_after: str = ""


def end(entry: Entry, state: State, reason: str, context: UploadContext) -> Entry:
    """The entry ended in this state, saying whether an earlier try may have arrived."""
    unanswered = entry.unanswered + entry.last_block
    if unanswered:
        reason = f"{reason}; an earlier try may have arrived as upload {entry.upload_id}"
    return context.ledger.move(entry, state, reason, reason=reason, unanswered=unanswered, last_block=0)
