"""Stage load: a source is opened, its form told from its content; `records` then makes chunks of it.

The formats that are read, and those that are known and refused, are the two tables below. To read one more: write its file
(see `format`) and add its line to FORMATS.
"""

import codecs
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import BinaryIO, Protocol, runtime_checkable

from msgspec import Struct, field
from msgspec.structs import replace

from lexer_pipeline.chunks.edits import Edits
from lexer_pipeline.chunks.places import Places
from lexer_pipeline.errors import SourceError, UsageError
from lexer_pipeline.loading import delimited, header_finder, json_documents, rejects_header
from lexer_pipeline.loading.answers import Answer
from lexer_pipeline.loading.byte_stream import ByteSource
from lexer_pipeline.loading.database import Query
from lexer_pipeline.loading.footer import Footer
from lexer_pipeline.loading.format import (
    AS_TOLD,
    JSON,
    ONE_A_LINE,
    REJECTS,
    TABLE,
    Format,
    ReadOptions,
    TextStream,
)
from lexer_pipeline.loading.line_breaks import cr_ends_rows
from lexer_pipeline.loading.origins import Member, Origin, origin_of
from lexer_pipeline.loading.passed_over import PassedOver
from lexer_pipeline.loading.quotes import Quotes
from lexer_pipeline.model import SourceUse
from lexer_pipeline.system.hashing import Hashing
from lexer_pipeline.system.scratch import Scratch

HEAD = 1 << 16
QUOTES_ARE_LETTERS = "quotes at the start of cells are letters: the cells of this file do not stand in quotes"
ZIP = b"PK\x03\x04"
# An empty zip, and the old workbooks (and the encrypted new ones) of Excel.
EMPTY_ZIP = b"PK\x05\x06"
COMPOUND = b"\xd0\xcf\x11\xe0"
FORMATS = (
    Format((ZIP, EMPTY_ZIP, COMPOUND), "lexer_pipeline.loading.workbook"),
    Format((b"PAR1", b"ARROW1", b"\xff\xff\xff\xff", b"ORC"), "lexer_pipeline.loading.columnar"),
    # Whatever else it is, it is read as text.
    Format((b"",), "lexer_pipeline.loading.encodings"),
)
DATABASE = "a database"
REFUSED = (
    (b"%PDF", "a PDF"), (b"\x89PNG", "a picture"), (b"\xff\xd8\xff", "a picture"), (b"GIF8", "a picture"),
    (b"7z\xbc\xaf", "a 7z archive"), (b"Rar!", "a RAR archive"), (b"SQLite format", DATABASE), (b"{\\rtf", "an RTF document"),
    (b"FEA1", "a Feather file of the first version"), (b"Obj\x01", "an Avro file"),
)  # fmt: skip
MARKUP = (
    (b"<!doctype html", "a web page"),
    (b"<html", "a web page"),
    (b"<?xml", "XML"),
    (b"<table", "a web page"),
)


@runtime_checkable
class ArrowStream(Protocol):
    """A data frame of any library: what offers the Arrow PyCapsule interface."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...


Source = Path | str | Origin | ArrowStream | Member | Query | Answer


class Sniffed(Struct, frozen=True):
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


class _Begun(Struct, frozen=True):
    """A source of which something was read to tell its form."""

    stream: TextStream
    rest: bytes


class _Opened(_Begun, frozen=True, kw_only=True):
    """The same; `beside` says what else its archive holds.

    `edits` are what a person changed in it, and `places` where its rows stand in a source of which they are some.
    Copies of it, and what is put aside of it, lie in `scratch`.
    """

    beside: tuple[str, ...] = ()
    scratch: Scratch = field(default_factory=Scratch)
    edits: Edits | None = None
    places: Places | None = None

    @property
    def name(self) -> str:
        """What messages call the source."""
        return self.stream.name

    def close(self) -> None:
        """Let go of the source."""
        self.stream.close()

    def used(self) -> SourceUse:
        """The source as a manifest remembers it, once all chunks were taken."""
        return SourceUse(self.name, self.stream.bytes, self.stream.sha256, 0)


class LoadedDocuments(_Opened, frozen=True):
    """A source of JSON, opened."""

    placing: json_documents.Placing = field(default_factory=json_documents.Placing)

    @property
    def reading(self) -> ReadOptions:
        """How the source was read, once all chunks were taken: so some of its documents are read as all were."""
        form = ONE_A_LINE if self.placing.is_one_a_line else JSON
        return replace(self.stream.told, form=form)

    @property
    def notes(self) -> tuple[str, ...]:
        """What should be said aloud of how the source was read."""
        return (*self.beside, *self.stream.notes, *self.placing.notes)

    @property
    def sniffed(self) -> Sniffed:
        """How the source is read."""
        return Sniffed(self.stream.encoding, "", 0, 0, 0, self.notes)


class LoadedTable(_Opened, frozen=True):
    """A source that is a table, opened and read as far as its header."""

    head: delimited.Head
    above: header_finder.Preamble
    footer: Footer
    passed_over: PassedOver

    @property
    def reading(self) -> ReadOptions:
        """How the source was read, once all chunks were taken: so some of its rows are read as all were."""
        head = self.head
        return replace(
            self.stream.told, form=REJECTS if head.before else TABLE, header_row=head.line, delimiter=head.delimiter,
            footer=self.footer.found, quotes=head.quotes.said if head.delimiter == delimited.TAB else None,
        )  # fmt: skip

    @property
    def notes(self) -> tuple[str, ...]:
        """What should be said aloud of how the source was read."""
        spare = self.head.spare
        trimmed = (f"{spare} empty columns at the end were left out",) if spare else ()
        letters = (QUOTES_ARE_LETTERS,) if self.head.quotes.are_letters else ()
        return (*self.beside, *self.stream.notes, *self.above.notes, *letters, *trimmed, *self.footer.notes)

    @property
    def sniffed(self) -> Sniffed:
        """How the source is read."""
        head = self.head
        return Sniffed(
            self.stream.encoding, head.delimiter, head.line, self.above.lines, head.spare, self.notes
        )


Loaded = LoadedTable | LoadedDocuments


def load(
    source: Source, stdin: BinaryIO | None, options: ReadOptions = AS_TOLD, hashing: Hashing | None = None,
    scratch: Scratch | None = None,
) -> Loaded:  # fmt: skip
    """Open a source: a path, `-` for `stdin`, what was opened before, a member of a zip, a data frame or a query; its form is told from its content.

    Its checksum is worked out by `hashing`, or by a thread of its own; copies of it lie in `scratch`, or in one of its own.

    Raises SourceError; UsageError where `options` ask for what is not there.
    """
    with naming_member(source), ExitStack() as on_failure:
        scratch = scratch or Scratch()
        stream = _open(source, stdin, options, hashing, scratch, on_failure)
        asked, options = options, stream.told if isinstance(source, Answer) else options
        loaded = replace(_begun(stream, options), scratch=scratch)
        on_failure.pop_all()
        notes = source.notes if isinstance(source, Member) else ()
        # The text of an answer is made here, so that its form is known.
        if isinstance(source, Answer) and asked != AS_TOLD:
            notes = (
                "is no file, so it means nothing how one would be read (encoding, header row, sheet, hidden rows)",
            )
        # Of several sources some may be workbooks, so that it is no fault.
        if options.sheet is not None and options.form is None and not stream.is_sheet:
            notes = (*notes, f"is no workbook, so the sheet {options.sheet} means nothing here")
        return replace(loaded, beside=notes)


@contextmanager
def naming_member(source: Source) -> Iterator[None]:
    """What is wrong with a file of a zip is said with the flag that chooses another."""
    try:
        yield
    except (SourceError, UsageError) as problem:
        if isinstance(source, Member) and "--member" not in problem.hint:
            problem.hint = f"{problem.hint} Or choose another file of the zip with --member NAME.".lstrip()
        raise


def _begun(stream: TextStream, options: ReadOptions) -> Loaded:
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
    if _is_json(stream, start, options.form):
        known = None if options.form is None else options.form == ONE_A_LINE
        return LoadedDocuments(stream, start, json_documents.Placing(known))
    return _table(stream, start, options)


def _is_json(stream: TextStream, start: bytes, form: str | None) -> bool:
    if form is not None:
        return form in (ONE_A_LINE, JSON)
    return not stream.is_sheet and json_documents.looks_like_json(start)


def _table(stream: TextStream, start: bytes, options: ReadOptions) -> LoadedTable:
    is_rejects = options.form == REJECTS
    cr_alone = cr_ends_rows(start)
    quotes = Quotes(_quotes_said(start, options))
    start = quotes.look(stream, start, cr_alone) if b"\t" in start else start
    if is_rejects:
        above = rejects_header.above_rejects(start, stream.name)
    else:
        comma = "," if stream.is_sheet else options.delimiter or ""
        above = header_finder.above_header(
            start, comma, options.header_row, stream.name, options.is_decided, quotes, cr_alone
        )
    head, rest = delimited.read_head(
        stream, start[above.bytes :], above.delimiter, above.lines, stream.is_sheet, cr_alone, quotes
    )
    if is_rejects:
        head = delimited.without_added(head, stream.name)
    footer = Footer(False if is_rejects else options.footer)
    return LoadedTable(stream, rest, head, above, footer, PassedOver(head.names))


def _quotes_said(start: bytes, options: ReadOptions) -> bool | None:
    """Whether cells may stand in quotes, as was decided before; rejects that another program saved anew say it themselves."""
    is_as_written = options.form != REJECTS or rejects_header.as_written(start)
    return options.quotes if is_as_written else None


def _open(
    source: Source, stdin: BinaryIO | None, options: ReadOptions, hashing: Hashing | None, scratch: Scratch,
    on_failure: ExitStack,
) -> TextStream:  # fmt: skip
    if isinstance(source, ArrowStream):
        # pyarrow costs more time to import than a small file to convert, so only frames pay for it.
        frame: TextStream = import_module("lexer_pipeline.loading.dataframe").open_text(source)
        return frame
    if isinstance(source, Answer):
        return source.open_text()
    file = on_failure.enter_context(closing(_open_bytes(source, stdin, hashing, scratch)))
    first = file.peek(HEAD)
    _refuse_foreign(file.name, first)
    module = next(one.module for one in FORMATS if first.startswith(one.begins))
    stream: TextStream = on_failure.enter_context(closing(import_module(module).open_text(file, options)))
    return stream


def _open_bytes(
    source: Source, stdin: BinaryIO | None, hashing: Hashing | None, scratch: Scratch
) -> ByteSource:
    if isinstance(source, str | Path):
        source = origin_of(source, stdin, scratch)
    if isinstance(source, Origin):
        return ByteSource(source.name, source.open(), hashing, scratch, source.path)
    if isinstance(source, Member):
        file = import_module("lexer_pipeline.loading.archive").MemberFile(source)
        return ByteSource(str(source), file, hashing, scratch)
    raise SourceError(
        "the source is neither a path, a data frame nor a query", "Pass a path, a DataFrame or a Query."
    )


def _refuse_foreign(name: str, first: bytes) -> None:
    words = first.lstrip().lower()
    marks = ((mark, what) for mark, what in REFUSED if first.startswith(mark))
    markup = ((mark, what) for mark, what in MARKUP if words.startswith(mark))
    found = next(chain(marks, markup), None)
    if found is not None:
        remedy = "Export it as CSV, JSON, XLSX or Parquet."
        if found[1] == DATABASE:
            remedy = f"Name it as sqlite:///{name} and say what to read from it, with --query."
        raise SourceError(f"{name}: is {found[1]}, neither a table nor JSON", remedy)
