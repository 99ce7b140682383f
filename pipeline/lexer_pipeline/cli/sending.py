"""A person beside uploads: a bar for each, words while they wait, and an interrupt that is heard where they can go on later."""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from lexer_pipeline.cli.exits import INTERRUPTED
from lexer_pipeline.uploading.options import Progress


def watched_uploads(asked: argparse.Namespace) -> AbstractContextManager[Callable[[Progress], None] | None]:
    """A bar for each upload on a terminal, with rate and time left; elsewhere a line for each long wait."""
    if asked.quiet:
        return nullcontext()
    from lexer_pipeline.cli import progress

    return progress.of_uploads() if sys.stderr.isatty() else progress.of_waits()


@contextmanager
def stopping() -> Iterator[threading.Event]:
    """An event that the first interrupt sets, so that uploads end where they can go on later.

    The second one ends the process at once, as a crash would, which the ledger is made for.
    """
    stop = threading.Event()

    def interrupted(*_: object) -> None:
        if stop.is_set():
            os.write(2, b"\x1b[?25h" if sys.stderr.isatty() else b"")  # a progress bar hides the cursor
            os._exit(INTERRUPTED)
        stop.set()
        os.write(2, b"\ninterrupted: waiting for the step under way, once more to end at once\n")

    kept = {number: signal.signal(number, interrupted) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
