"""What native code does for long can be stopped by Ctrl-C, which Python hears only between its own steps."""

import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from threading import Thread, current_thread, main_thread
from typing import TypeVar

Result = TypeVar("Result")
# So many seconds what was stopped may take to end.
PATIENCE = 3.0


@contextmanager
def keeping_interrupts() -> Iterator[None]:
    """Libraries imported in the block do not take Ctrl-C for themselves, as polars does, which the drivers import where it is installed."""
    heard = signal.getsignal(signal.SIGINT)
    yield
    # Nothing is known of a handler that another language set.
    if heard is not None and current_thread() is main_thread():
        signal.signal(signal.SIGINT, heard)


def interruptible(call: Callable[[], Result], stop: Callable[[], object]) -> Result:
    """What `call` gives, worked out by a thread of its own; where the wait is interrupted, `stop` is to end it."""
    done: Future[Result] = Future()

    def work() -> None:
        try:
            done.set_result(call())
        except BaseException as problem:  # noqa: BLE001 - raised again where it is waited for
            done.set_exception(problem)

    # As a daemon it keeps no process from ending that waits for a server which never answers.
    Thread(target=work, daemon=True).start()
    try:
        return done.result()
    except BaseException:
        if not done.done():
            stop()
            with suppress(Exception):
                done.exception(PATIENCE)
        raise
