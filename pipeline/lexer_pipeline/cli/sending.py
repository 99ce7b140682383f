"""A person beside uploads: a bar for each, words while they wait, and an interrupt that is heard where they can go on later."""

import argparse
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from lexer_pipeline.cli.exits import INTERRUPTED
from lexer_pipeline.cli.log import INFO, OFTEN, WARNING, Log
from lexer_pipeline.model import Receipt
from lexer_pipeline.uploading.options import Progress


def watched_uploads(asked: argparse.Namespace) -> AbstractContextManager[Callable[[Progress], None] | None]:
    """A bar for each upload on a terminal, with rate and time left; elsewhere a line for each long wait."""
    log: Log = asked.log
    bars: AbstractContextManager[Callable[[Progress], None] | None] = nullcontext()
    if not asked.quiet and not log.replaces_words:
        from lexer_pipeline.cli import progress

        bars = progress.of_uploads() if sys.stderr.isatty() else progress.of_waits()
    return _logged(log, bars) if log.is_kept else bars


@contextmanager
def _logged(
    log: Log, bars: AbstractContextManager[Callable[[Progress], None] | None]
) -> Iterator[Callable[[Progress], None]]:
    with bars as show:
        yield _each_upload(log, show)


@contextmanager
def stopping(log: Log) -> Iterator[threading.Event]:
    """An event that the first interrupt sets, so that uploads end where they can go on later.

    The second one ends the process at once, as a crash would, which the ledger is made for.
    """
    stop = threading.Event()

    def interrupted(*_: object) -> None:
        if stop.is_set():
            os.write(2, b"\x1b[?25h" if sys.stderr.isatty() else b"")  # a progress bar hides the cursor
            log.end(INTERRUPTED)
            os._exit(INTERRUPTED)
        stop.set()
        log.tell("interrupted", WARNING)
        if log.replaces_words:
            return
        os.write(2, b"\ninterrupted: waiting for the step under way, once more to end at once\n")

    kept = {number: signal.signal(number, interrupted) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


def _each_upload(log: Log, show: Callable[[Progress], None] | None) -> Callable[[Progress], None]:
    """A callback of uploads that shows how far they are and says, now and then, how far, and at once what one waits for."""
    last: dict[str, float] = {}

    def both(step: Progress) -> None:
        if show is not None:
            show(step)
        about = {"batch": step.batch, "name": step.name}
        if step.waits is not None:
            log.tell("waiting", WARNING, **about, seconds=round(step.waits, 1), reason=step.reason)
        elif (now := time.monotonic()) - last.setdefault(step.name, now) >= OFTEN:
            last[step.name] = now
            log.tell("sending", **about, sent=step.sent, bytes=step.total)

    return both


def tell_receipts(log: Log, found: Iterable[Receipt]) -> None:
    """Each upload with its state, as its receipt has it."""
    for one in found:
        log.tell("upload", WARNING if one.needs else INFO, **one.as_json())
