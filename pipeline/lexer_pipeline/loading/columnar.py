"""Parquet, Arrow IPC (Feather) and ORC as the text of a table, or as NDJSON where a column is nested: a part of the file at a time."""

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from io import RawIOBase
from types import MappingProxyType
from typing import Any

import pyarrow as pa
from pyarrow import ipc, orc, parquet

from lexer_pipeline.errors import NO_ROOM, SourceError
from lexer_pipeline.loading.arrow_text import ArrowText
from lexer_pipeline.loading.byte_stream import BLOCK, ByteSource, copied
from lexer_pipeline.loading.format import AS_TOLD, ReadOptions
from lexer_pipeline.loading.ranges import LARGE, Ranged

# Rows of Parquet that are decoded at a time, since a row group may hold millions; and bytes of a column that are read.
ROWS, PIECE = 1 << 13, 1 << 18
ORC = "ORC"
# Its library reads pieces of all columns in turn, so that each would be a request: it is copied first.
SCATTERED = frozenset({ORC})


def open_text(file: ByteSource, options: ReadOptions) -> "ColumnarSource":  # noqa: ARG001 - nothing of it can be told otherwise
    """The rows of a file of columns."""
    return ColumnarSource(file)


class ColumnarSource:
    """The rows of a file of columns as text; `bytes` and `sha256` are those of the file, known when all was read."""

    is_sheet = False
    encoding = "UTF-8"
    told = AS_TOLD
    notes: tuple[str, ...] = ()

    def __init__(self, file: ByteSource) -> None:
        self.name = file.name
        self._file = file
        self._held = ExitStack()
        self._along: _Along | None = None
        self._kind, opened = next(known for mark, known in KINDS.items() if file.peek(len(mark)) == mark)
        try:
            # Most of these are read from their end on, so what is no file of its own is kept as one first.
            where: str | _Along
            if file.ranged is not None and self._kind not in SCATTERED:
                self._along = where = _Along(file, file.ranged)
            else:
                where = str(file.path or self._held.enter_context(copied(file)))
            with _naming(self.name, self._kind):
                self._text = ArrowText(_checked(opened(where, self._held)), self.name)
        except BaseException:
            self._held.close()
            raise

    @property
    def sha256(self) -> str:
        """SHA-256 of the file, as hex."""
        while self._file.read(BLOCK):
            pass
        return self._file.sha256

    def read(self, size: int) -> bytes:
        """The next bytes of text, at most `size`; none at the end. The file itself is read along, for its checksum and for progress."""
        if self._along is None:
            self._file.read(BLOCK)
        with _naming(self.name, self._kind):
            return self._text.read(size)

    @property
    def bytes(self) -> int:
        """How many bytes of the file were read to its checksum."""
        return self._file.bytes

    def close(self) -> None:
        """Let go of the file."""
        self._held.close()
        self._file.close()


class _Along(RawIOBase):
    """An object elsewhere as a library reads it, here and there; what it reads in its order is fetched once, for the checksum too."""

    def __init__(self, file: ByteSource, ranged: Ranged) -> None:
        self._file = file
        self._ranged = ranged
        # The library seeks and reads with several threads.
        self._place = threading.local()
        self._lock = threading.Lock()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        at: int = getattr(self._place, "at", 0)
        return at

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        self._place.at = max(0, (0, self.tell(), self._ranged.size)[whence] + offset)
        return self.tell()

    def read(self, size: int = -1, /) -> bytes:
        """So many bytes, fewer only at the end."""
        begin = self.tell()
        end = self._ranged.size if size < 0 else min(begin + size, self._ranged.size)
        pieces: list[bytes] = []
        with self._lock:
            while begin < end and (piece := self._piece(begin, end - begin)):
                pieces.append(piece)
                begin += len(piece)
        self._place.at = begin
        return b"".join(pieces)

    def _piece(self, at: int, size: int) -> bytes:
        ranged, hashed = self._ranged, self._ranged.tell()
        # Little lies between the parts that a library reads.
        while hashed < at <= hashed + LARGE and self._file.read(min(BLOCK, at - hashed)):
            hashed = ranged.tell()
        ranged.seek(at)
        piece = ranged.read(size)
        ranged.seek(hashed)
        while held := ranged.held():
            self._file.read(min(BLOCK, held))
        return piece


def _checked(reader: Any) -> Any:
    """The same batches, each of which was looked through first: what a file says of where a text ends may be anything."""

    def batches() -> Iterator[Any]:
        for batch in reader:
            batch.validate(full=True)
            yield batch

    return pa.RecordBatchReader.from_batches(reader.schema, batches())


def _opened(where: "str | _Along", held: ExitStack) -> Any:
    return held.enter_context(pa.OSFile(where, "r") if isinstance(where, str) else pa.PythonFile(where, "r"))


def _parquet(where: Any, held: ExitStack) -> Any:
    # On a disk columns are read piece by piece, which the library does not do by itself; elsewhere each piece would be a request.
    pieces = PIECE if isinstance(where, str) else 0
    file = held.enter_context(parquet.ParquetFile(where, pre_buffer=False, buffer_size=pieces))
    # With one thread they are read in the order in which they lie; several take no less time and more memory.
    batches = file.iter_batches(ROWS, use_threads=False)
    return pa.RecordBatchReader.from_batches(file.schema_arrow, batches)


def _arrow_file(where: "str | _Along", held: ExitStack) -> Any:
    file = held.enter_context(ipc.open_file(_opened(where, held)))
    batches = (file.get_batch(number) for number in range(file.num_record_batches))
    return pa.RecordBatchReader.from_batches(file.schema, batches)


def _arrow_stream(where: "str | _Along", held: ExitStack) -> Any:
    return held.enter_context(ipc.open_stream(_opened(where, held)))


def _orc(where: "str | _Along", held: ExitStack) -> Any:
    file = orc.ORCFile(_opened(where, held))
    return pa.RecordBatchReader.from_batches(file.schema, map(file.read_stripe, range(file.nstripes)))


# How a file begins, what messages call it, and how its batches are read: a stripe, a batch or so many rows at a time.
KINDS: Mapping[bytes, tuple[str, Callable[[str | _Along, ExitStack], Any]]] = MappingProxyType({
    b"PAR1": ("Parquet", _parquet),
    b"ARROW1": ("Arrow", _arrow_file),
    b"\xff\xff\xff\xff": ("Arrow", _arrow_stream),
    b"ORC": (ORC, _orc),
})  # fmt: skip


@contextmanager
def _naming(name: str, kind: str) -> Iterator[None]:
    """What the library says of a broken file may quote a value of it."""
    try:
        yield
    except (pa.ArrowException, OSError, UnicodeDecodeError) as problem:
        if isinstance(problem, OSError) and problem.errno in NO_ROOM:
            raise
        raise SourceError(
            f"{name}: the {kind} file is broken or cut short ({type(problem).__name__})",
            "Fetch or export it again.",
        ) from None
