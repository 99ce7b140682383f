"""What the program that reads a workbook may take, where the system can hold it to that: kernels of Linux and macOS can, Windows cannot."""

import os
import sys
import time
from contextlib import suppress

if sys.platform == "win32":
    resource = None
else:
    import resource

# What any workbook may take, and what each of its unpacked bytes may come to: a cell has 15 bytes at least, and 72 in memory, beside
# its text, which may be that of others as well.
LEAST_MEMORY = 1 << 30
MEMORY_A_BYTE = 100
# A cell within the area of a sheet takes this much, also where nothing stands in it.
MEMORY_A_CELL = 32
# More than this no sheet needs that is let in, and no machine gives more than it has.
MOST_MEMORY = 8 << 30
# So long it may work until it gives something: a minute is enough for the largest sheet that is let in.
WORKING_SECONDS = 300


def confine() -> None:
    """Open no further file or socket, leave no core dump, which would hold what the workbook holds, and take no more than the most."""
    if resource is not None:
        _limit(resource.RLIMIT_NOFILE, 0, 0)
        # One byte: where another program takes the dumps, none would mean that the limit does not count (core(5)).
        _limit(resource.RLIMIT_CORE, 1, 1)
    allow_memory(MOST_MEMORY)
    allow_time()


def allow_memory(size: int) -> None:
    """Let this process take as much memory, within the most; what asks for more is refused it."""
    if resource is not None:
        most = min(MOST_MEMORY, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
        _limit(resource.RLIMIT_AS, min(size, most), most)


def allow_time() -> None:
    """Let this process work on for as long as it may without giving anything; then the system ends it."""
    if resource is not None:
        until = int(time.process_time()) + WORKING_SECONDS
        _limit(resource.RLIMIT_CPU, until, resource.RLIM_INFINITY)


def _limit(what: int, soft: int, hard: int) -> None:
    assert resource is not None
    most = resource.getrlimit(what)[1]
    if most != resource.RLIM_INFINITY:
        hard = most if hard == resource.RLIM_INFINITY else min(hard, most)
        soft = min(soft, most)
    with suppress(OSError, ValueError):  # a system may know a limit and not set it
        resource.setrlimit(what, (soft, hard))
