"""Where the bytes of a source come from: what is looked at is what is read, and it may not change meanwhile.

A file is opened by its path each time that it is read, so that thousands may be named, and must then be the one that was looked
at first. All else (standard input, a pipe or device by its path) is opened once, and kept on disk where it is read again.
"""

import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import FileIO, RawIOBase
from pathlib import Path
from typing import BinaryIO

from lexer_pipeline.errors import SourceError
from lexer_pipeline.loading.file_state import about, changed, state_of
from lexer_pipeline.loading.streams import FIRST, Stream
from lexer_pipeline.system.scratch import Scratch

# A descriptor that this process was given: to open it anew would fail (sockets), or share its place with the first (macOS).
GIVEN = re.compile(r"/dev/stdin|(?:/dev|/proc/self)/fd/([0-9]+)")


class NamedFile:
    """A file, by its path; `file` is the one opened there to be looked at."""

    def __init__(self, path: Path, file: FileIO) -> None:
        self.name = str(path)
        self.path: Path | None = path
        self._path = path
        self._known = state_of(os.fstat(file.fileno()))
        self.first = file.read(FIRST)
        self.size = self._known[2]

    def __str__(self) -> str:
        return self.name

    @property
    def identity(self) -> tuple[int, int] | None:
        """What tells it from all other files, where the system says it."""
        return self._known[:2] if self._known[1] else None

    def open(self) -> RawIOBase:
        """The file from its start, which must be the one that was looked at."""
        self.check()
        file = _opened(self._path)
        if state_of(os.fstat(file.fileno())) != self._known:
            file.close()
            raise changed(self.name)
        return file

    def check(self) -> None:
        """Raise SourceError where the path names another file by now, or one that changed."""
        with suppress(OSError):
            if state_of(self._path.stat()) == self._known:
                return
        raise changed(self.name)

    def close(self) -> None:
        """Nothing is held open."""


Origin = NamedFile | Stream


def origin_of(source: str | Path, stdin: BinaryIO | None, scratch: Scratch | None = None) -> Origin:
    """A path, or `-` for `stdin`, opened and looked at; SourceError where it cannot be. What is kept of it lies in `scratch`."""
    if str(source) == "-":
        if stdin is None:
            raise SourceError("-: standard input is closed", "Pipe the source in, or name its file.")
        return Stream("-", stdin, scratch or Scratch(), is_own=False)
    path = Path(source)
    with _naming(path):
        file = _opened(path)
        try:
            is_file = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
            if not is_file or given_descriptor(path) is not None:
                return Stream(str(path), file, scratch or Scratch(), is_own=True, is_kept=is_file)
            with file:
                return NamedFile(path, file)
        except BaseException:
            file.close()
            raise


def identity_of(source: str | Path, stdin: BinaryIO | None) -> tuple[object, bool]:
    """What tells a source from all others, without opening it, and whether it can be read but once."""
    is_stdin = str(source) == "-"
    given = given_descriptor(Path(source))
    with suppress(OSError, ValueError):
        found = about(stdin) if is_stdin else os.stat(Path(source) if given is None else given)
        if found and found.st_ino:
            return (found.st_dev, found.st_ino), is_stdin or not stat.S_ISREG(found.st_mode)
    return str(source), is_stdin


def given_descriptor(path: Path) -> int | None:
    """The descriptor of this process that a path names; None where it is the name of a file."""
    found = GIVEN.fullmatch(str(path))
    return int(found[1] or 0) if found else None


def _opened(path: Path) -> FileIO:
    given = given_descriptor(path)
    return path.open("rb", buffering=0) if given is None else open(os.dup(given), "rb", buffering=0)


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Turn what can go wrong with opening a file into words."""
    try:
        if path.is_dir():
            raise SourceError(f"{path}: is a folder", "Name the files in it.")
        yield
    except FileNotFoundError as problem:
        raise SourceError(f"{path}: there is no such file", "Check the path.") from problem
    except OSError as problem:
        raise SourceError(f"{path}: cannot be opened ({problem.strerror})") from problem
