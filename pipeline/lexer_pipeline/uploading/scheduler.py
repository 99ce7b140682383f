"""Send prepared batches so that nothing is lost and nothing is sent twice: which may go, and side by side."""

import random as standard_random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from lexer_pipeline.errors import PersonNeeded, ServiceUnavailable, SourceError, UsageError
from lexer_pipeline.model import PreparedBatch, Receipt
from lexer_pipeline.outbox.entry import Entry, State
from lexer_pipeline.outbox.ledger import Ledger, claim
from lexer_pipeline.outbox.names import csv_name
from lexer_pipeline.system.files import hashes, make_folder
from lexer_pipeline.uploading import job as jobs
from lexer_pipeline.uploading import receipts
from lexer_pipeline.uploading.job import Job
from lexer_pipeline.uploading.settings import Settings
from lexer_pipeline.uploading.transfer import Wire
from lexer_pipeline.uploading.upload import NO_ENTRY, NO_PERMISSION, Progress, Run, drive

HELD = "held"
ENDED = frozenset({State.SENT, State.IN_DOUBT, State.REFUSED, State.CHANGED})
NEEDS_PERSON = frozenset({State.IN_DOUBT, State.REFUSED, State.CHANGED, HELD})
ANEW: Mapping[str, object] = {
    **NO_PERMISSION, "tries": 0, "denied": 0, "etag": "", "verified": 0, "reason": "", "started_at": None,
}  # fmt: skip


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
        for batch in unique.values():
            job = jobs.of_batch(batch, out, settings)
            if batch.manifest.state == HELD and not even_held:
                reason = "held back: too many of its rows were rejected; mend them, or add --even-held"
                receipt = receipts.turned_down(job.content, HELD, reason)
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
    to = jobs.destination(settings, None, None)
    if reason := jobs.size_flaw(size):
        return receipts.turned_down(
            jobs.of_csv(path, path.parent, path.name, size, sha256, md5, to).content, State.REFUSED, reason
        )
    make_folder(out)
    with closing(open_ledger(out, clock)) as ledger:
        run = _run(ledger, settings, 1, resend, clock, sleep, random, progress, stop)
        # A batch of the same content keeps its own entry; only a CSV's name is one to go on with.
        known = [
            one.name for one in ledger.find(sha256) if one.destination == to and one.name.endswith(".csv")
        ]
        day = date or datetime.fromtimestamp(clock(), UTC).strftime("%Y%m%d")
        name = known[0] if known else csv_name(path, descriptor, day, out, ledger.names())
        folder = out / name.removesuffix(".csv")
        make_folder(folder)
        job = jobs.of_csv(path, folder, name, size, sha256, md5, to)
        return _all([lambda: _send(job, run)], 1, run)[0]


def exit_code(receipts: Sequence[Receipt]) -> int:
    """0 when all were sent, 4 when one needs a person, else 5: trying again later is enough."""
    if any(receipt.state in NEEDS_PERSON or receipt.reason.startswith(NO_ENTRY) for receipt in receipts):
        return PersonNeeded.exit_code
    return 0 if all(receipt.state == State.SENT for receipt in receipts) else ServiceUnavailable.exit_code


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
) -> Run:
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
    secret, stop = settings.token.secret, stop or threading.Event()
    return Run(ledger, settings, secret, wire, resend, clock, sleep, random, progress, stop)


def _all(work: Sequence[Callable[[], Receipt]], wide: int, run: Run) -> tuple[Receipt, ...]:
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


def _send(job: Job, run: Run) -> Receipt:
    """One upload from where the ledger has it to its end, or as far as it gets."""
    if reason := job.flaw():
        return receipts.turned_down(job.content, State.REFUSED, reason)
    with claim(job.folder) as ours:
        entry = run.ledger.begin(job.content)
        if not ours:
            return receipts.of_entry(entry, "another upload is busy with this batch")
        if reason := _lost_ledger(job, entry, run):
            return receipts.turned_down(job.content, State.REFUSED, reason)
        entry = _reopened(entry, run)
        receipt = receipts.of_entry(entry) if entry.state in ENDED else drive(job, entry, run)
        if receipt.state == State.SENT:
            receipts.write(job.folder, receipt)
        return receipt


def _lost_ledger(job: Job, entry: Entry, run: Run) -> str:
    """Why a batch that the ledger has just met must not be sent: its folder holds a receipt."""
    is_new = entry.state == State.PREPARED and entry.updated_at == entry.created_at
    if run.resend or not is_new or len(run.ledger.find(entry.sha256)) > 1:
        return ""
    earlier = receipts.earlier_upload(job.folder, entry.sha256)
    if not earlier:
        return ""
    return (
        f"its {receipts.FILE} says that it was sent as upload {earlier}, though the ledger does not;"
        " --resend sends it anew"
    )


def _reopened(entry: Entry, run: Run) -> Entry:
    """An ended entry, made ready again where a person said so, or where only the file was in the way."""
    if entry.state not in ENDED:
        return entry
    if run.resend:
        return run.ledger.move(entry, State.PREPARED, "to be sent anew, as told", **ANEW)
    if entry.state == State.CHANGED and not entry.unanswered:
        return run.ledger.move(entry, State.PREPARED, "the file is looked at again", **ANEW)
    return entry
