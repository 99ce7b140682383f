"""What a person reads at the terminal: tables, counts, one sentence at the end."""

import argparse
import math
from collections.abc import Collection, Iterable, Mapping, Sequence

from rich.console import Console

from lexer_pipeline.cli import again
from lexer_pipeline.cli.console import point_to_explain, say, table
from lexer_pipeline.model import Issue
from lexer_pipeline.outbox.batch import PAGE, PreparedBatch
from lexer_pipeline.outbox.entry import BatchState
from lexer_pipeline.preparing.report import Report, SourceReport, Verdict
from lexer_pipeline.suspicions import HOLD, ISSUE, Sighting
from lexer_pipeline.system.store_path import StorePath
from lexer_pipeline.system.timings import Spent
from lexer_pipeline.uploading import next_steps


def sources(console: Console, report: Report, with_values: bool = False) -> None:
    """What was found in each source; the values of the first issues only for the person who asked for them."""
    for one in report.sources:
        codes = [
            code
            for verdict in report.verdicts
            if verdict.specification == one.specification
            for code in verdict.codes
        ]
        _source(console, one, codes)
        if with_values:
            _examples(console, one.examples)
    point_to_explain(console, [code for one in report.sources for code in _codes(one)])


def _codes(report: SourceReport) -> list[str]:
    """The codes that are shown of a source, what rejects and what holds before what was only done."""
    return [
        *(one.code for one in report.findings),
        *(one.code for one in report.suspicions),
        *(name for counts in (report.warnings, report.conversions) for name, _ in sorted(counts)),
    ]


def _source(console: Console, report: SourceReport, holding: Collection[str]) -> None:
    say(console, f"{report.path} as {report.specification}")
    for note in report.notes:
        say(console, f"  {note}")
    if report.findings:
        records = report.valid + report.invalid_records + report.unchanged_records
        rows = [(one.field or "(record)", one.code, one.records, f"{one.records / records:.2%}", one.rows, one.line, one.message)
                for one in report.findings]  # fmt: skip
        headings = ("field", "code", "records", "share", "rows", "first line", "what to do")
        table(console, headings, rows, (2, 3, 4, 5))
    _counts(console, "conversion", report.conversions)
    _counts(console, "warning", report.warnings)
    # The table of issues has those that reject records.
    suspicions(console, [one for one in report.suspicions if one.suspicion.weight != ISSUE], holding)
    for reason, count in report.skipped.items():
        say(console, f"{count:,} {'row' if count == 1 else 'rows'} left out: {reason}")
    rejected = f"{report.invalid_records:,} {'record' if report.invalid_records == 1 else 'records'}"
    several = f" ({rejected})" if report.invalid != report.invalid_records else ""
    further = "row" if report.continuations == 1 else "rows"
    parts = f"{report.valid:,} valid + {report.invalid:,} rejected{several}"
    there = f" + {report.unchanged:,} unchanged" if report.unchanged else ""
    say(
        console,
        f"{report.rows:,} {'row' if report.rows == 1 else 'rows'} = {parts} + {report.continuations:,} further {further} of a record + {report.blank:,} blank{there}",
    )


def _counts(console: Console, what: str, counts: Mapping[tuple[str, str], int]) -> None:
    if counts:
        rows = [(name, field, count) for (name, field), count in sorted(counts.items())]
        table(console, (what, "field", "records"), rows, (2,))


def suspicions(console: Console, found: Iterable[Sighting], holding: Collection[str] | None = None) -> None:
    """What may mean something else than it says, and what to do about it.

    `holding` are the codes that hold a batch now, where that is known.
    """
    for one in found:
        kind = one.suspicion
        where = f" ({one.where})" if one.where else ""
        line = f", first on line {min(one.lines):,}" if one.lines else ""
        holds_not = kind.weight == HOLD and holding is not None and one.code not in holding
        why = " (holds nothing: accepted, or below its share)" if holds_not else ""
        say(console, f"{kind.weight}: {one.code}{where}: {one.count:,}{line}{why}")
        say(console, f"  {kind.meaning}; {kind.remedy}")


def timings(spent: Iterable[Spent]) -> None:
    """CPU seconds and bytes for each stage, over all threads; on standard error."""
    rows = [(one.stage, f"{one.seconds:.2f}", one.bytes) for one in spent]
    console = Console(stderr=True, highlight=False)
    table(console, ("stage", "CPU seconds", "bytes"), rows, (1, 2))


def _examples(console: Console, issues: Iterable[Issue]) -> None:
    rows = [(issue.line, issue.column or issue.path, issue.code, issue.value) for issue in issues]
    table(console, ("line", "field", "code", "value"), rows, (0,))


def verdict(console: Console, report: Report, asked: argparse.Namespace) -> None:
    """A sentence for each specification: how many records are ready to send; what would hold them; and what to type next."""
    for one in report.verdicts:
        found = [source for source in report.sources if source.specification == one.specification]
        valid, total = (
            sum(one.valid for one in found),
            sum(one.valid + one.invalid_records for one in found),
        )
        is_only = len(report.verdicts) == 1
        name = "records" if is_only else f"records of {one.specification}"
        say(console, f"{valid:,} of {total:,} {name} are ready to send.")
        if not one.is_good and one.state != BatchState.REJECTED:
            say(console, f"{one.specification}: would be held; {'; '.join(one.reasons)}")
    if not _accepting(console, report, asked.typed) and report.valid:
        # Of a run that was only to be looked at the next step is the run.
        then = "convert" if asked.command == "validate" else asked.command
        say(console, f"Next: {again.going_on(asked, then, without=('--show-values', '--dry-run'))}")


def batches(console: Console, report: Report, asked: argparse.Namespace) -> None:
    """What was written or is there already, the verdict on each specification, and what to type next."""
    for one in report.batches:
        _batch(console, one)
    for verdict in report.verdicts:
        _verdict(console, verdict)
    _accepting(console, report, asked.typed)
    waiting = [str(one.path) for one in report.batches if one.manifest.state == BatchState.PREPARED]
    if waiting and asked.command == "convert":
        say(console, f"Next: {again.line(['upload', *waiting])}")


def _accepting(console: Console, report: Report, typed: Sequence[str]) -> bool:
    """The command that goes on where only a person's word is missing: the same one, each code accepted by its name, as many rejects taken; whether there is one."""
    codes = sorted({code for one in report.verdicts for code in one.codes})
    flags = [word for code in codes for word in ("--accept", code)]
    if share := max((one.share for one in report.verdicts if one.state == BatchState.HELD), default=0.0):
        flags += ["--max-invalid", f"{math.ceil(share * 100)}%"]
    if flags:
        say(console, f"Where that is meant, type: {again.line([*typed, *flags])}")
    return bool(flags)


def _batch(console: Console, one: PreparedBatch) -> None:
    manifest = one.manifest
    records = f"{manifest.records:,} {'record' if manifest.records == 1 else 'records'}"
    goes = f", for dataset {manifest.destination}" if manifest.destination else ""
    what = f"{records}, {manifest.bytes:,} bytes, {manifest.state}{goes}" if one.made else "was there already"
    say(console, f"{one.path}: {what}")
    if one.note:
        say(console, f"  {one.note}")
    if manifest.record_type is None:
        say(
            console,
            "  it has no dataset, since the upload API has no record type for it: a person at Lexer places it",
        )
    if one.made and (one.path / PAGE).exists():
        say(console, f"  a page to look at: {one.path / PAGE}")
    if one.made and manifest.rejects:
        rows = f"{manifest.rejected:,} {'row' if manifest.rejected == 1 else 'rows'} rejected"
        say(
            console,
            f"  {rows}: {_to_fix(one)}",
        )


def _to_fix(one: PreparedBatch) -> str:
    """What to do about the rejects of a batch; those in a store are fetched first."""
    files = ", ".join(str(one.path / name) for name in one.manifest.rejects)
    command = f"{next_steps.COMMAND} convert --fix {next_steps.shown(one.path)}"
    if isinstance(one.path, StorePath):
        return f"fetch {files}, fix that, then {command} {' '.join(one.manifest.rejects)}"
    return f"fix {files}, then {command}"


def _verdict(console: Console, one: Verdict) -> None:
    why = "; ".join(one.reasons)
    if one.compared:
        counts = ", ".join(f"{count:,} {name}" for name, count in one.compared.items())
        say(console, f"{one.specification}: {counts}, beside what was sent before")
    if one.state == "unchanged":
        say(console, f"{one.specification}: {why}, so no batch was made")
    elif one.state == "none":
        say(console, f"warning: {one.specification}: no batch was made; {why}")
    elif one.state != "prepared":
        say(console, f"{one.specification}: {one.state}; {why}")
