"""Stage: a source becomes numbered batches of rows (tables) or documents (JSON), in constant memory."""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from pipeline import documents, tables
from pipeline.errors import SourceError
from pipeline.model import Batch, SourceUse
from pipeline.streams import ByteSource, open_file

HEAD = 1 << 16
WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class Stream(Protocol):
    """The bytes of a source; `bytes` and `sha256` are known when all were read."""

    name: str

    @property
    def bytes(self) -> int: ...
    @property
    def sha256(self) -> str: ...
    def read(self, size: int) -> bytes: ...
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Loaded:
    """A source being read: its header if it is a table, and its batches, which can be taken once."""

    stream: Stream
    head: tables.Head | None
    batches: Iterator[Batch]

    @property
    def name(self) -> str:
        """What messages call the source."""
        return self.stream.name

    def used(self) -> SourceUse:
        """The source as a manifest remembers it, once all batches were taken."""
        return SourceUse(self.name, self.stream.bytes, self.stream.sha256, 0)


def load(source: Path | str | Any, stdin: BinaryIO | None, unwrap: bool) -> Loaded:
    """Open a source: a path, `-` for `stdin`, or a data frame; its form is told from its content.

    `unwrap` says that `{"records": [...]}` is a wrapper and not itself a record. Raises SourceError.
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
        return Loaded(stream, None, documents.read_documents(stream, start, unwrap))
    head, rest = tables.read_head(stream, start)
    return Loaded(stream, head, tables.read_rows(stream, head, rest))


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
