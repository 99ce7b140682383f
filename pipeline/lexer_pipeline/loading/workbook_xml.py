"""What an XLSX sheet says of some cells beyond their values, read beside them in the order of the rows.

The library that reads the values drops errors, digits beyond a float's, leading zeros that a format shows, and
formulas that nobody calculated (ECMA-376 part 1, 18.3.1.4).
"""

import re
import sys
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path

from lexer_pipeline.errors import SourceError

BLOCK = 1 << 20
LONGEST_ROW = 64 << 20
ATTRIBUTE = re.compile(rb"""([\w:]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
PLACE = re.compile(rb"([A-Z]{1,3})([0-9]{1,7})")
ZEROS = re.compile(r"(0{2,20})(;.*)?", re.DOTALL)
DIGITS = re.compile(rb"-?[0-9]{16,}")
EXACT = 1 << 53
LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ROW = re.compile(rb'<(?:\w+:)?row\b[^>]*?\sr="([0-9]{1,18})"')
# Cells beyond column Z, or below row 999,999.
FAR = re.compile(rb' r="([A-Z]{2,}[0-9]+|[A-Z][0-9]{7,})"')
CELL = re.compile(rb"<(?:\w+:)?c\s([^<>]*?)(?:/>|>(.*?)</(?:\w+:)?c>)", re.DOTALL)
CELL_BEGIN = re.compile(rb"<(?:\w+:)?c\s")
NO_VALUE = rb"\s*(?:<(?:\w+:)?v\s*(?:/>|>\s*</(?:\w+:)?v>)\s*)?</(?:\w+:)?c>"
# Where a marked cell may be: an error, many digits, a formula without a value. Each begins with plain bytes,
# since that is what makes a search fast.
HINTS = (
    re.compile(b' t="e"'), re.compile(rb"v>-?[0-9]{16}"),
    re.compile(rb"f>" + NO_VALUE), re.compile(rb"/>" + NO_VALUE),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing of one cell: `error` and `digits` with its text, `zeros` with a width, or `formula`."""

    row: int
    column: int
    kind: str
    text: str


class Marks:
    """The marks of one sheet; none where the workbook is no XLSX."""

    def __init__(self, path: Path, sheet: str) -> None:
        self._marks = _marks(path, sheet)
        self._next = next(self._marks, None)

    def of_row(self, number: int) -> dict[int, Mark]:
        """The marks of a row (from 1) by column (from 0); rows must be asked for in their order."""
        found: dict[int, Mark] = {}
        while self._next is not None and self._next.row <= number:
            if self._next.row == number:
                found[self._next.column] = self._next
            self._next = next(self._marks, None)
        return found


def reach(path: Path, sheet: str) -> tuple[int, int]:
    """How many rows and columns the cells of a sheet reach over, at most; (0, 0) where the workbook is no XLSX.

    The library sets aside memory for all of them, so that one stray cell far out would end the program.
    """
    rows, columns = 0, len(LETTERS)
    with _sheet(path, sheet) as (archive, part):
        if archive is None:
            return 0, 0
        for piece in _rows(archive, part):
            rows = max([rows, *(int(found[1]) for found in ROW.finditer(piece))])
            for found in FAR.finditer(piece):
                place = PLACE.fullmatch(found[1])
                rows = max(rows, int(place[2]) if place else sys.maxsize)
                columns = max(columns, _number(place[1]) if place else sys.maxsize)
    return rows, columns


@contextmanager
def _sheet(path: Path, sheet: str) -> Iterator[tuple[zipfile.ZipFile | None, str]]:
    """An XLSX and the name of the file in it that holds a sheet; (None, "") where there is no such thing."""
    if not zipfile.is_zipfile(path):
        yield None, ""
        return
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            is_xlsx = {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= names
            part = _part(archive, sheet) if is_xlsx else ""
            yield (archive, part) if part in names else (None, "")
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as problem:
        raise SourceError(f"sheet {sheet}: the workbook is broken", "Save it again, or as CSV.") from problem


def _marks(path: Path, sheet: str) -> Iterator[Mark]:
    with _sheet(path, sheet) as (archive, part):
        if archive is not None:
            is_styled = "xl/styles.xml" in archive.namelist()
            zeros = _zero_styles(archive.read("xl/styles.xml")) if is_styled else {}
            yield from _of_sheet(_rows(archive, part), zeros)


def _part(archive: zipfile.ZipFile, sheet: str) -> str:
    """The name of the file in the archive that holds a sheet; "" when none does."""
    sheets = _tags(archive.read("xl/workbook.xml"), b"sheet")
    link = next((one for one in sheets if unescape(one.get("name", "")) == sheet), {})
    wanted = next((value for name, value in link.items() if name == "id" or name.endswith(":id")), "")
    links = _tags(archive.read("xl/_rels/workbook.xml.rels"), b"Relationship")
    target = next((one.get("Target", "") for one in links if one.get("Id") == wanted), "")
    return target.removeprefix("/") if target.startswith("/") else f"xl/{target}"


def _tags(data: bytes, name: bytes) -> list[dict[str, str]]:
    return [_attributes(found[1]) for found in re.finditer(rb"<(?:\w+:)?" + name + rb"\s([^<>]*)>", data)]


def _attributes(text: bytes) -> dict[str, str]:
    return {
        found[1].decode(): (found[2] or found[3] or b"").decode("utf-8", "replace")
        for found in ATTRIBUTE.finditer(text)
    }


def _zero_styles(data: bytes) -> dict[bytes, str]:
    """The width to which a style fills up a number with zeros, by the style's number."""
    widths = {}
    for one in _tags(data, b"numFmt"):
        zeros = ZEROS.fullmatch(unescape(one.get("formatCode", "")))
        if zeros:
            widths[one.get("numFmtId", "")] = str(len(zeros[1]))
    section = re.search(rb"<(?:\w+:)?cellXfs\b.*?</(?:\w+:)?cellXfs>", data, re.DOTALL)
    styles = _tags(section[0], b"xf") if section else []
    formats = [one.get("numFmtId", "") for one in styles]
    return {str(number).encode(): widths[one] for number, one in enumerate(formats) if one in widths}


def _rows(archive: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    """The XML of a sheet in pieces of whole rows."""
    rest = b""
    with archive.open(part) as file:
        while block := file.read(BLOCK):
            rest += block
            end = rest.rfind(b"row>") + 4
            if end >= 4:
                yield rest[:end]
                rest = rest[end:]
            elif len(rest) > LONGEST_ROW:
                return
    yield rest


def _of_sheet(pieces: Iterator[bytes], zeros: dict[bytes, str]) -> Iterator[Mark]:
    hints = [*HINTS, re.compile(b' s="(?:' + b"|".join(zeros) + b')"')] if zeros else HINTS
    for piece in pieces:
        at = 0
        for hint in sorted(found.start() for one in hints for found in one.finditer(piece)):
            # A cell's own tag is a few hundred bytes before its hint at most, but for a long formula.
            starts = [one.start() for one in CELL_BEGIN.finditer(piece, max(at, hint - 40_000), hint + 1)]
            whole = CELL.match(piece, starts[-1]) if starts and hint >= at else None
            if whole is not None:
                at = whole.end()
                yield from _of_cell(_attributes(whole[1]), whole[2] or b"", zeros)


def _number(letters: bytes) -> int:
    """The number of a column (from 1) from its letters."""
    number = 0
    for letter in letters:
        number = number * len(LETTERS) + LETTERS.index(letter) + 1
    return number


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
    row, column = int(place[2]), _number(place[1]) - 1
    if kind == "e" and value:
        yield Mark(row, column, "error", unescape(value.decode("utf-8", "replace")))
    elif not value and kind != "str" and re.search(rb"<(?:\w+:)?f\b", content):
        yield Mark(row, column, "formula", "")
    elif kind == "n" and DIGITS.fullmatch(value) and abs(int(value)) > EXACT:
        yield Mark(row, column, "digits", value.decode())
    elif kind == "n" and style in zeros:
        yield Mark(row, column, "zeros", zeros[style])
