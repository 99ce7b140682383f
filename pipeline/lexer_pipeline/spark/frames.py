"""`prepare` for a frame of Spark: one source whose rows lie on many machines."""

from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from hashlib import sha256
from importlib import import_module
from typing import Any

from msgspec.structs import replace

from lexer_pipeline.chunks.repeats import Repeated
from lexer_pipeline.errors import SourceError
from lexer_pipeline.loading.source import LoadedTable
from lexer_pipeline.model import SourceUse, Specification
from lexer_pipeline.outbox.joined_parts import joined
from lexer_pipeline.outbox.staging import workspace_in
from lexer_pipeline.outbox.workspace import Workspace
from lexer_pipeline.preparing.filling import Read, names_of, report_of
from lexer_pipeline.preparing.mapped_route import MappedRoute
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.plan import Plan, opened
from lexer_pipeline.preparing.prepare import Deliveries, Filled, prepare_by
from lexer_pipeline.preparing.report import Report, Tally
from lexer_pipeline.preparing.routes import RowsRoute
from lexer_pipeline.preparing.stages import Stages, stages_of
from lexer_pipeline.preparing.together import repeats_told
from lexer_pipeline.spark.attempt import TOLD as NUMBERED
from lexer_pipeline.spark.files import gathered
from lexer_pipeline.spark.frame_task import (
    PLACED,
    TOLD,
    FrameJob,
    Looked,
    Made,
    Offsets,
    look,
    make,
    place,
    whole,
)
from lexer_pipeline.spark.jobs import Cluster, mapped
from lexer_pipeline.spark.repeated import repeated
from lexer_pipeline.spark.session import refuse_unseen, refuse_unsuited
from lexer_pipeline.spark.task import Task
from lexer_pipeline.system.runtime import Runtime
from lexer_pipeline.system.scratch import Scratch
from lexer_pipeline.system.stores import Folder
from lexer_pipeline.validating.identities import Identities
from lexer_pipeline.validating.identities import joined as all_known
from lexer_pipeline.validating.shared_links import SharedLinks

# A task brings together the records of about so many rows.
EACH = 500_000
# Of documents so many are looked at to tell what they are.
DOCUMENTS = 100


def prepare(
    frame: Any,
    specification: str | Specification | None = None,
    out: Folder | str = "batches",
    options: Options | None = None,
    runtime: Runtime | None = None,
) -> Report:
    """Turn the rows of a Spark DataFrame into one prepared batch a specification (or several) in the folder `out`, which all workers see.

        from lexer_pipeline.spark import prepare

        report = prepare(spark.read.parquet("s3a://bucket/orders"), "purchase", "/mnt/shared/batches")

    What is made is what `lexer_pipeline.prepare([frame.toArrow()], ...)` makes, in another order of records.
    """
    options = options or Options()
    refuse_unsuited(options)
    some = frame.limit(DOCUMENTS if _is_nested(frame) else 0).toArrow()
    return prepare_by(partial(_fill_each, frame), [some], specification, out, options, runtime)


def _is_nested(frame: Any) -> bool:
    kinds = import_module("pyspark.sql.types")
    nested = (kinds.ArrayType, kinds.MapType, kinds.StructType)
    return any(isinstance(one.dataType, nested) for one in frame.schema.fields)


def _fill_each(frame: Any, deliveries: Deliveries, options: Options, scratch: Scratch) -> list[Filled]:
    """The workspace of each delivery, filled by the workers that have the rows, and what was read for it."""
    cluster = Cluster(frame.sparkSession)
    master = frame.sparkSession.sparkContext.master
    refuse_unseen(master, [where.out for _, where in deliveries], options)
    plain = replace(options, stdin=None, progress=None)
    with ExitStack() as on_failure:
        filled = []
        for todo, place_of_it in deliveries:
            work = workspace_in(place_of_it.out, options.timings, scratch)
            on_failure.callback(work.discard)
            is_one = len(todo) == 1 and not (_is_nested(frame) and todo[0].mapping is not None)
            how = _side_by_side if is_one else _by_one
            filled.append((work, how(cluster, frame, todo, plain, work, scratch)))
        on_failure.pop_all()
    return filled


def _by_one(
    cluster: Cluster, frame: Any, todo: Sequence[Plan], options: Options, work: Workspace, _scratch: Scratch
) -> Read:
    """All rows by one task: what makes several kinds of records of them, or brings documents together, sees them all."""
    own = work.folder.resolve()
    job = FrameJob(replace(todo[0], source="-"), options, tuple(frame.columns), own, _empty(todo[0]))
    tasks = Task(own, tuple(replace(plan, source="-") for plan in todo), 0, 0, len(todo) > 1, options)
    (done,) = cluster.told(mapped(_called_plainly(frame).coalesce(1), partial(whole, job, tasks), NUMBERED))
    return gathered(work, [tasks], [done], Repeated())


def _empty(plan: Plan) -> Any:
    """The columns of the frame, without the rows that were looked at to tell what it is."""
    table: Any = plan.source
    return table.slice(0, 0)


def _called_plainly(frame: Any) -> Any:
    """The frame without dots in the names of its columns, which Spark takes for fields of a structure."""
    return frame.toDF(*(f"c{number}" for number in range(len(frame.columns))))


def _side_by_side(
    cluster: Cluster, frame: Any, todo: Sequence[Plan], options: Options, work: Workspace, scratch: Scratch
) -> Read:
    """All rows looked at where they lie, what tells of whole columns decided, and those of a record brought together."""
    plan = replace(todo[0], reading=replace(todo[0].reading, footer=False))
    plain = _called_plainly(frame)
    kinds = import_module("pyspark.sql.types")
    placed = [*plain.schema.fields, *(kinds.StructField(name, kinds.LongType()) for name in PLACED)]
    told = kinds.StructField(TOLD, kinds.BinaryType())
    job = FrameJob(
        replace(plan, source="-"), options, tuple(frame.columns), work.folder.resolve(), _empty(plan)
    )
    with ExitStack() as held:
        loaded = held.enter_context(opened(plan, scratch))
        stages = stages_of(loaded, plan, options)
        route = stages.route
        looked = mapped(plain, partial(look, job), kinds.StructType([*placed, told]))
        looked.persist(import_module("pyspark").StorageLevel.DISK_ONLY)
        held.callback(looked.unpersist)
        seen: list[Looked] = cluster.told(
            looked.where("told is not null").selectExpr("part as number", "told")
        )
        if isinstance(loaded, LoadedTable):
            if isinstance(route, MappedRoute):
                for one in seen:
                    route.survey.join(one.waiting)
                route.survey.settle()
            job = replace(job, plan=job.plan.read_as(route.decisions))
        rows = mapped(looked, partial(place, offsets_of(seen)), kinds.StructType(placed))
        count = sum(one.rows for one in seen)
        if isinstance(route, RowsRoute) and route.key is not None:
            rows = rows.repartition(count // EACH + 1, "hash").sortWithinPartitions("line")
        made: list[Made] = cluster.told(mapped(rows, partial(make, job), NUMBERED))
        if sum(one.rows for one in made) != count:
            raise SourceError(
                "data frame: gave other rows when it was read again",
                "Write it down first, and prepare what was written.",
            )
        return _as_one(cluster, stages, seen, made, work)


def offsets_of(seen: Sequence[Looked]) -> Offsets:
    """What stands before each part of a frame."""
    found: dict[int, tuple[int, int, int]] = {}
    key = lines = numbers = 0
    for one in sorted(seen, key=lambda one: one.part):
        found[one.part] = key, lines, numbers
        key, lines, numbers = one.last or key, lines + one.lines, numbers + one.numbers
    return Offsets(found)


def _as_one(
    cluster: Cluster, stages: Stages[Any], seen: Sequence[Looked], made: Sequence[Made], work: Workspace
) -> Read:
    """What the tasks made of the rows of one source, told as one."""
    plan, loaded, route = stages.plan, stages.loaded, stages.route
    read = Read(seen=_all([one.seen for one in made if one.seen is not None], None))
    for one in made:
        stages.timings.include(one.spent)
    for part in joined([part for one in made for part in one.parts]):
        work.take(part)
    if not work.parts:
        work.new_part()
    tally = _all([one.tally for one in made], Tally())
    watches = [_all(list(alike), None) for alike in zip(*(one.watches for one in made), strict=True)]
    links = SharedLinks(Identities(plan.specification, route.layout))
    known = all_known([some for one in made for some in one.links])
    links.look(known.in_order())
    tally.suspicions.update(links.found())
    report = report_of(stages, tally, watches)
    notes = dict.fromkeys([*report.notes, *(note for one in made for note in one.notes)])
    read.plans, read.headers = [plan], [names_of(loaded)]
    read.used = [_used(loaded.name, seen)]
    read.decisions = [made[0].decisions if made and not isinstance(loaded, LoadedTable) else route.decisions]
    read.left_out = dict.fromkeys(route.left_out)
    again = repeated(cluster, [one.folder for one in made])
    read.reports = repeats_told([replace(report, notes=tuple(notes))], plan.specification, again)
    return read


def _used(name: str, seen: Sequence[Looked]) -> SourceUse:
    """The frame as a manifest remembers it; its checksum is that of the checksums of its parts."""
    parts = sorted(seen, key=lambda one: one.part)
    digest = sha256(" ".join(one.sha256 for one in parts).encode()).hexdigest()
    return SourceUse(name, sum(one.bytes for one in parts), digest, 0)


def _all(some: Sequence[Any], none: Any) -> Any:
    """What several say, as one."""
    if not some:
        return none
    first, *further = some
    for one in further:
        first.join(one)
    return first
