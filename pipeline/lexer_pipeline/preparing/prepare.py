"""The order of the stages: the only module that knows it.

load -> shape -> validate -> convert -> name          (prepare)
load -> shape -> validate                             (validate)
"""

from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from lexer_pipeline.loading.source import load
from lexer_pipeline.mapping import remembered
from lexer_pipeline.mapping.file import PRESETS
from lexer_pipeline.model import SourceUse, Specification
from lexer_pipeline.outbox import batch, ledger
from lexer_pipeline.outbox import names as name
from lexer_pipeline.preparing.delivery import _Delivery, _template
from lexer_pipeline.preparing.options import Options, Source
from lexer_pipeline.preparing.plan import Plan, plans
from lexer_pipeline.preparing.report import Report, SourceReport, Tally
from lexer_pipeline.preparing.routes import _Stages
from lexer_pipeline.system.parallel import map_in_order


def validate(
    sources: Sequence[Source], spec: str | Specification | None = None, options: Options = Options()
) -> Report:
    """Check sources against a specification (or what a mapping makes of them) and write nothing."""
    reports = []
    for plan in plans(sources, spec, options.mapping, options.stdin, options.reading):
        tally = Tally()
        with closing(load(plan.source, plan.stdin, plan.reading)) as loaded:
            stages = _Stages(loaded, plan, options)
            for _, checked in map_in_order(stages.check, stages.chunks()):
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

        from lexer_pipeline.preparing.prepare import prepare

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
    workspace = batch.Workspace(out, options.timings)
    try:
        delivery = _Delivery(workspace, options.max_bytes)
        reports: list[SourceReport] = []
        used: list[SourceUse] = []
        headers: list[tuple[str, ...]] = []
        for number, plan in enumerate(todo):
            tally = Tally()
            with closing(load(plan.source, plan.stdin, plan.reading, workspace.hashing)) as loaded:
                stages = _Stages(loaded, plan, options)
                for rows, checked, pieces in map_in_order(stages.convert, stages.chunks()):
                    for fitting, lines in delivery.fitting(stages, rows, checked, pieces):
                        delivery.add(number, stages, fitting, lines)
                        tally.add(fitting)
                    stages.show_progress(tally.rows)
                used.append(loaded.used())
                reports.append(tally.report(loaded.name, specification.name, stages.notes()))
                headers.append(loaded.head.names if loaded.head else ())
        if not any(report.valid for report in reports):
            workspace.discard()
            return Report(tuple(reports))

        def names(taken: list[str], parts: int) -> list[str]:
            first = options.names.get(specification.name, specification.name)
            known = [*(f"{folder}.json" for folder in taken), *ledger.known_names(out)]
            return name.batch_names(first, date, version or name.choose_version(first, date, known), parts)

        template = _template(specification, reports, options)
        made = tuple(workspace.publish(template, used, names))
        if template.state == "prepared":
            _remember(out, todo, headers)
        return Report(tuple(reports), made)
    except BaseException:
        workspace.discard()
        raise


def _remember(out: Path, todo: Sequence[Plan], headers: Sequence[tuple[str, ...]]) -> None:
    """A mapping of the user's that served is noted for the next export with the same header."""
    for plan, header in zip(todo, headers, strict=True):
        if plan.mapping is not None and plan.mapping.path.parent != PRESETS:
            remembered.remember(out, header, plan.mapping.path)
