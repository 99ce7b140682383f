"""Files that are whole or absent, and the calls that not every system has."""

import glob
import hashlib
import io
import json
import os
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lexer_pipeline.errors import NO_ROOM, UsageError
from lexer_pipeline.limits import SETTINGS_BYTES
from lexer_pipeline.system.store_path import StorePath
from lexer_pipeline.system.stores import Folder

# Windows knows no modes: there, what is made has the rights of the folder that it is made in.
FOLDER_MODE = 0o700
FILE_MODE = 0o600
# Windows opens no folder, and turns line breaks into its own unless told otherwise.
OPENS_FOLDERS = hasattr(os, "O_DIRECTORY")
AS_IT_IS = getattr(os, "O_BINARY", 0)
TURN = threading.Lock()


def make_folder(path: Folder) -> None:
    """Create `path` and its parents, readable by its owner alone; a store has folders only where something lies in them."""
    if isinstance(path, Path):
        path.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)


@contextmanager
def naming(path: Folder) -> Iterator[None]:
    """Where the system says that there is no room, and not where, it is at `path`."""
    try:
        yield
    except OSError as problem:
        if problem.filename is None and problem.errno in NO_ROOM:
            problem.filename = str(path)
        raise


def is_own(about: os.stat_result) -> bool:
    """Whether a file belongs to whoever runs this, as far as the system knows owners."""
    return not hasattr(os, "geteuid") or about.st_uid == os.geteuid()


def sync_folder(path: Folder) -> None:
    """Make the names in `path` survive a power cut; renames are only durable after this.

    Windows has no such call: its file system writes names down before it changes them. What a store has taken is durable.
    """
    if not OPENS_FOLDERS or isinstance(path, StorePath):
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def open_new(path: Path) -> int:
    """A descriptor for writing a file that must not exist yet, with mode 0600."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | AS_IT_IS, FILE_MODE)


def open_to_append(path: Path) -> int:
    """A descriptor for writing behind what a file holds, which is made with mode 0600 if it is not there."""
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | AS_IT_IS, FILE_MODE)


def open_to_read(path: Path) -> int:
    """A descriptor for reading the bytes of a file."""
    return os.open(path, os.O_RDONLY | AS_IT_IS)


def open_or_make(path: Path) -> int:
    """A descriptor for reading and writing a file, which is made with mode 0600 if it is not there."""
    return os.open(path, os.O_RDWR | os.O_CREAT | AS_IT_IS, FILE_MODE)


def open_folder_lock(folder: Path) -> int:
    """A descriptor to lock a folder by: its own, or that of a file in it where the system opens no folder."""
    if OPENS_FOLDERS:
        return os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    return open_or_make(folder / ".lock")


def read_settings(path: Path, name: str) -> bytes:
    """What a file of settings holds; UsageError where it has more bytes than one may have, or is a pipe or a device.

    A pipe that nobody fills would be waited for, and a device has no end.
    """
    with open(path, "rb", opener=_without_waiting) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise UsageError(f"{name}: is a pipe or a device", "Save what it gives as a file, and name that.")
        data = file.read(SETTINGS_BYTES + 1)
    if len(data) > SETTINGS_BYTES:
        raise UsageError(f"{name}: has more than {SETTINGS_BYTES >> 20} MiB", "Make it smaller.")
    return data


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def read_at(handle: int, size: int, at: int) -> bytes:
    """At most `size` bytes from the place `at` on, none only at the end; the descriptor stays where it is."""
    if hasattr(os, "pread"):
        return os.pread(handle, size, at)
    with TURN:
        before = os.lseek(handle, 0, os.SEEK_CUR)
        try:
            os.lseek(handle, at, os.SEEK_SET)
            return os.read(handle, size)
        finally:
            os.lseek(handle, before, os.SEEK_SET)


def sync_data(handle: int) -> None:
    """Bring the bytes of a file to the disk, and its times only where the system knows no other way."""
    getattr(os, "fdatasync", os.fsync)(handle)


def write_whole(path: Folder, data: bytes) -> None:
    """Put `data` at `path` so that a reader sees the old file or the new one, never a part."""
    if isinstance(path, StorePath):
        path.write(data)
        return
    _clear_left(path)
    temporary, handle = _open_beside(path)
    try:
        with naming(path), os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def _open_beside(path: Path) -> tuple[Path, int]:
    """A new file beside `path` for what is to take its place, with a lock that says that somebody is writing it."""
    temporary = _beside(path)
    while True:
        temporary.unlink(missing_ok=True)
        handle = open_new(temporary)
        with suppress(OSError):  # no locks here, so nobody clears away what he cannot lock either
            _lock(handle)
        if temporary.exists():
            return temporary, handle
        os.close(handle)  # cleared away as another's, before it had its lock


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.tmp")


def _clear_left(path: Path) -> None:
    """Remove what processes that were killed left of writing `path`."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.tmp"):
        if left == _beside(path):
            continue
        with suppress(OSError):
            handle = os.open(left, os.O_RDWR)
            try:
                _lock(handle)
                left.unlink()
            finally:
                os.close(handle)


def _lock(handle: int) -> None:
    """Lock a file, or raise OSError where another process has; Windows, which has no such call, removes no file that is open."""
    if hasattr(os, "lockf"):
        os.lockf(handle, os.F_TLOCK, 0)


def write_json(path: Folder, value: object) -> None:
    """Write `value` as indented JSON, whole or absent."""
    write_whole(path, json.dumps(value, indent=2, ensure_ascii=False).encode() + b"\n")


def move(file: Path, target: Folder) -> None:
    """Have a file of this disk at `target`, in place of what may be there; it stays here where that is in a store."""
    if isinstance(target, StorePath):
        target.write(file)
    else:
        os.replace(file, target)


def open_plain(path: Folder) -> io.BufferedReader | io.FileIO:
    """The bytes of a file, without a buffer of ours between where it lies on a disk."""
    return path.open("rb") if isinstance(path, StorePath) else path.open("rb", buffering=0)


def sha256_of(*paths: Folder) -> str:
    """The SHA-256 of a file, or of several one after another, as hex; read in constant memory."""
    digest = hashlib.sha256()
    for path in paths:
        with open_plain(path) as file:
            hashlib.file_digest(file, lambda: digest)
    return digest.hexdigest()
