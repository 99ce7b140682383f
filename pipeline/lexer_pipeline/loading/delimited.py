"""The header of a table of delimited text (RFC 4180 and its dialects), and what divides the table."""

import codecs
import re
from collections import Counter

import numpy as np
from msgspec import Struct, field
from msgspec.structs import replace

from lexer_pipeline.chunks import rejected
from lexer_pipeline.errors import SourceError, UsageError
from lexer_pipeline.kernels import dispatch
from lexer_pipeline.kernels.codes import (
    BROKEN_ROWS,
    LONGEST_ROW,
    ROW_BLANK,
)
from lexer_pipeline.kernels.dialect import Dialect
from lexer_pipeline.limits import COLUMNS
from lexer_pipeline.loading.format import Readable
from lexer_pipeline.loading.quotes import Quotes

TAB = "\t"
DELIMITERS = (",", ";", TAB, "|")
BLOCK = 1 << 20
LINE_BREAK = re.compile(rb"\r\n|\n|\r")
SAMPLE_ROWS = 50


class Head(Struct, frozen=True):
    """The first row of a table and what it tells: the names, the delimiter, and where the data begins.

    `line` is where it begins, `lines` are those up to the first row of data; where `row_a_line`, each row counts as one line, whatever
    line breaks its cells hold (sheets). `spare` counts the columns at the end that have no name, `before` the cells that a
    rejects file has in front of each row. What `quotes` are may be told as late as by the rows.
    """

    names: tuple[str, ...]
    delimiter: str
    raw: bytes
    lines: int
    line: int = 1
    spare: int = 0
    row_a_line: bool = False
    before: int = 0
    cr_ends_rows: bool = True
    quotes: Quotes = field(default_factory=Quotes)

    @property
    def dialect(self) -> Dialect:
        """How rows and cells are told apart, as far as it is known by now."""
        return Dialect(self.delimiter, self.quotes.said is True, self.cr_ends_rows, len(self.names) - 1)

    @property
    def width(self) -> int:
        """How many cells a row has as it is read."""
        return self.before + len(self.names)

    @property
    def distinct(self) -> tuple[str, ...]:
        """The names, where one that stands again is told by a number: Birthday, Birthday (2)."""
        taken = set(self.names)
        seen: set[str] = set()
        numbers: Counter[str] = Counter()
        distinct = []
        for name in self.names:
            fresh = name
            while fresh in seen or (fresh != name and fresh in taken):
                numbers[name] += 1
                fresh = f"{name} ({numbers[name] + 1})"
            seen.add(fresh)
            distinct.append(fresh)
        return tuple(distinct)


def read_head(
    source: Readable, start: bytes, delimiter: str = "", above: int = 0, row_a_line: bool = False, cr_ends_rows: bool = True,
    quotes: Quotes | None = None,
) -> tuple[Head, bytes]:  # fmt: skip
    """The header of the table that begins with `start`; returns it with the bytes that follow it.

    `delimiter` is "" where it is to be told, and `quotes` speak of a table divided by tabs; `above` lines come before `start`.
    """
    data = start.removeprefix(codecs.BOM_UTF8)
    while b"\n" not in data and b"\r" not in data[:-1] and len(data) <= LONGEST_ROW:
        more = source.read(BLOCK)
        if not more:
            break
        data += more
    first = len(data) - len(data.lstrip(b"\r\n"))
    quotes = quotes or Quotes()
    delimiter = delimiter or sniff(data[first : first + BLOCK], quotes, cr_ends_rows)
    quotes = quotes if delimiter == TAB else Quotes()
    above += _line_breaks(data[:first])
    dialect = Dialect(delimiter, quotes.said is not False, cr_ends_rows)
    read, consumed, names = _header_cells(source, data[first:], dialect, above + 1)
    named = len(names)
    while named and not names[named - 1]:
        named -= 1
    lines = above + (1 if row_a_line else _line_breaks(read[:consumed]))
    raw = _without_last(read[:consumed].rstrip(b"\r\n"), delimiter, named, len(names) - named)
    head = Head(
        names[:named],
        delimiter,
        raw,
        lines,
        above + 1,
        len(names) - named,
        row_a_line,
        0,
        cr_ends_rows,
        quotes,
    )
    return head, read[consumed:]


def without_added(head: Head, source: str) -> Head:
    """The header of a rejects file as it stood in the source of the rows."""
    if not head.names[rejected.ADDED :]:
        raise UsageError(f"{source}: has no column of the source", "Name the rejects file of the batch.")
    raw = rejected.without_added(head.raw, head.delimiter)
    return replace(head, names=head.names[rejected.ADDED :], raw=raw, before=rejected.ADDED)


def _line_breaks(data: bytes) -> int:
    return len(LINE_BREAK.findall(data))


def _without_last(raw: bytes, delimiter: str, named: int, spare: int) -> bytes:
    """A header without its nameless cells, which are empty but for blanks and quotes."""
    return raw.rsplit(delimiter.encode(), spare)[0] if spare and named else raw


def _header_cells(
    source: Readable, data: bytes, dialect: Dialect, line: int
) -> tuple[bytes, int, tuple[str, ...]]:
    """The bytes read so far, how many of them the header takes, and its cells."""
    while True:
        found = dispatch.scan_csv(data, dialect, 1, False, 1, LONGEST_ROW)
        if found.rows:
            break
        if len(data) > LONGEST_ROW:
            raise too_long(source, line)
        more = source.read(BLOCK)
        if not more:
            found = dispatch.scan_csv(data, dialect, 1, True, 1, LONGEST_ROW)
            break
        data += more
    columns = int(found.row_cells[0]) if found.rows else 0
    where = f"{source.name}: line {line}"
    if not columns or found.row_faults[0] in BROKEN_ROWS:
        raise SourceError(f"{where}: the header cannot be read", "Close the quotes in that line.")
    if columns > COLUMNS:
        raise SourceError(
            f"{where}: the header has {columns} columns, more than {COLUMNS}",
            "Check that the line is the header, and that rows and columns are not exchanged; else export fewer columns.",
        )
    found = dispatch.scan_csv(data, dialect, columns, True, 1, LONGEST_ROW)
    places = zip(found.starts.tolist(), found.ends.tolist(), strict=True)
    cells = [data[start:end].replace(b'""', b'"').strip() for start, end in places]
    if not any(cells):
        raise SourceError(
            f"{where}: the header is empty", "Say where the column names stand with --header-row."
        )
    try:
        return data, found.consumed, tuple(cell.decode().strip() for cell in cells)
    except UnicodeDecodeError:
        raise SourceError(
            f"{where}: the header is not UTF-8", "Save the file as UTF-8, or say what it is with --encoding."
        ) from None


def sniff(sample: bytes, quotes: Quotes, cr_ends_rows: bool) -> str:
    """The delimiter that cuts the first rows most evenly, and into most cells; a comma when none does."""
    scores = {}
    for delimiter in DELIMITERS:
        dialect = Dialect(delimiter, delimiter != TAB or quotes.said is not False, cr_ends_rows)
        found = dispatch.scan_csv(sample, dialect, 1, False, SAMPLE_ROWS, LONGEST_ROW)
        if not found.rows:
            found = dispatch.scan_csv(sample, dialect, 1, True, SAMPLE_ROWS, LONGEST_ROW)
        faults = found.row_faults
        whole = found.row_cells[(faults != ROW_BLANK) & ~np.isin(faults, BROKEN_ROWS)]
        if len(whole) and whole[0] > 1:
            scores[delimiter] = (float((whole == whole[0]).mean()) >= 0.5, int(whole[0]))
    return max(scores, key=lambda delimiter: scores[delimiter]) if scores else ","


def too_long(source: Readable, line: int, folds: bool = False) -> SourceError:
    """The error for a row, or for the rows of one record, that are longer than any may be."""
    if folds:
        return SourceError(
            f"{source.name}: the record on line {line} has rows of more than {LONGEST_ROW >> 20} MiB",
            "Check the column that says which rows belong together, and that all quotes are closed.",
        )
    return SourceError(
        f"{source.name}: line {line} is longer than {LONGEST_ROW >> 20} MiB",
        "Check that the file is a table and that its quotes are closed.",
    )
