"""A sheet of a workbook (XLSX, XLSB, XLS, ODS) as the bytes of a table, one row of the sheet a row."""

import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from lexer_pipeline.errors import SourceError, UsageError
from lexer_pipeline.loading import archive
from lexer_pipeline.loading.byte_stream import ByteSource, copied
from lexer_pipeline.loading.format import ReadOptions
from lexer_pipeline.loading.workbook_xml import Mark, Marks, reach

BLOCK = 1 << 20
# Whole numbers up to here are exact in the 64-bit floats of a spreadsheet (IEEE 754).
EXACT = 1 << 53
COMPOUND = b"\xd0\xcf\x11\xe0"
TRIAL = """
import sys
from python_calamine import CalamineError, CalamineWorkbook
try:
    book = CalamineWorkbook.from_path(sys.argv[1])
    for name in book.sheet_names:
        book.get_sheet_by_name(name)
except CalamineError:
    pass
"""
# All cells up to the last row and column take memory, 2 GiB for so many.
MOST_CELLS = 1 << 26
NEEDS_QUOTES = re.compile(r'[",\r\n]|^[ \t]|[ \t]$')


@dataclass(frozen=True, slots=True)
class _Found:
    """The sheet to be read, and the names of the others that hold something."""

    sheet: CalamineSheet
    others: tuple[str, ...]


def open_text(file: ByteSource, options: ReadOptions) -> "SheetSource":
    """A workbook's sheet; a zip of other files is refused, since it came where it could not be taken apart before."""
    is_zip = file.peek(len(COMPOUND)) != COMPOUND
    with copied(file) as path:
        if is_zip:
            if not archive.is_workbook(path):
                raise SourceError(
                    f"{file.name}: is a zip of files, and it did not come as a file",
                    "Name the zip, or unpack it and name its files.",
                )
            archive.refuse_swollen_workbook(path, file.name)
        return SheetSource(path, file, options.sheet)


class SheetSource:
    """The rows of one sheet as CSV in UTF-8, each cell as it is shown: no exponents, dates as ISO 8601 dates.

    A sheet is held in memory whole, about 70 bytes a cell. `notes` are complete when all was read.
    """

    def __init__(self, path: Path, packed: ByteSource, wanted: str | None) -> None:
        self.name = name = packed.name
        self.encoding = ""
        self.is_sheet = True
        self._packed = packed
        self._inexact = self._uncalculated = 0
        self._rest = b""
        _refuse_fatal(path, name)
        try:
            with CalamineWorkbook.from_path(path) as book:
                found = _chosen(book, path, name, wanted)
        except PasswordError:
            raise SourceError(f"{name}: is locked with a password", "Save it without one.") from None
        except CalamineError as problem:
            raise SourceError(
                f"{name}: the workbook is broken ({_kind(problem)})", "Save it again, or as CSV."
            ) from None
        self._found = found
        self._pieces = self._blocks(found.sheet, Marks(path, found.sheet.name))

    @property
    def told(self) -> ReadOptions:
        """The sheet that is read."""
        return ReadOptions(sheet=self._found.sheet.name)

    @property
    def notes(self) -> tuple[str, ...]:
        """What should be said aloud of how the sheet was read."""
        notes = [f"sheet {self._found.sheet.name}"]
        if self._found.others:
            notes.append(
                f"left out: other sheets that are not empty ({', '.join(self._found.others)}); see --sheet"
            )
        if self._inexact:
            notes.append(
                f"{self._inexact} numbers are too large for a spreadsheet to hold all their digits; "
                "ids must be text cells"
            )
        if self._uncalculated:
            notes.append(
                f"{self._uncalculated} formulas have no result in the file; open it, save it, and try again"
            )
        return tuple(notes)

    @property
    def sha256(self) -> str:
        """SHA-256 of the workbook, as hex."""
        return self._packed.sha256

    def close(self) -> None:
        """Let go of the workbook."""
        self._packed.close()

    def read(self, size: int) -> bytes:
        """The next bytes, at most `size`, none only at the end."""
        if not self._rest:
            self._rest = next(self._pieces, b"")
        data, self._rest = self._rest[:size], self._rest[size:]
        return data

    def _blocks(self, sheet: CalamineSheet, marks: Marks) -> Iterator[bytes]:
        left = sheet.start[1] if sheet.start else 0
        lines: list[str] = []
        size = 0
        for number, row in enumerate(sheet.iter_rows(), 1):
            lines.append(self._line(row, marks.of_row(number), left))
            size += len(lines[-1])
            if size >= BLOCK:
                yield "".join(lines).encode()
                lines, size = [], 0
        if lines:
            yield "".join(lines).encode()

    def _line(self, row: Sequence[Any], marks: dict[int, Mark], left: int) -> str:
        cells = [value if type(value) is str else self._text(value) for value in row]
        for column, mark in marks.items():
            if 0 <= column - left < len(cells):
                cells[column - left] = self._marked(cells[column - left], mark)
        if not any(cells):
            return "\n"
        return ",".join([_quoted(cell) for cell in cells]) + "\n"

    def _text(self, value: Any) -> str:
        if isinstance(value, float) and abs(value) > EXACT:
            self._inexact += 1
        return text_of(value)

    def _marked(self, text: str, mark: Mark) -> str:
        if mark.kind == "digits":
            self._inexact -= 1
            return mark.text
        if mark.kind == "formula":
            self._uncalculated += 1
            return text
        return mark.text if mark.kind == "error" else text.zfill(int(mark.text)) if text.isdigit() else text

    @property
    def bytes(self) -> int:
        """The size of the workbook."""
        return self._packed.bytes


def _chosen(book: CalamineWorkbook, path: Path, name: str, wanted: str | None) -> _Found:
    """The sheet asked for, else the first that can be seen and holds something."""
    sheets = [one for one in book.sheets_metadata if one.typ == SheetTypeEnum.WorkSheet]
    names = [one.name for one in sheets]
    if wanted is not None and wanted not in names:
        raise UsageError(f"{name}: there is no sheet called {wanted}", f"There are: {', '.join(names)}.")
    ordered = sorted(sheets, key=lambda one: (one.name != wanted, one.visible != SheetVisibleEnum.Visible))
    chosen: CalamineSheet | None = None
    others: list[str] = []
    for one in ordered:
        _refuse_far(path, name, one.name)
        sheet = book.get_sheet_by_name(one.name)
        if chosen is None and (sheet.start is not None or one.name == wanted):
            chosen = sheet
        elif sheet.start is not None:
            others.append(one.name)
    if chosen is None or chosen.start is None:
        raise SourceError(f"{name}: is empty", "Nothing can be prepared from it; export it again.")
    return _Found(chosen, tuple(others))


def _refuse_fatal(path: Path, name: str) -> None:
    """Raise SourceError for an old workbook so broken that the library ends the program that reads it.

    Old workbooks have no checksums: a spoiled length asks for memory without end. So another program tries first.
    """
    with path.open("rb") as file:
        if file.read(4) != COMPOUND:
            return
    done = subprocess.run([sys.executable, "-c", TRIAL, str(path)], capture_output=True, check=False)  # noqa: S603
    if done.returncode:
        raise SourceError(f"{name}: the workbook is broken", "Save it again, or as CSV.")


def _refuse_far(path: Path, name: str, sheet: str) -> None:
    rows, columns = reach(path, sheet)
    if rows * columns > MOST_CELLS:
        raise SourceError(
            f"{name}: the cells of sheet {sheet} reach over {rows} rows and {columns} columns",
            "Remove stray cells far from the table, or save the sheet as CSV.",
        )


def text_of(value: Any) -> str:
    """A value of a cell as a person would write it.

    A spreadsheet shows fifteen digits. A whole number that is too large to be exact keeps its exponent, so that
    it cannot pass for an id.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if value.is_integer():
            return str(int(value)) if abs(value) <= EXACT else repr(value)
        return f"{Decimal(f'{value:.15g}'):f}"
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds" if value.microsecond else "seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return _duration(value)
    return str(value)


def _duration(value: timedelta) -> str:
    seconds = round(value.total_seconds())
    minutes, seconds = divmod(abs(seconds), 60)
    sign = "-" if value < timedelta() else ""
    return f"{sign}{minutes // 60}:{minutes % 60:02}:{seconds:02}"


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if NEEDS_QUOTES.search(cell) else cell


def _kind(problem: CalamineError) -> str:
    """What kind of breakage it is; the words of the library may quote the file."""
    return type(problem).__name__
