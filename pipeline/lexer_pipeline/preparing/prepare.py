"""The order of the stages: the only module that knows it.

load -> shape -> validate -> convert -> name          (prepare)
load -> shape -> validate                             (validate)
"""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from lexer_pipeline.loading.source import Loaded, LoadedTable, Source, load
from lexer_pipeline.mapping import remembered
from lexer_pipeline.mapping.file import is_users_own
from lexer_pipeline.model import Json, PreparedBatch, SourceUse, Specification
from lexer_pipeline.outbox import outbox
from lexer_pipeline.outbox.entry import BatchState
from lexer_pipeline.outbox.ledger import Ledger
from lexer_pipeline.outbox.publish import content_of, publish
from lexer_pipeline.outbox.workspace import Workspace
from lexer_pipeline.preparing.decisions import Decisions
from lexer_pipeline.preparing.delivery import Delivery, manifest_template
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.place import Place, check_names, places_of
from lexer_pipeline.preparing.plan import Plan, opened, plans
from lexer_pipeline.preparing.report import Report, SourceReport, Tally
from lexer_pipeline.preparing.stages import Stages, stages_of
from lexer_pipeline.preparing.verdicts import NONE, accepted, verdict
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

    Content that is there already makes no batch: the one that holds it is returned, with `made` False.

    A source is a path, `-`, or a data frame: anything that offers `__arrow_c_stream__`. Without a specification
    the mapping says what is made, or the preset that the header looks like.

        from lexer_pipeline import prepare

        report = prepare([pandas.read_sql(query, connection)], "customer_record")
        report.batches[0].file          # the NDJSON
        report.issues()                 # what was rejected and why, as a DataFrame

    Raises PipelineError: UsageError where something asked for does not exist, SourceError where a source cannot be read.
    """
    options, out, runtime = options or Options(), Path(out), runtime or Runtime()
    check_names(options)
    with outbox.opened(out, runtime, options.ledger) as ledger:
        todo: dict[str, list[Plan]] = {}
        for plan in plans(sources, spec, options.mapping, options.stdin, options.reading, out):
            todo.setdefault(plan.specification.name, []).append(plan)
        places = places_of([some[0].specification for some in todo.values()], ledger, options, out)
        done = [
            _prepare(some, ledger, place, options, runtime.now())
            for some, place in zip(todo.values(), places, strict=True)
        ]
    return Report(
        tuple(source for report in done for source in report.sources),
        tuple(made for report in done for made in report.batches),
        tuple(verdict for report in done for verdict in report.verdicts),
    )


def _prepare(todo: Sequence[Plan], ledger: Ledger, place: Place, options: Options, now: datetime) -> Report:
    """One delivery: all sources of one specification."""
    specification = todo[0].specification
    workspace = Workspace(place.out, options.timings)
    try:
        read = _Read()
        delivery = Delivery(workspace, options.max_bytes)
        for number, plan in enumerate(todo):
            with closing(opened(plan, workspace.hashing, refuses_rejects=True)) as loaded:
                stages = stages_of(loaded, plan, options)
                report = _fill(delivery, number, stages, options)
                read.add(plan, loaded, report, stages.route.decisions)
        found = verdict(specification.name, read.reports, options)
        made: list[PreparedBatch] = []
        if found.state != NONE:
            workspace.seal()
            template = manifest_template(
                specification, found, accepted(read.reports, options), options.as_json(), read.mapping(),
                [one.as_json() for one in read.decisions],
            )  # fmt: skip
            content = content_of(workspace, found.state)
            offer = place.offer(specification, read.used, found.state, content, len(workspace.parts), now)
            made = publish(workspace, ledger, offer, template, read.used)
        workspace.discard()
        if found.state == BatchState.PREPARED:
            read.remember_mappings(place.out)
        return Report(tuple(read.reports), tuple(made), (found,))
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


@dataclass(slots=True)
class _Read:
    """What is known of the sources of a delivery once they were read."""

    plans: list[Plan] = field(default_factory=list)
    headers: list[tuple[str, ...]] = field(default_factory=list)
    used: list[SourceUse] = field(default_factory=list)
    reports: list[SourceReport] = field(default_factory=list)
    decisions: list[Decisions] = field(default_factory=list)

    def add(self, plan: Plan, loaded: Loaded, report: SourceReport, decided: Decisions) -> None:
        self.plans.append(plan)
        self.headers.append(loaded.head.names if isinstance(loaded, LoadedTable) else ())
        self.used.append(loaded.used())
        self.reports.append(report)
        self.decisions.append(decided)

    def mapping(self) -> Json:
        """The text of the mapping; where sources have different ones, that of each."""
        texts = [plan.mapping.text if plan.mapping is not None else None for plan in self.plans]
        return texts[0] if len(set(texts)) == 1 else texts

    def remember_mappings(self, out: Path) -> None:
        """A mapping of the user's that served is noted for the next export with the same header."""
        for plan, header in zip(self.plans, self.headers, strict=True):
            if plan.mapping is not None and is_users_own(plan.mapping):
                remembered.remember(out, header, plan.mapping.path)
