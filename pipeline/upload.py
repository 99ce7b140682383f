"""Send prepared batches so that nothing is lost and nothing is sent twice.

decide.py says what follows each answer, the ledger remembers each step before it is taken; here both are
driven until an upload has ended, or is left as it stands for the next run. Whether a permission has expired
is judged by the store's clock alone, since ours may be wrong: asking it costs no byte of the body.
"""

import hashlib
import json
import random as standard_random
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from pipeline import client
from pipeline.config import Settings
from pipeline.csv_name import csv_name
from pipeline.decide import TABLE, Do, Event, State, Step, backoff, may_have_landed, name_post, name_put
from pipeline.errors import PersonNeeded, SourceError, UsageError
from pipeline.files import hashes, make_folder, write_json
from pipeline.ledger import Content, Entry, Ledger, claim
from pipeline.model import PreparedBatch, Receipt
from pipeline.put import Identity, PutResult, Wire, put

MAX_BYTES = 5_000_000_000  # the vendor's File Upload API page says 5 GB
RECEIPT = "receipt.json"
NAME = re.compile(r"[A-Za-z0-9_-]{1,180}\.[a-z]{1,10}")
HELD = "held"
ENDED = frozenset({State.SENT, State.IN_DOUBT, State.REFUSED, State.CHANGED})
NEEDS_PERSON = frozenset({State.IN_DOUBT, State.REFUSED, State.CHANGED, HELD})
GOES_ON = "the next upload goes on from here"
NO_ENTRY = "the service refused the token or this machine's address"
NO_PERMISSION: Mapping[str, object] = {
    "upload_id": None, "url": None, "expires_at": None, "unanswered": 0, "body_bytes": 0,
}  # fmt: skip
ANEW: Mapping[str, object] = {
    **NO_PERMISSION, "tries": 0, "denied": 0, "etag": "", "verified": 0, "reason": "", "started_at": None,
}  # fmt: skip


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
class _Job:
    """One file to send, and the folder that takes its receipt."""

    folder: Path
    file: Path
    content: Content
    body: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class _Run:
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


def upload(
    batches: Sequence[PreparedBatch],
    out: Path,
    settings: Settings,
    *,
    resend: bool = False,
    even_held: bool = False,
    parallel: int | None = None,
    clock: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
    random: Callable[[], float] = standard_random.random,
    progress: Callable[[Progress], None] | None = None,
    stop: threading.Event | None = None,
    open_ledger: Callable[[Path, Callable[[], float]], Ledger] = Ledger,
) -> tuple[Receipt, ...]:
    """Send what is prepared, go on with what was interrupted; one receipt for each batch, in order.

    `progress` is called from several threads. After `stop` is set every upload is left as it stands, and the
    next run goes on from there. A ledger that cannot be written stops the run by an exception.
    """
    unique = {batch.path.resolve(): batch for batch in batches}
    wide = max(1, min(parallel or settings.parallel, len(unique)))
    with closing(open_ledger(out, clock)) as ledger:
        run = _run(ledger, settings, wide, resend, clock, sleep, random, progress, stop)
        work: list[Callable[[], Receipt]] = []
        for path, batch in unique.items():
            job = _job(batch, path, out, settings)
            if batch.manifest.state == HELD and not even_held:
                reason = "held back: too many of its rows were rejected; mend them, or add --even-held"
                receipt = _refusal(job, HELD, reason)
                work.append(lambda receipt=receipt: receipt)  # type: ignore[misc]  # binds this loop's value
            else:
                work.append(lambda job=job: _send(job, run))  # type: ignore[misc]
        return _all(work, wide, run)


def as_is(
    path: Path,
    out: Path,
    settings: Settings,
    *,
    descriptor: str | None = None,
    date: str | None = None,
    resend: bool = False,
    clock: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
    random: Callable[[], float] = standard_random.random,
    progress: Callable[[Progress], None] | None = None,
    stop: threading.Event | None = None,
    open_ledger: Callable[[Path, Callable[[], float]], Ledger] = Ledger,
) -> Receipt:
    """Send a CSV that could not be converted, under `{content_descriptor}-{date}-{version}.csv`.

    No dataset is named, since people at the vendor handle such files. The name is remembered with the
    content, so a second run goes on with the same upload. The receipt lies in `out/<name>/`.
    """
    if path.suffix.lower() != ".csv":
        raise UsageError(
            f"{path.name} is not a .csv file", "--as-is is for CSV files that could not be converted"
        )
    try:
        size, (sha256, md5) = path.stat().st_size, hashes(path)
    except OSError as error:
        raise SourceError(f"{path} cannot be read ({error.strerror})") from None
    make_folder(out)
    with closing(open_ledger(out, clock)) as ledger:
        run = _run(ledger, settings, 1, resend, clock, sleep, random, progress, stop)
        destination = _destination(settings, None, None)
        known = [entry for entry in ledger.find(sha256) if entry.destination == destination]
        # A batch of the same content keeps its own entry; only a CSV's name is one to go on with.
        name = next((entry.name for entry in known if entry.name.endswith(".csv")), None)
        if name is None and 0 < size <= MAX_BYTES:
            day = date or datetime.fromtimestamp(clock(), UTC).strftime("%Y%m%d")
            name = csv_name(path, descriptor, day, out, ledger.names())
        if name is None:
            return _refusal(_csv_job(path, path.parent, path.name, size, sha256, md5, destination), State.REFUSED,
                            _size_refusal(size))  # fmt: skip
        folder = out / name.removesuffix(".csv")
        make_folder(folder)
        job = _csv_job(path, folder, name, size, sha256, md5, destination)
        return _all([lambda: _send(job, run)], 1, run)[0]


def exit_code(receipts: Sequence[Receipt]) -> int:
    """0 when all were sent, 4 when one needs a person, else 5: trying again later is enough."""
    if any(receipt.state in NEEDS_PERSON or receipt.reason.startswith(NO_ENTRY) for receipt in receipts):
        return PersonNeeded.exit_code
    return 0 if all(receipt.state == State.SENT for receipt in receipts) else 5


def _run(
    ledger: Ledger,
    settings: Settings,
    wide: int,
    resend: bool,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
    random: Callable[[], float],
    progress: Callable[[Progress], None] | None,
    stop: threading.Event | None,
) -> _Run:
    if settings.token is None:
        raise UsageError(
            "there is no upload token",
            "put it into LEXER_UPLOAD_API_TOKEN (Hub > Manage > Integrations > API Tokens, type Activity)",
        )
    wire = Wire(
        settings.connect_timeout,
        settings.stall_timeout,
        settings.answer_timeout,
        max(1, settings.limit_rate // wide) if settings.limit_rate else None,
        settings.proxy,
        settings.ca_file,
    )
    secret = settings.token.secret
    return _Run(
        ledger, settings, secret, wire, resend, clock, sleep, random, progress, stop or threading.Event()
    )


def _all(work: Sequence[Callable[[], Receipt]], wide: int, run: _Run) -> tuple[Receipt, ...]:
    """The receipts of all; the first exception stops the others where it is safe, then goes on its way."""
    with ThreadPoolExecutor(wide) as pool:
        futures: list[Future[Receipt]] = [pool.submit(one) for one in work]
        try:
            done, _ = wait(futures, return_when=FIRST_EXCEPTION)
            for future in done:
                future.result()
            return tuple(future.result() for future in futures)
        except BaseException:
            run.halt.set()
            pool.shutdown(cancel_futures=True)
            raise


def _destination(settings: Settings, dataset: str | None, record_type: str | None) -> str:
    return f"{settings.host} dataset={dataset} type={record_type}" if dataset else settings.host


def _job(batch: PreparedBatch, path: Path, out: Path, settings: Settings) -> _Job:
    manifest = batch.manifest
    dataset = settings.dataset_for(manifest.record_type)
    inside = path.is_relative_to(out.resolve())
    content = Content(
        batch=str(path.relative_to(out.resolve()) if inside else path),
        name=manifest.file,
        bytes=manifest.bytes,
        sha256=manifest.sha256,
        md5=manifest.md5,
        records=manifest.records,
        destination=_destination(settings, dataset, manifest.record_type),
    )
    return _Job(
        path, path / manifest.file, content, client.body(manifest.file, dataset, manifest.record_type)
    )


def _csv_job(path: Path, folder: Path, name: str, size: int, sha256: str, md5: str, destination: str) -> _Job:
    content = Content(name.removesuffix(".csv"), name, size, sha256, md5, None, destination)
    return _Job(folder, path, content, client.body(name, None, None))


def _size_refusal(size: int) -> str:
    if size == 0:
        return "the file is empty"
    return f"the file has {size} bytes; at most {MAX_BYTES} can be sent" if size > MAX_BYTES else ""


def _refusal(job: _Job, state: str, reason: str) -> Receipt:
    """A receipt for what was turned down before anything was asked; the ledger has nothing to remember."""
    content = job.content
    return Receipt(
        content.batch, content.name, state, "", content.bytes, content.records, content.sha256, "", False, 0.0,
        reason=reason,
    )  # fmt: skip


def _send(job: _Job, run: _Run) -> Receipt:
    """One upload from where the ledger has it to its end, or as far as it gets."""
    reason = _size_refusal(job.content.bytes)
    if not NAME.fullmatch(job.content.name):
        reason = "the file's name has characters that an upload may not have"
    if reason:
        return _refusal(job, State.REFUSED, reason)
    with claim(job.folder) as ours:
        entry = run.ledger.begin(job.content)
        if not ours:
            return _receipt(entry, "another upload is busy with this batch")
        if reason := _lost_ledger(job, entry, run):
            return _refusal(job, State.REFUSED, reason)
        entry = _reopened(entry, run)
        receipt = _receipt(entry) if entry.state in ENDED else _drive(job, entry, run)
        if receipt.state == State.SENT:
            _write_receipt(job, receipt)
        return receipt


def _lost_ledger(job: _Job, entry: Entry, run: _Run) -> str:
    """Why a batch that the ledger has just met must not be sent: its folder holds a receipt."""
    if run.resend or entry.updated_at != entry.created_at or len(run.ledger.find(entry.sha256)) > 1:
        return ""
    try:
        old = json.loads((job.folder / RECEIPT).read_bytes())
        same = old["sha256"] == entry.sha256
        upload_id = str(old["upload_id"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    if not same:
        return ""
    return f"its {RECEIPT} says that it was sent as upload {upload_id}, though the ledger does not; --resend sends it anew"


def _reopened(entry: Entry, run: _Run) -> Entry:
    """An ended entry, made ready again where a person said so, or where only the file was in the way."""
    if entry.state not in ENDED:
        return entry
    if run.resend:
        return run.ledger.move(entry, State.PREPARED, "to be sent anew, as told", **ANEW)
    if entry.state == State.CHANGED and entry.upload_id is None:
        return run.ledger.move(entry, State.PREPARED, "the file is looked at again", **ANEW)
    return entry


def _drive(job: _Job, entry: Entry, run: _Run) -> Receipt:
    identity: Identity | None = None
    failures = 0
    while not run.halted():
        if (identity := _unchanged(job, identity)) is None:
            return _receipt(_end(entry, State.CHANGED, str(Event.FILE_CHANGED), run))
        unasked = entry.state in (State.PREPARED, State.ASKED)
        answer = _ask(job, entry, run) if unasked else _put(job, entry, identity, run)
        if isinstance(answer, Receipt):
            return answer
        entry, step = answer.entry, answer.step
        if step.do in (Do.END, Do.STOP_RUN):
            return _receipt(entry)
        if step.do is Do.GO_ON:
            continue
        failures += 1
        if failures >= run.settings.tries:
            return _receipt(entry, f"{entry.reason}; gave up after {failures} tries, {GOES_ON}")
        if step.wait:
            retry_after = client.seconds_of(answer.retry_after, run.clock())
            run.pause(backoff(failures, retry_after, run.random))
    return _receipt(entry, f"interrupted; {GOES_ON}")


def _ask(job: _Job, entry: Entry, run: _Run) -> _Outcome | Receipt:
    run.pause(run.ledger.pace())
    if run.barred.is_set():
        return _receipt(entry, f"{NO_ENTRY}, so the whole run was stopped")
    if run.halted():
        return _receipt(entry, f"interrupted; {GOES_ON}")
    entry, rival = run.ledger.ask(entry, resend=run.resend)
    if rival is not None:
        return _outdone(entry, rival, run)
    settings = run.settings
    result = client.ask(
        settings.url,
        run.secret,
        job.body,
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


def _post_words(event: Event, result: client.PostResult) -> str:
    if event is Event.POST_NO_ENTRY:
        return (
            f"{NO_ENTRY} ({result.status}); check the token (type Activity, not revoked) in"
            " LEXER_UPLOAD_API_TOKEN and the IP allow-list in the Hub"
        )
    words = f"{event} ({result.detail or result.status})"
    return f"{words}; when that is mended, --resend asks anew" if event is Event.POST_REFUSED else words


def _outdone(entry: Entry, rival: Entry, run: _Run) -> Receipt:
    """The receipt of a batch that must not be sent, since `rival` is or may be at the destination."""
    who = f"upload {rival.upload_id or '(no id yet)'} ({rival.batch}, {rival.state})"
    if rival.state == State.SENT and rival.sha256 == entry.sha256:
        reason = f"the same content was sent to the same destination as {who}; --resend sends it anew"
        return _receipt(_end(entry, State.REFUSED, reason, run))
    if rival.state in (State.ASKED, State.GRANTED, State.SENDING):
        return _receipt(entry, f"waits for {who}: run upload for that one first, or --resend")
    return _refused_for_now(
        entry, f"it may already have arrived as {who}: settle that one first, or --resend"
    )


def _refused_for_now(entry: Entry, reason: str) -> Receipt:
    """A refusal that the ledger does not keep, since it ends when the other upload is settled."""
    return Receipt(
        entry.batch, entry.name, State.REFUSED, "", entry.bytes, entry.records, entry.sha256, "", False, 0.0,
        reason=reason,
    )  # fmt: skip


def _put(job: _Job, entry: Entry, identity: Identity, run: _Run) -> _Outcome:
    before = entry.unanswered
    # Counted as unanswered until the answer is recorded: if we die in between, it was.
    entry = run.ledger.move(entry, State.SENDING, "sending", unanswered=before + 1, tries=entry.tries + 1)
    url, report = entry.url or "", _reporter(job, run)
    result = put(url, job.file, identity, entry.md5, run.wire, progress=report, stop=run.halted)
    ever_sent = before > 0 or entry.body_bytes > 0
    event = name_put(result, entry.md5, before > 0, ever_sent, entry.denied > 0)
    if event is Event.PUT_WRONG_ETAG and _unchanged(job, None) is None:
        event = Event.FILE_CHANGED
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


def _end(entry: Entry, state: State, reason: str, run: _Run) -> Entry:
    if entry.unanswered:
        reason = f"{reason}; an earlier try may have arrived as upload {entry.upload_id}"
    return run.ledger.move(entry, state, reason, reason=reason)


def _unchanged(job: _Job, identity: Identity | None) -> Identity | None:
    """The identity of the file while it is the one that was prepared; it is read only if something moved."""
    try:
        now = Identity.of(job.file)
        if now == identity:
            return now
        if now.size != job.content.bytes:
            return None
        with job.file.open("rb", buffering=0) as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        return now if sha256 == job.content.sha256 and Identity.of(job.file) == now else None
    except OSError:
        return None


def _reporter(job: _Job, run: _Run) -> Callable[[int, int], None]:
    """A callback for one PUT that works out rate and time left, at most ten times a second."""
    tell = run.progress
    if tell is None:
        return lambda *_: None
    start = last = time.monotonic()

    def report(sent: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < 0.1 and sent < total:
            return
        last = now
        rate = sent / max(now - start, 1e-3)
        left = (total - sent) / rate if rate else None
        tell(Progress(job.content.batch, job.content.name, sent, total, rate, left))

    return report


def _receipt(entry: Entry, reason: str | None = None) -> Receipt:
    """The receipt of an entry as it stands; `reason` says why it goes no further, if the entry does not."""
    sent = entry.state == State.SENT
    started = entry.started_at
    return Receipt(
        batch=entry.batch,
        name=entry.name,
        state=entry.state,
        upload_id=entry.upload_id or "",
        bytes=entry.bytes,
        records=entry.records,
        sha256=entry.sha256,
        etag=entry.etag,
        verified=bool(entry.verified),
        seconds=round(entry.updated_at - started, 3) if started else 0.0,
        started_at=_text(started) if started else "",
        finished_at=_text(entry.updated_at) if sent else "",
        reason="" if sent else (entry.reason if reason is None else reason),
    )


def _text(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _write_receipt(job: _Job, receipt: Receipt) -> None:
    path = job.folder / RECEIPT
    try:
        if not path.exists() or json.loads(path.read_bytes()) != receipt.as_json():
            write_json(path, receipt.as_json())
    except (OSError, ValueError) as error:
        raise PersonNeeded(
            f"{receipt.batch} was sent as upload {receipt.upload_id}, but {RECEIPT} cannot be written"
            f" ({type(error).__name__})",
            "mend the folder, then run upload again: it writes the receipt and sends nothing",
        ) from None
