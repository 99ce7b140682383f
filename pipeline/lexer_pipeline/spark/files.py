"""Files as the tasks of a cluster read them: each source whole, by one task; what several have is told by the keys of all."""

from collections.abc import Sequence
from contextlib import ExitStack
from itertools import islice
from typing import Any

from lexer_pipeline.chunks.repeats import Repeated
from lexer_pipeline.errors import UsageError
from lexer_pipeline.loading.origins import Member, NamedFile
from lexer_pipeline.loading.remote import RemoteFile
from lexer_pipeline.outbox.joined_parts import joined
from lexer_pipeline.outbox.part import Part
from lexer_pipeline.outbox.staging import workspace_in
from lexer_pipeline.outbox.workspace import Workspace
from lexer_pipeline.preparing import rejects
from lexer_pipeline.preparing.filling import Read
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.prepare import Deliveries, Filled
from lexer_pipeline.preparing.together import repeats_told
from lexer_pipeline.reporting.sampling import SourceSample
from lexer_pipeline.spark.attempt import folder_of
from lexer_pipeline.spark.bundles import dealt
from lexer_pipeline.spark.folded import with_fates
from lexer_pipeline.spark.jobs import Cluster
from lexer_pipeline.spark.repeated import repeated
from lexer_pipeline.spark.task import Task, TaskFilled, filled
from lexer_pipeline.system.scratch import Scratch


def fill_each(session: Any, deliveries: Deliveries, options: Options, scratch: Scratch) -> list[Filled]:
    """The workspace of each delivery, filled by the tasks of a session, and what was read for it."""
    cluster = Cluster(session)
    with ExitStack() as on_failure:
        works = []
        for _, place in deliveries:
            works.append(workspace_in(place.out, options.timings, scratch))
            on_failure.callback(works[-1].discard)
        tasks = [
            dealt(work.folder.resolve(), todo, options, cluster.cores)
            for work, (todo, _) in zip(works, deliveries, strict=True)
        ]
        found = _filled(cluster, tasks)
        reads = [
            gathered(work, some, done, again)
            for work, some, (done, again) in zip(works, tasks, found, strict=True)
        ]
        on_failure.pop_all()
    return list(zip(works, reads, strict=True))


def _filled(cluster: Cluster, tasks: Sequence[Sequence[Task]]) -> list[tuple[list[TaskFilled], Repeated]]:
    """What the tasks of each delivery made, and what stands in it more than once; where sources have records in common, once that is decided."""
    found = _once(cluster, tasks)
    is_keyed = [some[0].specification.key is not None for some in tasks]
    with_shared = [at for at, (_, again) in enumerate(found) if is_keyed[at] and len(again.shared)]
    known = [with_fates(cluster, tasks[at], found[at][1].shared) for at in with_shared]
    for at, anew in zip(with_shared, _once(cluster, known), strict=True):
        found[at] = anew
    return found


def _once(cluster: Cluster, tasks: Sequence[Sequence[Task]]) -> list[tuple[list[TaskFilled], Repeated]]:
    """One pass over all sources, those of all deliveries side by side."""
    done = iter(cluster.run(fill, [task for some in tasks for task in some]))
    each = [list(islice(done, len(some))) for some in tasks]
    return [(some, repeated(cluster, [one.folder for one in some])) for some in each]


def fill(task: Task) -> TaskFilled:
    """What a worker does: the sources of a task pass through the stages into a folder of this attempt."""
    return filled(task, folder_of(task.work, f"{task.first:06}"))


def gathered(work: Workspace, tasks: Sequence[Task], done: Sequence[TaskFilled], again: Repeated) -> Read:
    """What the tasks of a delivery wrote becomes its parts, and what they read is told as one; of no other attempt anything is taken."""
    read = Read(seen=SourceSample() if tasks[0].options.report else None)
    homes = {group: (one.parts[part], line) for one in done for group, (part, line) in one.homes.items()}
    numbers: dict[int, int] = {}
    for task, one in zip(tasks, done, strict=True):
        shift = task.first - len(read.plans)
        for part in one.parts if shift else ():
            part.renumber(shift, _renamed(part, shift))
        numbers |= {task.first + at: len(read.plans) + at for at in range(len(one.read.plans))}
        read.join(one.read)
        task.options.timings.include(one.spent)
    for one in done:
        for group, source, lines in one.elsewhere:
            part, line = homes[group]
            part.trace.add_more(line, numbers[source], lines)
    for part in joined([part for one in done for part in one.parts]):
        work.take(part)
    told = Repeated(
        {numbers[at]: count for at, count in again.counts.items()},
        {numbers[at]: some for at, some in again.lines.items()},
    )
    read.reports = repeats_told(read.reports, tasks[0].specification, told)
    return read


def _renamed(part: Part, shift: int) -> dict[str, str]:
    """The files of rejects by the names that they have from now on; a pass over a source for which no rows were left counts for none."""
    names = (
        (rejects.file_name(number, is_table), rejects.file_name(number - shift, is_table))
        for number in sorted(part.source_rows)
        for is_table in (True, False)
    )
    return {before: name for before, name in names if before in part.asides}


def refuse_what_is_here_alone(deliveries: Deliveries) -> None:
    """UsageError for a source that a worker cannot open: standard input, a pipe, a data frame."""
    for source in (plan.source for todo, _ in deliveries for plan in todo):
        origin = source.archive if isinstance(source, Member) else source
        if not isinstance(origin, NamedFile | RemoteFile):
            raise UsageError(
                f"--engine spark: {source} can be read here alone, and not by a worker",
                "Write it into a file that all workers see, or leave out --engine.",
                without=("--engine",),
            )
