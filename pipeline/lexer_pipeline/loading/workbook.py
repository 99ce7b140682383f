"""A sheet of a workbook (XLSX, XLSB, XLS, ODS) as the bytes of a table, one row of the sheet a row."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from python_calamine import CalamineSheet

from lexer_pipeline.errors import SourceError, UsageError
from lexer_pipeline.loading import archive, workbook_ods
from lexer_pipeline.loading.byte_stream import ByteSource, copied
from lexer_pipeline.loading.format import ReadOptions
from lexer_pipeline.loading.workbook_marks import WHOLE_ROW, Mark, Marks
from lexer_pipeline.loading.workbook_merged import Merged
from lexer_pipeline.loading.workbook_open import COMPOUND, opened, refuse_fatal
from lexer_pipeline.loading.workbook_text import EXACT, quoted, text_of

BLOCK = 1 << 20


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
        return SheetSource(path, file, options)


class SheetSource:
    """The rows of one sheet as CSV in UTF-8, each cell as it is shown: no exponents, dates as ISO 8601 dates.

    A sheet is held in memory whole, about 70 bytes a cell. `notes` are complete when all was read.
    """

    def __init__(self, path: Path, packed: ByteSource, options: ReadOptions) -> None:
        self.name = name = packed.name
        self.encoding = ""
        self.is_sheet = True
        self._packed = packed
        self._inexact = self._uncalculated = self._hidden = 0
        self._rest = b""
        refuse_fatal(path, name)
        self._found, path = opened(path, name, options.sheet)
        sheet = self._found.sheet
        self._marks = Marks(path, sheet.name)
        self._skips = options.skip_hidden
        if self._skips and not self._marks.tells_hidden:
            raise UsageError(
                f"{name}: which rows are hidden cannot be told in a workbook of this kind",
                "Save it as XLSX, or leave out --hidden skip.",
            )
        left = sheet.start[1] if sheet.start else 0
        ranges = (
            workbook_ods.merged(path, sheet.name) if workbook_ods.is_ods(path) else sheet.merged_cell_ranges
        )
        self._merged = Merged(ranges or (), left)
        self._pieces = self._blocks(sheet, left)

    @property
    def told(self) -> ReadOptions:
        """The sheet that is read, and whether without its hidden rows."""
        return ReadOptions(sheet=self._found.sheet.name, skip_hidden=self._skips)

    @property
    def notes(self) -> tuple[str, ...]:
        """What should be said aloud of how the sheet was read."""
        notes = [f"sheet {self._found.sheet.name}"]
        if self._found.others:
            notes.append(
                f"left out: other sheets that are not empty ({', '.join(self._found.others)}); see --sheet"
            )
        notes += [words.format(count) for count, words in self._counted() if count]
        return tuple(notes)

    def _counted(self) -> Iterator[tuple[int, str]]:
        yield self._merged.given, "merged cells: {:,}; the value of each was given to every cell of its range"
        left_out = "hidden or filtered rows: {:,}; they were left out"
        read = "hidden or filtered rows: {:,}; they were read like the others (--hidden skip leaves them out)"
        yield self._hidden, left_out if self._skips else read
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

    def _blocks(self, sheet: CalamineSheet, left: int) -> Iterator[bytes]:
        lines: list[str] = []
        size = 0
        for number, row in enumerate(sheet.iter_rows(), 1):
            marks = self._marks.of_row(number)
            cells = [value if type(value) is str else self._text(value) for value in row]
            if marks:
                self._mark(cells, marks, left)
            if self._merged.is_any:
                self._merged.spread(number - 1, cells)
            lines.append(self._line(cells, marks))
            size += len(lines[-1])
            if size >= BLOCK:
                yield "".join(lines).encode()
                lines, size = [], 0
        if lines:
            yield "".join(lines).encode()

    def _mark(self, cells: list[str], marks: dict[int, Mark], left: int) -> None:
        for column, mark in marks.items():
            if 0 <= column - left < len(cells):
                cells[column - left] = self._marked(cells[column - left], mark)

    def _line(self, cells: list[str], marks: dict[int, Mark]) -> str:
        if not any(cells):
            return "\n"
        if WHOLE_ROW in marks:
            self._hidden += 1
            if self._skips:
                return "\n"
        return ",".join([quoted(cell) for cell in cells]) + "\n"

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
