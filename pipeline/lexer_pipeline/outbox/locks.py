"""Locks of this machine: a folder, or a file in it; for what lies elsewhere a file beside the ledger. The system frees them.

However a process ends, what it held is free again.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from math import inf
from pathlib import Path

from filelock import lock_descriptor

from lexer_pipeline.errors import PersonNeeded
from lexer_pipeline.outbox.ledger_file import REMEDY
from lexer_pipeline.system import files

# What a lock is for: to give names in a folder of batches, to be the one job at work in it, to be at one batch.
NAMES, JOB, BATCH = "names", "job", "batch"
FILES = {NAMES: ".lock", JOB: ".job.lock"}
ITSELF = "."  # how a ledger calls the folder that it lies in, and itself where that is none
PAUSE = 0.25  # seconds between two looks at a lock that another has
NO_LOCKS = "keep batches on a disk of this machine: without locks, two uploads could send the same batch"

Sleep = Callable[[float], None]


def is_elsewhere(name: str) -> bool:
    """Whether what the ledger calls so lies in no folder of this machine: `s3://bucket/batches`."""
    return "://" in name


@contextmanager
def locked(out: Path) -> Iterator[None]:
    """Hold the right to give names in `out`; waits for others."""
    handle = files.open_or_make(out / FILES[NAMES])
    try:
        lock_descriptor(handle)
        yield
    finally:
        os.close(handle)


@contextmanager
def folder_lock(folder: Path, purpose: str, patience: float, sleep: Sleep) -> Iterator[bool]:
    """Whether this folder is ours for this purpose, after so many seconds at most; a batch that is gone is nobody's."""
    try:
        own = FILES.get(purpose)
        handle = files.open_or_make(folder / own) if own else files.open_folder_lock(folder)
    except FileNotFoundError:
        if purpose != BATCH:
            raise
        yield True
        return
    except OSError as error:
        raise PersonNeeded(f"the folder {folder} cannot be opened ({error.strerror})", REMEDY) from None
    try:
        yield _is_locked(handle, folder, patience, sleep)
    finally:
        os.close(handle)


@contextmanager
def file_lock(locks: Path, name: str, purpose: str, patience: float, sleep: Sleep) -> Iterator[bool]:
    """The same for what lies elsewhere, by a file in the folder `locks`, which goes with whoever had it."""
    files.make_folder(locks)
    path = locks / sha256(f"{purpose} {name}".encode()).hexdigest()
    handle, ours = _taken(path, patience, sleep)
    try:
        yield ours
    finally:
        if ours:
            with suppress(OSError):  # Windows removes no file that is open; then it stays, and harms nobody
                path.unlink()
        os.close(handle)


def _taken(path: Path, patience: float, sleep: Sleep) -> tuple[int, bool]:
    while True:
        handle = files.open_or_make(path)
        ours = _is_locked(handle, path, patience, sleep)
        if not ours or os.fstat(handle).st_nlink:
            return handle, ours
        os.close(handle)  # it went with the one who had it; the next has another


def _is_locked(handle: int, path: Path, patience: float, sleep: Sleep) -> bool:
    try:
        if patience == inf:
            return lock_descriptor(handle)
        looks = int(patience / PAUSE)
        while not lock_descriptor(handle, blocking=False):
            if not looks:
                return False
            looks -= 1
            sleep(PAUSE)
    except OSError as error:
        raise PersonNeeded(f"{path} cannot be locked ({error.strerror})", NO_LOCKS) from None
    return True
