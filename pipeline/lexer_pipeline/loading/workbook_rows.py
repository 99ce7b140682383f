"""The rows of a sheet as lines of CSV, each cell as it is shown: no exponents, dates as ISO 8601 dates."""

from collections.abc import Iterator
from typing import Any, BinaryIO

from lexer_pipeline.errors import SourceError, UsageError
from lexer_pipeline.loading import workbook_ods
from lexer_pipeline.loading.workbook_marks import WHOLE_ROW, Mark, Marks
from lexer_pipeline.loading.workbook_merged import Merged
from lexer_pipeline.loading.workbook_open import Found
from lexer_pipeline.loading.workbook_text import EXACT, line_of, text_of
from lexer_pipeline.loading.workbook_xml import column_letters

BLOCK = 1 << 20
# Twice what a cell of Excel holds (32,767 characters), and more than one of Google Sheets (50,000).
LONGEST_CELL = 1 << 16
SHORTEN = "Shorten its text, or save the sheet as CSV."
# A text that a file holds once may be the text of every cell.
MOST_TEXT = 1 << 30


class SheetRows:
    """The rows of the sheet that was found in the workbook `file`; `notes` are complete when all were read."""

    def __init__(self, found: Found, file: BinaryIO, name: str, skips_hidden: bool) -> None:
        self._inexact = self._uncalculated = self._hidden = 0
        self._name = name
        self._found = found
        self._skips = skips_hidden
        sheet = found.sheet
        self._marks = Marks(file, sheet.name)
        if skips_hidden and not self._marks.tells_hidden:
            raise UsageError(
                f"{name}: which rows are hidden cannot be told in a workbook of this kind",
                "Save it as XLSX, or leave out --hidden skip.",
            )
        self._left = sheet.start[1] if sheet.start else 0
        ranges = (
            workbook_ods.merged(file, sheet.name) if workbook_ods.is_ods(file) else sheet.merged_cell_ranges
        )
        self._tells_merged = ranges is not None
        self._merged = Merged(ranges or (), self._left)

    @property
    def notes(self) -> list[str]:
        """What should be said aloud of how the sheet was read."""
        notes = [f"sheet {self._found.sheet.name}"]
        if self._found.others:
            notes.append(
                f"left out: other sheets that are not empty ({', '.join(self._found.others)}); name one with --sheet"
            )
        return notes + [words.format(count) for count, words in self._counted() if count]

    def _counted(self) -> Iterator[tuple[int, str]]:
        yield self._merged.given, "merged cells: {:,}; the value of each was given to every cell of its range"
        left_out = "hidden or filtered rows: {:,}; they were left out"
        read = "hidden or filtered rows: {:,}; they were read like the others (--hidden skip leaves them out)"
        yield self._hidden, left_out if self._skips else read
        yield (
            not self._tells_merged,
            "merged cells cannot be told in a workbook of this kind; save it as XLSX if there are any",
        )
        yield (
            not self._marks.tells_hidden,
            ("which rows are hidden cannot be told in a workbook of this kind; save it as XLSX if some are"),
        )
        yield (
            self._inexact,
            ("{:,} numbers are too large for a spreadsheet to hold all their digits; ids must be text cells"),
        )
        yield (
            self._uncalculated,
            ("{:,} formulas have no result in the file; open it, save it, and try again"),
        )

    def blocks(self) -> Iterator[bytes]:
        """The lines of the sheet, a megabyte at a time."""
        lines: list[str] = []
        size = given = 0
        for number, row in enumerate(self._found.sheet.iter_rows(), 1):
            line = self._line(number, row)
            lines.append(line)
            size += len(line)
            if size >= BLOCK:
                block = "".join(lines).encode()
                given += len(block)
                self._refuse_text(given)
                yield block
                lines, size = [], 0
        if lines:
            yield "".join(lines).encode()

    def _line(self, number: int, row: list[Any]) -> str:
        marks = self._marks.of_row(number)
        cells = [value if type(value) is str else self._text(value) for value in row]
        if marks:
            self._mark(cells, marks)
        if self._merged.is_any:
            self._merged.spread(number - 1, cells)
        if not any(cells):
            return "\n"
        if WHOLE_ROW in marks:
            self._hidden += 1
            if self._skips:
                return "\n"
        line = line_of(cells) + "\n"
        if len(line) > LONGEST_CELL:
            self._refuse_long(number, cells)
        return line

    def _refuse_long(self, number: int, cells: list[str]) -> None:
        for column, cell in enumerate(cells, self._left + 1):
            if len(cell) > LONGEST_CELL:
                place = f"{column_letters(column).decode()}{number}"
                raise SourceError(
                    f"{self._name}: cell {place} holds more than {LONGEST_CELL:,} characters",
                    SHORTEN,
                )

    def _refuse_text(self, given: int) -> None:
        if given > MOST_TEXT:
            raise SourceError(
                f"{self._name}: sheet {self._found.sheet.name} holds more than {MOST_TEXT >> 30} GiB of text",
                "Save the sheet as CSV, and prepare that.",
            )

    def _mark(self, cells: list[str], marks: dict[int, Mark]) -> None:
        for column, mark in marks.items():
            if 0 <= column - self._left < len(cells):
                cells[column - self._left] = self._marked(cells[column - self._left], mark)

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
