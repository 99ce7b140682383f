"""Columns at the end of a table that have neither a name nor a value, as spreadsheets add them."""

import numpy as np

from lexer_pipeline.errors import UsageError
from lexer_pipeline.kernels import dispatch
from lexer_pipeline.kernels.arrays import Bools, Int32s
from lexer_pipeline.kernels.codes import LONGEST_ROW, ROW_NUL, ROW_OK, ROW_RAGGED, ROW_UTF8
from lexer_pipeline.loading.delimited import Head
from lexer_pipeline.loading.format import Readable

BLOCK = 1 << 20
READABLE = (ROW_OK, ROW_RAGGED, ROW_NUL, ROW_UTF8)


class Trimmed:
    """The rows of a source without their cells beyond the columns that have a name.

    Raises UsageError where such a cell is filled. The rows stay on their lines; a row that is too short, too
    long or broken stays as it is, to be judged like any other.
    """

    def __init__(self, source: Readable, rest: bytes, head: Head) -> None:
        self.name = source.name
        self._source = source
        self._rest = rest
        self._head = head
        self._named = head.width
        self._width = head.width + head.spare
        self._final = False

    def read(self, size: int) -> bytes:
        """The next whole rows, about `size` bytes, none only at the end."""
        while self._rest or not self._final:
            while not self._final and len(self._rest) < size:
                self._more()
            rows = self._trimmed()
            if rows:
                return rows
            if not self._final and len(self._rest) <= LONGEST_ROW:
                self._more()
                continue
            # No row ends within reach: the reader of the table says so.
            rows, self._rest = self._rest, b""
            return rows
        return b""

    def _more(self) -> None:
        block = self._source.read(BLOCK)
        self._final = not block
        self._rest += block

    def _trimmed(self) -> bytes:
        data = self._head.quotes.look(self._source, self._rest, self._head.cr_ends_rows)
        room = 1024 + len(data) // 16
        found = dispatch.scan_csv(data, self._head.dialect, self._width, self._final, room, LONGEST_ROW)
        self._rest = data
        if not found.rows:
            return b""
        self._rest = data[found.consumed :]
        starts, ends = found.starts.reshape(-1, self._width), found.ends.reshape(-1, self._width)
        cells = found.row_cells
        beyond = np.isin(found.row_faults, READABLE) & (cells > self._named) & (cells <= self._width)
        self._refuse_filled(data, starts, ends, beyond)
        cut = found.row_ends.copy()
        cut[beyond] = ends[beyond, self._named - 1]
        # The place behind a quoted cell is behind its quote.
        marks = np.frombuffer(data, np.uint8)
        quoted = beyond & (cut < len(data)) & (marks[np.minimum(cut, len(data) - 1)] == ord('"'))
        cut[quoted] += 1
        return dispatch.gather(data, found.row_starts, cut, np.arange(found.rows))

    def _refuse_filled(self, data: bytes, starts: Int32s, ends: Int32s, beyond: Bools) -> None:
        filled = (ends[:, self._named :] > starts[:, self._named :]) & beyond[:, None]
        for row, column in zip(*np.nonzero(filled), strict=True):
            at = self._named + int(column)
            if data[starts[row, at] : ends[row, at]].strip():
                raise UsageError(
                    f"{self.name}: column {at + 1} has no header, but it has values",
                    "Name it, remove the column with all its cells, or say which line holds the names with --header-row 2.",
                )
