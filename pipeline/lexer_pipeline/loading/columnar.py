"""Parquet, Arrow IPC (Feather) and ORC as the text of a table, or as NDJSON where a column is nested: a part of the file at a time."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from types import MappingProxyType
from typing import Any

import pyarrow as pa
from pyarrow import ipc, orc, parquet

from lexer_pipeline.errors import NO_ROOM, SourceError
from lexer_pipeline.loading.arrow_text import ArrowText
from lexer_pipeline.loading.byte_stream import BLOCK, ByteSource, copied
from lexer_pipeline.loading.format import AS_TOLD, ReadOptions

# Rows of Parquet that are decoded at a time: a row group may hold millions.
ROWS = 20_000


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
        self._kind, opened = next(known for mark, known in KINDS.items() if file.peek(len(mark)) == mark)
        try:
            # Most of these are read from their end on, so what is no file of its own is kept as one first.
            path = file.path or self._held.enter_context(copied(file))
            with _naming(self.name, self._kind):
                self._text = ArrowText(_checked(opened(str(path), self._held)), self.name)
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


def _checked(reader: Any) -> Any:
    """The same batches, each of which was looked through first: what a file says of where a text ends may be anything."""

    def batches() -> Iterator[Any]:
        for batch in reader:
            batch.validate(full=True)
            yield batch

    return pa.RecordBatchReader.from_batches(reader.schema, batches())


def _parquet(path: str, held: ExitStack) -> Any:
    file = held.enter_context(parquet.ParquetFile(path, pre_buffer=False))
    return pa.RecordBatchReader.from_batches(file.schema_arrow, file.iter_batches(ROWS))


def _arrow_file(path: str, held: ExitStack) -> Any:
    file = held.enter_context(ipc.open_file(held.enter_context(pa.OSFile(path, "r"))))
    batches = (file.get_batch(number) for number in range(file.num_record_batches))
    return pa.RecordBatchReader.from_batches(file.schema, batches)


def _arrow_stream(path: str, held: ExitStack) -> Any:
    return held.enter_context(ipc.open_stream(held.enter_context(pa.OSFile(path, "r"))))


def _orc(path: str, held: ExitStack) -> Any:
    file = orc.ORCFile(held.enter_context(pa.OSFile(path, "r")))
    return pa.RecordBatchReader.from_batches(file.schema, map(file.read_stripe, range(file.nstripes)))


# How a file begins, what messages call it, and how its batches are read: a stripe, a batch or so many rows at a time.
KINDS: Mapping[bytes, tuple[str, Callable[[str, ExitStack], Any]]] = MappingProxyType({
    b"PAR1": ("Parquet", _parquet),
    b"ARROW1": ("Arrow", _arrow_file),
    b"\xff\xff\xff\xff": ("Arrow", _arrow_stream),
    b"ORC": ("ORC", _orc),
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
