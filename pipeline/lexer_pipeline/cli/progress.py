"""Bars for a person at a terminal, on standard error, and what is waited for."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
)
from rich.table import Column
from rich.text import Text

from lexer_pipeline.cli.console import in_bytes, say
from lexer_pipeline.system.addresses import address_of
from lexer_pipeline.uploading.options import Progress as UploadProgress

LONG = 3.0  # seconds
# What takes no longer than so many seconds needs no bar.
MOMENT = 0.5
# So many are told in seconds, more in minutes.
SECONDS = 100
# Beside what is done stand at most so many signs of rows, rate and time; and a bar is no wider than this.
LEAST_ROOM, WIDEST = 50, 40
# So long is the usual name of a file that is sent.
NAME = 34
# Of what is at work so much gives way on a narrow terminal that there is room for this.
SHORTEST = 25


@contextmanager
def of_sources(what: str, sources: Sequence[str]) -> Iterator[Callable[[int, int], None]]:
    """One bar: the rows of the source at hand, bytes a second and the time left, once it takes longer than a moment.

    A source may be passed over several times, as where its rows are put side by side; each further pass is a step of its own.
    """
    # An address may be too long for a path.
    paths = [Path(source) for source in sources if address_of(source) is None]
    known = [path.stat().st_size for path in paths if path.is_file()]
    total = sum(known) if sources and len(known) == len(sources) else None
    console = Console(stderr=True)
    bar = Progress(*_columns(console, len(what)), console=console, transient=True)
    begun = monotonic()
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
            # Sources that are passed over several times: nobody knows how many passes are to come.
            bar.tasks[0].total = None
        if not bar.live.is_started and monotonic() - begun > MOMENT:
            bar.start()

    try:
        yield show
    finally:
        bar.stop()


def _columns(console: Console, name: int) -> tuple[ProgressColumn, ...]:
    """What is at work, in so many signs, a bar where there is room for one, and how far it is."""
    room = console.width - name - LEAST_ROOM
    bar = (BarColumn(min(room, WIDEST)),) if room > 3 else ()
    named = Column(
        no_wrap=True, overflow="ellipsis", max_width=max(console.width - SHORTEST, console.width // 3)
    )
    return (TextColumn("{task.description}", table_column=named), *bar, _Pace(room < 0))


class _Pace(ProgressColumn):
    """Rows, or bytes of all bytes, bytes a second and the time left, as far as each is known."""

    def __init__(self, is_narrow: bool) -> None:
        super().__init__()
        self._is_narrow = is_narrow

    def render(self, task: Task) -> Text:
        """What is said beside the bar."""
        facts = [f"{task.fields['rows']:,} rows"] if task.fields.get("rows") else []
        if "rows" not in task.fields and task.total is not None:
            facts.append(f"{in_bytes(round(task.completed))} of {in_bytes(round(task.total))}")
        if task.speed and not self._is_narrow:
            facts.append(f"{in_bytes(round(task.speed))}/s")
        if task.total is not None and (left := task.time_remaining) is not None:
            time = f"{left:.0f} s" if left < SECONDS else f"{left / 60:.0f} min"
            facts.append(time if self._is_narrow else f"{time} left")
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
                yield Text(words)


def waiting(name: str, seconds: float, reason: str) -> str:
    """What a person reads of an upload that waits."""
    return f"{name} is tried again in {seconds:.0f} s: {reason}"


@contextmanager
def of_uploads() -> Iterator[Callable[[UploadProgress], None]]:
    """A bar for each upload: how far it is, its rate and the time left; while it waits, for what and how long."""
    console = Console(stderr=True)
    with _Uploads(*_columns(console, NAME), console=console, transient=True) as bar:
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
