"""The order of the stages.

load -> shape -> validate -> convert -> name          (prepare)
load -> shape -> validate                             (validate)
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from lexer_pipeline.loading.source import Source
from lexer_pipeline.model import Specification
from lexer_pipeline.outbox import outbox
from lexer_pipeline.outbox.batch import PreparedBatch
from lexer_pipeline.outbox.entry import BatchState
from lexer_pipeline.outbox.ledger import Ledger
from lexer_pipeline.outbox.publish import content_of, publish
from lexer_pipeline.outbox.staging import workspace_in
from lexer_pipeline.outbox.workspace import Workspace
from lexer_pipeline.preparing.changes import Changes
from lexer_pipeline.preparing.comparing_with import changes_at, compared_with, placed, refuse_compared
from lexer_pipeline.preparing.delivery import Delivery, manifest_template
from lexer_pipeline.preparing.edits_file import keep_applied
from lexer_pipeline.preparing.filling import Read, fill_all, report_of, show_progress
from lexer_pipeline.preparing.fix import fix, rehearsed
from lexer_pipeline.preparing.folding import with_fates
from lexer_pipeline.preparing.last_of_each import LastOfEach, last_of_each
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.place import Place, check_names, on_day, places_of
from lexer_pipeline.preparing.plan import Plan, opened, planned, refuse_changes
from lexer_pipeline.preparing.report import Report, SourceReport, Tally, Verdict, by_source
from lexer_pipeline.preparing.stages import stages_of
from lexer_pipeline.preparing.telling import Fields, beside_each, noting, told_of, unlike_before, with_earlier
from lexer_pipeline.preparing.together import Together
from lexer_pipeline.preparing.tolerance import check_accepted, tolerance_of
from lexer_pipeline.preparing.unchanged import (
    note_unchanged,
    saying_first,
    waiting_in,
    with_counts,
    with_new_rejects,
    write_missing,
)
from lexer_pipeline.preparing.verdicts import NO_BATCH, NONE, UNCHANGED, accepted, as_it_lies, verdict
from lexer_pipeline.reporting.earlier import of_series
from lexer_pipeline.reporting.sampling import SourceSample
from lexer_pipeline.system import files, stores
from lexer_pipeline.system.runtime import Runtime
from lexer_pipeline.system.scratch import Scratch
from lexer_pipeline.system.stores import Folder

T = TypeVar("T")


def validate(
    sources: Sequence[Source],
    spec: str | Specification | None = None,
    options: Options | None = None,
    runtime: Runtime | None = None,
) -> Report:
    """Check sources against a specification (or what a mapping makes of them) and write nothing."""
    options = on_day(options or Options(), (runtime or Runtime()).now())
    check_accepted(options)
    reports: dict[int, SourceReport] = {}
    verdicts: list[Verdict] = []
    with ExitStack() as held:
        scratch = held.enter_context(Scratch(options.temp, _passing(options)))
        plans = held.enter_context(planned(sources, spec, options, scratch))
        todo: dict[str, list[tuple[int, Plan]]] = {}
        for number, plan in enumerate(plans):
            todo.setdefault(plan.specification.name, []).append((number, plan))
        for name, some in todo.items():
            lasts = last_of_each(some[0][1].specification, [plan for _, plan in some], scratch, held)
            checked = _check([plan for _, plan in some], options, scratch, lasts)
            reports.update(zip((number for number, _ in some), checked, strict=True))
            tolerance = tolerance_of([plan for _, plan in some], options)
            verdicts.append(verdict(name, checked, replace(options, max_invalid=1.0), tolerance))
        refuse_changes(plans)
    return Report(by_source([reports[number] for number in sorted(reports)]), verdicts=tuple(verdicts))


def _put_aside(options: Options, out: Folder) -> Path | None:
    """Where temporary data lies: beside the batches, unless these lie in a store or another place was named."""
    return options.temp or (out if isinstance(out, Path) else None)


def _passing(options: Options) -> Callable[[int], None] | None:
    """Tells whoever asked for it how far a pass over a source is that makes nothing yet."""
    told = options.progress
    return None if told is None else lambda at: told(0, at)


def _check(
    todo: Sequence[Plan], options: Options, scratch: Scratch, lasts: LastOfEach | None, knows_fates: bool = False
) -> list[SourceReport]:  # fmt: skip
    """All sources of one specification are checked, and nothing is written."""
    together = Together(todo[0].specification, len(todo) > 1, scratch, leaves_earlier=lasts is not None)
    reports: list[SourceReport] = []
    for number, plan in enumerate(todo):
        tally = Tally()
        with opened(plan, scratch) as loaded:
            stages = stages_of(loaded, plan, options, lasts=lasts)
            watches = together.watches(number, stages)
            for checked in stages.check_all():
                for watch in watches:
                    watch.look(checked)
                tally.add(checked)
                show_progress(options, tally, loaded)
            reports.append(report_of(stages, tally, watches))
    if lasts is not None and lasts.begin_again():
        return _check(todo, options, scratch, lasts, knows_fates)
    reports = together.told(reports)
    if knows_fates or not len(together.shared):
        return reports
    with with_fates(todo, together.shared, options, scratch) as known:
        return _check(known, options, scratch, lasts, True)


def rehearse(
    batch: Folder, sources: Sequence[Source], out: Folder, options: Options, look: Callable[[Report, list[Path]], T],
    spec: str | None = None, runtime: Runtime | None = None,
) -> T:  # fmt: skip
    """What `prepare` with `fix` would come to now; `look` sees it with the folders that hold what is rejected still. Nothing is made."""
    runtime = runtime or Runtime()
    options = replace(on_day(options, runtime.now()), fix=str(batch))
    with (
        outbox.opened(out, runtime, options.ledger) as ledger,
        Scratch(_put_aside(options, out)) as scratch,
        rehearsed(sources, spec, ledger, options, out, scratch) as (report, folders),
    ):
        return look(report, folders)


def prepare(
    sources: Sequence[Source],
    spec: str | Specification | None = None,
    out: Folder | str = "batches",
    options: Options | None = None,
    runtime: Runtime | None = None,
) -> Report:
    """Turn sources into one prepared batch a specification in the folder `out` (several, beyond `max_bytes`).

    Content that is there already makes no batch: the one that holds it is returned, with `made` False.

    With `options.fix` it makes what that batch rejected and was fixed since; the sources are then files of its rejects, or none.

    A source is a path, `-`, or a data frame: anything that offers `__arrow_c_stream__`. Without a specification
    the mapping says what is made, or the preset that the header looks like.

        from lexer_pipeline import prepare

        report = prepare([pandas.read_sql(query, connection)], "customer_record")
        report.batches[0].file          # the NDJSON
        report.issues()                 # what was rejected and why, as a DataFrame

    Raises PipelineError: UsageError where something asked for does not exist, SourceError where a source cannot be read.
    """
    return prepare_by(None, sources, spec, out, options, runtime)


def prepare_by(
    fill_each: "FillEach | None",
    sources: Sequence[Source],
    spec: str | Specification | None = None,
    out: Folder | str = "batches",
    options: Options | None = None,
    runtime: Runtime | None = None,
) -> Report:
    """The same, where it is said who passes the sources through the stages: the tasks of a cluster, or (None) this process."""
    options, out, runtime = options or Options(), stores.folder(out), runtime or Runtime()
    check_names(options)
    check_accepted(options)
    options = on_day(options, runtime.now())
    with ExitStack() as held:
        ledger = held.enter_context(outbox.opened(out, runtime, options.ledger))
        held.enter_context(files.naming(out))
        scratch = held.enter_context(Scratch(_put_aside(options, out), _passing(options)))
        if options.fix is not None:
            return fix(sources, spec, ledger, options, out, runtime.now(), scratch)
        todo: dict[str, list[Plan]] = {}
        plans = held.enter_context(planned(sources, spec, options, scratch, out))
        for plan in plans:
            todo.setdefault(plan.specification.name, []).append(plan)
        places = places_of([some[0].specification for some in todo.values()], ledger, options, out)
        deliveries = [
            (some, placed(place, some, options)) for some, place in zip(todo.values(), places, strict=True)
        ]
        if fill_each is None:
            filled = _here(deliveries, ledger, options, scratch, held)
        else:
            filled = _elsewhere(fill_each, deliveries, ledger, options, scratch, held)
        read = [
            _delivery(some, place, ledger, options, work, held)
            for (some, place), work in zip(deliveries, filled, strict=True)
        ]
        # Of a source that changed no batch is made, also none that was read before it did.
        refuse_changes(plans)
        verdicts = [one.found for one in read]
        done = [_publish(one, verdicts, ledger, options, runtime.now()) for one in read]
        write_missing(options, [one.changes for one in read])
    return Report(
        tuple(source for report in done for source in report.sources),
        tuple(made for report in done for made in report.batches),
        tuple(verdict for report in done for verdict in report.verdicts),
        tuple(path for report in done for path in report.waiting),
    )


Filled = tuple[Workspace, Read]
# Fills the workspace of each delivery; what it is made of, and where it belongs, is given.
Deliveries = Sequence[tuple[Sequence[Plan], Place]]
FillEach = Callable[[Deliveries, Options, Scratch], Iterable[Filled]]


class _Delivery(Struct, frozen=True):
    """All sources of one specification, read and written, without a name so far."""

    specification: Specification
    place: Place
    workspace: Workspace
    read: Read
    found: Verdict
    changes: Changes | None


class _Work(Struct, frozen=True):
    """A workspace that was filled; what its records are is noted in `changes`, or told from its files where it was filled `elsewhere`."""

    workspace: Workspace
    read: Read
    changes: Changes | None
    elsewhere: bool = False


def _here(
    deliveries: Deliveries, ledger: Ledger, options: Options, scratch: Scratch, held: ExitStack
) -> Iterator[_Work]:
    """The deliveries, filled by this process one after another."""
    for todo, place in deliveries:
        lasts = last_of_each(todo[0].specification, todo, scratch, held)
        yield _filled(todo, place, options, scratch, changes_at(place, todo, ledger, scratch, held), lasts)


def _elsewhere(
    fill_each: FillEach,
    deliveries: Deliveries,
    ledger: Ledger,
    options: Options,
    scratch: Scratch,
    held: ExitStack,
) -> Iterator[_Work]:
    """The deliveries, filled by others, who do not know what is at a destination."""
    refuse_compared(deliveries)
    filled = fill_each(deliveries, options, scratch)
    for (todo, place), (workspace, read) in zip(deliveries, filled, strict=True):
        yield _Work(workspace, read, changes_at(place, todo, ledger, scratch, held), elsewhere=True)


def _delivery(
    todo: Sequence[Plan], place: Place, ledger: Ledger, options: Options, work: _Work, held: ExitStack
) -> _Delivery:
    """One delivery, whose files are gone with `held` unless it is published."""
    workspace, read, changes = work.workspace, work.read, work.changes
    held.callback(workspace.discard)
    found = verdict(todo[0].specification.name, read.reports, options, tolerance_of(read.plans, options))
    if todo[0].edits is not None:
        todo[0].edits.refuse_others(read.used)
    if found.state != NONE:
        workspace.seal()
        found = with_new_rejects(found, place, read, workspace, ledger)
        keep_applied(todo[0].edits, workspace.parts)
    if changes is not None:
        for number, part in enumerate(workspace.parts if work.elsewhere else (), 1):
            changes.note_file(number, part.data)
        changes.settle(len(workspace.parts), place.series(read.used))
        found = with_counts(found, changes, read)
    return _Delivery(todo[0].specification, place, workspace, read, found, changes)


def _publish(
    one: _Delivery, verdicts: Sequence[Verdict], ledger: Ledger, options: Options, now: datetime
) -> Report:
    workspace, read, found = one.workspace, one.read, one.found
    made: list[PreparedBatch] = []
    waiting = waiting_in(one.changes, ledger)
    if found.state == UNCHANGED:
        note_unchanged(one.changes, ledger, read.used, options)
    if found.state not in NO_BATCH:
        content = content_of(workspace, found.state)
        offer = one.place.offer(one.specification, read.used, found.state, content, len(workspace.parts), now)
        before, fields = of_series(ledger, offer), Fields(one.specification)
        read.reports = noting(
            read.reports, unlike_before(before, read, workspace, fields, not one.place.compared)
        )
        template = manifest_template(
            one.specification, found, accepted(read.reports, options, tolerance_of(read.plans, options)),
            options.as_json(), read.mapping(), [one.as_json() for one in read.decisions], read.suspicions(),
            tuple(read.left_out), compared_with(one.place, found),
        )  # fmt: skip
        told = with_earlier(told_of(read.reports, verdicts, found), before)
        beside = beside_each(told, fields, read.seen)
        made = publish(workspace, ledger, offer, template, read.used, beside, one.changes)
        made = saying_first(one.changes, made)
    if found.state == BatchState.PREPARED:
        read.remember_mappings(one.place.out)
    return Report(by_source(read.reports), tuple(made), (as_it_lies(found, made),), waiting)


def _filled(
    todo: Sequence[Plan], place: Place, options: Options, scratch: Scratch, changes: Changes | None, lasts: LastOfEach | None,
    knows_fates: bool = False,
) -> _Work:  # fmt: skip
    """The sources of a delivery in a workspace.

    Where some have a key in common, they are read again with what becomes of it; and where records come several times of which not all are sent.
    """
    workspace = workspace_in(place.out, options.timings, scratch)
    try:
        read = Read(seen=SourceSample() if options.report else None)
        together = Together(todo[0].specification, len(todo) > 1, scratch, leaves_earlier=lasts is not None)
        delivery = Delivery(workspace, options.max_bytes)
        fill_all(
            delivery, todo, options, together, read, scratch, workspace.hashing, changes=changes, lasts=lasts
        )
        has_earlier = lasts is not None and lasts.begin_again()
        read.reports = together.told(read.reports)
        twice = changes.twice() if changes is not None and not has_earlier else None
        if (knows_fates or not len(together.shared)) and twice is None and not has_earlier:
            return _Work(workspace, read, changes)
    except BaseException:
        workspace.discard()
        raise
    workspace.discard()
    if knows_fates or not len(together.shared):
        again = changes and changes.begin_again(twice)
        return _filled(todo, place, options, scratch, again, lasts, knows_fates)
    with with_fates(todo, together.shared, options, scratch) as known:
        return _filled(known, place, options, scratch, changes and changes.begin_again(), lasts, True)
