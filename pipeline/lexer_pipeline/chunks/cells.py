"""The cells of a chunk of rows: their bytes, and what a kernel said of each column."""

from collections.abc import Mapping, Sequence

from lexer_pipeline.chunks.records import Records
from lexer_pipeline.chunks.rows import Rows
from lexer_pipeline.kernels import dispatch
from lexer_pipeline.kernels.arrays import Bools, Int32s, UInt8s
from lexer_pipeline.kernels.codes import HAS_DOUBLED

UNBOUNDED = float("inf")


class Cells:
    """The cells of some rows; `status` asks each kernel once and remembers the answer.

    `starts`, `ends` and `flags` are row-major, `columns` a row, and point into `data`.
    """

    def __init__(self, data: bytes, columns: int, starts: Int32s, ends: Int32s, flags: UInt8s) -> None:
        self.data = data
        self.columns = columns
        self.starts = starts
        self.ends = ends
        self.flags = flags
        self.rows = len(starts) // columns
        # One element of an array is three times as slow to get as one of its memory.
        self._at = starts.data, ends.data, flags.data
        self._status: dict[tuple[object, ...], UInt8s] = {}
        self._filled: dict[int, Bools] = {}

    def status(
        self,
        column: int,
        kind: int,
        low: float = -UNBOUNDED,
        high: float = UNBOUNDED,
        words: tuple[bytes, ...] = (),
    ) -> UInt8s:
        """EMPTY, GOOD or DOUBT for each row of a column."""
        known = (column, kind, low, high, words)
        if known not in self._status:
            self._status[known] = dispatch.check_column(self, column, kind, low, high, words)
        return self._status[known]

    def text(self, row: int, column: int) -> str:
        """One cell as text, doubled quotes undone."""
        at = row * self.columns + column
        starts, ends, flags = self._at
        cell = self.data[starts[at] : ends[at]]
        if flags[at] & HAS_DOUBLED:
            cell = cell.replace(b'""', b'"')
        return cell.decode()

    def texts(self, row: int) -> list[str]:
        """All cells of a row."""
        return [self.text(row, column) for column in range(self.columns)]

    def filled(self, column: int) -> Bools:
        """Whether the cell of a column is filled, for each row."""
        if column not in self._filled:
            self._filled[column] = self.ends[column :: self.columns] != self.starts[column :: self.columns]
        return self._filled[column]

    def replaced(self, changes: Mapping[tuple[int, int], str], redo: Sequence[int]) -> "Cells":
        """The cells with some (row, column) replaced by plain text; the columns in `redo` are asked anew."""
        if not changes:
            return self
        starts, ends, flags = self.starts.copy(), self.ends.copy(), self.flags.copy()
        pieces, size = [self.data], len(self.data)
        for (row, column), text in changes.items():
            at, piece = row * self.columns + column, text.encode()
            pieces.append(piece)
            starts[at], ends[at] = size, size + len(piece)
            flags[at] = 0 if piece.isascii() and text.isprintable() and not set(text) & {'"', "\\"} else 3
            size += len(piece)
        cells = Cells(b"".join(pieces), self.columns, starts, ends, flags)
        cells._status = {known: status for known, status in self._status.items() if known[0] not in redo}
        return cells


def of_rows(rows: Rows) -> Cells:
    """The cells of a chunk as they were read."""
    return Cells(rows.data, rows.columns, rows.starts, rows.ends, rows.flags)


def settled(rows: Records, once: Sequence[int]) -> Cells:
    """The cells of a chunk, each once-a-record cell reachable from the first row of its record."""
    starts, ends, flags = rows.starts.copy(), rows.ends.copy(), rows.flags.copy()
    firsts, lasts = rows.firsts, rows.lasts
    for column in once:
        dispatch.pull_up(starts, ends, flags, rows.columns, column, firsts, lasts)
    return Cells(rows.data, rows.columns, starts, ends, flags)
