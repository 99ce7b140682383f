"""The order of the stages: the only module that knows it.

load -> shape -> validate -> convert -> name          (prepare)
load -> shape -> validate                             (validate)
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pipeline import batch, ledger, memory, name, rejects
from pipeline.ahead import ahead
from pipeline.automaton import compile_automaton
from pipeline.convert import convert_documents, convert_rows
from pipeline.errors import UsageError
from pipeline.exact import ExactChecker
from pipeline.kinds import DocumentKinds, Kinds
from pipeline.layout import Layout, compile_layout
from pipeline.load import Loaded, Reading, load, load_documents, load_mapped, load_rows
from pipeline.mapping import PRESETS
from pipeline.model import Manifest, SourceUse, Specification
from pipeline.plan import Plan, plans
from pipeline.report import Report, SourceReport, Tally, by_name, issue_counts
from pipeline.rows import Batch, Checked, Documents, Rows, Shaped, ShapedDocuments
from pipeline.shape import shape_documents, shape_rows
from pipeline.timings import Timings
from pipeline.validate import validate_documents, validate_rows
from pipeline.writer import compile_writer

Source = Path | str | Any
# Sources are read as their content tells.
AS_TOLD = Reading()


@dataclass(frozen=True, slots=True)
class Options:
    """What may be asked of a run.

    `reading` says how sources are to be read against what their content tells (encoding, header row, sheet),
    `zone` is an IANA name for date-times that have no zone of their own, `mapping` a preset or a mapping file,
    `date_format` how dates are written where a mapping does not say (all dates, where there is no mapping).
    """

    reading: Reading = AS_TOLD
    mapping: str | None = None
    date_format: str | None = None
    zone: str | None = None
    reject_unknown: bool = False
    ignore_unknown: bool = False
    max_invalid: float = 0.05
    max_bytes: int = 5_000_000_000
    date: str | None = None
    version: str | None = None
    names: dict[str, str] = field(default_factory=dict)
    stdin: BinaryIO | None = None
    progress: Callable[[int, int], None] | None = None
    show_values: bool = False
    timings: Timings = field(default_factory=Timings)


def validate(
    sources: Sequence[Source], spec: str | Specification | None = None, options: Options = Options()
) -> Report:
    """Check sources against a specification (or what a mapping makes of them) and write nothing."""
    reports = []
    for plan in plans(sources, spec, options.mapping, options.stdin, options.reading):
        tally = Tally()
        with closing(load(plan.source, plan.stdin, plan.reading)) as loaded:
            stages = _Stages(loaded, plan, options)
            for _, checked in ahead(stages.check, stages.batches()):
                tally.add(checked)
                stages.show_progress(tally.rows)
            reports.append(tally.report(loaded.name, plan.specification.name, stages.notes()))
    return Report(tuple(reports))


def prepare(
    sources: Sequence[Source],
    spec: str | Specification | None = None,
    out: Path | str = "batches",
    options: Options = Options(),
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Report:
    """Turn sources into one prepared batch a specification in the folder `out` (several, beyond `max_bytes`).

    A source is a path, `-`, or a data frame: anything that offers `__arrow_c_stream__`. Without a specification
    the mapping says what is made, or the preset that the header looks like.

        from pipeline.run import prepare

        report = prepare([pandas.read_sql(query, connection)], "customer_record")
        report.batches[0].file          # the NDJSON
        report.issues()                 # what was rejected and why, as a DataFrame
    """
    out = Path(out)
    batch.recover(out)
    todo: dict[str, list[Plan]] = {}
    for plan in plans(sources, spec, options.mapping, options.stdin, options.reading, out):
        todo.setdefault(plan.specification.name, []).append(plan)
    done = [_prepare(one, out, options, now) for one in todo.values()]
    return Report(
        tuple(source for report in done for source in report.sources),
        tuple(made for report in done for made in report.batches),
    )


def _prepare(todo: Sequence[Plan], out: Path, options: Options, now: Callable[[], datetime]) -> Report:
    """One delivery: all sources of one specification."""
    specification = todo[0].specification
    date = name.check_date(options.date) if options.date is not None else f"{now():%Y%m%d}"
    version = name.check_version(options.version) if options.version is not None else None
    workshop = batch.Workshop(out, options.timings)
    try:
        delivery = _Delivery(workshop, options.max_bytes)
        reports: list[SourceReport] = []
        used: list[SourceUse] = []
        headers: list[tuple[str, ...]] = []
        for number, plan in enumerate(todo):
            tally = Tally()
            with closing(load(plan.source, plan.stdin, plan.reading, workshop.hashing)) as loaded:
                stages = _Stages(loaded, plan, options)
                for rows, checked, pieces in ahead(stages.convert, stages.batches()):
                    for fitting, lines in delivery.fitting(stages, rows, checked, pieces):
                        delivery.add(number, stages, fitting, lines)
                        tally.add(fitting)
                    stages.show_progress(tally.rows)
                used.append(loaded.used())
                reports.append(tally.report(loaded.name, specification.name, stages.notes()))
                headers.append(loaded.head.names if loaded.head else ())
        if not any(report.valid for report in reports):
            workshop.discard()
            return Report(tuple(reports))

        def names(taken: list[str], parts: int) -> list[str]:
            first = options.names.get(specification.name, specification.name)
            known = [*(f"{folder}.json" for folder in taken), *ledger.known_names(out)]
            return name.batch_names(first, date, version or name.choose_version(first, date, known), parts)

        template = _template(specification, reports, options)
        made = tuple(workshop.publish(template, used, names))
        if template.state == "prepared":
            _remember(out, todo, headers)
        return Report(tuple(reports), made)
    except BaseException:
        workshop.discard()
        raise


def _remember(out: Path, todo: Sequence[Plan], headers: Sequence[tuple[str, ...]]) -> None:
    """A mapping of the user's that served is noted for the next export with the same header."""
    for plan, header in zip(todo, headers, strict=True):
        if plan.mapping is not None and plan.mapping.path.parent != PRESETS:
            memory.remember(out, header, plan.mapping.path)


class _Stages:
    """The stages set up for one source; each takes one batch."""

    def __init__(self, loaded: Loaded, plan: Plan, options: Options) -> None:
        self.loaded = loaded
        self.secret: tuple[int, ...] = ()
        self._plan_notes = plan.notes
        self._options = options
        self._timings = options.timings
        self._exact = _exact(plan.specification, options)
        self._layout: Layout | None = None
        self._mapper: Any = None
        self._automaton: Any = None
        self._writer: Any = None
        self._unwrap = "records" not in plan.specification.schema.get("properties", {})
        if loaded.head is None:
            self._automaton = compile_automaton(plan.specification.schema)
        elif plan.record is None and options.date_format is None:
            self._layout = compile_layout(
                loaded.head.names,
                self._exact.tree,
                plan.specification.key,
                loaded.name,
                options.ignore_unknown,
            )
            self._writer = compile_writer(plan.specification.schema, self._layout)
        else:
            self._mapper = import_module("pipeline.virtual").compile_mapper(
                plan, loaded.head.names, self._exact.tree, loaded.name, options.date_format
            )
            self._mapper.refuse_unused(options.ignore_unknown)
            self._layout = self._mapper.layout
            self.secret = self._mapper.secret
        self._document_kinds = DocumentKinds(self._automaton, self._exact)
        self._kinds = Kinds(self._layout, self._exact) if self._layout is not None else None
        if loaded.head is None and plan.record is not None:
            raise UsageError(f"{loaded.name}: is JSON, and a mapping is for tables", "Use --spec.")

    def batches(self) -> Iterator[Batch]:
        """load."""
        loaded, seen = self._load(), 0
        while True:
            with self._timings.of("load", 0):
                rows = next(loaded, None)
            self._timings.add("load", 0.0, self.loaded.stream.bytes - seen)
            seen = self.loaded.stream.bytes
            if rows is None:
                return
            yield rows

    def _load(self) -> Iterator[Batch]:
        if self._mapper is not None:
            return load_mapped(self.loaded, self._mapper)
        if self._layout is not None:
            return load_rows(self.loaded, self._layout.key, self._layout.once, self._writer)
        return load_documents(self.loaded, self._unwrap)

    def check(self, rows: Batch) -> tuple[Batch, Checked]:
        """shape -> validate."""
        with self._timings.of("shape", rows.size):
            shaped = self._shape(rows)
        with self._timings.of("validate", rows.size):
            return rows, self._validate(shaped)

    def _shape(self, rows: Batch) -> Shaped:
        if isinstance(rows, Documents):
            return shape_documents(rows, self._automaton)
        assert self._layout is not None
        return shape_rows(rows, self._layout, self._exact)

    def _validate(self, shaped: Shaped) -> Checked:
        if isinstance(shaped, ShapedDocuments):
            return validate_documents(shaped, self._exact, self._document_kinds, self.loaded.name)
        assert self._layout is not None
        assert self._kinds is not None
        return validate_rows(shaped, self._layout, self._exact, self._kinds, self.loaded.name)

    def convert(self, rows: Batch) -> tuple[Batch, Checked, Sequence[bytes]]:
        """shape -> validate -> convert."""
        _, checked = self.check(rows)
        with self._timings.of("convert", rows.size):
            if self._layout is not None:
                return rows, checked, convert_rows(checked, self._layout)
            return rows, checked, convert_documents(checked)

    def notes(self) -> tuple[str, ...]:
        """What should be said aloud of how the source was read."""
        return (
            *self._plan_notes,
            *self.loaded.notes,
            *(self._mapper.notes if self._mapper is not None else ()),
        )

    def show_progress(self, rows: int) -> None:
        if self._options.progress is not None:
            self._options.progress(rows, self.loaded.stream.bytes)


class _Delivery:
    """Fills one part after another with what the stages give."""

    def __init__(self, workshop: batch.Workshop, max_bytes: int) -> None:
        self._workshop = workshop
        self._max_bytes = max_bytes
        self._part = workshop.new_part()

    def fitting(
        self, stages: _Stages, rows: Batch, checked: Checked, pieces: Sequence[bytes]
    ) -> Iterator[tuple[Checked, Sequence[bytes]]]:
        """The batch, or pieces of it that fit: a part ends before the first record that would outgrow it."""
        if self._part.size + sum(map(len, pieces)) <= self._max_bytes:
            yield checked, pieces
        elif isinstance(rows, Rows) and rows.written is not None:
            yield from self.fitting(stages, *stages.convert(rows.in_cells()))
        elif rows.records > 1:
            middle = rows.records // 2
            yield from self.fitting(stages, *stages.convert(rows.part(0, middle)))
            yield from self.fitting(stages, *stages.convert(rows.part(middle, rows.records)))
        elif self._part.size:
            self._part = self._workshop.new_part()
            yield from self.fitting(stages, rows, checked, pieces)
        else:
            raise UsageError("one record alone is larger than --max-bytes", "Allow more bytes a file.")

    def add(self, source: int, stages: _Stages, checked: Checked, pieces: Sequence[bytes]) -> None:
        """Write a checked batch: its records, its rejects in their own form, and its issues."""
        part, rows, head = self._part, checked.shaped.batch, stages.loaded.head
        for piece in pieces:
            part.write_records(piece)
        if checked.rejected:
            file, first = rejects.file_name(source, head is not None), rejects.header(head) if head else b""
            own = rejects.rows_or_documents(rows, checked.rejected, head, stages.secret)
            part.write_aside(file, first, own)
            part.write_aside(rejects.ISSUES, b"", rejects.issue_lines(checked.rejected))
        rejected = sum(len(record.rows) for record in checked.rejected)
        part.counts.update(
            records=checked.records, rejected=rejected, rows=checked.rows,
            continuations=checked.continuations, blank=checked.blank,
        )  # fmt: skip
        part.source_rows[source] += checked.rows + sum(checked.skipped.values())
        part.issues.update(issue_counts(checked))
        part.warnings.update(by_name(checked.warnings))
        part.conversions.update(by_name(checked.conversions))
        part.skipped.update(checked.skipped)
        accounted = checked.records + rejected + checked.continuations + checked.blank
        if accounted != checked.rows:
            raise AssertionError(f"{checked.rows} rows came in and {accounted} are accounted for")


def _exact(specification: Specification, options: Options) -> ExactChecker:
    try:
        zone = ZoneInfo(options.zone) if options.zone else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UsageError(
            f"--timezone: there is no zone called {options.zone}", "Use a name such as Australia/Melbourne."
        ) from None
    return ExactChecker(specification, zone, options.reject_unknown, options.show_values)


def _template(specification: Specification, reports: Sequence[SourceReport], options: Options) -> Manifest:
    """The manifest of every part, but for what is counted and named."""
    invalid, valid = sum(report.invalid for report in reports), sum(report.valid for report in reports)
    state = "held" if invalid > options.max_invalid * (invalid + valid) else "prepared"
    none: tuple[SourceUse, ...] = ()
    return Manifest(
        specification.name, specification.record_type, state, "", 0, "", "", 0, 0, 0, 0, 0, {}, {}, {}, none
    )
