"""A sheet of a workbook (XLSX, XLSB, XLS, ODS) as the bytes of a table; a child process reads it (`cage`, `workbook_child`)."""

from lexer_pipeline.loading.byte_stream import ByteSource
from lexer_pipeline.loading.cage import Cage
from lexer_pipeline.loading.format import ReadOptions


def open_text(file: ByteSource, options: ReadOptions) -> "SheetSource":
    """A workbook's sheet; a zip of other files is refused, since it came where it could not be taken apart before."""
    return SheetSource(file, options)


class SheetSource:
    """The rows of one sheet as CSV in UTF-8 (`workbook_rows`); `notes` are complete when all was read."""

    encoding = ""
    is_sheet = True

    def __init__(self, file: ByteSource, options: ReadOptions) -> None:
        self.name = file.name
        self._file = file
        self._cage = Cage(file, {"sheet": options.sheet, "skip_hidden": options.skip_hidden})
        self.told = ReadOptions(sheet=self._cage.said["sheet"], skip_hidden=options.skip_hidden)

    @property
    def notes(self) -> tuple[str, ...]:
        """What should be said aloud of how the sheet was read."""
        return tuple(self._cage.said["notes"])

    @property
    def sha256(self) -> str:
        """SHA-256 of the workbook, as hex."""
        return self._file.sha256

    def read(self, size: int) -> bytes:
        """The next bytes, at most `size`, none only at the end."""
        return self._cage.read(size)

    def close(self) -> None:
        """Let go of the workbook, and end the child."""
        self._cage.close()
        self._file.close()

    @property
    def bytes(self) -> int:
        """The size of the workbook."""
        return self._file.bytes
