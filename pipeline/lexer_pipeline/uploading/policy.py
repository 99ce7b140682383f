"""What to do after each answer of the upload service; the table at the end is the rule.

Once the last block may have left under an upload id, only that same url is tried again: the object is overwritten,
never doubled. Before that block nothing can have been stored. A new permission is asked for only while it is certain
that nothing landed.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from enum import StrEnum

from msgspec import Struct

from lexer_pipeline.outbox.entry import State
from lexer_pipeline.uploading.permit import Grant, Refusal
from lexer_pipeline.uploading.transfer import PutResult


class Do(StrEnum):
    """What follows an answer."""

    GO_ON = "go on"
    SAME = "try the same url again"
    NEW = "ask for a new permission"
    STOP_RUN = "stop the whole run"
    END = "end"


class Event(StrEnum):
    """Everything that can come back, named as the table names it."""

    PERMIT_GRANTED = "permission granted"
    PERMIT_UNANSWERED = "no usable answer to the request for permission"
    PERMIT_TOO_MANY = "too many requests for permission"
    PERMIT_NO_ENTRY = "the token or this address was refused"
    PERMIT_REFUSED = "the permission was refused"
    PUT_UNCONNECTED = "the store could not be reached"
    PUT_UNCONNECTED_OVERDUE = "the store could not be reached in the time that the permission gave"
    PUT_UNCONNECTED_AGAIN = "the store could not be reached again"
    PUT_BROKEN = "the connection broke before the whole body was sent"
    PUT_UNANSWERED = "the whole body was sent, no answer came"
    PUT_LATER = "the store asked to try again"
    PUT_WRONG_ETAG = "the store's checksum is not the file's"
    PUT_STORED = "stored, checksum verified"
    PUT_UNVERIFIED = "stored, the store's checksum cannot be compared"
    PUT_EXPIRED = "the permission expired before anything could land"
    PUT_EXPIRED_IN_DOUBT = "the permission expired after a try without an answer"
    PUT_REFUSED = "the store refused the file"
    PUT_REFUSED_IN_DOUBT = "the store refused a repeat after a try without an answer"
    PUT_DENIED = "the store denied access, nothing was ever sent"
    PUT_DENIED_AGAIN = "the store denied access"
    FILE_CHANGED = "the file is not the one that was prepared"


class Step(Struct, frozen=True):
    """One row's right-hand side: the state after, and what to do; `wait` says to back off first."""

    do: Do
    state: State
    wait: bool = False


AGAIN_STATUS = frozenset({408, 429, 500, 502, 503, 504})
AGAIN_CODE = frozenset(
    {"RequestTimeout", "IncompleteBody", "BadDigest", "SlowDown", "InternalError", "OperationAborted"}
)
DENIED = "AccessDenied"
DENIED_FOR_GOOD = frozenset({"SignatureDoesNotMatch", "InvalidAccessKeyId", "HeadersNotSigned"})
MD5 = re.compile(r"[0-9a-fA-F]{32}")


def name_permit(answer: Grant | Refusal) -> Event:
    """Name the answer to a request for permission."""
    if isinstance(answer, Grant):
        return Event.PERMIT_GRANTED
    if answer.status in (401, 403):
        return Event.PERMIT_NO_ENTRY
    if answer.status == 429:
        return Event.PERMIT_TOO_MANY
    return Event.PERMIT_REFUSED if 300 <= answer.status < 500 else Event.PERMIT_UNANSWERED


def name_put(answer: PutResult, unanswered: bool, ever_sent: bool, denied: bool, overdue: bool) -> Event:
    """Name the answer to a PUT, given what earlier PUTs of the same upload id left behind.

    `unanswered`: one of them may have landed. `ever_sent`: a byte left under this id. `denied`: a new
    permission was already tried after an unexplained denial. `overdue`: the url has expired by our own clock,
    which counts only where the store does not say it, and nothing can have landed.
    """
    if not answer.status:
        return _name_silence(answer, unanswered, overdue)
    if 200 <= answer.status < 300:
        return _name_stored(answer)
    if answer.file_changed:
        return Event.FILE_CHANGED
    says_expired = (
        answer.expired and 400 <= answer.status < 500
    )  # a store that failed may have kept the file first
    if says_expired or (overdue and not unanswered and _is_denied(answer)):
        return Event.PUT_EXPIRED_IN_DOUBT if unanswered else Event.PUT_EXPIRED
    if answer.code in AGAIN_CODE or answer.status in AGAIN_STATUS:
        return Event.PUT_LATER
    if answer.status > 504 or answer.status < 200:
        return Event.PUT_LATER
    if unanswered:
        return Event.PUT_REFUSED_IN_DOUBT
    if _is_denied(answer):
        return Event.PUT_DENIED_AGAIN if denied or ever_sent or answer.bytes_sent else Event.PUT_DENIED
    return Event.PUT_REFUSED


def _is_denied(answer: PutResult) -> bool:
    """Whether the store says no without a reason that holds for good; some do so of a url that has expired."""
    if answer.status == 400:
        return answer.code == DENIED
    return answer.status == 403 and answer.code not in DENIED_FOR_GOOD


def _name_silence(answer: PutResult, unanswered: bool, overdue: bool) -> Event:
    if answer.file_changed:
        return Event.FILE_CHANGED
    if not answer.connected:
        if unanswered:
            return Event.PUT_UNCONNECTED_AGAIN
        return Event.PUT_UNCONNECTED_OVERDUE if overdue else Event.PUT_UNCONNECTED
    return Event.PUT_UNANSWERED if answer.whole_body_sent else Event.PUT_BROKEN


def _name_stored(answer: PutResult) -> Event:
    if not answer.whole_body_sent:
        # A server that says yes before it has the body has stored something else.
        return Event.FILE_CHANGED if answer.file_changed else Event.PUT_BROKEN
    if answer.etag.lower() == answer.md5:
        return Event.PUT_STORED
    if answer.file_changed:
        return Event.FILE_CHANGED
    # Under SSE-KMS the ETag has the form of an MD5 and is none (Amazon S3 API reference, Object).
    if answer.encrypted or not MD5.fullmatch(answer.etag):
        return Event.PUT_UNVERIFIED
    return Event.PUT_WRONG_ETAG


def may_have_landed(answer: PutResult) -> bool:
    """Whether this PUT leaves open if an object now lies under its upload id.

    No: the last block never left, or the store said no. Yes: no answer after the last block, a server error after
    it (a gateway cannot know), or a yes with another checksum or to less than the whole.
    """
    if 200 <= answer.status < 300:
        return answer.bytes_sent > 0
    if not answer.whole_body_sent:
        return False
    return answer.status == 0 or (answer.status >= 500 and answer.status != 501)


def backoff(failures: int, retry_after: float | None, random: Callable[[], float]) -> float:
    """Seconds to wait after the n-th failure in a row (from 1): exponential with jitter, 1 to 60 s.

    A Retry-After is waited for in full, up to 300 s, plus up to a second so that several clients part.
    """
    if retry_after is not None:
        return min(max(retry_after, 0.0), 300.0) + random()
    return min(2.0 ** (failures - 1), 40.0) * (1.0 + random() / 2)


def seconds_of(retry_after: str, now: float) -> float | None:
    """A Retry-After value as seconds from `now`: a number, or an HTTP date (RFC 9110, 10.2.3)."""
    if re.fullmatch(r"\d{1,9}(\.\d{1,6})?", retry_after):
        return float(retry_after)
    try:
        date = parsedate_to_datetime(retry_after)
    except (TypeError, ValueError):
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return max(0.0, date.timestamp() - now)


TABLE: Mapping[Event, Step] = {
    Event.PERMIT_GRANTED:       Step(Do.GO_ON, State.GRANTED),
    Event.PERMIT_UNANSWERED:    Step(Do.NEW, State.PREPARED, wait=True),
    Event.PERMIT_TOO_MANY:      Step(Do.NEW, State.PREPARED, wait=True),
    Event.PERMIT_NO_ENTRY:      Step(Do.STOP_RUN, State.PREPARED),
    Event.PERMIT_REFUSED:       Step(Do.END, State.REFUSED),
    Event.PUT_UNCONNECTED:      Step(Do.SAME, State.GRANTED, wait=True),
    Event.PUT_UNCONNECTED_OVERDUE: Step(Do.NEW, State.PREPARED, wait=True),
    Event.PUT_UNCONNECTED_AGAIN: Step(Do.SAME, State.SENDING, wait=True),
    Event.PUT_BROKEN:           Step(Do.SAME, State.SENDING, wait=True),
    Event.PUT_UNANSWERED:       Step(Do.SAME, State.SENDING, wait=True),
    Event.PUT_LATER:            Step(Do.SAME, State.SENDING, wait=True),
    Event.PUT_WRONG_ETAG:       Step(Do.SAME, State.SENDING, wait=True),
    Event.PUT_STORED:           Step(Do.END, State.SENT),
    Event.PUT_UNVERIFIED:       Step(Do.END, State.SENT),
    Event.PUT_EXPIRED:          Step(Do.NEW, State.PREPARED),
    Event.PUT_EXPIRED_IN_DOUBT: Step(Do.END, State.IN_DOUBT),
    Event.PUT_REFUSED:          Step(Do.END, State.REFUSED),
    Event.PUT_REFUSED_IN_DOUBT: Step(Do.END, State.IN_DOUBT),
    Event.PUT_DENIED:           Step(Do.NEW, State.PREPARED),
    Event.PUT_DENIED_AGAIN:     Step(Do.END, State.REFUSED),
    Event.FILE_CHANGED:         Step(Do.END, State.CHANGED),
}  # fmt: skip
