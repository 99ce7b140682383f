"""Stage: a source becomes numbered batches of rows (tables) or documents (JSON), in constant memory."""

import codecs
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from pipeline import documents, fold, remap, tables
from pipeline.errors import SourceError
from pipeline.model import SourceUse
from pipeline.rows import Batch, Rows
from pipeline.remap import Mapper
from pipeline.streams import ByteSource, open_file, spooled

HEAD = 1 << 16
WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class Stream(Protocol):
    """The bytes of a source; `bytes` and `sha256` are known when all were read."""

    name: str

    def read(self, size: int) -> bytes: ...
    def close(self) -> None: ...
    @property
    def sha256(self) -> str: ...
    @property
    def bytes(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Loaded:
    """A source opened: its header if it is a table, and what was read of it beyond that."""

    stream: Stream
    head: tables.Head | None
    rest: bytes

    @property
    def name(self) -> str:
        """What messages call the source."""
        return self.stream.name

    @property
    def notes(self) -> tuple[str, ...]:
        """What should be said aloud of how the source was read."""
        return ()

    def close(self) -> None:
        """Let go of the source."""
        self.stream.close()

    def used(self) -> SourceUse:
        """The source as a manifest remembers it, once all batches were taken."""
        return SourceUse(self.name, self.stream.bytes, self.stream.sha256, 0)


def load(source: Path | str | Any, stdin: BinaryIO | None) -> Loaded:
    """Open a source: a path, `-` for `stdin`, or a data frame; its form is told from its content.

    Raises SourceError.
    """
    stream = _open(source, stdin)
    start = stream.read(HEAD)
    while len(start) < HEAD and (more := stream.read(HEAD)):
        start += more
    if not start.removeprefix(codecs.BOM_UTF8).strip():
        raise SourceError(f"{stream.name}: is empty", "Nothing can be prepared from it; export it again.")
    if start.startswith(WIDE):
        raise SourceError(f"{stream.name}: is UTF-16, not UTF-8", "Save the file as UTF-8.")
    if documents.looks_like_json(start):
        return Loaded(stream, None, start)
    head, rest = tables.read_head(stream, start)
    return Loaded(stream, head, rest)


def load_documents(loaded: Loaded, unwrap: bool) -> Iterator[Batch]:
    """The documents of a JSON source in batches; `unwrap` says that `{"records": [...]}` is no record itself."""
    return documents.read_documents(loaded.stream, loaded.rest, unwrap)


def load_rows(loaded: Loaded, key: int | None, once: Sequence[int]) -> Iterator[Rows]:
    """The rows of a table in batches of whole records.

    With a `key` column, rows of the same key are brought together: as they come where the file keeps them
    side by side, else through files on disk. The source is then read twice, so that no record is split.
    """
    head = loaded.head
    assert head is not None
    if key is None:
        yield from _each_a_record(tables.read_rows(loaded.stream, head, loaded.rest))
        return
    with spooled(loaded.stream, loaded.rest) as again:
        yield from _folded(lambda: tables.read_rows(again(), head, b""), key, once, loaded, again().size)


def load_mapped(loaded: Loaded, mapper: Mapper) -> Iterator[Rows]:
    """The rows of a table in batches of whole records, turned by a mapping into columns of the specification."""
    head = loaded.head
    assert head is not None
    with spooled(loaded.stream, loaded.rest) as again:

        def blocks() -> Iterator[Rows]:
            return tables.read_rows(again(), head, b"")

        settled = remap.decided(mapper, blocks())
        if mapper.key is None:
            records = _each_a_record(blocks())
        else:
            records = _folded(blocks, mapper.key, mapper.once, loaded, again().size)
        for rows in records:
            yield remap.apply(settled, remap.skipped(settled, rows))


def _each_a_record(blocks: Iterator[Rows]) -> Iterator[Rows]:
    for rows in blocks:
        yield replace(rows, firsts=fold.record_starts(rows, None, ()))


def _folded(
    blocks: Callable[[], Iterator[Rows]], key: int, once: Sequence[int], loaded: Loaded, size: int
) -> Iterator[Rows]:
    if fold.comes_back(blocks(), key):
        delimiter = loaded.head.delimiter if loaded.head else ","
        return fold.regrouped(blocks, key, once, delimiter, size)
    return fold.adjacent(blocks(), key, once, loaded.name)


def _open(source: Path | str | Any, stdin: BinaryIO | None) -> Stream:
    if isinstance(source, str | Path):
        if str(source) == "-" and stdin is not None:
            return ByteSource("-", stdin)
        return open_file(Path(source))
    if hasattr(source, "__arrow_c_stream__"):
        # pyarrow costs more time to import than a small file to convert, so only frames pay for it.
        frame: Stream = import_module("pipeline.frames").FrameSource(source, "data frame")
        return frame
    raise SourceError("the source is neither a path nor a data frame", "Pass a path or a DataFrame.")
