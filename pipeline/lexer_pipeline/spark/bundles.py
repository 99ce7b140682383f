"""The sources of a run dealt out to tasks: neighbours together, so that what the tasks write follows one another as on one machine."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec.structs import replace

from lexer_pipeline.loading.origins import Member, NamedFile
from lexer_pipeline.loading.remote import RemoteFile
from lexer_pipeline.preparing.folding import files_of
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.plan import Plan
from lexer_pipeline.spark.task import Task

# A task takes sources of about so many bytes; fewer where there would not be so many tasks for each core. One source is not parted.
MOST, EACH = 512 << 20, 3


def dealt(work: Path, todo: Sequence[Plan], options: Options, cores: int) -> list[Task]:
    """The tasks of one delivery, in the order of its sources."""
    most = min(MOST, sum(size_of(plan) for plan in todo) // (cores * EACH))
    files = files_of(todo)
    plain = replace(options, stdin=None, progress=None)
    return [
        Task(
            work,
            tuple(todo[first:end]),
            first,
            files[first] - (not todo[first].is_further),
            len(todo) > 1,
            plain,
        )
        for first, end in _bundles(todo, most)
    ]


def _bundles(todo: Sequence[Plan], most: int) -> Iterator[tuple[int, int]]:
    """From where to where sources go together; further passes over one stay with the first."""
    first, size = 0, 0
    for number, plan in enumerate(todo):
        is_new = not number or plan.source is not todo[number - 1].source
        if is_new and number and size + size_of(plan) > most:
            yield first, number
            first, size = number, 0
        size += size_of(plan) if is_new else 0
    yield first, len(todo)


def size_of(plan: Plan) -> int:
    """About how many bytes a source has; a member of a zip as many as the whole."""
    source = plan.source.archive if isinstance(plan.source, Member) else plan.source
    return source.size() if isinstance(source, NamedFile | RemoteFile) else 0
