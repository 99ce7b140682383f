"""Stage: a source becomes numbered batches of rows (tables) or documents (JSON), in constant memory."""

import codecs
import tempfile
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from pipeline import documents, fold, preamble, tables
from pipeline.digest import Hashing
from pipeline.encodings import Decoded
from pipeline.errors import SourceError
from pipeline.footers import Footer
from pipeline.model import SourceUse
from pipeline.rows import Batch, Rows
from pipeline.streams import ByteSource, open_file, spooled
from pipeline.together import together
from pipeline.trailing import Trimmed

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
class Reading:
    """What a person may say of how a source is to be read, against what its content tells."""

    encoding: str | None = None
    header_row: int | None = None
    sheet: str | None = None


@dataclass(frozen=True, slots=True)
class Sniffed:
    """What was decided on how to read a source; notes are for people and hold no value of a record.

    `header_line` is 0 and `delimiter` empty where the source is no table. All of it is final once all batches
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
    head: tables.Head | None
    rest: bytes
    above: preamble.Preamble = field(default_factory=preamble.Preamble)
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
        """The source as a manifest remembers it, once all batches were taken."""
        return SourceUse(self.name, self.stream.bytes, self.stream.sha256, 0)


def expand(sources: Sequence[Any]) -> list[Any]:
    """The sources, with each zip of exports replaced by its members; raises SourceError for a zip that may do harm."""
    expanded: list[Any] = []
    for source in sources:
        if isinstance(source, str | Path) and str(source) != "-" and _is_zip(Path(source)):
            # zipfile costs as much time to import as a small file to convert.
            archives = import_module("pipeline.archives")
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
    source: Path | str | Any, stdin: BinaryIO | None, reading: Reading = Reading(), hashing: Hashing | None = None
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


def _begun(stream: Stream, is_sheet: bool, reading: Reading) -> Loaded:
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
    if not is_sheet and documents.looks_like_json(start):
        return Loaded(stream, None, start)
    above = preamble.above_header(start, "," if is_sheet else "", reading.header_row, stream.name)
    head, rest = tables.read_head(stream, start[above.bytes :], above.delimiter, above.lines, is_sheet)
    return Loaded(stream, head, rest, above)


def load_documents(loaded: Loaded, unwrap: bool) -> Iterator[Batch]:
    """The documents of a JSON source in batches; `unwrap` says that `{"records": [...]}` is no record itself."""
    return documents.read_documents(loaded.stream, loaded.rest, unwrap)


def load_rows(loaded: Loaded, key: int | None, once: Sequence[int], writer: Any = None) -> Iterator[Rows]:
    """The rows of a table in batches of whole records.

    With a `key` column, rows of the same key are brought together: as they come where the file keeps them
    side by side, else through files on disk. The source is then read twice, so that no record is split. Records that
    a `writer` is certain of are written already.
    """
    if key is None:
        yield from _each_a_record(_rows(loaded, _body(loaded), _rest(loaded), writer))
        return
    with spooled(_body(loaded), _rest(loaded)) as spool:
        assert loaded.head is not None
        comes_back = fold.comes_back(tables.read_keys(spool, loaded.head, key))

        def rows(writer: Any) -> Iterator[Rows]:
            return _rows(loaded, spool.again(), b"", writer)

        if comes_back:
            regrouped = _regrouped(lambda: rows(None), key, once, loaded, spool.again().size, writer)
            yield from together(regrouped)
        elif writer is not None:
            yield from together(fold.by_record(batch, key, once) for batch in rows(writer))
        else:
            yield from fold.adjacent(rows(None), key, once, loaded.name)


def load_mapped(loaded: Loaded, mapper: Any) -> Iterator[Rows]:
    """The rows of a table in batches of whole records, turned by a mapping (`virtual.Mapper`) into columns of the specification."""
    # The named conversions cost as much time to import as a small file without a mapping to convert.
    remap = import_module("pipeline.remap")
    with spooled(_body(loaded), _rest(loaded)) as spool:

        def blocks() -> Iterator[Rows]:
            left.clear()
            return (remap.sifted(mapper, rows, left) for rows in _rows(loaded, spool.again(), b""))

        left: Counter[str] = Counter()
        looking = remap.Looking(mapper)
        seen = looking.over(blocks())
        comes_back = mapper.key is not None and fold.comes_back(fold.marked(seen, mapper.key))
        if mapper.waits:
            deque(seen, maxlen=0)
        settled, known = looking.settled(), remap.Known()
        records = _brought_together(blocks, mapper, comes_back, loaded, spool.again().size)
        held: Rows | None = None
        for rows in records:
            if held is not None:
                yield held
            held = remap.apply(settled, remap.skipped(settled, remap.carried(settled, rows)), known)
        if held is not None:
            # What was sifted out before the rows were brought together is counted once all were read.
            yield replace(held, skipped={**held.skipped, **left})


def _brought_together(
    blocks: Callable[[], Iterator[Rows]], mapper: Any, comes_back: bool, loaded: Loaded, size: int
) -> Iterator[Rows]:
    """The rows in batches of whole records; `comes_back` says that some key stands again behind others."""
    if mapper.key is None:
        return _each_a_record(blocks())
    if comes_back:
        return _regrouped(blocks, mapper.key, mapper.once, loaded, size)
    return fold.adjacent(blocks(), mapper.key, mapper.once, loaded.name)


def _body(loaded: Loaded) -> tables.Readable:
    """What stands behind the header, without the cells of nameless columns."""
    head = loaded.head
    if head is None or not head.spare:
        return loaded.stream
    return Trimmed(loaded.stream, loaded.rest, head.delimiter, len(head.names), head.spare)


def _rest(loaded: Loaded) -> bytes:
    return b"" if loaded.head is not None and loaded.head.spare else loaded.rest


def _rows(loaded: Loaded, source: tables.Readable, rest: bytes, writer: Any = None) -> Iterator[Rows]:
    assert loaded.head is not None
    return loaded.footer.set_aside(tables.read_rows(source, loaded.head, rest, writer))


def _each_a_record(blocks: Iterator[Rows]) -> Iterator[Rows]:
    return together(fold.by_record(rows, None, ()) for rows in blocks)


def _regrouped(
    blocks: Callable[[], Iterator[Rows]], key: int, once: Sequence[int], loaded: Loaded, size: int, writer: Any = None
) -> Iterator[Rows]:  # fmt: skip
    delimiter = loaded.head.delimiter if loaded.head else ","
    return fold.regrouped(blocks, key, once, delimiter, size, writer)


def _open(
    source: Any, stdin: BinaryIO | None, reading: Reading, hashing: Hashing | None, on_failure: ExitStack
) -> tuple[Stream, bool]:
    """The text of a source as UTF-8, and whether it is a sheet."""
    if hasattr(source, "__arrow_c_stream__"):
        # pyarrow costs more time to import than a small file to convert, so only frames pay for it.
        frame: Stream = import_module("pipeline.frames").FrameSource(source, "data frame")
        return frame, False
    file = on_failure.enter_context(closing(_open_bytes(source, stdin, hashing)))
    first = file.peek(HEAD)
    if first.startswith((ZIP, EMPTY_ZIP, COMPOUND)):
        return _unpacked(file, reading)
    _refuse_foreign(file.name, first)
    return Decoded(file, reading.encoding, documents.looks_like_json(first)), False


def _open_bytes(source: Any, stdin: BinaryIO | None, hashing: Hashing | None) -> ByteSource:
    if isinstance(source, str | Path):
        if str(source) == "-" and stdin is not None:
            return ByteSource("-", stdin, hashing)
        return open_file(Path(source), hashing)
    if hasattr(source, "archive"):
        return ByteSource(str(source), import_module("pipeline.archives").MemberFile(source), hashing)
    raise SourceError("the source is neither a path nor a data frame", "Pass a path or a DataFrame.")


def _unpacked(file: ByteSource, reading: Reading) -> tuple[Stream, bool]:
    """A workbook's sheet, or the one member of a zip that came where it could not be taken apart before."""
    with tempfile.NamedTemporaryFile() as copy:
        zipped = file.peek(4) != COMPOUND
        while block := file.read(BLOCK):
            copy.write(block)
        copy.flush()
        path = Path(copy.name)
        archives = import_module("pipeline.archives")
        if not zipped or archives.is_workbook(path):
            if zipped:
                archives.refuse_swollen_workbook(path, file.name)
            # The library is large, and hardly any run needs it.
            sheet: Stream = import_module("pipeline.sheets").SheetSource(path, file, reading.sheet)
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
