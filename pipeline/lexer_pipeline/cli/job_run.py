"""A run of several files, one after another: which ones, what became of each, and where it stops."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from lexer_pipeline.cli import asked as given
from lexer_pipeline.cli.answers import print_json
from lexer_pipeline.cli.commands import convert
from lexer_pipeline.cli.console import console_for, say, table
from lexer_pipeline.cli.exits import DONE
from lexer_pipeline.cli.log import WARNING, error
from lexer_pipeline.errors import PipelineError, ServiceUnavailable, SourceError, UsageError
from lexer_pipeline.loading.network import Network
from lexer_pipeline.mapping.conversions.zones import zone_of
from lexer_pipeline.outbox.batch import PreparedBatch
from lexer_pipeline.outbox.entry import BatchState
from lexer_pipeline.preparing.report import Report
from lexer_pipeline.system.addresses import address_of, shown
from lexer_pipeline.system.runtime import Runtime
from lexer_pipeline.system.stores import Folder
from lexer_pipeline.unattended import job_files
from lexer_pipeline.unattended.job_files import JobFiles
from lexer_pipeline.unattended.jobs import Job, jobs_in
from lexer_pipeline.unattended.made_before import alone, files_of
from lexer_pipeline.uploading.settings import FILE, Settings, settings_in

MOST_NAMED = 5  # of the files that are not read again


class Read(Struct, frozen=True):
    """The deliveries that are to be made, each with its files; of a job also what is known of its files."""

    groups: tuple[tuple[str, ...], ...]
    files: JobFiles | None = None
    problem: PipelineError | None = None


class Made(Struct):
    """What a run made: `ready` is what may be sent, `problem` the first file that could not be read.

    `waiting` was made before, and files were compared with it as if it were sent.
    """

    ready: list[PreparedBatch | Folder] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    waiting: list[Folder] = field(default_factory=list)
    problem: PipelineError | None = None


def by_itself(asked: argparse.Namespace, settings: Settings) -> AbstractContextManager[None]:
    """A block in which a job is alone with its folder of batches; files that were typed need not be."""
    if asked.settings_of_job is None:
        return nullcontext()

    def told() -> None:
        asked.log.tell("waiting_for_job", WARNING, out=str(asked.out))
        say(console_for(asked), f"Another job is at work in {asked.out}; this one waits until it ends.")

    return alone(asked.out, settings, told)


def what_to_read(asked: argparse.Namespace, settings: Settings) -> Read:
    """The files that were typed, or those of the job that are new; what is not there is said."""
    job: Job | None = asked.settings_of_job
    network = Network(settings.ca_file, settings.proxy)
    if job is None:
        return _typed(asked, network)
    found = job_files.patterns(job, _day(asked), network)
    known = {name: getattr(asked, name) for name in ("spec", "map", "label", "member")}
    files = files_of(found, asked.out, settings, known)
    asked.log.tell("files", job=job.name, **_named(files))
    _say_files(asked, files)
    groups = (files.new,) if job.together and files.new else tuple((path,) for path in files.new)
    problem = None
    if asked.missing == "error":
        problem = next((job_files.missing(job, one) for one in found if not one.found), None)
    return Read(groups, files, problem)


def _named(files: JobFiles) -> dict[str, list[str]]:
    """The files of a job as they may be shown."""
    return {
        "new": [*map(shown, files.new)], "known": [*map(shown, files.known)], "missing": [*map(shown, files.missing)]
    }  # fmt: skip


def _typed(asked: argparse.Namespace, network: Network) -> Read:
    there = tuple(
        path
        for path in asked.sources
        if asked.missing == "error" or asked.query or path == "-" or _is_there(path, network)
    )
    for path in asked.sources:
        if path not in there:
            say(console_for(asked), f"No file is there for {shown(path)}.")
    return Read((there,) if there else ())


def _is_there(path: str, network: Network) -> bool:
    return bool(job_files.files_there(path, network)) if address_of(path) else Path(path).exists()


def _say_files(asked: argparse.Namespace, files: JobFiles) -> None:
    console = console_for(asked)
    for text in files.missing:
        say(console, f"No file is there for {shown(text)}.")
    for path in files.known[:MOST_NAMED]:
        say(console, f"{shown(path)}: a batch was made of it before, so it is not read again.")
    if len(files.known) > MOST_NAMED:
        say(
            console,
            f"... and {len(files.known) - MOST_NAMED:,} more files, of which batches were made before.",
        )
    if not files.new and not files.missing:
        say(console, "No file is new.")


def _day(asked: argparse.Namespace) -> date:
    """The day of the run: the one that was typed, else today in the timezone of the exports."""
    if asked.date is not None:
        try:
            return datetime.strptime(asked.date, "%Y%m%d").replace(tzinfo=UTC).date()
        except ValueError:
            raise UsageError(f"--date: {asked.date} is no day", "Write it as 20240306.") from None
    zone = zone_of(asked.timezone) if asked.timezone else UTC
    return Runtime().now().astimezone(zone).date()


def prepared(asked: argparse.Namespace, read: Read) -> Made:
    """Make the deliveries; a file that cannot be read stops no other, unless it is the only one."""
    made = Made(list(read.files.waiting) if read.files is not None else [], problem=read.problem)
    if read.problem is not None:
        if not read.groups and not made.ready:
            raise read.problem
        _complain(asked, read.problem)
    for number, group in enumerate(read.groups, 1):
        try:
            report = convert.prepared(of_group(asked, group))
        except (SourceError, ServiceUnavailable) as problem:
            if len(read.groups) == 1 and not made.ready and made.problem is None:
                raise
            _complain(asked, problem)
            made.problem = made.problem or problem
            continue
        made.reports.append(report)
        if asked.when_held == "stop" and not all(one.is_good for one in report.verdicts):
            _say_stop(asked, group, len(read.groups) - number)
            break
        made.ready += _good(report)
        made.waiting += report.waiting
    return made


def of_group(asked: argparse.Namespace, group: Sequence[str]) -> argparse.Namespace:
    """What was asked, of the files of one delivery."""
    return argparse.Namespace(**vars(asked) | {"sources": list(group)})


def too_many_rejects(report: Report, most: float) -> Iterator[str]:
    """The specifications of a check that have a larger share of rejects than `most`, each in a sentence."""
    for one in report.verdicts:
        found = [source for source in report.sources if source.specification == one.specification]
        invalid = sum(source.invalid_records for source in found)
        records = invalid + sum(source.valid for source in found)
        if one.state != BatchState.REJECTED and invalid > most * records:
            share = f"{invalid / records:.2%} of the records are rejected, more than --max-invalid {most:.2%}"
            yield f"{one.specification}: would be held; {share}"


def _good(report: Report) -> Iterator[PreparedBatch]:
    good = {one.specification for one in report.verdicts if one.state == BatchState.PREPARED}
    return (one for one in report.batches if one.manifest.specification in good)


def _complain(asked: argparse.Namespace, problem: PipelineError) -> None:
    """Say of one file what is wrong; the others go on."""
    error(asked.log, problem.as_json())
    if not asked.log.replaces_words:
        sys.stderr.write(f"error: {problem.message}\n  {problem.hint}\n")


def _say_stop(asked: argparse.Namespace, group: Sequence[str], left: int) -> None:
    files = (
        ""
        if left == 0
        else ", and 1 more file is not read"
        if left == 1
        else f", and {left:,} more files are not read"
    )
    asked.log.tell("stopped", WARNING, files=[*map(shown, group)], left=left)
    say(console_for(asked), f"Nothing of {', '.join(map(shown, group))} is sent{files}: --when-held stop")


def as_json(asked: argparse.Namespace, read: Read, made: Made) -> dict[str, Any]:
    """What `--json` says of a job beside its batches and uploads."""
    found: dict[str, Any] = {}
    if read.files is not None:
        found["job"] = {"name": asked.job, **_named(read.files)}
    return found | (made.problem.as_json() if made.problem is not None else {})


def show_jobs(asked: argparse.Namespace) -> int:
    """The jobs of this folder, each with the files that it would look for now."""
    jobs = jobs_in(settings_in(Path()))
    day = _day(asked)
    network = given.network()
    rows = [
        (job, one)
        for job in jobs.values()
        for one in job_files.patterns(job, _day_of(job, day, asked), network)
    ]
    if asked.json:
        print_json(
            {
                "jobs": [
                    {"name": job.name, "source": shown(one.text), "files": [*map(shown, one.found)]}
                    for job, one in rows
                ]
            }
        )
        return DONE
    console = console_for(asked)
    if not jobs:
        say(console, f"There is no job in {FILE}; docs/unattended.md shows how one is written.")
        return DONE
    table(
        console,
        ("job", "looks for", "files"),
        [(job.name, shown(one.text), len(one.found)) for job, one in rows],
        (2,),
    )
    say(
        console,
        f"What one would do, with nothing made or sent: lexer-pipeline run {next(iter(jobs))} --dry-run",
    )
    return DONE


def _day_of(job: Job, day: date, asked: argparse.Namespace) -> date:
    if asked.date is not None or "timezone" not in job.flags:
        return day
    return _day(argparse.Namespace(date=None, timezone=job.flags["timezone"]))
