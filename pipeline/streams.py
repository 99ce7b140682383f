"""Bytes of a source, a block at a time: from a file or standard input, plain or gzip."""

import gzip
import os
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader, FileIO, RawIOBase
from pathlib import Path
from typing import Any, BinaryIO, Protocol, runtime_checkable

from pipeline.digest import Hashing, Sha256
from pipeline.errors import SourceError

BLOCK = 1 << 20
# So much is hashed on the spot: a thread costs more than it saves where little is read.
LITTLE = 4 << 20
GZIP_MAGIC = b"\x1f\x8b"


class Opened(Protocol):
    """An open file, standard input, or a member of an archive."""

    def read(self, size: int, /) -> bytes: ...
    def close(self) -> None: ...


class _Counted(RawIOBase):
    """A raw stream that remembers how many bytes went by and their SHA-256, which a thread works out."""

    def __init__(self, file: Opened, hashing: Hashing | None) -> None:
        self._file = file
        self._sha256 = Sha256()
        self._hashing = hashing or Hashing()
        self._is_shared = hashing is not None
        self.bytes = 0

    @property
    def sha256(self) -> str:
        """SHA-256 of the bytes so far, as hex."""
        if self.bytes > LITTLE:
            self._hashing.settle()
        digest: str = self._sha256.hexdigest()
        return digest

    def close(self) -> None:
        if not self._is_shared:
            self._hashing.close()
        super().close()

    def _hash(self, data: bytes) -> None:
        if self.bytes <= LITTLE:
            self._sha256.update(data)
        else:
            self._hashing.read(self._sha256, data)

    def readable(self) -> bool:
        return True

    def read(self, size: int = BLOCK, /) -> bytes:
        """The next `size` bytes, fewer only at the end."""
        data = self._file.read(size)
        if 0 < len(data) < size:
            pieces, missing = [data], size - len(data)
            while missing and (more := self._file.read(missing)):
                pieces.append(more)
                missing -= len(more)
            data = b"".join(pieces)
        self.bytes += len(data)
        self._hash(data)
        return data

    def readinto(self, into: Any, /) -> int:
        view = memoryview(into)
        data = self.read(len(view))
        view[: len(data)] = data
        return len(data)


class ByteSource:
    """The bytes of one source, unpacked; after the last block `bytes` and `sha256` speak of it as it lay on disk."""

    def __init__(self, name: str, file: Opened, hashing: Hashing | None = None) -> None:
        self.name = name
        self._ahead = b""
        self._file = file
        self._counted = _Counted(file, hashing)
        packed = BufferedReader(self._counted, BLOCK)
        first = packed.peek(2)
        self._unpacked: Opened = self._counted
        self._given = 0
        self._handle = file.fileno() if isinstance(file, FileIO) and file.seekable() else None
        if first[:2] == GZIP_MAGIC:
            self._handle = None
            self._unpacked = gzip.GzipFile(fileobj=packed)
        else:
            # A buffer would only copy the blocks.
            self._ahead = packed.read(len(first))
            packed.detach()

    def peek(self, size: int) -> bytes:
        """The next `size` bytes, fewer only at the end, to be read again."""
        ahead = [self._ahead]
        while (missing := size - sum(map(len, ahead))) > 0 and (more := self._read(missing)):
            ahead.append(more)
        self._ahead = b"".join(ahead)
        return self._ahead[:size]

    def read(self, size: int = BLOCK) -> bytes:
        """The next bytes, at most `size`, none only at the end."""
        if not self._ahead:
            data = self._read(size)
        else:
            data, self._ahead = self._ahead[:size], self._ahead[size:]
        self._given += len(data)
        return data

    def place(self) -> tuple[int, int] | None:
        """The descriptor of the file, and where in it the next byte lies; None where that cannot be said."""
        return None if self._handle is None else (self._handle, self._given)

    def _read(self, size: int) -> bytes:
        try:
            return self._unpacked.read(size)
        except (EOFError, gzip.BadGzipFile, zlib.error) as problem:
            raise SourceError(
                f"{self.name}: the gzip data is broken or cut short", "Fetch or pack the file again."
            ) from problem
        except OSError as problem:
            raise SourceError(f"{self.name}: cannot be read ({problem.strerror})") from problem

    @property
    def bytes(self) -> int:
        """How many bytes were read from disk so far."""
        return self._counted.bytes

    @property
    def sha256(self) -> str:
        """SHA-256 of the bytes read from disk so far, as hex."""
        return self._counted.sha256

    def close(self) -> None:
        """Let go of the file."""
        self._unpacked.close()
        self._counted.close()
        self._file.close()


def open_file(path: Path, hashing: Hashing | None = None) -> ByteSource:
    """Open a file for reading; its checksum is worked out by `hashing`, or by a thread of its own."""
    try:
        if path.is_dir():
            raise SourceError(f"{path}: is a folder", "Name the files in it.")
        return ByteSource(str(path), path.open("rb", buffering=0), hashing)
    except FileNotFoundError as problem:
        raise SourceError(f"{path}: there is no such file", "Check the path.") from problem
    except OSError as problem:
        raise SourceError(f"{path}: cannot be opened ({problem.strerror})") from problem


class Readable(Protocol):
    """The bytes of a named source, a block at a time."""

    name: str

    def read(self, size: int) -> bytes: ...


@runtime_checkable
class InFile(Protocol):
    """A source that knows where in a file its next byte lies; None where its bytes are not those of a file."""

    def place(self) -> tuple[int, int] | None: ...


class Again:
    """Bytes of a source to be read from their start: `plain` where they lie in the source's own file, then the copied."""

    def __init__(self, name: str, plain: tuple[int, int, int], copied: tuple[int, int]) -> None:
        self.name = name
        self._plain = plain
        self._copied = copied
        self.size = plain[2] + copied[1]
        self._at = 0

    def read(self, size: int) -> bytes:
        """The next bytes, at most `size`, none only at the end."""
        handle, begin, length = self._plain
        if self._at < length:
            data = os.pread(handle, min(size, length - self._at), begin + self._at)
            if not data:
                raise _changed(self.name)
        else:
            handle, length = self._copied
            data = os.pread(handle, min(size, self.size - self._at), self._at - self._plain[2])
        self._at += len(data)
        return data


class Spool:
    """A source whose rest can be read once as it comes, and then again and again from `start` on.

    What lies in the source's own file is read there again; all else is kept in a copy.
    """

    def __init__(self, source: Readable, start: bytes, copy: BinaryIO) -> None:
        self.name = source.name
        self._source = source
        self._start = start
        self._copy = copy
        found = _place(source)
        self._plain = (found[0], found[1] - len(start), 0) if found else (-1, 0, 0)
        self._is_plain = found is not None
        self._known = _state(self._plain[0])

    def read(self, size: int) -> bytes:
        """The next bytes, for the first time."""
        data, self._start = self._start, b""
        before = _place(self._source)
        if not data:
            data = self._source.read(size)
            after = _place(self._source)
            # What is read ahead to tell an encoding is given on in one piece, or in another encoding.
            self._is_plain &= before is not None and after is not None and after[1] - before[1] == len(data)
        if self._is_plain:
            self._plain = (*self._plain[:2], self._plain[2] + len(data))
        else:
            self._copy.write(data)
        return data

    def again(self) -> Again:
        """All bytes from their start, once what is left of them was read."""
        while self.read(BLOCK):
            pass
        self._copy.flush()
        return Again(self.name, self._plain, (self._copy.fileno(), self._copy.tell()))

    def check(self) -> None:
        """Raise SourceError when the file changed meanwhile: what it held would be sent under another's checksum."""
        if _state(self._plain[0]) != self._known:
            raise _changed(self.name)


@contextmanager
def spooled(source: Readable, start: bytes) -> Iterator[Spool]:
    """Let `start` and the rest of a source be read more than once; a file may not change meanwhile."""
    with tempfile.TemporaryFile() as copy:
        spool = Spool(source, start, copy)
        yield spool
        spool.check()


def _place(source: Readable) -> tuple[int, int] | None:
    return source.place() if isinstance(source, InFile) else None


def _state(handle: int) -> tuple[int, int]:
    """What changes when a file does: its size and its time of change in ns."""
    found = os.fstat(handle) if handle >= 0 else None
    return (found.st_size, found.st_mtime_ns) if found else (0, 0)


def _changed(name: str) -> SourceError:
    return SourceError(f"{name}: was changed while it was read", "Wait until it is written, and try again.")
