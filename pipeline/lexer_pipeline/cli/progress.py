"""Bars for a person at a terminal, on standard error."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from lexer_pipeline.uploading.options import Progress as UploadProgress


@contextmanager
def of_sources(what: str, sources: Sequence[str]) -> Iterator[Callable[[int, int], None]]:
    """One bar for all sources: bytes read, their rate, the rows of the source at hand, and the time left."""
    known = [Path(source).stat().st_size for source in sources if Path(source).is_file()]
    total = sum(known) if len(known) == len(sources) else None
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


@contextmanager
def of_uploads() -> Iterator[Callable[[UploadProgress], None]]:
    """A bar for each upload: how far it is, its rate and the time left."""
    columns = (
        TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def show(step: UploadProgress) -> None:
            if step.name not in tasks:
                tasks[step.name] = bar.add_task(step.name, total=step.total)
            bar.update(tasks[step.name], completed=step.sent)

        yield show
