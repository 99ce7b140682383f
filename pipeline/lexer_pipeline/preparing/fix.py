"""`convert --fix`: what a batch rejected is read again as it was read then, and what is valid now is delivered."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

from msgspec.structs import replace

from lexer_pipeline.loading.expand import opened_sources
from lexer_pipeline.loading.source import Source
from lexer_pipeline.model import Manifest, Specification
from lexer_pipeline.outbox.batch import PreparedBatch
from lexer_pipeline.outbox.entry import Offer
from lexer_pipeline.outbox.ledger import Ledger
from lexer_pipeline.outbox.publish import content_of, publish
from lexer_pipeline.outbox.staging import workspace_in
from lexer_pipeline.outbox.workspace import Workspace
from lexer_pipeline.preparing.changes import Changes
from lexer_pipeline.preparing.comparing_with import changes_of_fix
from lexer_pipeline.preparing.delivery import Delivery, manifest_template
from lexer_pipeline.preparing.edits_file import keep_applied
from lexer_pipeline.preparing.filling import Read, fill
from lexer_pipeline.preparing.fixed import Fixed, fixed_batch
from lexer_pipeline.preparing.folding import with_fates
from lexer_pipeline.preparing.halves import refuse_halves
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.place import first_part, fix_dataset
from lexer_pipeline.preparing.plan import Plan, opened, refuse_changes
from lexer_pipeline.preparing.report import Report, Verdict, by_source
from lexer_pipeline.preparing.stages import stages_of
from lexer_pipeline.preparing.strangers import refuse_strangers
from lexer_pipeline.preparing.telling import Fields, beside_each, told_of
from lexer_pipeline.preparing.together import Together
from lexer_pipeline.preparing.tolerance import tolerance_of
from lexer_pipeline.preparing.verdicts import NONE, accepted_in_fix, verdict_on_fix
from lexer_pipeline.reporting.sampling import SourceSample
from lexer_pipeline.system.scratch import Scratch
from lexer_pipeline.system.stores import Folder


def fix(
    sources: Sequence[Source], spec: str | Specification | None, ledger: Ledger, options: Options, out: Folder, now: datetime,
    scratch: Scratch,
) -> Report:  # fmt: skip
    """Deliver what of the rejects of a batch is valid now; what is still rejected goes on lying in what is made.

    Of a batch that was held or rejected the whole is made anew, and takes its place.
    """
    fixed = fixed_batch(sources, spec, ledger, options, out, scratch)
    dataset = fix_dataset(fixed.entry, fixed.specification, ledger, options)
    with _mended(fixed, out, options, scratch, ledger) as (workspace, read, found, changes):
        made: list[PreparedBatch] = []
        if found.state != NONE:
            refuse_strangers(fixed, workspace.parts)
            refuse_halves(fixed, workspace.parts)
            keep_applied(fixed.edits, workspace.parts)
            offer = _offer(fixed, dataset, workspace, found, now)
            template = _template(fixed, found, read)
            told = told_of(read.reports, (found,), found)
            beside = beside_each(told, Fields(fixed.specification), read.seen)
            made = publish(workspace, ledger, offer, template, fixed.manifest.sources, beside, changes)
        return Report(by_source(read.reports), tuple(made), (found,))


@contextmanager
def rehearsed(
    sources: Sequence[Source], spec: str | Specification | None, ledger: Ledger, options: Options, out: Folder,
    scratch: Scratch,
) -> Iterator[tuple[Report, list[Path]]]:  # fmt: skip
    """What a fix would come to, and the folders that hold what is rejected still, until the block ends; nothing is made.

    Where sources are named, these alone are looked at, whatever else the batch holds.
    """
    fixed = fixed_batch(sources, spec, ledger, options, out, scratch)
    if sources:
        parts = tuple((batch, tuple(one for one in some if one[1] in sources)) for batch, some in fixed.parts)
        fixed = replace(fixed, parts=parts, is_taken_over=False)
    with _mended(fixed, out, options, scratch, ledger) as (workspace, read, found, _):
        yield Report(by_source(read.reports), (), (found,)), [part.folder for part in workspace.parts]


@contextmanager
def _mended(
    fixed: Fixed, out: Folder, options: Options, scratch: Scratch, ledger: Ledger
) -> Iterator[tuple[Workspace, Read, Verdict, Changes | None]]:
    """The rejects of a batch behind all stages, and the verdict on them."""
    named = [file for _, files in fixed.parts for _, file in files]
    with ExitStack() as held, opened_sources(named, options.stdin, scratch, False, options.network) as files:
        each = iter(files)
        todo = [
            (batch, fixed.plans(batch, [(number, next(each)) for number, _ in some]))
            for batch, some in fixed.parts
        ]
        plans = [plan for _, some in todo for _, plan in some]
        changes = changes_of_fix(fixed.specification, plans, ledger, scratch, held)
        workspace, read, changes = _filled(fixed, todo, out, options, scratch, changes)
        try:
            refuse_changes(read.plans)
            found = verdict_on_fix(fixed, read.reports, tolerance_of(read.plans, fixed.options))
            workspace.seal()
            if changes is not None:
                changes.settle(len(workspace.parts), fixed.entry.series)
            yield workspace, read, found, changes
        finally:
            workspace.discard()


def _filled(
    fixed: Fixed, todo: Sequence[tuple[PreparedBatch, Sequence[tuple[int, Plan]]]], out: Folder, options: Options,
    scratch: Scratch, changes: Changes | None, knows_fates: bool = False,
) -> tuple[Workspace, Read, Changes | None]:  # fmt: skip
    """The rejects pass through the stages, and once more where those of several sources have a key in common."""
    workspace = workspace_in(out, options.timings, scratch)
    plans = [plan for _, some in todo for _, plan in some]
    try:
        read = Read(seen=SourceSample() if options.report else None)
        together = Together(fixed.specification, len(plans) > 1, scratch)
        delivery = Delivery(workspace, fixed.options.max_bytes, is_fix=True)
        for batch, some in todo:
            if fixed.is_taken_over:
                delivery.take_over(batch, changes)
            for number, plan in some:
                with opened(plan, scratch, workspace.hashing) as loaded:
                    stages = stages_of(loaded, plan, fixed.options, changes)
                    watches = together.watches(len(read.reports), stages)
                    report = fill(delivery, number, stages, fixed.options, watches, read.seen)
                    read.add(plan, loaded, report, stages.route.decisions, stages.route.left_out)
        delivery.complete()
        read.reports = together.told(read.reports)
        if knows_fates or not len(together.shared):
            return workspace, read, changes
    except BaseException:
        workspace.discard()
        raise
    workspace.discard()
    with with_fates(plans, together.shared, fixed.options, scratch) as known:
        each = iter(known)
        again = [(batch, [(number, next(each)) for number, _ in some]) for batch, some in todo]
        return _filled(fixed, again, out, options, scratch, changes and changes.begin_again(), True)


def _offer(fixed: Fixed, dataset: str, workspace: Workspace, found: Verdict, now: datetime) -> Offer:
    one, specification = fixed.entry, fixed.specification
    return Offer(
        specification.name, specification.record_type, first_part(specification, fixed.options),
        fixed.options.date or f"{now:%Y%m%d}", one.series, dataset, found.state, content_of(workspace, found.state),
        len(workspace.parts), fixes=one, takes_over=fixed.is_taken_over, noted=fixed.noted, compared=one.compared,
    )  # fmt: skip


def _template(fixed: Fixed, found: Verdict, read: Read) -> Manifest:
    before = fixed.manifest
    return manifest_template(
        fixed.specification, found, accepted_in_fix(fixed, read.reports, tolerance_of(read.plans, fixed.options)),
        fixed.kept_options, before.mapping, before.decisions, read.suspicions(fixed.suspicions),
        before.left_out, before.compared_with,
    )  # fmt: skip
