"""What a person reads at the terminal: tables, counts, one sentence at the end."""

from collections.abc import Iterable, Mapping, Sequence

from rich.console import Console

from pipeline.inspection import Candidate, Inspection
from pipeline.model import Issue, PreparedBatch, Specification
from pipeline.printing import say, table
from pipeline.profile import ColumnProfile
from pipeline.propose import Proposal
from pipeline.report import Report, SourceReport
from pipeline.timings import Spent


def specifications(console: Console, found: Sequence[Specification]) -> None:
    """The list of specifications."""
    table(console, ("specification", "record type", "area", "what it is"),
          [(spec.name, spec.record_type or "(none)", spec.area, spec.title) for spec in found])  # fmt: skip


def fields(console: Console, spec: Specification) -> None:
    """One specification with its fields."""
    say(console, f"{spec.name}: {spec.title}. Record type: {spec.record_type or 'none in the upload API'}.")
    say(console, f"The name: {spec.evidence}" if spec.evidence else "")
    rows = [
        (one.path, one.type, "yes" if one.required else "", one.rule, _example(one.example))
        for one in spec.fields
    ]
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
    say(
        console,
        f"{report.rows:,} rows = {parts} + {report.continuations:,} continued + {report.blank:,} blank",
    )


def _counts(console: Console, what: str, counts: Mapping[tuple[str, str], int]) -> None:
    if counts:
        rows = [(name, field, count) for (name, field), count in sorted(counts.items())]
        table(console, (what, "field", "records"), rows, (2,))


def timings(console: Console, spent: Iterable[Spent]) -> None:
    """CPU seconds and bytes for each stage, over all threads."""
    rows = [(one.stage, f"{one.seconds:.2f}", one.bytes) for one in spent]
    table(console, ("stage", "CPU seconds", "bytes"), rows, (1, 2))


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
    say(
        console,
        f"{one.path}: {manifest.records:,} {'record' if manifest.records == 1 else 'records'}, {manifest.bytes:,} bytes, {manifest.state}",
    )
    for name in manifest.rejects:
        say(console, f"  rejected input, to be mended and run again: {one.path / name}")
    if manifest.state == "held":
        say(
            console,
            f"  held back: more than {max_invalid:.2%} of the records were rejected; see --max-invalid",
        )


def inspection(console: Console, found: Inspection) -> None:
    """What a source is, what it could become, and what stands in the way."""
    delimiter = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}.get(
        found.delimiter, found.delimiter
    )
    parts = [found.form, found.encoding, f"delimiter {delimiter}" if delimiter else "",
             f"header on line {found.header_line}" if found.header_line else ""]  # fmt: skip
    say(console, f"{found.path}: {', '.join(part for part in parts if part)}")
    what = "rows" if found.columns else "documents"
    say(console, f"{found.rows:,} {what}{f', {found.blank:,} blank' if found.blank else ''}")
    for note in found.notes:
        say(console, f"  {note}")
    filled = max(found.rows - (found.blank if found.columns else 0), 1)
    if found.columns:
        rows = [(one.name, f"{one.filled / filled:.1%}", _distinct(one), _kinds(one), _shapes(one))
                for one in found.columns if one.filled]  # fmt: skip
        table(console, ("column", "filled", "distinct", "looks like", "shapes"), rows, (1, 2))
        if empty := [one.name for one in found.columns if not one.filled]:
            say(console, f"columns without a filled cell: {', '.join(empty)}")
    else:
        keys = [(one.path, f"{one.filled / filled:.1%}", ", ".join(one.types)) for one in found.keys]
        table(console, ("key", "filled", "types"), keys, (1,))
    if found.presets:
        say(console, f"It looks like the preset {' or '.join(found.presets)}.")
    for one in found.specifications:
        _candidate(console, one, "columns" if found.columns else "keys")
    for hurdle in found.obstacles:
        where = f"{hurdle.column}: " if hurdle.column else ""
        say(console, f"in the way: {where}{hurdle.message}")


def _distinct(one: ColumnProfile) -> str:
    return f"more than {one.distinct:,}" if one.is_more else f"{one.distinct:,}"


def _kinds(one: ColumnProfile) -> str:
    shares = [(kind, count / one.filled) for kind, count in list(one.kinds.items())[:3]]
    return ", ".join(kind if share > 0.9995 else f"{kind} {share:.1%}" for kind, share in shares)


def _shapes(one: ColumnProfile) -> str:
    return "  ".join(shape for shape, _ in one.shapes[:3])


def _candidate(console: Console, one: Candidate, what: str) -> None:
    lacks = f"; it lacks {', '.join(one.missing)}" if one.missing else ""
    say(
        console,
        f"It could become {one.specification}: {one.matched} of {one.of} filled {what} ({one.share:.0%}) match{lacks}.",
    )


def proposal(console: Console, done: Proposal) -> None:
    """What a drafted mapping matches, and what is left to do."""
    for note in done.notes:
        say(console, f"  {note}")
    rows = [(one["field"], one["column"], f"{one['confidence']:.2f}", one["reason"]) for one in done.fields]
    table(console, ("field", "column", "sure", "why"), rows, (2,))
    for field in done.missing:
        say(console, f"required, and no column says it: {field}")
    if not done.fields:
        say(console, f"No column looks like a field of {done.specification}; the draft is but a frame.")
    if done.unmatched:
        near = [f"{column} ({field}?)" if field else column for column, field in done.unmatched.items()]
        say(console, f"left out: {', '.join(near)}")
    say(console, f"{done.path}: look at each line, then use it with --map {done.path}")
