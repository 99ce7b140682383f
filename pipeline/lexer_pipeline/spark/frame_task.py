"""What workers do with the rows of a frame: first look at all of them as they come, then make records of those that belong together."""

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct, field
from msgspec.structs import replace

from lexer_pipeline.chunks.buckets import carried
from lexer_pipeline.chunks.group import marks_of
from lexer_pipeline.chunks.places import Places
from lexer_pipeline.chunks.watch import Watch
from lexer_pipeline.errors import PipelineError
from lexer_pipeline.kernels.arrays import Int64s
from lexer_pipeline.loading.records import rows_of
from lexer_pipeline.loading.source import Loaded, LoadedTable
from lexer_pipeline.mapping.conversions import NeedsColumn
from lexer_pipeline.outbox.part import Part
from lexer_pipeline.preparing.decisions import Decisions
from lexer_pipeline.preparing.delivery import Delivery
from lexer_pipeline.preparing.filling import pass_through
from lexer_pipeline.preparing.mapped_route import MappedRoute
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.plan import Plan, opened
from lexer_pipeline.preparing.report import Tally
from lexer_pipeline.preparing.routes import RowsRoute
from lexer_pipeline.preparing.stages import stages_of
from lexer_pipeline.preparing.together import Together
from lexer_pipeline.reporting.sampling import SourceSample
from lexer_pipeline.spark.attempt import failed, folder_of, part_at_hand, row_told
from lexer_pipeline.spark.parts import Parts
from lexer_pipeline.spark.task import Task, alone
from lexer_pipeline.system.scratch import Scratch
from lexer_pipeline.system.timings import Spent, Timings
from lexer_pipeline.validating.identities import Known
from lexer_pipeline.validating.shared_links import SharedLinks

# What a row has beside its own cells: the part of the frame that it stood in, a hash of the key of its record (0 where that is the
# last one of the part before), its line and number in that part; or, in place of a row, what was told of the part.
PLACED = ("part", "hash", "line", "number")
TOLD = "told"
BREAK = "\r\n|\n|\r"
ROWS = 10_000


class FrameJob(Struct, frozen=True):
    """One pass over a frame: what is made of it (the plan has no source yet), the `names` of its columns, and where tasks write.

    `empty` has the columns and no row.
    """

    plan: Plan
    options: Options
    names: tuple[str, ...]
    work: Path
    empty: pa.Table

    def over(self, table: pa.Table) -> Plan:
        """The plan for some rows, whose columns are called by numbers here."""
        return replace(self.plan, source=table.rename_columns(list(self.names)))


class Looked(Struct, frozen=True):
    """What was told of one part of a frame: how many rows, lines and numbers it has, the last key, and what waits for whole columns."""

    part: int
    rows: int
    lines: int
    numbers: int
    last: int
    bytes: int
    sha256: str
    waiting: tuple[NeedsColumn, ...]


class Made(Struct, frozen=True):
    """What a task made of its rows: parts, what was counted and seen of them, and what their links are known by."""

    folder: Path
    rows: int
    parts: tuple[Part, ...]
    tally: Tally
    watches: tuple[Watch, ...]
    links: tuple[Known, ...]
    seen: SourceSample | None
    notes: tuple[str, ...]
    decisions: Decisions
    spent: tuple[Spent, ...]


class LinksNoted(SharedLinks):
    """Keeps what the records are known by, for who looks at those of all tasks."""

    def __init__(self, identities: Any) -> None:
        super().__init__(identities)
        self.known: list[Known] = []

    def look(self, known: Known) -> None:
        """Keep it."""
        self.known.append(known)

    def found(self) -> Iterator[Any]:
        """Nothing yet."""
        return iter(())


def look(job: FrameJob, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The rows of a part of a frame with the hash of the key of each one's record, line and number; and what was told of the part."""
    with Scratch(job.options.temp) as scratch, _spooled(batches, scratch) as table:
        if table is None:
            return
        try:
            told, columns = _looked(job, table, scratch)
        except PipelineError as problem:
            yield _telling(table, failed(problem))
            return
        placed = [pa.array(one, pa.int64()) for one in (np.full(len(table), told.part), *columns)]
        nothing: Any = pa.nulls(len(table), pa.binary())
        names = [*table.column_names, *PLACED, TOLD]
        yield from pa.table([*table.columns, *placed, nothing], names=names).to_batches(ROWS)
        yield _telling(table, told)


def _telling(table: pa.Table, what: Any) -> pa.RecordBatch:
    """What is told, in place of a row."""
    row = row_told(0, what)
    kinds: list[Any] = table.schema.types
    empty: list[Any] = [pa.nulls(1, kind) for kind in kinds]
    part = part_at_hand()
    return pa.record_batch(
        [*empty, *(pa.array([part], pa.int64()) for _ in PLACED), row.column(1)], names=[*table.column_names, *PLACED, TOLD]
    )  # fmt: skip


def _looked(job: FrameJob, table: pa.Table, scratch: Scratch) -> tuple[Looked, tuple[Int64s, Int64s, Int64s]]:
    lines = lines_of(table)
    hashes, numbers = np.zeros(len(table), np.uint64), np.zeros(len(table), np.int64)
    last, waiting = np.uint64(0), tuple[NeedsColumn, ...]()
    with opened(job.over(table), scratch) as loaded:
        route = stages_of(loaded, job.plan, job.options).route
        if isinstance(loaded, LoadedTable) and isinstance(route, RowsRoute):
            lines += loaded.head.lines
            for rows in rows_of(loaded, loaded.stream, loaded.rest):
                numbers[np.searchsorted(lines, rows.lines)] = rows.numbers
                kept = route.look(rows)
                if route.key is not None:
                    of, last = carried(*marks_of(kept, route.key), last)
                    hashes[np.searchsorted(lines, kept.lines)] = of
            waiting = tuple(route.survey.waiting) if isinstance(route, MappedRoute) else ()
            lines -= loaded.head.lines
        else:
            numbers = lines
            _read(loaded)
        height = int(lines[-1] + heights(table.slice(len(table) - 1))[0] - 1)
        said = Looked(
            part_at_hand(), len(table), height, int(numbers.max()), int(last), loaded.stream.bytes,
            loaded.stream.sha256, waiting,
        )  # fmt: skip
    return said, (hashes.view(np.int64), lines, numbers)


def _read(loaded: Loaded) -> None:
    """Documents are looked at as they are made records; here they are counted."""
    while loaded.stream.read(1 << 20):
        pass


def heights(table: pa.Table) -> Int64s:
    """Over how many lines the text of each row goes."""
    total = np.ones(len(table), np.int64)
    for column in table.columns:
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            found = pc.fill_null(pc.count_substring_regex(column, pattern=BREAK), 0)
            total += found.to_numpy()
    return total


def lines_of(table: pa.Table) -> Int64s:
    """The line on which the text of each row begins, from 1, without a header; rows with nested columns are documents, each on one line."""
    if any(pa.types.is_nested(kind) for kind in table.schema.types):
        return np.arange(1, len(table) + 1)
    found: Int64s = np.cumsum(heights(table)) - heights(table) + 1
    return found


@contextmanager
def _spooled(batches: Iterator[pa.RecordBatch], scratch: Scratch) -> Iterator[pa.Table | None]:
    """The rows on the disk, as they are read more than once; None where there are none."""
    some = next((batch for batch in batches if batch.num_rows), None)
    if some is None:
        yield None
        return
    with scratch.folder() as folder:
        with pa.OSFile(str(folder / "rows"), "wb") as sink, pa.ipc.new_file(sink, some.schema) as file:
            for batch in chain([some], batches):
                file.write_batch(batch)
        with pa.memory_map(str(folder / "rows")) as source:
            yield pa.ipc.open_file(source).read_all()


class Offsets(Struct, frozen=True):
    """For each part of a frame what stands before it: the hash of the last key, how many lines, and how many numbered rows."""

    of: dict[int, tuple[int, int, int]] = field(default_factory=dict)


def place(offsets: Offsets, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The rows of all parts as they stand in the whole frame, without what was told of the parts."""
    for batch in batches:
        rows = batch.filter(pc.is_null(batch[TOLD]))
        if not rows.num_rows:
            continue
        key, lines, numbers = offsets.of[rows["part"][0].as_py()]
        hashes = rows["hash"].to_numpy()
        placed = {
            "part": rows["part"], "hash": pa.array(np.where(hashes == 0, key, hashes)),
            "line": pc.add(rows["line"], lines), "number": pc.add(rows["number"], numbers),
        }  # fmt: skip
        columns = [placed.get(name, rows[name]) for name in rows.schema.names if name != TOLD]
        yield pa.record_batch(columns, names=[name for name in rows.schema.names if name != TOLD])


def make(job: FrameJob, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """What becomes of the rows that came to this task: all those of a record, in their order."""
    with Scratch(job.options.temp) as scratch, _spooled(batches, scratch) as table:
        if table is None:
            return
        part = part_at_hand()
        try:
            yield row_told(part, _made(job, table, scratch, folder_of(job.work, f"{part:06}")))
        except PipelineError as problem:
            yield row_told(part, failed(problem))


def _made(job: FrameJob, table: pa.Table, scratch: Scratch, folder: Path) -> Made:
    own, places = (
        table.drop_columns(list(PLACED)),
        {name: table[name].to_numpy() for name in ("line", "number")},
    )
    timings = Timings()
    options = replace(job.options, timings=timings)
    seen = SourceSample() if options.report else None
    at, plan = lines_of(own), job.over(own)
    with Parts(folder, timings) as parts, opened(plan, scratch) as loaded:
        head = loaded.head.lines if isinstance(loaded, LoadedTable) else 0
        known = Places(at + head, places["line"] + head, places["number"])
        stages = stages_of(replace(loaded, places=known), plan, options)
        together = Together(plan.specification, False, scratch, links=LinksNoted)
        watches = together.watches(0, stages)
        tally = pass_through(Delivery(parts, options.max_bytes), 0, stages, options, watches, seen)
        own_watches = stages.route.watches
        for watch in watches[len(own_watches) :]:
            deque(watch.found(), maxlen=0)
        parts.keep_known(together)
    return Made(
        folder, len(table), tuple(parts.parts), tally, own_watches, tuple(_links(watches)), seen, stages.route.notes, stages.route.decisions,
        tuple(timings.spent()),
    )  # fmt: skip


def _links(watches: Sequence[Watch]) -> Iterator[Known]:
    for watch in watches:
        if isinstance(shared := getattr(watch, "shared", None), LinksNoted):
            yield from shared.known


def whole(job: FrameJob, task: Task, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """What becomes of all rows of a frame, whatever is made of them, by one task."""
    with Scratch(job.options.temp) as scratch, _spooled(batches, scratch) as table:
        rows = job.empty if table is None else table
        source = rows.rename_columns(list(job.names))
        try:
            plans = tuple(replace(plan, source=source) for plan in task.plans)
            yield row_told(0, alone(replace(task, plans=plans), folder_of(job.work, "whole"), scratch))
        except PipelineError as problem:
            yield row_told(0, failed(problem))
