"""What a process may take and how long it lives, where the system can hold it to that: Linux and macOS can, Windows cannot."""

import os
import select
import signal
import threading
import time
from contextlib import suppress

try:
    import resource
except ModuleNotFoundError:
    resource = None  # type: ignore[assignment]

LOOK_SECONDS = 0.5


def end_with_parent() -> None:
    """End this process when its parent ends, or reads no more of what it gives; Ctrl-C is for the parent alone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if resource is not None:  # on Windows a process keeps the parent that it had
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        threading.Thread(target=_watch, args=[os.getppid()], daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_SECONDS)
    os._exit(0)


def open_nothing() -> None:
    """Let this process open no further file or socket, and leave no core dump, which would hold what it has in memory."""
    if resource is not None:
        _limit(resource.RLIMIT_NOFILE, 0, for_good=True)
        # One byte: where a program takes the dumps of a system, a limit of none does not count (core(5)).
        _limit(resource.RLIMIT_CORE, 1, for_good=True)


def allow_memory(size: int) -> None:
    """Let this process take so much memory, and no more than the machine has; what asks for more is refused it."""
    if resource is not None:
        _limit(resource.RLIMIT_AS, min(size, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")))


def allow_seconds(seconds: int) -> None:
    """Let this process work for so long from now on; then the system ends it (SIGXCPU)."""
    if resource is not None:
        _limit(resource.RLIMIT_CPU, int(time.process_time()) + seconds)


def stirs(handle: int, seconds: float) -> bool:
    """Whether a pipe has something to read, or its end, before so many seconds are over; on Windows it is waited for."""
    if not hasattr(select, "poll"):
        return True
    waiting = select.poll()
    waiting.register(handle, select.POLLIN)
    return bool(waiting.poll(seconds * 1000))


def _limit(what: int, wanted: int, *, for_good: bool = False) -> None:
    most = resource.getrlimit(what)[1]
    soft = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
    with suppress(OSError, ValueError):  # macOS knows a limit of memory and does not set it
        resource.setrlimit(what, (soft, soft if for_good else most))
