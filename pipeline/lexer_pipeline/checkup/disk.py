"""Where data lies: whether there is room, whether it can be written and brought to the disk, and who may read it.

What is tried is tried in a file without a name, so that nothing is made. Where the system has none, only rights are looked at.
"""

import errno
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from filelock import lock_descriptor

from lexer_pipeline.checkup.check import Check, look, wrong
from lexer_pipeline.errors import NO_ROOM
from lexer_pipeline.system import files

AREA = "disk"
ENOUGH = 1 << 30
NAMELESS = getattr(os, "O_TMPFILE", 0)
NO_SUCH_WAY = {errno.EOPNOTSUPP, errno.EISDIR, errno.ENOENT, errno.EINVAL}


def look_at(what: str, folder: Path, flag: str) -> Iterator[Check]:
    """A folder that `flag` names; where it is not there yet, the one that it would be made in."""
    there = next((one for one in (folder, *folder.absolute().parents) if one.exists()), folder)
    where = f"{folder.absolute()}" if there == folder else f"{folder.absolute()} (not there yet)"
    remedy = f"Name another folder: {flag} FOLDER"
    if not there.is_dir():
        yield wrong(AREA, what, f"{there.absolute()} is no folder", remedy)
        return
    trouble = _trouble(there)
    if trouble:
        yield wrong(
            AREA,
            what,
            f"{where}: {trouble}",
            f"ls -ld {there.absolute()}; or {remedy[0].lower()}{remedy[1:]}",
        )
    else:
        tried = "can be written, synced and locked" if NAMELESS else "may be written (not tried)"
        yield Check(AREA, what, f"{where}: {tried}")
    yield _room(f"room in {what}", there, remedy)
    if there == folder:
        yield from _readers(what, there)


def _room(what: str, folder: Path, remedy: str) -> Check:
    free = shutil.disk_usage(folder).free
    text = f"{free / 1e9:,.1f} GB free"
    if free >= ENOUGH:
        return Check(AREA, what, text)
    more = "A delivery needs about twice the size of its source. Free some"
    return look(AREA, what, text, f"{more}: df -h {folder.absolute()}; or n{remedy[1:]}")


def _readers(what: str, folder: Path) -> Iterator[Check]:
    """Batches are personal data; a folder for all, such as /tmp, guards what is in it by itself."""
    mode = folder.stat().st_mode
    if files.OPENS_FOLDERS and mode & 0o077 and not mode & stat.S_ISVTX:
        found = f"{folder.absolute()} can be read by others on this machine (mode {stat.S_IMODE(mode):o})"
        yield look(AREA, f"rights of {what}", found, f"chmod 700 {folder.absolute()}")


def _trouble(folder: Path) -> str:
    """What stands in the way of writing; empty where nothing does."""
    if not os.access(folder, os.W_OK | os.X_OK):
        return "cannot be written"
    if not NAMELESS:
        return ""
    try:
        handle = os.open(folder, NAMELESS | os.O_RDWR, files.FILE_MODE)
    except OSError as problem:
        return "" if problem.errno in NO_SUCH_WAY else _words(problem)
    try:
        os.write(handle, b"\0" * 4096)
        os.fsync(handle)
        files.sync_folder(folder)
    except OSError as problem:
        return _words(problem)
    else:
        return "" if _locks(handle) else "has no locks: two uploads could send the same batch"
    finally:
        with suppress(OSError):
            os.close(handle)


def _locks(handle: int) -> bool:
    try:
        return lock_descriptor(handle, blocking=False)
    except OSError:
        return False


def _words(problem: OSError) -> str:
    return "there is no room left" if problem.errno in NO_ROOM else f"cannot be written ({problem.strerror})"
