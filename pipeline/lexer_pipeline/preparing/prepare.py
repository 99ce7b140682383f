"""The order of the stages: the only module that knows it.

load -> shape -> validate -> convert -> name          (prepare)
load -> shape -> validate                             (validate)
"""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from lexer_pipeline.loading.source import Loaded, LoadedTable, Source, load
from lexer_pipeline.mapping import remembered
from lexer_pipeline.mapping.file import is_users_own
from lexer_pipeline.model import PreparedBatch, SourceUse, Specification
from lexer_pipeline.outbox import ledger, names
from lexer_pipeline.outbox.workspace import Workspace, recover
from lexer_pipeline.preparing.delivery import Delivery, manifest_template
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.plan import Plan, plans
from lexer_pipeline.preparing.report import Report, SourceReport, Tally
from lexer_pipeline.preparing.stages import Stages, stages_of
from lexer_pipeline.system.parallel import map_in_order
from lexer_pipeline.system.runtime import Runtime


def validate(
    sources: Sequence[Source], spec: str | Specification | None = None, options: Options | None = None
) -> Report:
    """Check sources against a specification (or what a mapping makes of them) and write nothing."""
    options = options or Options()
    reports = []
    for plan in plans(sources, spec, options.mapping, options.stdin, options.reading):
        tally = Tally()
        with closing(load(plan.source, plan.stdin, plan.reading)) as loaded:
            stages = stages_of(loaded, plan, options)
            for checked in map_in_order(stages.check, stages.load()):
                tally.add(checked)
                _show_progress(options, tally, loaded)
            reports.append(tally.report(loaded.name, plan.specification.name, stages.route.notes))
    return Report(tuple(reports))


def prepare(
    sources: Sequence[Source],
    spec: str | Specification | None = None,
    out: Path | str = "batches",
    options: Options | None = None,
    runtime: Runtime | None = None,
) -> Report:
    """Turn sources into one prepared batch a specification in the folder `out` (several, beyond `max_bytes`).

    A source is a path, `-`, or a data frame: anything that offers `__arrow_c_stream__`. Without a specification
    the mapping says what is made, or the preset that the header looks like.

        from lexer_pipeline import prepare

        report = prepare([pandas.read_sql(query, connection)], "customer_record")
        report.batches[0].file          # the NDJSON
        report.issues()                 # what was rejected and why, as a DataFrame

    Raises PipelineError: UsageError where something asked for does not exist, SourceError where a source cannot be read.
    """
    options, out = options or Options(), Path(out)
    recover(out)
    todo: dict[str, list[Plan]] = {}
    for plan in plans(sources, spec, options.mapping, options.stdin, options.reading, out):
        todo.setdefault(plan.specification.name, []).append(plan)
    now = (runtime or Runtime()).now()
    done = [_prepare(one, out, options, now) for one in todo.values()]
    return Report(
        tuple(source for report in done for source in report.sources),
        tuple(made for report in done for made in report.batches),
    )


def _prepare(todo: Sequence[Plan], out: Path, options: Options, now: datetime) -> Report:
    """One delivery: all sources of one specification."""
    specification = todo[0].specification
    date = names.check_date(options.date) if options.date is not None else f"{now:%Y%m%d}"
    version = names.check_version(options.version) if options.version is not None else None
    workspace = Workspace(out, options.timings)
    try:
        read = _Read()
        delivery = Delivery(workspace, options.max_bytes)
        for number, plan in enumerate(todo):
            with closing(load(plan.source, plan.stdin, plan.reading, workspace.hashing)) as loaded:
                read.add(plan, loaded, _fill(delivery, number, stages_of(loaded, plan, options), options))
        made: tuple[PreparedBatch, ...] = ()
        if any(report.valid for report in read.reports):
            template = manifest_template(specification, read.reports, options.max_invalid)
            first = options.names.get(specification.name, specification.name)
            made = tuple(workspace.publish(template, read.used, partial(_names, out, first, date, version)))
            if template.state == "prepared":
                read.remember_mappings(out)
        else:
            workspace.discard()
        return Report(tuple(read.reports), made)
    except BaseException:
        workspace.discard()
        raise


def _fill(delivery: Delivery, number: int, stages: Stages[Any], options: Options) -> SourceReport:
    """Pass one source through the stages, and write what becomes of it."""
    tally = Tally()
    for converted in map_in_order(stages.convert, stages.load()):
        for fitting in delivery.fitting(stages, converted):
            delivery.add(number, stages, fitting)
            tally.add(fitting.checked)
        _show_progress(options, tally, stages.loaded)
    return tally.report(stages.loaded.name, stages.plan.specification.name, stages.route.notes)


def _show_progress(options: Options, tally: Tally, loaded: Loaded) -> None:
    if options.progress is not None:
        options.progress(tally.rows, loaded.stream.bytes)


def _names(
    out: Path, first: str, date: str, version: str | None, taken: Sequence[str], parts: int
) -> list[str]:
    """The names of the parts of a delivery; `taken` are the folders that there are."""
    known = [*(f"{folder}.json" for folder in taken), *ledger.known_names(out)]
    return names.batch_names(first, date, version or names.choose_version(first, date, known), parts)


@dataclass(slots=True)
class _Read:
    """What is known of the sources of a delivery once they were read."""

    plans: list[Plan] = field(default_factory=list)
    headers: list[tuple[str, ...]] = field(default_factory=list)
    used: list[SourceUse] = field(default_factory=list)
    reports: list[SourceReport] = field(default_factory=list)

    def add(self, plan: Plan, loaded: Loaded, report: SourceReport) -> None:
        self.plans.append(plan)
        self.headers.append(loaded.head.names if isinstance(loaded, LoadedTable) else ())
        self.used.append(loaded.used())
        self.reports.append(report)

    def remember_mappings(self, out: Path) -> None:
        """A mapping of the user's that served is noted for the next export with the same header."""
        for plan, header in zip(self.plans, self.headers, strict=True):
            if plan.mapping is not None and is_users_own(plan.mapping):
                remembered.remember(out, header, plan.mapping.path)
