"""What a format is: a file of this folder that knows its own by the first bytes, and gives what it holds as text.

Text here is UTF-8: a table of delimited text or JSON. Those two are what chunks are made of (`delimited`, `json_documents`),
so a format that is neither (a workbook, a data frame) gives one of them, and all behind it stays the same.
"""

from typing import Protocol

from msgspec import Struct


class Readable(Protocol):
    """The bytes of a named source, a block at a time."""

    name: str

    def read(self, size: int) -> bytes:
        """The next bytes, at most `size`, none only at the end."""


class TextStream(Readable, Protocol):
    """What a format gives; `encoding`, `notes`, `sha256` and `bytes` (as they lay on disk) are final when all was read.

    `is_sheet` says that a row of it is a row of a sheet: one line, however many its cells hold, divided by commas.
    """

    is_sheet: bool

    @property
    def encoding(self) -> str:
        """How the text was encoded; empty where that is no question."""

    @property
    def told(self) -> "ReadOptions":
        """What must be said to have the text read in the same way again: its encoding and alphabet, or its sheet."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What should be said aloud of how it was read; no value of a record."""

    @property
    def sha256(self) -> str:
        """SHA-256 of the bytes read from disk so far, as hex."""

    @property
    def bytes(self) -> int:
        """How many bytes were read from disk so far."""

    def close(self) -> None:
        """Let go of the source."""


# What a source can be: a table, the rejected rows of one, JSON with a document a line, and any other JSON.
TABLE, REJECTS, ONE_A_LINE, JSON = FORMS = ("table", "rejects", "ndjson", "json")


class ReadOptions(Struct, frozen=True):
    """How a source is to be read, as far as its content shall not tell.

    A person says `encoding`, `header_row` (from 1), `sheet`, `delimiter`, and that hidden rows of a sheet are left out
    (`skip_hidden`). The others stand in what was decided on a source
    as a whole, so that some of its rows can be read as all of them were: `form` is one of FORMS, `alphabet` what told an
    encoding that its bytes do not name, `footer` whether rows below the table were no data, and `quotes` whether cells that are
    divided by tabs may stand in quotes, where any begins with one.
    """

    encoding: str | None = None
    header_row: int | None = None
    sheet: str | None = None
    delimiter: str | None = None
    skip_hidden: bool | None = None
    form: str | None = None
    alphabet: str | None = None
    footer: bool | None = None
    quotes: bool | None = None

    @property
    def is_decided(self) -> bool:
        """Whether this was told by a source before, so that nobody asks for it now; rejects tell how they are read themselves."""
        return self.form not in (None, REJECTS)


# Sources are read as their content tells.
AS_TOLD = ReadOptions()


class Format(Struct, frozen=True):
    """A kind of file that is read: one that begins with one of `begins`.

    `module` offers `open_text(file: ByteSource, options: ReadOptions) -> TextStream`. It is imported when such a file comes,
    since its libraries may cost more time to import than a small file to convert. `open_text` raises SourceError for a file
    that it cannot read, and UsageError where the options ask for what is not there.
    """

    begins: tuple[bytes, ...]
    module: str
