"""What a workbook says of some rows and cells beyond their values, read beside them in the order of the rows.

The library that reads the values drops errors, digits beyond a float's, leading zeros that a format shows, formulas that
nobody calculated (ECMA-376 part 1, 18.3.1.4), and whether a row is hidden (18.3.1.73).
"""

import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import unescape
from typing import BinaryIO

from lexer_pipeline.loading import workbook_ods
from lexer_pipeline.loading.workbook_xml import (
    PLACE,
    attributes_of,
    column_number,
    rows_in,
    sheet_in,
    tags,
    with_places,
)

ZEROS = re.compile(r"(0{2,20})(;.*)?", re.DOTALL)
DIGITS = re.compile(rb"-?[0-9]{16,}")
EXACT = 1 << 53
CELL = re.compile(rb"<(?:\w+:)?c\s([^<>]*?)(?:/>|>(.*?)</(?:\w+:)?c>)", re.DOTALL)
CELL_BEGIN = re.compile(rb"<(?:\w+:)?c\s")
ROW_BEGIN = re.compile(rb"<(?:\w+:)?row\s([^<>]*)>")
NO_VALUE = rb"\s*(?:<(?:\w+:)?v\s*(?:/>|>\s*</(?:\w+:)?v>)\s*)?</(?:\w+:)?c>"
# Where a marked cell may be: an error, many digits, a formula without a value. Each begins with plain bytes,
# since that is what makes a search fast.
HINTS = (
    re.compile(rb"""t\s*=\s*["']e["']"""), re.compile(rb"v>-?[0-9]{16}"),
    re.compile(rb"f>" + NO_VALUE), re.compile(rb"/>" + NO_VALUE),
)  # fmt: skip
HIDDEN = re.compile(rb"""hidden\s*=\s*["'](?:1|true)["']""")
# A tag of a row is shorter than this.
LONGEST_TAG = 4096
# In place of a column: the mark is one of the row.
WHOLE_ROW = -1


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing of one cell: `error` and `digits` with its text, `zeros` with a width, or `formula`; or of a row: `hidden`."""

    row: int
    column: int
    kind: str
    text: str


class Marks:
    """The marks of one sheet; `tells_hidden` is False for a workbook of a kind that is not looked into."""

    def __init__(self, file: BinaryIO, sheet: str) -> None:
        is_ods = workbook_ods.is_ods(file)
        with sheet_in(file, sheet) as (archive, _):
            self.tells_hidden = archive is not None or is_ods
        self._marks = _hidden_in_ods(file, sheet) if is_ods else _marks(file, sheet)
        self._next = next(self._marks, None)

    def of_row(self, number: int) -> dict[int, Mark]:
        """The marks of a row (from 1) by column (from 0, or WHOLE_ROW); rows must be asked for in their order."""
        found: dict[int, Mark] = {}
        while self._next is not None and self._next.row <= number:
            if self._next.row == number:
                found[self._next.column] = self._next
            self._next = next(self._marks, None)
        return found


def _hidden_in_ods(file: BinaryIO, sheet: str) -> Iterator[Mark]:
    for first, count in workbook_ods.hidden(file, sheet):
        yield from (Mark(row, WHOLE_ROW, "hidden", "") for row in range(first + 1, first + count + 1))


def _marks(file: BinaryIO, sheet: str) -> Iterator[Mark]:
    with sheet_in(file, sheet) as (archive, part):
        if archive is not None:
            yield from _of_sheet(with_places(rows_in(archive, part)), _zero_styles(archive))


def _zero_styles(archive: zipfile.ZipFile) -> dict[bytes, str]:
    """The width to which a style fills up a number with zeros, by the style's number."""
    data = archive.read("xl/styles.xml") if "xl/styles.xml" in archive.namelist() else b""
    widths = {}
    for one in tags(data, b"numFmt"):
        zeros = ZEROS.fullmatch(unescape(one.get("formatCode", "")))
        if zeros:
            widths[one.get("numFmtId", "")] = str(len(zeros[1]))
    section = re.search(rb"<(?:\w+:)?cellXfs\b.*?</(?:\w+:)?cellXfs>", data, re.DOTALL)
    styles = tags(section[0], b"xf") if section else []
    formats = [one.get("numFmtId", "") for one in styles]
    return {str(number).encode(): widths[one] for number, one in enumerate(formats) if one in widths}


def _of_sheet(pieces: Iterator[bytes], zeros: dict[bytes, str]) -> Iterator[Mark]:
    styled = re.compile(rb"""s\s*=\s*["'](?:""" + b"|".join(zeros) + rb""")["']""")
    hints = [*HINTS, styled] if zeros else HINTS
    for piece in pieces:
        found = [*_of_rows(piece), *_of_cells(piece, hints, zeros)]
        yield from sorted(found, key=lambda mark: mark.row) if found[:1] and found[0].column < 0 else found


def _of_rows(piece: bytes) -> Iterator[Mark]:
    for hint in HIDDEN.finditer(piece):
        begin = piece.rfind(b"<", max(0, hint.start() - LONGEST_TAG), hint.start())
        tag = ROW_BEGIN.match(piece, begin) if begin >= 0 else None
        number = attributes_of(tag[1]).get("r", "") if tag else ""
        if number.isdigit():
            yield Mark(int(number), WHOLE_ROW, "hidden", "")


def _of_cells(piece: bytes, hints: Sequence[re.Pattern[bytes]], zeros: dict[bytes, str]) -> Iterator[Mark]:
    at = 0
    for hint in sorted(found.start() for one in hints for found in one.finditer(piece)):
        # A cell's own tag is a few hundred bytes before its hint at most, but for a long formula.
        starts = [one.start() for one in CELL_BEGIN.finditer(piece, max(at, hint - 40_000), hint + 1)]
        whole = CELL.match(piece, starts[-1]) if starts and hint >= at else None
        if whole is not None:
            at = whole.end()
            yield from _of_cell(attributes_of(whole[1]), whole[2] or b"", zeros)


def _of_cell(attributes: dict[str, str], content: bytes, zeros: dict[bytes, str]) -> Iterator[Mark]:
    place = PLACE.fullmatch(attributes.get("r", "").encode())
    if place is None:
        return
    said = re.search(rb"<(?:\w+:)?v\b[^>]*>([^<]*)<", content)
    value, kind, style = (
        said[1].strip() if said else b"",
        attributes.get("t", "n"),
        attributes.get("s", "").encode(),
    )
    row, column = int(place[2]), column_number(place[1]) - 1
    if kind == "e" and value:
        yield Mark(row, column, "error", unescape(value.decode("utf-8", "replace")))
    elif not value and kind != "str" and re.search(rb"<(?:\w+:)?f\b", content):
        yield Mark(row, column, "formula", "")
    elif kind == "n" and DIGITS.fullmatch(value) and abs(int(value)) > EXACT:
        yield Mark(row, column, "digits", value.decode())
    elif kind == "n" and style in zeros:
        yield Mark(row, column, "zeros", zeros[style])
