"""What stands above the header of a table: Excel's `sep=` line, the titles of a report, blank lines."""

import re
from collections import Counter
from collections.abc import Sequence

from msgspec import Struct

from lexer_pipeline.errors import UsageError
from lexer_pipeline.kernels import dispatch
from lexer_pipeline.kernels.codes import BROKEN_ROWS, LONGEST_ROW, ROW_BLANK
from lexer_pipeline.kernels.dialect import Dialect
from lexer_pipeline.loading.quotes import TAB, Quotes

DELIMITERS = (",", ";", TAB, "|")
SEPARATOR = re.compile(rb'"?sep=([^"\w\r\n])"?[ \t]*(?:\r\n|\n|\r|\Z)', re.IGNORECASE)
LINE_BREAK = re.compile(rb"\r\n|\n|\r")
# Empty lines that no line of delimiters stands among are no news.
BARE_LINES = re.compile(rb"(?=[\r\n \"]*[,;\t|])(?:[,;\t| \"]*(?:\r\n|\n|\r))+")
FIGURE = re.compile(r"[\s\d.,:;/+\-$€£%()'@]*\d[\s\d.,:;/+\-$€£%()'@TZ]*")
DATED = re.compile(r".*\b(19|20)\d\d\b.*", re.DOTALL)
# A name as programs write it: `first_name`, `link.email`, `products[].sku`.
WRITTEN_AS_NAME = re.compile(r"[^\W\d]\w*(\[\])?([._][^\W\d]\w*(\[\])?)+|[^\W\d]+_\w+")
# Titles are looked for among so many rows.
ROWS = 60
# So many rows below a header are asked whether they look like its data.
BELOW = 20


class Preamble(Struct, frozen=True):
    """How many bytes and lines stand above the header, and the delimiter where that could be told ("" else)."""

    bytes: int = 0
    lines: int = 0
    delimiter: str = ""
    notes: tuple[str, ...] = ()


class _Row(Struct, frozen=True):
    start: int
    line: int
    fault: int
    count: int
    cells: tuple[str, ...]

    @property
    def filled(self) -> int:
        return sum(bool(cell) for cell in self.cells)

    def is_as_wide(self, width: int) -> bool:
        """Whether it has so many cells, empty ones at its end aside."""
        return self.count >= width and not any(self.cells[width:])


def above_header(
    start: bytes, delimiter: str, header_line: int | None, name: str, is_decided: bool, quotes: Quotes, cr_ends_rows: bool
) -> Preamble:  # fmt: skip
    """What stands above the header of a table that begins with `start`.

    `delimiter` is "" where it is to be told; `header_line` (from 1) says where the header is, as a person asked or as was
    decided before. `quotes` speak of a table divided by tabs.
    """
    said = SEPARATOR.match(start) if not delimiter else None
    if said:
        delimiter = said[1].decode("ascii", "replace")
    skip, lines = (said.end(), 1) if said else (0, 0)
    notes = ("the first line says what the delimiter is",) if said else ()
    if header_line is not None:
        skip = _line_start(start, header_line, name)
        how = "before" if is_decided else "asked"
        told = () if is_decided and header_line == 1 else (f"the header is on line {header_line}, as {how}",)
        return Preamble(skip, header_line - 1, delimiter, (*notes, *told))
    body = start[skip:]
    choices = (delimiter,) if delimiter else DELIMITERS
    tables = [
        (one, _rows(body, Dialect(one, one != TAB or quotes.said is not False, cr_ends_rows)))
        for one in choices
    ]
    if any(_begins_with_header(rows) for _, rows in tables):
        return _below_bare_delimiters(body, Preamble(skip, lines, delimiter, notes))
    found = [(_evenness(rows, at), one, rows[at]) for one, rows in tables if (at := _header(rows))]
    if not found:
        return Preamble(skip, lines, delimiter, notes)
    _, delimiter, header = max(found, key=lambda one: one[0])
    words = f"the header is on line {lines + header.line + 1}; the lines above it were left out"
    return Preamble(skip + header.start, lines + header.line, delimiter, (*notes, words))


def _below_bare_delimiters(body: bytes, above: Preamble) -> Preamble:
    """The same, with the lines left out that hold delimiters alone, as of a spreadsheet's empty first rows."""
    bare = BARE_LINES.match(body)
    if bare is None:
        return above
    lines = above.lines + len(LINE_BREAK.findall(bare[0]))
    words = f"the header is on line {lines + 1}; the lines above it hold delimiters alone and were left out"
    return Preamble(above.bytes + bare.end(), lines, above.delimiter, (*above.notes, words))


def _line_start(start: bytes, line: int, name: str) -> int:
    breaks = LINE_BREAK.finditer(start)
    at = 0
    for _ in range(line - 1):
        found = next(breaks, None)
        if found is None:
            raise UsageError(
                f"{name}: --header-row: there is no line {line} near its start",
                "Count the lines from 1, or leave it out.",
                without=("--header-row",),
            )
        at = found.end()
    return at


def _rows(body: bytes, dialect: Dialect) -> list[_Row]:
    """The first whole rows."""
    found = dispatch.scan_csv(body, dialect, 1, False, ROWS, LONGEST_ROW)
    if found.rows < 2:
        found = dispatch.scan_csv(body, dialect, 1, True, ROWS, LONGEST_ROW)
    wide = max(1, min(int(max(found.row_cells, default=1)), 5000))
    found = dispatch.scan_csv(body, dialect, wide, True, found.rows, LONGEST_ROW)
    starts, ends = found.starts, found.ends
    about = (found.row_starts, found.row_lines[:-1], found.row_faults, found.row_cells)
    rows = []
    for row, (start, line, fault, count) in enumerate(zip(*(array.tolist() for array in about), strict=True)):
        places = range(row * wide, row * wide + min(count, wide))
        cells = tuple(body[starts[at] : ends[at]].decode("utf-8", "replace").strip() for at in places)
        rows.append(_Row(start, line, fault, count, cells))
    return rows


def _readable(rows: Sequence[_Row]) -> list[_Row]:
    return [row for row in rows if row.fault != ROW_BLANK and row.fault not in BROKEN_ROWS]


def _above_footer(rows: Sequence[_Row]) -> Sequence[_Row]:
    """The rows without those of one cell at their end, as a report has them below its table."""
    end = len(rows)
    while end and rows[end - 1].count == 1:
        end -= 1
    return rows[:end]


def _begins_with_header(rows: Sequence[_Row]) -> bool:
    """Whether the first row has as many cells as half of all, and at least half of them filled."""
    usable = _readable(rows)
    if (
        not usable
        or usable[0].count < 2
        or usable[0] is not next(row for row in rows if row.fault != ROW_BLANK)
    ):
        return False
    first = usable[0]
    alike = sum(row.is_as_wide(first.count) for row in usable)
    return first.filled >= max(2, first.count / 2) and alike * 2 >= len(usable)


def _evenness(rows: Sequence[_Row], header: int) -> tuple[float, int]:
    below = _readable(rows[header:])
    return sum(row.count == rows[header].count for row in below) / len(below), rows[header].count


def _header(rows: Sequence[_Row]) -> int:
    """The place of a header below titles; 0 when there are no titles or it is not certain."""
    usable = _above_footer(_readable(rows))
    widths = Counter(row.count for row in usable[1:] if row.count > 1)
    if len(usable) < 3 or not widths:
        return 0
    width = max(widths.items(), key=lambda one: (one[1], one[0]))[0]
    for at, row in enumerate(rows):
        if row.fault == ROW_BLANK:
            continue
        if row.fault in BROKEN_ROWS:
            return 0
        if at and row.count == width and _is_header(row.cells):
            return at if _is_certain(rows, at) else 0
        if row.filled > 2 or (row.filled == 2 and width < 4):
            return 0
    return 0


def _is_header(cells: Sequence[str]) -> bool:
    """Names: all filled but for some at the end, hardly any twice, none a figure or an address."""
    named = list(cells)
    while named and not named[-1]:
        named.pop()
    wordy = all(
        name and "@" not in name and not FIGURE.fullmatch(name) and len(name) <= 200 for name in named
    )
    return wordy and len(named) >= 2 and len(set(named)) * 5 >= len(named) * 4


def _is_certain(rows: Sequence[_Row], at: int) -> bool:
    """Whether the rows below are data of the header, and the rows above set themselves apart as titles."""
    header, above = rows[at], rows[:at]
    below = _above_footer(_readable(rows[at + 1 :]))[:BELOW]
    if not below or sum(row.count == header.count for row in below) * 2 < len(below):
        return False
    apart = above[-1].fault == ROW_BLANK
    if any(map(_may_be_names, above)) and not any(row.filled < 2 for row in above):
        return False
    return apart or any(_contrasts(column, header, below) for column in range(header.count))


def _may_be_names(row: _Row) -> bool:
    """Whether a row has two cells filled, and neither is a figure or holds a year."""
    return row.filled == 2 and not any(FIGURE.fullmatch(cell) or DATED.fullmatch(cell) for cell in row.cells)


def _contrasts(column: int, header: _Row, below: Sequence[_Row]) -> bool:
    """Whether a column holds figures, ids or addresses below a name that is none, or no such name as stands above them."""
    name = header.cells[column]
    cells = [row.cells[column] for row in below if column < len(row.cells) and row.cells[column]]
    if not name or not cells:
        return False
    if WRITTEN_AS_NAME.fullmatch(name) and header.count > 2:
        return not any(map(WRITTEN_AS_NAME.fullmatch, cells))
    has_digits = header.count > 2 and not any(map(str.isdigit, name))
    figures = sum("@" in cell or _is_figure(cell, has_digits) for cell in cells)
    return figures * 2 >= len(cells)


def _is_figure(cell: str, or_holds_digits: bool) -> bool:
    return FIGURE.fullmatch(cell) is not None or (or_holds_digits and any(map(str.isdigit, cell)))
