"""What a person at the terminal is told while sources are read."""

import argparse
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from importlib import import_module

from lexer_pipeline.kernels import dispatch
from lexer_pipeline.system.timings import Timings

UNCOMPILED = """\
note: the compiled kernels are missing, so this takes about eighty times as long as it should
  Install a wheel, or a C compiler and then, in the folder of the source, pip install --force-reinstall --no-cache-dir .
"""


def watched(
    asked: argparse.Namespace, what: str
) -> AbstractContextManager[Callable[[int, int], None] | None]:
    """Rows, rate, bytes and time left on a terminal; nothing elsewhere.

    Kernels that are missing are told first, since all that follows is slow without them.
    """
    if not dispatch.IS_COMPILED and not asked.quiet:
        sys.stderr.write(UNCOMPILED)
    if asked.quiet or not sys.stderr.isatty():
        return nullcontext()
    from lexer_pipeline.cli import progress

    return progress.of_sources(what, asked.sources)


def fetch_words(asked: argparse.Namespace) -> None:
    """Import what the result is told with while the kernels work, since they let go of Python's lock."""
    if not asked.quiet:
        threading.Thread(
            target=import_module, args=("lexer_pipeline.cli.show_prepared",), daemon=True
        ).start()


def show_timings(timings: Timings) -> None:
    """What each stage cost, on standard error."""
    from lexer_pipeline.cli import show_prepared

    show_prepared.timings(timings.spent())
