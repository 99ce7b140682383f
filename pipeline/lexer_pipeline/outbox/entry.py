"""What the ledger holds of one upload: what is sent, where to, and how far it is on its way."""

from dataclasses import dataclass, field
from enum import StrEnum


class State(StrEnum):
    """Where an upload stands; the ledger holds one of these for each."""

    PREPARED = "prepared"
    ASKED = "asked"
    GRANTED = "granted"
    SENDING = "sending"
    SENT = "sent"
    IN_DOUBT = "in_doubt"
    REFUSED = "refused"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Content:
    """What is to be sent, under which name, and where to."""

    batch: str
    name: str
    bytes: int
    sha256: str
    records: int | None
    destination: str


@dataclass(frozen=True, slots=True)
class Entry(Content):
    """One upload as the ledger knows it; times are Unix seconds.

    `unanswered` counts the PUTs before this one that may have landed, `last_block` says that this one may have.
    """

    id: int
    state: str
    upload_id: str | None
    md5: str
    url: str | None = field(repr=False)
    expires_at: float | None
    tries: int
    unanswered: int
    last_block: int
    body_bytes: int
    denied: int
    etag: str
    verified: int
    reason: str
    created_at: float
    started_at: float | None
    updated_at: float
