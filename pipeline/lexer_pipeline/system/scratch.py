"""Where the temporary data of a command lies: in a folder of its own that is locked while the command lives, and in files without names.

A file without a name is gone with the process, however that ends. What needs a name (a copy that a library opens by its path) is
cleared by the next command, which knows by the lock that nobody is at it.
"""

import os
import shutil
import stat
import tempfile
import threading
import weakref
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import BufferedRandom, FileIO
from pathlib import Path
from typing import Any, BinaryIO, Self

from filelock import lock_descriptor

from lexer_pipeline.errors import NO_ROOM, UsageError
from lexer_pipeline.system import files

PREFIX = ".lexer-pipeline-"
# What is put aside in parts is written once so much of all of them has gathered.
GATHERED = 1 << 23


class Scratch:
    """The temporary files of one command, in `root` or, without one, in the system's folder for such (TMPDIR).

    The folder is made when the first of them is. A source that is put aside is passed over more than once: `at` is how many bytes of it
    the pass at hand has behind it, and `on_pass` is told.
    """

    def __init__(self, root: Path | None = None, on_pass: Callable[[int], None] | None = None) -> None:
        self.root = root
        self.at = 0
        self._on_pass = on_pass
        self._making = threading.Lock()
        self._folder: Path | None = None
        self._end: weakref.finalize[..., Scratch] | None = None
        self._files: weakref.WeakSet[BinaryIO] = weakref.WeakSet()

    def __enter__(self) -> Self:
        """What a command that was killed left in the same place goes now."""
        clear(self.root)
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of all of it, files that are open included; what comes after begins anew."""
        for file in tuple(self._files):
            file.close()
        if self._end is not None:
            self._end()
        self._folder = self._end = None

    def passed(self, at: int) -> None:
        """Note how far the pass at hand is; a smaller number than before begins the next."""
        self.at = at
        if self._on_pass is not None:
            self._on_pass(at)

    def file(self) -> BinaryIO:
        """A file without a name, for writing and reading: nothing of it is left once its process has ended, in whatever way."""
        folder = self._own()
        with files.naming(folder.parent):
            handle, name = tempfile.mkstemp(dir=folder)
        if files.OPENS_FOLDERS:
            Path(name).unlink()  # where a file that is open keeps its name, it goes with the folder
        file = BufferedRandom(_Told(handle, folder.parent))
        self._files.add(file)
        return file

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """A folder for what needs a name; it goes at the end."""
        folder = self.kept_folder()
        try:
            with files.naming(folder.parent.parent):
                yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def kept_folder(self) -> Path:
        """A folder for what needs a name; it goes with all else."""
        own = self._own()
        with files.naming(own.parent):
            return Path(tempfile.mkdtemp(dir=own))

    def _own(self) -> Path:
        with self._making:
            if self._folder is None:
                self._folder, lock = _made(place_of(self.root))
                self._end = weakref.finalize(self, _remove, self._folder, lock, os.getpid())
            return self._folder


class _Told(FileIO):
    """A file whose disk is named where it is full; for its own name says nothing, and nobody can look for it."""

    def __init__(self, handle: int, root: Path) -> None:
        super().__init__(handle, "r+b")
        self._root = root

    def write(self, data: Any, /) -> int:
        with files.naming(self._root):
            return super().write(data)


class Parted:
    """Bytes put aside in parts, all in one file: one descriptor serves any number of them."""

    def __init__(self, file: BinaryIO, parts: int) -> None:
        self._file = file
        self._held: list[list[bytes]] = [[] for _ in range(parts)]
        self._places = [array("q") for _ in range(parts)]
        self._gathered = 0
        self._end = 0

    def write(self, part: int, data: bytes) -> None:
        """Add to a part."""
        if data:
            self._held[part].append(data)
            self._gathered += len(data)
            if self._gathered > GATHERED:
                self._put()

    def _put(self) -> None:
        if not self._gathered:
            return  # asked for each of a thousand parts, when all are read
        for held, places in zip(self._held, self._places, strict=True):
            if held:
                size = sum(map(len, held))
                self._file.writelines(held)
                places.extend((self._end, size))
                self._end += size
                held.clear()
        self._gathered = 0

    def read(self, part: int) -> bytes:
        """All of a part."""
        return b"".join(self.pieces(part))

    def pieces(self, part: int) -> Iterator[bytes]:
        """A part a piece at a time, each of them some of what was added, whole."""
        self._put()
        self._file.flush()
        places = self._places[part]
        for begin, size in zip(places[::2], places[1::2], strict=True):
            yield files.read_at(self._file.fileno(), size, begin)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def clear(root: Path | None = None) -> None:
    """Remove the folders in `root`, or in the system's folder for temporary files, whose commands were killed."""
    with suppress(OSError, UsageError), os.scandir(place_of(root)) as found:
        for one in found:
            if one.name.startswith(PREFIX):
                with suppress(OSError):
                    _clear(one)


def _clear(found: "os.DirEntry[str]") -> None:
    """Remove a folder that is ours, and locked by nobody; those of other people in a folder for all are theirs."""
    about = found.stat(follow_symlinks=False)
    if not stat.S_ISDIR(about.st_mode) or not files.is_own(about):
        return
    lock = files.open_folder_lock(Path(found.path))
    try:
        is_ours = lock_descriptor(lock, blocking=False)
        if is_ours and files.OPENS_FOLDERS:
            shutil.rmtree(found.path, ignore_errors=True)
    finally:
        os.close(lock)
    if is_ours and not files.OPENS_FOLDERS:  # Windows removes no file that is open
        shutil.rmtree(found.path, ignore_errors=True)


def place_of(root: Path | None) -> Path:
    """Where temporary data lie: in `root`, else in the system's folder for such; UsageError where there is none."""
    if root is not None:
        return root
    try:
        return Path(tempfile.gettempdir())
    except OSError:
        raise UsageError(
            "there is no folder for temporary files that can be written to",
            "Name one with --temp, or in TMPDIR.",
        ) from None


def _made(root: Path) -> tuple[Path, int]:
    """A new folder in `root`, and the descriptor by which it is locked."""
    with files.naming(root), _telling(root):
        files.make_folder(root)
        while True:
            folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=root))
            # Another command may clear it away before it is locked; then it is made once more.
            with suppress(FileNotFoundError):
                lock = files.open_folder_lock(folder)
                # Where the disk knows no locks, nobody can take it for a dead one either.
                with suppress(OSError):
                    lock_descriptor(lock)
                if folder.is_dir():
                    return folder, lock
                os.close(lock)


@contextmanager
def _telling(root: Path) -> Iterator[None]:
    """Whatever else than room a folder lacks, another one may have."""
    try:
        yield
    except OSError as problem:
        if problem.errno in NO_ROOM:
            raise
        raise UsageError(
            f"{root}: no temporary data can be put there ({problem.strerror})",
            "Name another folder with --temp.",
        ) from None


def _remove(folder: Path, lock: int, process: int) -> None:
    """Let go of a folder; one that a fork inherited is its parent's."""
    if os.getpid() != process:
        return
    if files.OPENS_FOLDERS:
        shutil.rmtree(folder, ignore_errors=True)
    os.close(lock)
    if not files.OPENS_FOLDERS:
        shutil.rmtree(folder, ignore_errors=True)
