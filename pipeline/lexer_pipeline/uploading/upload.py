"""One upload, driven from where the ledger has it to its end, or left as it stands for the next run.

policy.py says what follows each answer, and the ledger remembers each step before it is taken. Whether a
permission has expired is judged by the store's clock alone, since ours may be wrong: asking it costs no byte of
the body.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from lexer_pipeline.model import Receipt
from lexer_pipeline.outbox.entry import Entry, State
from lexer_pipeline.outbox.ledger import Ledger
from lexer_pipeline.uploading import api, receipts
from lexer_pipeline.uploading.body import Body
from lexer_pipeline.uploading.job import Job
from lexer_pipeline.uploading.policy import (
    TABLE,
    Do,
    Event,
    Step,
    backoff,
    may_have_landed,
    name_post,
    name_put,
)
from lexer_pipeline.uploading.s3_put import put
from lexer_pipeline.uploading.settings import Settings
from lexer_pipeline.uploading.transfer import PutResult, Wire

GOES_ON = "the next upload goes on from here"
NO_ENTRY = "the service refused the token or this machine's address"
NO_PERMISSION: Mapping[str, object] = {
    "upload_id": None, "url": None, "expires_at": None, "unanswered": 0, "body_bytes": 0,
}  # fmt: skip
OFTEN = 0.1  # seconds between two words of progress


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one upload is; `rate` in bytes a second over this try, `left` in seconds where it is known."""

    batch: str
    name: str
    sent: int
    total: int
    rate: float
    left: float | None


@dataclass(frozen=True, slots=True)
class Run:
    """What the uploads of one run share."""

    ledger: Ledger
    settings: Settings
    secret: str = field(repr=False)
    wire: Wire
    resend: bool
    clock: Callable[[], float]
    sleep: Callable[[float], None]
    random: Callable[[], float]
    progress: Callable[[Progress], None] | None
    stop: threading.Event
    halt: threading.Event = field(default_factory=threading.Event)
    barred: threading.Event = field(default_factory=threading.Event)

    def halted(self) -> bool:
        """Whether to leave everything as it stands."""
        return self.stop.is_set() or self.halt.is_set()

    def pause(self, seconds: float) -> None:
        """Wait, in slices, so that a stop is heard."""
        while seconds > 0 and not self.halted():
            self.sleep(min(seconds, 0.5))
            seconds -= 0.5


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What one act came to."""

    entry: Entry
    step: Step
    retry_after: str = ""


def drive(job: Job, entry: Entry, run: Run) -> Receipt:
    """Act, record, decide, until the upload has ended or goes no further for now."""
    body: Body | None = None
    failures = 0
    while not run.halted():
        if (body := job.look(body)) is None:
            return receipts.of_entry(_end(entry, State.CHANGED, str(Event.FILE_CHANGED), run))
        unasked = entry.state in (State.PREPARED, State.ASKED)
        answer = _ask(job, entry, run) if unasked else _put(entry, body, run)
        if isinstance(answer, Receipt):
            return answer
        entry, step = answer.entry, answer.step
        if step.do in (Do.END, Do.STOP_RUN):
            return receipts.of_entry(entry)
        if step.do is Do.GO_ON:
            continue
        failures += 1
        if failures >= run.settings.tries:
            return receipts.of_entry(entry, f"{entry.reason}; gave up after {failures} tries, {GOES_ON}")
        if step.wait:
            retry_after = api.seconds_of(answer.retry_after, run.clock())
            run.pause(backoff(failures, retry_after, run.random))
    return receipts.of_entry(entry, f"interrupted; {GOES_ON}")


def _ask(job: Job, entry: Entry, run: Run) -> _Outcome | Receipt:
    run.pause(run.ledger.pace())
    if run.barred.is_set():
        return receipts.of_entry(entry, f"{NO_ENTRY}, so the whole run was stopped")
    if run.halted():
        return receipts.of_entry(entry, f"interrupted; {GOES_ON}")
    entry, rival = run.ledger.ask(entry, resend=run.resend)
    if rival is not None:
        return _outdone(entry, rival, run)
    settings = run.settings
    result = api.ask(
        settings.url,
        run.secret,
        job.request,
        connect_timeout=settings.connect_timeout,
        answer_timeout=settings.answer_timeout,
        proxy=settings.proxy,
        ca_file=settings.ca_file,
    )
    event = name_post(result.status, result.grant is not None)
    step = TABLE[event]
    if step.do is Do.STOP_RUN:
        run.barred.set()
    columns: dict[str, object] = {**NO_PERMISSION, "reason": _post_words(event, result)}
    if result.grant is not None and event is Event.POST_GRANTED:
        grant = result.grant
        columns |= {
            "upload_id": grant.upload_id,
            "url": grant.url,
            "expires_at": grant.expires_at,
            "reason": "",
        }
    return _Outcome(run.ledger.move(entry, step.state, str(event), **columns), step, result.retry_after)


def _post_words(event: Event, result: api.PostResult) -> str:
    if event is Event.POST_NO_ENTRY:
        return (
            f"{NO_ENTRY} ({result.status}); check the token (type Activity, not revoked) in"
            " LEXER_UPLOAD_API_TOKEN and the IP allow-list in the Hub"
        )
    words = f"{event} ({result.detail or result.status})"
    return f"{words}; when that is mended, --resend asks anew" if event is Event.POST_REFUSED else words


def _outdone(entry: Entry, rival: Entry, run: Run) -> Receipt:
    """The receipt of a batch that must not be sent, since `rival` is or may be at the destination."""
    who = f"upload {rival.upload_id or '(no id yet)'} ({rival.batch}, {rival.state})"
    if rival.state == State.SENT and rival.sha256 == entry.sha256:
        reason = f"the same content was sent to the same destination as {who}; --resend sends it anew"
        return receipts.of_entry(_end(entry, State.REFUSED, reason, run))
    if rival.state in (State.ASKED, State.GRANTED, State.SENDING):
        return receipts.of_entry(entry, f"waits for {who}: run upload for that one first, or --resend")
    # The ledger does not keep this refusal, since it ends when the other upload is settled.
    reason = f"it may already have arrived as {who}: settle that one first, or --resend"
    return receipts.turned_down(entry, State.REFUSED, reason)


def _put(entry: Entry, body: Body, run: Run) -> _Outcome:
    before = entry.unanswered
    # Counted as unanswered until the answer is recorded: if we die in between, it was.
    entry = run.ledger.move(entry, State.SENDING, "sending", unanswered=before + 1, tries=entry.tries + 1)
    result = put(entry.url or "", body, run.wire, progress=_reporter(entry, run), stop=run.halted)
    ever_sent = before > 0 or entry.body_bytes > 0
    overdue = entry.expires_at is not None and entry.expires_at < run.clock()
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
        columns |= NO_PERMISSION
        columns["denied"] = entry.denied + (event is Event.PUT_DENIED)
    if step.state is State.SENT:
        columns["unanswered"] = 0
    return _Outcome(run.ledger.move(entry, step.state, str(event), **columns), step, result.retry_after)


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


def _end(entry: Entry, state: State, reason: str, run: Run) -> Entry:
    if entry.unanswered:
        reason = f"{reason}; an earlier try may have arrived as upload {entry.upload_id}"
    return run.ledger.move(entry, state, reason, reason=reason)


def _reporter(entry: Entry, run: Run) -> Callable[[int, int], None]:
    """A callback for one PUT that works out rate and time left, at most ten times a second."""
    tell = run.progress
    if tell is None:
        return lambda *_: None
    start = last = time.monotonic()

    def report(sent: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < OFTEN and sent < total:
            return
        last = now
        rate = sent / max(now - start, 1e-3)
        left = (total - sent) / rate if rate else None
        tell(Progress(entry.batch, entry.name, sent, total, rate, left))

    return report
