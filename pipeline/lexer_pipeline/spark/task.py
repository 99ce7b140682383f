"""What a task of the cluster does: some sources of a delivery pass through the stages, into a folder that it alone writes to."""

import pickle
from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct
from msgspec.structs import replace

from lexer_pipeline.chunks.fates import Fates
from lexer_pipeline.model import Specification
from lexer_pipeline.outbox.part import Part
from lexer_pipeline.preparing.delivery import Delivery, Elsewhere
from lexer_pipeline.preparing.filling import Read, fill_all
from lexer_pipeline.preparing.folding import with_fates
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.plan import Plan
from lexer_pipeline.preparing.together import Together
from lexer_pipeline.reporting.sampling import SourceSample
from lexer_pipeline.spark.parts import Parts
from lexer_pipeline.system.scratch import Scratch
from lexer_pipeline.system.timings import Spent, Timings

# What was decided of records of several sources: a file, from where, and how many bytes.
Slice = tuple[Path, int, int]


class Task(Struct, frozen=True):
    """Some sources of one delivery, one after another: the first has the number `first` among those of the delivery.

    `several` says that the delivery has more sources than one, and `files_before` how many files the sources before these are.
    `work` is the folder of the delivery's work, which all machines see. `fates` say for each source where it lies what becomes of the
    records that others have too, once it is known.
    """

    work: Path
    plans: tuple[Plan, ...]
    first: int
    files_before: int
    several: bool
    options: Options
    fates: tuple[tuple[Slice, ...], ...] | None = None

    @property
    def specification(self) -> Specification:
        """What is made."""
        return self.plans[0].specification


class TaskFilled(Struct, frozen=True):
    """What a task made: how its sources were read, the parts that it wrote, and where it noted by what the records are known.

    `homes` are the part and line of records of several sources, by their numbers; `elsewhere` are rows of such that stand in what
    another task made.
    """

    read: Read
    parts: tuple[Part, ...]
    folder: Path
    homes: dict[int, tuple[int, int]]
    elsewhere: tuple[Elsewhere, ...]
    spent: tuple[Spent, ...]


def filled(task: Task, folder: Path) -> TaskFilled:
    """The sources of a task, passed through the stages into this folder; by what their records are known is noted there."""
    with Scratch(task.options.temp) as scratch, ExitStack() as held:
        plans = task.plans if task.fates is None else _knowing(task.plans, task.fates, held, scratch)
        _, done = _passed(replace(task, plans=tuple(plans)), folder, scratch)
    return done


def alone(task: Task, folder: Path, scratch: Scratch) -> TaskFilled:
    """The same, where no other task has records of the delivery: what stands more than once in it is told."""
    together, done = _passed(task, folder / "once", scratch)
    done.read.reports = together.told(done.read.reports)
    if len(together.shared):
        with with_fates(task.plans, together.shared, task.options, scratch) as known:
            together, done = _passed(replace(task, plans=tuple(known)), folder / "again", scratch)
            done.read.reports = together.told(done.read.reports)
    return done


def _passed(task: Task, folder: Path, scratch: Scratch) -> tuple[Together, TaskFilled]:
    timings = Timings()
    options = replace(task.options, timings=timings)
    read = Read(seen=SourceSample() if options.report else None)
    with Parts(folder, timings) as parts:
        together = Together(task.specification, task.several, scratch, task.files_before)
        delivery = Delivery(parts, options.max_bytes)
        fill_all(delivery, task.plans, options, together, read, scratch, parts.hashing, task.first)
        parts.keep_known(together)
    # What becomes of records of several sources lies in a file of this machine, and so may the rows of a source.
    read.plans = [replace(plan, fates=None, source="-") for plan in read.plans]
    places = {id(part): number for number, part in enumerate(parts.parts)}
    homes = {group: (places[id(part)], line) for group, (part, line) in delivery.homes.items()}
    return together, TaskFilled(
        read, tuple(parts.parts), folder, homes, tuple(delivery.elsewhere), tuple(timings.spent())
    )


def _knowing(
    plans: Sequence[Plan], fates: Sequence[Sequence[Slice]], held: ExitStack, scratch: Scratch
) -> list[Plan]:
    """The plans with what becomes of the records that other sources have too."""
    file = held.enter_context(closing(scratch.file()))
    return [replace(plan, fates=known(some, file)) for plan, some in zip(plans, fates, strict=True)]


def known(slices: Sequence[Slice], file: BinaryIO) -> Fates:
    """The fates of the records of one source, which were written down in some files."""
    fates = Fates(file)
    for path, begin, size in slices:
        with path.open("rb") as lying:
            lying.seek(begin)
            some = pickle.loads(lying.read(size))  # noqa: S301 - what our own task wrote
            for number, fate in some:
                fates.add(number, fate)
    return fates
