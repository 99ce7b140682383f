"""The XML of a sheet in an XLSX, beside the library that reads its values: where it lies, row after row, and how far it reaches."""

import re
import sys
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from typing import BinaryIO

from lexer_pipeline.errors import SourceError

# What reading a workbook that is a broken zip raises, or one packed in a way that cannot be read.
BROKEN_ZIP = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError)

BLOCK = 1 << 20
LONGEST_ROW = 64 << 20
ATTRIBUTE = re.compile(rb"""([\w:]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
PLACE = re.compile(rb"([A-Z]{1,3})([0-9]{1,7})")
LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ROW = re.compile(rb"""<(?:\w+:)?row\b[^>]*?\sr\s*=\s*["']([0-9]{1,18})["']""")
# Cells beyond column Z, or below row 999,999.
FAR = re.compile(rb""" r\s*=\s*["']([A-Z]{2,}[0-9]+|[A-Z][0-9]{7,})["']""")
# Rows and cells may leave out where they stand: behind the one before (ECMA-376 part 1, 18.3.1.4 and 18.3.1.73).
WITHOUT_PLACE = re.compile(rb"<(?:\w+:)?(?:row|c)(?=[\s/>])(?![^<>]*\sr\s*=)[^<>]*>")
TAG = re.compile(rb"<((?:\w+:)?(row|c))(?=[\s/>])([^<>]*)>")
PLACED = re.compile(rb"""\sr\s*=\s*["']([^"']*)["']""")
# A program writes all its cells in one way.
LOOKED_AT = 1 << 16


def reach(file: BinaryIO, sheet: str) -> tuple[int, int]:
    """How many rows and columns the cells of a sheet reach over, at most; (0, 0) where the workbook is no XLSX.

    The library sets aside memory for all of them, so that one stray cell far out would end the program.
    """
    rows, columns = 0, len(LETTERS)
    with sheet_in(file, sheet) as (archive, part):
        if archive is None:
            return 0, 0
        for piece in rows_in(archive, part):
            rows = max([rows, *map(int, ROW.findall(piece))])
            for far in FAR.findall(piece):
                place = PLACE.fullmatch(far)
                rows = max(rows, int(place[2]) if place else sys.maxsize)
                columns = max(columns, column_number(place[1]) if place else sys.maxsize)
    return rows, columns


@contextmanager
def sheet_in(file: BinaryIO, sheet: str) -> Iterator[tuple[zipfile.ZipFile | None, str]]:
    """An XLSX and the name of the file in it that holds a sheet; (None, "") where there is no such thing."""
    if not zipfile.is_zipfile(file):
        yield None, ""
        return
    try:
        with zipfile.ZipFile(file) as archive:
            names = set(archive.namelist())
            is_xlsx = {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= names
            part = _part(archive, sheet) if is_xlsx else ""
            yield (archive, part) if part in names else (None, "")
    except BROKEN_ZIP as problem:
        raise SourceError(f"sheet {sheet}: the workbook is broken", "Save it again, or as CSV.") from problem


def _part(archive: zipfile.ZipFile, sheet: str) -> str:
    """The name of the file in the archive that holds a sheet; "" when none does."""
    sheets = tags(archive.read("xl/workbook.xml"), b"sheet")
    link = next((one for one in sheets if unescape(one.get("name", "")) == sheet), {})
    wanted = next((value for name, value in link.items() if name == "id" or name.endswith(":id")), "")
    links = tags(archive.read("xl/_rels/workbook.xml.rels"), b"Relationship")
    target = next((one.get("Target", "") for one in links if one.get("Id") == wanted), "")
    return target.removeprefix("/") if target.startswith("/") else f"xl/{target}"


def tags(data: bytes, name: bytes) -> list[dict[str, str]]:
    """The attributes of each tag of a name."""
    return [attributes_of(found[1]) for found in re.finditer(rb"<(?:\w+:)?" + name + rb"\s([^<>]*)>", data)]


def attributes_of(text: bytes) -> dict[str, str]:
    """The attributes that stand in a tag, in whatever order and quotes."""
    return {
        found[1].decode(): (found[2] or found[3] or b"").decode("utf-8", "replace")
        for found in ATTRIBUTE.finditer(text)
    }


def column_number(letters: bytes) -> int:
    """The number of a column (from 1) from its letters."""
    number = 0
    for letter in letters:
        number = number * len(LETTERS) + LETTERS.index(letter) + 1
    return number


def rows_in(archive: zipfile.ZipFile, part: str) -> Iterator[bytes]:
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


def with_places(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same pieces; rows and cells that do not say where they stand are told it."""
    row, column = 0, 0

    def told(found: re.Match[bytes]) -> bytes:
        nonlocal row, column
        said = PLACED.search(found[3])
        if found[2] == b"row":
            row, column = int(said[1]) if said and said[1].isdigit() else row + 1, 0
            return found[0] if said else b'<%b r="%d"%b>' % (found[1], row, found[3])
        place = PLACE.fullmatch(said[1]) if said else None
        column = column_number(place[1]) if place else column + 1
        return found[0] if said else b'<%b r="%b%d"%b>' % (found[1], column_letters(column), row, found[3])

    for piece in pieces:
        is_placed = WITHOUT_PLACE.search(piece, 0, LOOKED_AT) is None
        yield piece if is_placed else TAG.sub(told, piece)


def column_letters(column: int) -> bytes:
    """The letters of a column (from 1)."""
    letters = b""
    while column:
        column, last = divmod(column - 1, len(LETTERS))
        letters = LETTERS[last : last + 1] + letters
    return letters
