"""What a person at the terminal is told while sources are read."""

import argparse
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib import import_module

from lexer_pipeline.cli.log import OFTEN, Log
from lexer_pipeline.system.timings import Timings


def watched(
    asked: argparse.Namespace, what: str
) -> AbstractContextManager[Callable[[int, int], None] | None]:
    """Rows, rate, bytes and time left on a terminal; nothing elsewhere."""
    log: Log = asked.log
    bar: AbstractContextManager[Callable[[int, int], None] | None] = nullcontext()
    if not asked.quiet and not log.replaces_words and sys.stderr.isatty():
        from lexer_pipeline.cli import progress

        bar = progress.of_sources(what, asked.sources)
    return _logged(log, bar) if log.is_kept else bar


@contextmanager
def _logged(
    log: Log, bar: AbstractContextManager[Callable[[int, int], None] | None]
) -> Iterator[Callable[[int, int], None]]:
    with bar as show:
        yield _each_while(log, "reading", show)


def fetch_words(asked: argparse.Namespace) -> None:
    """Import what the result is told with while the kernels work, since they let go of Python's lock."""
    wanted = [] if getattr(asked, "no_report", True) else ["lexer_pipeline.reporting.report_page"]
    wanted += [] if asked.quiet else ["lexer_pipeline.cli.show_prepared"]
    if wanted:
        threading.Thread(target=_import_all, args=(wanted,), daemon=True).start()


def _import_all(names: Sequence[str]) -> None:
    for name in names:
        import_module(name)


def show_timings(asked: argparse.Namespace, timings: Timings) -> None:
    """What each stage cost, on standard error, and in the log."""
    if asked.log.is_kept:
        from lexer_pipeline.cli import log_results

        log_results.spent(asked.log, timings)
    if asked.log.replaces_words:
        return
    from lexer_pipeline.cli import show_prepared

    show_prepared.timings(timings.spent())


def _each_while(log: Log, event: str, show: Callable[[int, int], None] | None) -> Callable[[int, int], None]:
    """A callback of rows and bytes that shows them and, now and then, says them."""
    last = time.monotonic()

    def both(rows: int, read: int) -> None:
        nonlocal last
        if show is not None:
            show(rows, read)
        if (now := time.monotonic()) - last >= OFTEN:
            last = now
            log.tell(event, rows=rows, bytes=read)

    return both
