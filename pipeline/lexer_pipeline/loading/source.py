"""Stage: a source becomes numbered chunks of rows (tables) or documents (JSON), in constant memory."""

import codecs
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from lexer_pipeline.errors import SourceError
from lexer_pipeline.loading import delimited, header_finder, json_documents
from lexer_pipeline.loading.byte_stream import ByteSource, open_file
from lexer_pipeline.loading.encodings import Decoded
from lexer_pipeline.loading.footer import Footer
from lexer_pipeline.model import SourceUse
from lexer_pipeline.system.hashing import Hashing

HEAD = 1 << 16
BLOCK = 1 << 20
ZIP = b"PK\x03\x04"
# An empty zip, and the old workbooks (and the encrypted new ones) of Excel.
EMPTY_ZIP = b"PK\x05\x06"
COMPOUND = b"\xd0\xcf\x11\xe0"
FOREIGN = (
    (b"%PDF", "a PDF"), (b"\x89PNG", "a picture"), (b"\xff\xd8\xff", "a picture"), (b"GIF8", "a picture"),
    (b"7z\xbc\xaf", "a 7z archive"), (b"Rar!", "a RAR archive"), (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"), (b"\x28\xb5\x2f\xfd", "a zstd archive"), (b"PAR1", "a Parquet file"),
    (b"SQLite format", "a database"), (b"{\\rtf", "an RTF document"),
)  # fmt: skip
MARKUP = (
    (b"<!doctype html", "a web page"),
    (b"<html", "a web page"),
    (b"<?xml", "XML"),
    (b"<table", "a web page"),
)


class Stream(Protocol):
    """The text of a source as UTF-8; `bytes`, `sha256`, `encoding` and `notes` are known when all was read."""

    name: str

    @property
    def encoding(self) -> str: ...
    @property
    def notes(self) -> tuple[str, ...]: ...
    def read(self, size: int) -> bytes: ...
    def close(self) -> None: ...
    @property
    def sha256(self) -> str: ...
    @property
    def bytes(self) -> int: ...


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What a person may say of how a source is to be read, against what its content tells."""

    encoding: str | None = None
    header_row: int | None = None
    sheet: str | None = None


@dataclass(frozen=True, slots=True)
class Sniffed:
    """What was decided on how to read a source; notes are for people and hold no value of a record.

    `header_line` is 0 and `delimiter` empty where the source is no table. All of it is final once all chunks
    were taken: an encoding is told where the first byte beyond ASCII stands, a footer at the end.
    """

    encoding: str
    delimiter: str
    header_line: int
    skipped_above: int
    spare_columns: int
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Loaded:
    """A source opened: its header if it is a table, and what was read of it beyond that."""

    stream: Stream
    head: delimited.Head | None
    rest: bytes
    above: header_finder.Preamble = field(default_factory=header_finder.Preamble)
    footer: Footer = field(default_factory=Footer)

    @property
    def name(self) -> str:
        """What messages call the source."""
        return self.stream.name

    @property
    def sniffed(self) -> Sniffed:
        """How the source is read."""
        head = self.head
        encoding = self.stream.encoding
        if head is None:
            return Sniffed(encoding, "", 0, 0, 0, self.notes)
        return Sniffed(encoding, head.delimiter, head.line, self.above.lines, head.spare, self.notes)

    @property
    def notes(self) -> tuple[str, ...]:
        """What should be said aloud of how the source was read."""
        spare = self.head.spare if self.head else 0
        trimmed = (f"{spare} empty columns at the end were left out",) if spare else ()
        return (*self.stream.notes, *self.above.notes, *trimmed, *self.footer.notes)

    def close(self) -> None:
        """Let go of the source."""
        self.stream.close()

    def used(self) -> SourceUse:
        """The source as a manifest remembers it, once all chunks were taken."""
        return SourceUse(self.name, self.stream.bytes, self.stream.sha256, 0)


def expand(sources: Sequence[Any]) -> list[Any]:
    """The sources, with each zip of exports replaced by its members; raises SourceError for a zip that may do harm."""
    expanded: list[Any] = []
    for source in sources:
        if isinstance(source, str | Path) and str(source) != "-" and _is_zip(Path(source)):
            # zipfile costs as much time to import as a small file to convert.
            archives = import_module("lexer_pipeline.loading.archive")
            if not archives.is_workbook(Path(source)):
                expanded.extend(archives.members(Path(source)))
                continue
        expanded.append(source)
    return expanded


def _is_zip(path: Path) -> bool:
    try:
        with path.open("rb", buffering=0) as file:
            return file.read(4) in (ZIP, EMPTY_ZIP)
    except OSError:
        return False  # opening it as a source says what is wrong


def load(
    source: Path | str | Any, stdin: BinaryIO | None, reading: ReadOptions = ReadOptions(), hashing: Hashing | None = None
) -> Loaded:  # fmt: skip
    """Open a source: a path, `-` for `stdin`, a member of a zip or a data frame; its form is told from its content.

    Its checksum is worked out by `hashing`, or by a thread of its own.

    Raises SourceError; UsageError where `reading` asks for what is not there.
    """
    with ExitStack() as on_failure:
        stream, is_sheet = _open(source, stdin, reading, hashing, on_failure)
        loaded = _begun(stream, is_sheet, reading)
        on_failure.pop_all()
        return loaded


def _begun(stream: Stream, is_sheet: bool, reading: ReadOptions) -> Loaded:
    """Read as far as the header, or the first sign of JSON."""
    start = stream.read(HEAD)
    while len(start) < HEAD and (more := stream.read(HEAD)):
        start += more
    start = start.removeprefix(codecs.BOM_UTF8)
    if not start.strip() and stream.read(1):
        raise SourceError(
            f"{stream.name}: begins with more than {HEAD >> 10} KiB of blank lines", "Remove them."
        )
    if not start.strip():
        raise SourceError(f"{stream.name}: is empty", "Nothing can be prepared from it; export it again.")
    if not is_sheet and json_documents.looks_like_json(start):
        return Loaded(stream, None, start)
    above = header_finder.above_header(start, "," if is_sheet else "", reading.header_row, stream.name)
    head, rest = delimited.read_head(stream, start[above.bytes :], above.delimiter, above.lines, is_sheet)
    return Loaded(stream, head, rest, above)


def _open(
    source: Any, stdin: BinaryIO | None, reading: ReadOptions, hashing: Hashing | None, on_failure: ExitStack
) -> tuple[Stream, bool]:
    """The text of a source as UTF-8, and whether it is a sheet."""
    if hasattr(source, "__arrow_c_stream__"):
        # pyarrow costs more time to import than a small file to convert, so only frames pay for it.
        frame: Stream = import_module("lexer_pipeline.loading.dataframe").FrameSource(source, "data frame")
        return frame, False
    file = on_failure.enter_context(closing(_open_bytes(source, stdin, hashing)))
    first = file.peek(HEAD)
    if first.startswith((ZIP, EMPTY_ZIP, COMPOUND)):
        return _unpacked(file, reading)
    _refuse_foreign(file.name, first)
    return Decoded(file, reading.encoding, json_documents.looks_like_json(first)), False


def _open_bytes(source: Any, stdin: BinaryIO | None, hashing: Hashing | None) -> ByteSource:
    if isinstance(source, str | Path):
        if str(source) == "-" and stdin is not None:
            return ByteSource("-", stdin, hashing)
        return open_file(Path(source), hashing)
    if hasattr(source, "archive"):
        return ByteSource(
            str(source), import_module("lexer_pipeline.loading.archive").MemberFile(source), hashing
        )
    raise SourceError("the source is neither a path nor a data frame", "Pass a path or a DataFrame.")


def _unpacked(file: ByteSource, reading: ReadOptions) -> tuple[Stream, bool]:
    """A workbook's sheet, or the one member of a zip that came where it could not be taken apart before."""
    with tempfile.NamedTemporaryFile() as copy:
        zipped = file.peek(4) != COMPOUND
        while block := file.read(BLOCK):
            copy.write(block)
        copy.flush()
        path = Path(copy.name)
        archives = import_module("lexer_pipeline.loading.archive")
        if not zipped or archives.is_workbook(path):
            if zipped:
                archives.refuse_swollen_workbook(path, file.name)
            # The library is large, and hardly any run needs it.
            sheet: Stream = import_module("lexer_pipeline.loading.workbook").SheetSource(
                path, file, reading.sheet
            )
            return sheet, True
    raise SourceError(
        f"{file.name}: is a zip of files, and it did not come as a file",
        "Name the zip, or unpack it and name its files.",
    )


def _refuse_foreign(name: str, first: bytes) -> None:
    words = first.lstrip().lower()
    marks = ((mark, what) for mark, what in FOREIGN if first.startswith(mark))
    markup = ((mark, what) for mark, what in MARKUP if words.startswith(mark))
    found = next(chain(marks, markup), None)
    if found is not None:
        raise SourceError(
            f"{name}: is {found[1]}, neither a table nor JSON", "Export it as CSV, XLSX or JSON."
        )
