"""Bytes of a source, a block at a time: from a file or standard input, plain or packed (gzip, zstd, bzip2, xz)."""

import bz2
import gzip
import hashlib
import lzma
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from importlib import import_module
from io import BufferedReader, FileIO, RawIOBase
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

from lexer_pipeline.errors import SourceError
from lexer_pipeline.limits import HARMLESS_STREAM, RATIO
from lexer_pipeline.loading.ranges import SMALL, Ranged
from lexer_pipeline.loading.streams import FromStart
from lexer_pipeline.system.hashing import Hashing
from lexer_pipeline.system.scratch import Scratch

BLOCK = 1 << 20
# So much is hashed on the spot: a thread costs more than it saves where little is read.
LITTLE = 4 << 20
FIRST, GZIP = 6, "gzip"
# What unpacking raises where the data is no such; bzip2 and zstd raise an OSError without a number.
BROKEN = (EOFError, gzip.BadGzipFile, zlib.error, lzma.LZMAError)


class RawFile(Protocol):
    """An open file, standard input, or a member of an archive."""

    def read(self, size: int, /) -> bytes: ...
    def close(self) -> None: ...


class _Counted(RawIOBase):
    """A raw stream that remembers how many bytes went by and their SHA-256, which a thread works out."""

    def __init__(self, file: RawFile, hashing: Hashing | None) -> None:
        self._file = file
        self._sha256 = hashlib.sha256()
        self._hashing = hashing or Hashing()
        self._is_shared = hashing is not None
        self.bytes = 0

    @property
    def sha256(self) -> str:
        """SHA-256 of the bytes so far, as hex."""
        if self.bytes > LITTLE:
            self._hashing.settle()
        return self._sha256.hexdigest()

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

    def tell(self) -> int:
        """How many bytes went by."""
        return self.bytes

    def readinto(self, into: Any, /) -> int:
        view = memoryview(into)
        data = self.read(len(view))
        view[: len(data)] = data
        return len(data)


def _zstd(packed: Any) -> RawFile:
    # Python has it of its own from 3.14 on; pyarrow takes longer to import than a small file to convert.
    arrow = import_module("pyarrow")
    unpacked: RawFile = arrow.CompressedInputStream(arrow.PythonFile(packed, "r"), "zstd")
    return unpacked


# How a packed file begins, what it is called, and what unpacks it.
PACKED: Mapping[bytes, tuple[str, Callable[[Any], RawFile]]] = MappingProxyType({
    b"\x1f\x8b": (GZIP, lambda packed: gzip.GzipFile(fileobj=packed)),
    b"\x28\xb5\x2f\xfd": ("zstd", _zstd),
    # Zstandard may begin with a frame to be passed over (RFC 8878, 3.1.2), as what several threads packed does.
    **{bytes((0x50 + number, 0x2A, 0x4D, 0x18)): ("zstd", _zstd) for number in range(16)},
    b"BZh": ("bzip2", bz2.BZ2File),
    b"\xfd7zXZ\x00": ("xz", lzma.LZMAFile),
})  # fmt: skip


def packed_as(first: bytes) -> tuple[str, Callable[[Any], RawFile] | None]:
    """What a file that begins so is packed with, and what unpacks it; an empty name and nothing where it is not."""
    return next((known for mark, known in PACKED.items() if first.startswith(mark)), ("", None))


class ByteSource:
    """The bytes of one source, unpacked; after the last block `bytes` and `sha256` speak of it as it lay on disk.

    `path` is the file that it is, where it is one and not packed; `ranged` is the object elsewhere that it is, in the same way.
    """

    def __init__(
        self, name: str, file: RawFile, hashing: Hashing | None = None, scratch: Scratch | None = None, path: Path | None = None,
    ) -> None:  # fmt: skip
        self.name = name
        self.scratch = scratch or Scratch()
        self._ahead = b""
        self._file = file
        self._counted = _Counted(file, hashing)
        # What is only looked at is not fetched further than it was already.
        packed = BufferedReader(self._counted, SMALL if isinstance(file, Ranged) else BLOCK)
        with ExitStack() as on_failure:
            on_failure.callback(file.close)
            first = packed.peek(FIRST)
            on_failure.pop_all()
        self._unpacked: RawFile = self._counted
        self._packed: BufferedReader[_Counted] | None = None
        self._given = self._grown = 0
        self._handle = file.fileno() if isinstance(file, FileIO | FromStart) and file.seekable() else None
        self.path = path
        self.ranged = file if isinstance(file, Ranged) else None
        self._kind, unpack = next(
            (known for mark, known in PACKED.items() if first.startswith(mark)), ("", None)
        )
        if unpack is not None:
            self._handle = self.path = self.ranged = None
            self._unpacked = unpack(packed)
            self._packed = packed
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
            data = self._unpacked.read(size)
        except BROKEN as problem:
            raise self._broken() from problem
        except OSError as problem:
            if problem.errno is None and self._kind:
                raise self._broken() from problem
            raise SourceError(f"{self.name}: cannot be read ({problem.strerror})") from problem
        self._grown += len(data)
        if self._packed is not None and self._grown > max(HARMLESS_STREAM, RATIO * self._packed.tell()):
            raise SourceError(
                f"{self.name}: unpacks to more than {RATIO} times its size",
                "That is no export; where you know it is one, unpack it yourself.",
            )
        return data

    def _broken(self) -> SourceError:
        return SourceError(
            f"{self.name}: the {self._kind} data is broken or cut short", "Fetch or pack the file again."
        )

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


def sha256_from(file: RawFile) -> str:
    """The SHA-256 of what is left of a file, which is closed then."""
    digest = hashlib.sha256()
    with closing(file):
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


@contextmanager
def copied(file: ByteSource) -> Iterator[Path]:
    """What is left of a source, unpacked, as a file that a library may open by its path; it goes at the end."""
    with file.scratch.folder() as folder:
        path = folder / "source"
        with path.open("wb") as copy:
            while block := file.read(BLOCK):
                copy.write(block)
        yield path
