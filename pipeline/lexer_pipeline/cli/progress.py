"""Bars for a person at a terminal, on standard error, and what is waited for."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.text import Text

from lexer_pipeline.cli.console import say
from lexer_pipeline.uploading.options import Progress as UploadProgress

LONG = 3.0  # seconds


@contextmanager
def of_sources(what: str, sources: Sequence[str]) -> Iterator[Callable[[int, int], None]]:
    """One bar for all sources: bytes read, their rate, the rows of the source at hand, and the time left."""
    known = [Path(source).stat().st_size for source in sources if Path(source).is_file()]
    total = sum(known) if sources and len(known) == len(sources) else None
    rows = TextColumn("{task.fields[rows]:,} rows")
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TransferSpeedColumn(),
        rows,
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total, rows=0)
        finished = last = 0

        def show(rows: int, read: int) -> None:
            nonlocal finished, last
            # Bytes count from nought again with each source.
            finished += last if read < last else 0
            last = read
            bar.update(task, completed=finished + read, rows=rows)

        yield show


class _Uploads(Progress):
    """A bar for each upload, or what it waits for and how long still."""

    def get_renderables(self) -> Iterator[RenderableType]:
        """The bars of those that move, and a line for each that waits."""
        yield self.make_tasks_table([task for task in self.tasks if task.fields["until"] is None])
        for task in self.tasks:
            if task.fields["until"] is not None:
                left = max(0.0, task.fields["until"] - self.get_time())
                words = waiting(task.description, left, task.fields["reason"])
                yield Text(words, no_wrap=True, overflow="ellipsis")


def waiting(name: str, seconds: float, reason: str) -> str:
    """What a person reads of an upload that waits."""
    return f"{name} is tried again in {seconds:.0f} s: {reason}"


@contextmanager
def of_uploads() -> Iterator[Callable[[UploadProgress], None]]:
    """A bar for each upload: how far it is, its rate and the time left; while it waits, for what and how long."""
    columns = (
        TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    with _Uploads(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def show(step: UploadProgress) -> None:
            if step.name not in tasks:
                tasks[step.name] = bar.add_task(step.name, total=step.total, until=None, reason="")
            until = None if step.waits is None else bar.get_time() + step.waits
            bar.update(tasks[step.name], completed=step.sent, until=until, reason=step.reason)

        yield show


@contextmanager
def of_waits() -> Iterator[Callable[[UploadProgress], None]]:
    """A line for each wait that is long enough to wonder about, where no bar would be seen."""
    console = Console(stderr=True, highlight=False)

    def show(step: UploadProgress) -> None:
        if step.waits is not None and step.waits >= LONG:
            say(console, waiting(step.name, step.waits, step.reason))

    yield show
