"""What is sent: the bytes of a file, as they were when it was prepared, wherever it lies."""

import hashlib
import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from lexer_pipeline.system import files
from lexer_pipeline.system.store_path import RANGE, StorePath
from lexer_pipeline.system.stores import Folder

# So many ranges of an object are fetched before they are asked for: a PUT does not wait for one.
AHEAD = 4


class Identity(Struct, frozen=True):
    """The size of a file whose content is known, and what else its disk or store says of it; any difference means it may have changed."""

    size: int
    marks: tuple[int | str, ...]

    @classmethod
    def of(cls, file: Folder | int) -> "Identity":
        """The identity of a path, an object or an open descriptor."""
        if isinstance(file, StorePath):
            about = file.stat()
            return cls(about.st_size, (about.etag,))
        stat = os.stat(file)
        return cls(stat.st_size, (stat.st_dev, stat.st_ino, stat.st_mtime_ns))


class Reader(Protocol):
    """An open file, whose bytes are read from any place on; OSError where it is gone or another."""

    def identity(self) -> Identity:
        """What it is now."""

    def read_at(self, size: int, at: int) -> bytes:
        """At most `size` bytes from the place `at` on, none only at the end."""

    def close(self) -> None:
        """Let go of it."""


class _OnDisk:
    def __init__(self, file: Path) -> None:
        self._descriptor = files.open_to_read(file)

    def identity(self) -> Identity:
        return Identity.of(self._descriptor)

    def read_at(self, size: int, at: int) -> bytes:
        return files.read_at(self._descriptor, size, at)

    def close(self) -> None:
        os.close(self._descriptor)


class _InStore:
    """An object that is read from its beginning to its end: threads fetch the next ranges of it meanwhile."""

    def __init__(self, file: StorePath) -> None:
        self._file, self._about = file, file.stat()
        self._threads = ThreadPoolExecutor(AHEAD)
        self._fetching: deque[Future[bytes]] = deque()
        self._asked = 0
        self._held, self._from = b"", 0

    def identity(self) -> Identity:
        return Identity(self._about.st_size, (self._about.etag,))  # each range is asked of this very object

    def read_at(self, size: int, at: int) -> bytes:
        if not self._from <= at < self._from + len(self._held):
            self._turn_to(at)
        begin = at - self._from
        return self._held[begin : begin + size]

    def _turn_to(self, at: int) -> None:
        if at != self._from + len(self._held):  # from the beginning once more
            self._forget()
            self._asked = at
        while self._asked < self._about.st_size and len(self._fetching) < AHEAD:
            wanted = min(RANGE, self._about.st_size - self._asked)
            self._fetching.append(
                self._threads.submit(self._file.read_range, self._asked, wanted, self._about.etag)
            )
            self._asked += wanted
        self._held, self._from = b"", at
        if self._fetching:
            try:
                self._held = self._fetching.popleft().result()
            except BaseException:
                self._from = -1  # whoever reads on from here begins anew
                raise

    def _forget(self) -> None:
        while self._fetching:
            self._fetching.popleft().cancel()
        self._held, self._from = b"", 0

    def close(self) -> None:
        self._forget()
        self._threads.shutdown(cancel_futures=True)


def opened(file: Folder) -> Reader:
    """A file to be sent; OSError where it is gone."""
    return _InStore(file) if isinstance(file, StorePath) else _OnDisk(file)


class Body(Struct, frozen=True):
    """What is to be sent: the file, what it was when last looked at, and the hash that was recorded."""

    file: Folder
    identity: Identity
    sha256: str

    def is_as_recorded(self) -> bool:
        """Whether the file has the recorded content, read from start to end, and did not move meanwhile."""
        with files.open_plain(self.file) as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        return sha256 == self.sha256 and Identity.of(self.file) == self.identity
