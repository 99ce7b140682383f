"""Bars for a person at a terminal, on standard error, and what is waited for."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.text import Text

from lexer_pipeline.cli.console import in_bytes, say
from lexer_pipeline.uploading.options import Progress as UploadProgress

LONG = 3.0  # seconds
# What takes no longer than so many seconds needs no bar.
MOMENT = 0.5
# So many are told in seconds, more in minutes.
SECONDS = 100
# Beside what is done stand at most so many signs of rows, rate and time; and a bar is no wider than this.
LEAST_ROOM, WIDEST = 50, 40


@contextmanager
def of_sources(what: str, sources: Sequence[str]) -> Iterator[Callable[[int, int], None]]:
    """One bar: the rows of the source at hand, bytes a second and the time left, once it takes longer than a moment.

    A source may be passed over several times, as where its rows are put side by side; each further pass is a step of its own.
    """
    known = [Path(source).stat().st_size for source in sources if Path(source).is_file()]
    total = sum(known) if sources and len(known) == len(sources) else None
    console = Console(stderr=True)
    room = max(console.width - len(what) - LEAST_ROOM, 0)
    columns = (
        TextColumn("{task.description}"),
        *([BarColumn(min(room, WIDEST))] if room > 3 else []),
        _Pace(console.width < LEAST_ROOM + len(what)),
    )
    bar, begun = Progress(*columns, console=console, transient=True), monotonic()
    task = bar.add_task(what, total=total, rows=0)
    step, finished, last = 1, 0, 0

    def show(rows: int, read: int) -> None:
        nonlocal step, finished, last
        if read < last and len(sources) == 1:
            step += 1
            bar.reset(task, description=f"{what}, step {step}", total=total, rows=0)
        elif read < last:
            # Bytes count from nought again with each source.
            finished += last
        last = read
        done = finished + read
        # What only passes over the source has no rows to tell.
        bar.update(task, completed=done, rows=rows or bar.tasks[0].fields["rows"])
        if total is not None and done > total:
            bar.tasks[
                0
            ].total = (
                None  # sources that are passed over several times: nobody knows how many there are to come
            )
        if not bar.live.is_started and monotonic() - begun > MOMENT:
            bar.start()

    try:
        yield show
    finally:
        bar.stop()


class _Pace(ProgressColumn):
    """Rows, bytes a second and the time left, as far as each is known."""

    def __init__(self, is_narrow: bool) -> None:
        super().__init__()
        self._is_narrow = is_narrow

    def render(self, task: Task) -> Text:
        """What is said beside the bar."""
        facts = [f"{task.fields['rows']:,} rows"] if task.fields["rows"] else []
        if task.speed and not self._is_narrow:
            facts.append(f"{in_bytes(round(task.speed))}/s")
        if (left := task.time_remaining) is not None:
            facts.append(f"{left:.0f} s left" if left < SECONDS else f"{left / 60:.0f} min left")
        return Text(", ".join(facts), no_wrap=True)


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
