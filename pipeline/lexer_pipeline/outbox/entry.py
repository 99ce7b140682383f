"""What the ledger holds: the batches that were made, and of each the uploads to the services it goes to."""

from enum import StrEnum

from msgspec import Struct

from lexer_pipeline.system.hiding import Hiding


class BatchState(StrEnum):
    """What a batch is in itself, whatever became of its uploads."""

    PREPARED = "prepared"
    HELD = "held"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"
    DROPPED = "dropped"


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


# On its way: the next upload goes on with it.
UNDER_WAY = frozenset({State.ASKED, State.GRANTED, State.SENDING})
# Nothing more is done unless a person says so (a file that changed is looked at again).
ENDED = frozenset({State.SENT, State.IN_DOUBT, State.REFUSED, State.CHANGED})


class NewBatch(Struct, frozen=True):
    """A batch to be written into the ledger: one part of a delivery.

    `folder` is from the ledger's folder on where it lies in it, else absolute. `name` is all of the file name before the
    version. `content` tells the delivery from others by what is in all its parts; `series` is what its deliveries of other
    days have in common. An empty `dataset` is none; `made_for` is the one it was made with, for good. `replaces` and `fixes`
    are ids of batches. Content that was sent before the delivery `after` may be sent again. `asides` are the checksums of
    rejects that were written beside it, as JSON. `compared` is the service with which its records were compared, to send what is new
    or changed there alone, and empty where they were not; one that `renews` holds all, so nothing sent before it counts.
    """

    part: int
    folder: str
    file: str
    name: str
    version: str
    specification: str
    record_type: str | None
    series: str
    content: str
    sha256: str
    bytes: int
    records: int | None
    dataset: str
    made_for: str
    state: str
    replaces: int | None = None
    fixes: int | None = None
    after: int = 0
    asides: str = "{}"
    compared: str = ""
    renews: int = 0


class BatchEntry(NewBatch, frozen=True):
    """A batch as the ledger knows it; `delivery` is the id of the first part, `state_before` what was superseded or dropped.

    `purged_at` is when its data was removed; 0 where it never was. Of one that is `hashed` the ledger knows what its records are.
    """

    id: int = 0
    delivery: int = 0
    state_before: str = ""
    seen: int = 0
    made_at: float = 0.0
    purged_at: float = 0.0
    hashed: int = 0


class Offer(Struct, frozen=True):
    """A delivery that wants to be published.

    `first` is the first part of its name with its label, `date` the day in it (where it corrects nothing), `content` what tells it
    from others. `target` is any batch of the delivery that it replaces, `fixes` the batch whose rejects it fixes; where
    `takes_over`, that one's records are among it, and it takes its place. Of that batch `noted` rows were noted as accepted when
    it was read.
    """

    specification: str
    record_type: str | None
    first: str
    date: str
    series: str
    dataset: str
    state: str
    content: str
    parts: int
    target: BatchEntry | None = None
    fixes: BatchEntry | None = None
    takes_over: bool = False
    noted: int = 0
    compared: str = ""
    renews: int = 0


class Content(Hiding, frozen=True):
    """What is to be sent, under which name, and where to; an empty dataset is none."""

    batch: str
    name: str
    bytes: int
    sha256: str
    records: int | None
    service: str
    dataset: str


class Entry(Content, frozen=True):
    """One upload of one batch to one service as the ledger knows it; times are Unix seconds.

    `unanswered` counts the PUTs before this one that may have landed, `last_block` says that this one may have.
    """

    HIDDEN = frozenset({"url"})

    id: int
    batch_id: int
    md5: str
    state: str
    upload_id: str | None
    url: str | None
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
    asked: int
    started_at: float | None
    updated_at: float
