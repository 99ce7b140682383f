"""Files as the tasks of a cluster read them: each source whole, by one task; what several have is told by the keys of all."""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack

from lexer_pipeline.errors import UsageError
from lexer_pipeline.loading.origins import Member, NamedFile
from lexer_pipeline.loading.source import Source
from lexer_pipeline.outbox.workspace import Workspace
from lexer_pipeline.preparing.filling import Read
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.place import Place
from lexer_pipeline.preparing.plan import Plan
from lexer_pipeline.spark.attempt import folder_of
from lexer_pipeline.spark.bundles import dealt
from lexer_pipeline.spark.jobs import Cluster
from lexer_pipeline.spark.task import Filled, Task, filled
from lexer_pipeline.system.scratch import Scratch

Deliveries = Sequence[tuple[Sequence[Plan], Place]]


def fill_each(
    cluster: Cluster, deliveries: Deliveries, options: Options, scratch: Scratch
) -> Iterable[tuple[Workspace, Read]]:
    """The workspace of each delivery, filled by the tasks of a cluster, and what was read for it."""
    refuse_what_is_here_alone([plan.source for todo, _ in deliveries for plan in todo])
    with ExitStack() as on_failure:
        works = []
        for _, place in deliveries:
            works.append(Workspace(place.out, options.timings))
            on_failure.callback(works[-1].discard)
        tasks = [
            task
            for number, (todo, _) in enumerate(deliveries)
            for task in dealt(number, works[number].folder.resolve(), todo, options, cluster.cores)
        ]
        done = cluster.run(fill, list(enumerate(tasks)))
        found = [
            gathered(
                work, todo, [one for task, one in zip(tasks, done, strict=True) if task.delivery == number]
            )
            for number, (work, (todo, _)) in enumerate(zip(works, deliveries, strict=True))
        ]
        on_failure.pop_all()
    return list(zip(works, found, strict=True))


def fill(asked: tuple[int, Task]) -> Filled:
    """What a worker does: the sources of a task pass through the stages into a folder of this attempt."""
    number, task = asked
    return filled(task, folder_of(task.work, number))


def gathered(work: Workspace, todo: Sequence[Plan], done: Sequence[Filled]) -> Read:
    """What the tasks of a delivery wrote becomes its parts, and what they read is told as one; of no other attempt anything is taken."""
    read = Read(seen=done[0].read.seen)
    for one in done:
        for part in one.parts:
            work.take(part)
        read.headers += one.read.headers
        read.used += one.read.used
        read.reports += one.read.reports
        read.decisions += one.read.decisions
        read.left_out.update(one.read.left_out)
    read.plans = list(todo)
    return read


def refuse_what_is_here_alone(sources: Sequence[Source]) -> None:
    """UsageError for a source that a worker cannot open: standard input, a pipe, a data frame."""
    for source in sources:
        origin = source.archive if isinstance(source, Member) else source
        if not isinstance(origin, NamedFile):
            raise UsageError(
                f"--engine spark: {source} can be read here alone, and not by a worker",
                "Write it into a file that all workers see, or leave out --engine.",
                flags=(),
                without=("--engine",),
            )
