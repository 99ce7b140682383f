"""run: convert, then upload; of files, or of a job of pipeline.toml."""

import argparse
from collections.abc import Sequence

from lexer_pipeline.cli import asked as given
from lexer_pipeline.cli import job_run, show_sent
from lexer_pipeline.cli.answers import print_json
from lexer_pipeline.cli.commands import convert, validate
from lexer_pipeline.cli.console import console_for, say
from lexer_pipeline.cli.exits import DATA, DONE, INTERRUPTED
from lexer_pipeline.cli.job_run import Made, Read
from lexer_pipeline.cli.sending import stopping, tell_receipts, watched_uploads
from lexer_pipeline.errors import UsageError
from lexer_pipeline.model import Receipt
from lexer_pipeline.outbox.batch import PreparedBatch
from lexer_pipeline.system import stores
from lexer_pipeline.system.runtime import Runtime
from lexer_pipeline.system.stores import Folder
from lexer_pipeline.uploading.options import UploadOptions
from lexer_pipeline.uploading.receipts import exit_code
from lexer_pipeline.uploading.send import upload
from lexer_pipeline.uploading.settings import Settings


def run(asked: argparse.Namespace) -> int:
    """Prepare batches, and send those that may be sent, after what waits of their series."""
    if asked.refusal is not None:
        raise asked.refusal
    if asked.list:
        return job_run.show_jobs(asked)
    if not asked.sources and asked.settings_of_job is None:
        raise UsageError(
            "run: there is no SOURCE and no job",
            "See lexer-pipeline run --help; lexer-pipeline run --list shows the jobs.",
        )
    settings = given.settings(asked, to_send=not asked.dry_run)
    if settings.token is None and not asked.dry_run:
        raise UsageError(
            "there is no upload token",
            "Type lexer-pipeline login, or put it into LEXER_UPLOAD_API_TOKEN; or use convert.",
        )
    if asked.dry_run:
        return _looked_at(asked, job_run.what_to_read(asked, settings))
    with job_run.by_itself(asked, settings):
        read = job_run.what_to_read(asked, settings)
        made = job_run.prepared(asked, read)
        receipts, interrupted = _sent(asked, settings, made)
    return _ended(asked, read, made, receipts, interrupted)


def _looked_at(asked: argparse.Namespace, read: Read) -> int:
    """What would become of the files, with nothing made of them; DATA where a batch would be held or rejected."""
    if read.problem is not None:
        raise read.problem
    reports = [validate.checked(job_run.of_group(asked, group)) for group in read.groups]
    if asked.json:
        print_json({"sources": [source.as_json() for report in reports for source in report.sources]})
    held = [line for report in reports for line in job_run.too_many_rejects(report, asked.max_invalid)]
    for line in held:
        say(console_for(asked), line)
    are_good = not held and all(one.is_good for report in reports for one in report.verdicts)
    return DONE if are_good else DATA


def _folders(ready: Sequence[PreparedBatch | Folder]) -> list[Folder]:
    return [one.path if isinstance(one, PreparedBatch) else one for one in ready]


def _sent(asked: argparse.Namespace, settings: Settings, made: Made) -> tuple[tuple[Receipt, ...], bool]:
    """Send what is ready; what became of each, and whether a person ended it."""
    ready = list(dict.fromkeys([*_folders(made.ready), *made.waiting]))
    if not ready:
        return (), False
    with stopping(asked.log) as stop, watched_uploads(asked) as progress:
        options = UploadOptions(asked.resend, asked.older, earlier=True, progress=progress)
        receipts = upload(ready, asked.out, settings, options, Runtime(stop=stop.is_set))
    tell_receipts(asked.log, receipts)
    show_sent.receipts(console_for(asked), receipts, stores.folder(asked.out))
    show_sent.later(console_for(asked), receipts, given.address_source())
    return receipts, stop.is_set()


def _ended(
    asked: argparse.Namespace, read: Read, made: Made, receipts: tuple[Receipt, ...], interrupted: bool
) -> int:
    if asked.json:
        batches = [batch.as_json() for report in made.reports for batch in report.batches]
        answer = {"batches": batches, "uploads": [receipt.as_json() for receipt in receipts]}
        print_json(answer | job_run.as_json(asked, read, made))
    if interrupted:
        return INTERRUPTED
    if made.problem is not None:
        return made.problem.exit_code
    worst = max((convert.exit_code(report) for report in made.reports), default=DONE)
    return exit_code(receipts) or worst
