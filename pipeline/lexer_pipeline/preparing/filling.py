"""A source passes through the stages, and what becomes of it fills a delivery."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from lexer_pipeline.chunks.watch import Watch
from lexer_pipeline.loading.source import Loaded, LoadedTable
from lexer_pipeline.mapping import remembered
from lexer_pipeline.mapping.file import is_users_own
from lexer_pipeline.model import Json, SourceUse
from lexer_pipeline.preparing.changes import Changes
from lexer_pipeline.preparing.decisions import Decisions
from lexer_pipeline.preparing.delivery import Delivery
from lexer_pipeline.preparing.last_of_each import LastOfEach
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.plan import Plan, opened
from lexer_pipeline.preparing.report import SourceReport, Tally
from lexer_pipeline.preparing.stages import Stages, stages_of
from lexer_pipeline.preparing.together import Together
from lexer_pipeline.reporting.sampling import SourceSample
from lexer_pipeline.suspicions import Sighting, as_json
from lexer_pipeline.system.hashing import Hashing
from lexer_pipeline.system.scratch import Scratch
from lexer_pipeline.system.stores import Folder


def fill_all(
    delivery: Delivery, todo: Sequence[Plan], options: Options, together: Together, read: "Read", scratch: Scratch,
    hashing: Hashing, first: int = 0, changes: Changes | None = None, lasts: LastOfEach | None = None,
) -> None:  # fmt: skip
    """Pass the sources of a delivery, whose numbers begin with `first`, through the stages, and note in `read` how they were read."""
    for plan in todo:
        if not read.leaves_rows(plan):
            continue
        number = first + len(read.plans)
        with opened(plan, scratch, hashing, refuses_rejects=True) as loaded:
            stages = stages_of(loaded, plan, options, changes, lasts)
            report = fill(delivery, number, stages, options, together.watches(number, stages), read.seen)
            read.add(plan, loaded, report, stages.route.decisions, stages.route.left_out)


def fill(
    delivery: Delivery, number: int, stages: Stages[Any], options: Options, watches: Sequence[Watch], seen: SourceSample | None,
) -> SourceReport:  # fmt: skip
    """Pass the source of this number (from 0) through the stages, and write what becomes of it; some of its rows are kept in `seen`."""
    tally = pass_through(delivery, number, stages, options, watches, seen)
    return report_of(stages, tally, watches)


def pass_through(
    delivery: Delivery, number: int, stages: Stages[Any], options: Options, watches: Sequence[Watch], seen: SourceSample | None,
) -> Tally:  # fmt: skip
    """The same, and what was counted alone; the watches have seen all of it."""
    tally = Tally()
    if seen is not None:
        # Columns that are fields are looked at in the records, all over the file; to read rows twice for it would cost more.
        seen.begin(names_of(stages.loaded), goes_on=stages.plan.record is not None)
    for converted in stages.convert_all():
        if seen is not None:
            seen.look(converted.chunk)
        for fitting in map(stages.in_turn, delivery.fitting(stages, converted)):
            for watch in watches:
                watch.look(fitting.checked)
            delivery.add(number, stages, fitting)
            tally.add(fitting.checked)
        show_progress(options, tally, stages.loaded)
    return tally


def report_of(stages: Stages[Any], tally: Tally, watches: Sequence[Watch]) -> SourceReport:
    """What was found in a source that was read to its end."""
    route = stages.route
    noticed = [one for watch in watches for one in watch.found()]
    found = tally.report(stages.loaded.name, stages.plan.specification.name, route.notes, noticed)
    return replace(found, warnings=route.reference.naming_nearest(found.warnings))


def names_of(loaded: Loaded) -> tuple[str, ...]:
    """The columns of a table; documents have none."""
    return loaded.head.names if isinstance(loaded, LoadedTable) else ()


def show_progress(options: Options, tally: Tally, loaded: Loaded) -> None:
    """Tell whoever asked for it how far a source was read."""
    if options.progress is not None:
        options.progress(tally.rows, loaded.scratch.at or loaded.stream.bytes)


class Read(Struct):
    """What is known of the sources of a delivery once they were read."""

    plans: list[Plan] = field(default_factory=list)
    headers: list[tuple[str, ...]] = field(default_factory=list)
    used: list[SourceUse] = field(default_factory=list)
    reports: list[SourceReport] = field(default_factory=list)
    decisions: list[Decisions] = field(default_factory=list)
    left_out: dict[str, None] = field(default_factory=dict)
    seen: SourceSample | None = None

    def add(
        self, plan: Plan, loaded: Loaded, report: SourceReport, decided: Decisions, left_out: Sequence[str]
    ) -> None:
        """Note how one more source was read, and which of its columns were left out."""
        self.plans.append(plan)
        self.headers.append(names_of(loaded))
        self.used.append(loaded.used())
        self.reports.append(report)
        self.decisions.append(decided)
        self.left_out.update(dict.fromkeys(left_out))

    def join(self, more: "Read") -> None:
        """Take in what is known of the sources that follow."""
        for name in ("plans", "headers", "used", "reports", "decisions"):
            getattr(self, name).extend(getattr(more, name))
        self.left_out.update(more.left_out)
        if self.seen is not None and more.seen is not None:
            self.seen.join(more.seen)

    def leaves_rows(self, plan: Plan) -> bool:
        """Whether a pass may have rows to make something of: not one of what an earlier pass leaves to it, where that left none."""
        passes = zip(self.plans, self.reports, strict=True)
        return not any(
            before.source is plan.source and not report.taken and _is_rest(plan, before)
            for before, report in passes
        )

    def mapping(self) -> Json:
        """The text of the mapping; where sources have different ones, that of each."""
        texts = [plan.mapping.text if plan.mapping is not None else None for plan in self.plans]
        return texts[0] if len(set(texts)) == 1 else texts

    def suspicions(self, before: Sequence[Sighting] = ()) -> Mapping[str, Json]:
        """What was suspicious in all sources, and in records made `before`, as the manifest holds it."""
        return as_json([*before, *(one for report in self.reports for one in report.suspicions)])

    def remember_mappings(self, out: Folder) -> None:
        """A mapping of the user's that served is noted for the next export with the same header."""
        for plan, header in zip(self.plans, self.headers, strict=True):
            if header and plan.mapping is not None and is_users_own(plan.mapping):
                remembered.remember(out, header, plan.mapping.path)


def _is_rest(plan: Plan, before: Plan) -> bool:
    """Whether a pass makes something of what an earlier one leaves to it, and of nothing else."""
    return plan.record is not None and before.record is not None and plan.record.is_rest_of(before.record)
