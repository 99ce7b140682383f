"""Standard input, pipes and devices: they are opened once, and kept on disk where they are read again."""

import os
import select
import stat
from contextlib import ExitStack
from io import FileIO, RawIOBase
from pathlib import Path
from typing import Any, BinaryIO

from lexer_pipeline.errors import SourceError
from lexer_pipeline.loading.file_state import about, changed, state_of
from lexer_pipeline.system.files import read_at
from lexer_pipeline.system.scratch import Scratch

BLOCK = 1 << 20
# So many of the first bytes tell a zip.
FIRST = 8
COMES_ONCE = "what is not kept comes once"


class FromStart(RawIOBase):
    """The bytes behind a descriptor from the first one on, wherever others read in it."""

    def __init__(self, handle: int) -> None:
        self._handle = os.dup(handle)
        self._at = 0

    def fileno(self) -> int:
        return self._handle

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        data = read_at(self._handle, size, self._at)
        self._at += len(data)
        return data

    def readinto(self, into: Any, /) -> int:
        data = self.read(len(into))
        into[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        begin = (0, self._at, os.fstat(self._handle).st_size)[whence]
        self._at = max(0, begin + offset)
        return self._at

    def close(self) -> None:
        if not self.closed:
            os.close(self._handle)
        super().close()


class Stream:
    """What is open already: a file behind a descriptor, or what can be read once, as it comes, or again and again where it is kept."""

    path: Path | None = None

    def __init__(
        self, name: str, file: BinaryIO | FileIO, scratch: Scratch, is_own: bool, is_kept: bool = False
    ) -> None:
        self.name = name
        self._file = file
        self._scratch = scratch
        self._is_own = is_own
        self._kept = file if is_kept else None
        self._ahead = b""
        self._is_read = False
        found = about(file)
        self.identity = (found.st_dev, found.st_ino) if found and found.st_ino else None
        self._known = state_of(found) if found and stat.S_ISREG(found.st_mode) else None

    def __str__(self) -> str:
        return self.name

    def first(self) -> bytes:
        """The first few bytes; waits for them."""
        if self._kept is not None:
            return read_at(self._kept.fileno(), FIRST, 0)
        while len(self._ahead) < FIRST and (more := self._take(FIRST - len(self._ahead))):
            self._ahead += more
        return self._ahead

    def size(self) -> int:
        """How many bytes are kept."""
        return os.fstat(self._kept.fileno()).st_size if self._kept is not None else 0

    def keep(self) -> None:
        """Read it to its end, so that it can be read as often as it is needed."""
        if self._kept is None:
            assert not self._is_read, COMES_ONCE
            kept = self._scratch.file()
            with ExitStack() as on_failure:
                on_failure.callback(kept.close)
                while block := self.read(BLOCK):
                    kept.write(block)
                kept.flush()
                on_failure.pop_all()
            self._kept = kept
            self._let_go()

    def open(self) -> RawIOBase:
        """The bytes from the first one on."""
        if self._kept is not None:
            return FromStart(self._kept.fileno())
        assert not self._is_read, COMES_ONCE
        self._is_read = True
        return _AsItComes(self)

    def read(self, size: int) -> bytes:
        """The next bytes, at most `size`, none only at the end."""
        data, self._ahead = self._ahead[:size], self._ahead[size:]
        return data or self._take(size)

    def check(self) -> None:
        """Raise SourceError where it is a file, as behind `<`, that changed."""
        found = about(self._file) if self._known else None
        if found and state_of(found) != self._known:
            raise changed(self.name)

    def close(self) -> None:
        """Let go of what was opened and kept."""
        self._let_go()
        if self._kept is not None:
            self._kept.close()

    def _let_go(self) -> None:
        if self._is_own:
            self._file.close()

    def _take(self, size: int) -> bytes:
        try:
            # None comes from a descriptor that another program told not to wait.
            while (data := self._file.read(size)) is None:
                select.select([self._file], [], [])
            return data
        except OSError as problem:
            raise SourceError(f"{self.name}: cannot be read ({problem.strerror})") from problem


class _AsItComes(RawIOBase):
    """The bytes of a stream; it is let go of with them."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def read(self, size: int = -1, /) -> bytes:
        return self._stream.read(size)

    def close(self) -> None:
        self._stream.close()
        super().close()
