"""One command in a process of its own: seconds, processor seconds and memory of the whole process tree."""

import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

SAMPLE_SECONDS = 0.02
MEGABYTE = 1_000_000
FIELDS = (b"VmRSS", b"RssAnon", b"VmHWM")


@dataclass(frozen=True, slots=True)
class Measurement:
    """What one run took.

    `cpu` is user and system time of the process and all descendants that were waited for. `peak_mb` is
    the largest sum of resident memory (RSS) over the tree, sampled every 20 ms, or the high-water mark of
    one process (VmHWM) where that is larger; pages shared between processes count once for each, so it
    errs upwards. `own_mb` leaves out pages that belong to files (a mapped input, shared libraries).
    The kernel's ru_maxrss is of no use here: a child inherits that of the process that started it.
    """

    wall: float
    cpu: float
    peak_mb: float
    own_mb: float
    code: int


def measure(
    command: Sequence[str], environment: Mapping[str, str], output: Path, errors: Path, cores: int = 0
) -> Measurement:
    """Run `command` to its end, its standard output and standard error in these files, on so many cores (0: all)."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    redirect = [
        (os.POSIX_SPAWN_OPEN, 1, str(output), flags, 0o600),
        (os.POSIX_SPAWN_OPEN, 2, str(errors), flags, 0o600),
    ]
    with pinned(cores):
        started = time.perf_counter()
        child = os.posix_spawn(command[0], list(command), environment, file_actions=redirect)
    with Sampler(child) as sampler:
        _, status, usage = os.wait4(child, 0)
        wall = time.perf_counter() - started
    return Measurement(
        wall=wall,
        cpu=usage.ru_utime + usage.ru_stime,
        peak_mb=max(sampler.resident, sampler.most) / MEGABYTE,
        own_mb=sampler.own / MEGABYTE,
        code=os.waitstatus_to_exitcode(status),
    )


def usable_cores() -> list[int]:
    """The cores that this process may be given, none where the system does not let it choose."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_setaffinity") else []


@contextmanager
def pinned(cores: int) -> Iterator[None]:
    """What is started in the block has so many cores alone (0: all): it inherits them, and pays for no wrapper."""
    if not cores:
        yield
        return
    all_of_them = usable_cores()
    os.sched_setaffinity(0, all_of_them[:cores])
    try:
        yield
    finally:
        os.sched_setaffinity(0, all_of_them)


class Sampler:
    """Owns the thread that looks at a process tree's memory while the block runs."""

    def __init__(self, root: int) -> None:
        self.resident = self.own = self.most = 0
        self._root = root
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(SAMPLE_SECONDS):
            found = [memory(process) for process in tree(self._root)]
            self.resident = max(self.resident, sum(one.resident for one in found))
            self.own = max(self.own, sum(one.own for one in found))
            self.most = max(self.most, *(one.most for one in found))


def tree(root: int) -> Iterator[int]:
    """The process and its descendants, as far as they are still there (Linux; elsewhere the root alone)."""
    yield root
    try:
        tasks = os.listdir(f"/proc/{root}/task")
    except OSError:
        return
    for task in tasks:
        for child in read(f"/proc/{root}/task/{task}/children").split():
            yield from tree(int(child))


@dataclass(frozen=True, slots=True)
class Memory:
    """One process, in bytes: resident now, of that not of files, and the most that was ever resident."""

    resident: int
    own: int
    most: int


def memory(process: int) -> Memory:
    """The memory of one process, zeros once it is gone."""
    lines = read(f"/proc/{process}/status").splitlines()
    sizes = {
        name: int(rest.split()[0]) * 1024
        for name, _, rest in (line.partition(b":") for line in lines)
        if name in FIELDS
    }
    return Memory(*(sizes.get(name, 0) for name in FIELDS))


def read(path: str) -> bytes:
    """The bytes of a small kernel file, empty once its process is gone."""
    # Without a Path or a text layer: this runs 50 times a second beside what is measured.
    try:
        with open(path, "rb", buffering=0) as file:
            return file.read()
    except OSError:
        return b""
