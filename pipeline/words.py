"""What a person reads at the terminal: tables, counts, one sentence at the end."""

from collections.abc import Iterable, Mapping, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipeline.model import Issue, PreparedBatch, Receipt, Specification
from pipeline.report import Report, SourceReport
from pipeline.send import BatchStatus


def table(console: Console, titles: Sequence[str], rows: Iterable[Sequence[object]], right: Iterable[int] = ()) -> None:
    """Print rows under titles; the columns numbered in `right` are aligned to the right."""
    grid = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    numbers = set(right)
    for index, title in enumerate(titles):
        grid.add_column(title, justify="right" if index in numbers else "left", overflow="fold")
    for row in rows:
        grid.add_row(*(escape(_cell(value)) for value in row))
    console.print(grid)


def _cell(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return "" if value is None else str(value)


def say(console: Console, text: str) -> None:
    """Print a line as it is."""
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def specifications(console: Console, found: Sequence[Specification]) -> None:
    """The list of specifications."""
    table(console, ("specification", "record type", "area", "what it is"),
          [(spec.name, spec.record_type or "(none)", spec.area, spec.title) for spec in found])  # fmt: skip


def fields(console: Console, spec: Specification) -> None:
    """One specification with its fields."""
    say(console, f"{spec.name}: {spec.title}. Record type: {spec.record_type or 'none in the upload API'}.")
    say(console, f"The name: {spec.evidence}" if spec.evidence else "")
    rows = [(one.path, one.type, "yes" if one.required else "", one.rule, _example(one.example)) for one in spec.fields]
    table(console, ("field", "type", "required", "rule", "example"), rows)


def _example(value: object) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def source(console: Console, report: SourceReport) -> None:
    """What was found in one source."""
    say(console, f"{report.path} as {report.specification}")
    for note in report.notes:
        say(console, f"  {note}")
    if report.findings:
        records = report.valid + report.invalid
        rows = [(one.field or "(record)", one.code, one.count, f"{one.count / records:.2%}", one.line, one.message)
                for one in report.findings]  # fmt: skip
        table(console, ("field", "code", "records", "share", "first line", "what to do"), rows, (2, 3, 4))
    _counts(console, "conversion", report.conversions)
    _counts(console, "warning", report.warnings)
    for reason, count in report.skipped.items():
        say(console, f"{count:,} rows left out: {reason}")
    parts = f"{report.valid:,} valid + {report.invalid:,} rejected"
    say(console, f"{report.rows:,} rows = {parts} + {report.continuations:,} continued + {report.blank:,} blank")


def _counts(console: Console, what: str, counts: Mapping[tuple[str, str], int]) -> None:
    if counts:
        rows = [(name, field, count) for (name, field), count in sorted(counts.items())]
        table(console, (what, "field", "records"), rows, (2,))


def examples(console: Console, issues: Iterable[Issue]) -> None:
    """The first issues with their values, for the person who asked for them."""
    rows = [(issue.line, issue.column or issue.path, issue.code, issue.value) for issue in issues]
    table(console, ("line", "field", "code", "value"), rows, (0,))


def verdict(console: Console, report: Report) -> None:
    """One sentence: how many records are ready to send."""
    total = report.valid + report.invalid
    say(console, f"{report.valid:,} of {total:,} records are ready to send.")


def batches(console: Console, report: Report, max_invalid: float) -> None:
    """What was written, and what to do with it."""
    if not report.batches:
        say(console, "No record is valid, so nothing was written.")
    for one in report.batches:
        _batch(console, one, max_invalid)


def _batch(console: Console, one: PreparedBatch, max_invalid: float) -> None:
    manifest = one.manifest
    say(console, f"{one.path}: {manifest.records:,} records, {manifest.bytes:,} bytes, {manifest.state}")
    for name in manifest.rejects:
        say(console, f"  rejected input, to be mended and run again: {one.path / name}")
    if manifest.state == "held":
        say(console, f"  held back: more than {max_invalid:g} of the records were rejected; see --max-invalid")


def receipts(console: Console, found: Sequence[Receipt]) -> None:
    """A line for each upload, and its sha256 and times where it was sent."""
    for receipt in found:
        if receipt.state == "sent":
            verified = "ETag verified" if receipt.verified else "ETag not verifiable"
            records = "" if receipt.records is None else f"{receipt.records:,} records, "
            say(console, f"sent {receipt.name}: upload {receipt.upload_id}, {records}{receipt.bytes:,} bytes, "
                         f"sha256 {receipt.sha256[:12]}…, {verified}, {receipt.seconds:.1f} s")  # fmt: skip
        else:
            say(console, f"{receipt.state} {receipt.name or receipt.batch}: {receipt.reason}")


def statuses(console: Console, found: Sequence[BatchStatus]) -> None:
    """What is prepared, held, sent, in doubt."""
    if not found:
        say(console, "There is no batch yet; `lexer-pipeline convert` makes one.")
        return
    rows = [(one.path, one.specification, one.state, one.records, one.rejected, one.bytes, one.upload_id, one.updated_at)
            for one in found]  # fmt: skip
    table(console, ("batch", "specification", "state", "records", "rejected", "bytes", "upload", "updated"), rows,
          (3, 4, 5))  # fmt: skip
    for one in found:
        if one.reason:
            say(console, f"{one.path}: {one.reason}")
