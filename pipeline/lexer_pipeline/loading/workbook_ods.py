"""What an OpenDocument sheet says of its rows and cells beyond their values (OpenDocument 1.3 part 3, 9.1)."""

import re
import zipfile
from collections.abc import Iterator
from typing import BinaryIO
from xml.parsers import expat

from lexer_pipeline.errors import SourceError
from lexer_pipeline.loading.workbook_merged import Range
from lexer_pipeline.loading.workbook_xml import BROKEN_ZIP

BLOCK = 1 << 20
CONTENT = "content.xml"
TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0 "
CELLS = (f"{TABLE}table-cell", f"{TABLE}covered-table-cell")
TELLING = re.compile(rb"visibility|-spanned")


def is_ods(file: BinaryIO) -> bool:
    """Whether a workbook is an OpenDocument spreadsheet."""
    if not zipfile.is_zipfile(file):
        return False
    with zipfile.ZipFile(file) as archive:
        return {"mimetype", CONTENT} <= set(archive.namelist())


def hidden(file: BinaryIO, sheet: str) -> Iterator[tuple[int, int]]:
    """The hidden rows of a sheet in their order: the first (from 0), and how many."""
    return (said for said in _said(file, sheet) if isinstance(said[0], int))


def merged(file: BinaryIO, sheet: str) -> list[Range]:
    """The merged ranges of a sheet."""
    return [said for said in _said(file, sheet) if not isinstance(said[0], int)]


def _said(file: BinaryIO, sheet: str) -> Iterator[Range | tuple[int, int]]:
    reader = _Reader(sheet)
    try:
        with zipfile.ZipFile(file) as archive:
            with archive.open(CONTENT) as content:
                # Most sheets hide and merge nothing.
                if not any(TELLING.search(block) for block in iter(lambda: content.read(BLOCK), b"")):
                    return
            with archive.open(CONTENT) as content:
                while block := content.read(BLOCK):
                    reader.parser.Parse(block, False)
                    yield from reader.found
                    reader.found = []
    except (*BROKEN_ZIP, expat.ExpatError) as problem:
        raise SourceError(f"sheet {sheet}: the workbook is broken", "Save it again, or as CSV.") from problem


class _Reader:
    """Counts the rows and cells of one sheet as they come."""

    def __init__(self, sheet: str) -> None:
        self.found: list[Range | tuple[int, int]] = []
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartElementHandler = self._start
        self._sheet = sheet
        self._is_inside = False
        self._row = self._column = self._rows = 0

    def _start(self, name: str, said: dict[str, str]) -> None:
        if name == f"{TABLE}table":
            self._is_inside = said.get(f"{TABLE}name") == self._sheet
        elif self._is_inside and name == f"{TABLE}table-row":
            self._row, self._column = self._row + self._rows, 0
            self._rows = _count(said, "number-rows-repeated")
            if said.get(f"{TABLE}visibility", "visible") != "visible":
                self.found.append((self._row, self._rows))
        elif self._is_inside and name in CELLS:
            wide, high = _count(said, "number-columns-spanned"), _count(said, "number-rows-spanned")
            if wide * high > 1:
                end = self._row + high - 1, self._column + wide - 1
                self.found.append(((self._row, self._column), end))
            self._column += _count(said, "number-columns-repeated")


def _count(said: dict[str, str], name: str) -> int:
    text = said.get(TABLE + name, "1")
    return max(int(text), 1) if text.isascii() and text.isdigit() and len(text) < 10 else 1
