"""Where rows stand in their source, that came here alone and in another order."""

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from lexer_pipeline.chunks.documents import Documents
from lexer_pipeline.chunks.rows import Rows
from lexer_pipeline.kernels.arrays import Int64s


class Places(Struct, frozen=True):
    """For rows that begin on the lines `at` of the text at hand, in order, the `lines` and `numbers` that they have in their source."""

    at: Int64s
    lines: Int64s
    numbers: Int64s

    def of_rows(self, rows: Rows) -> Rows:
        """The rows of a chunk, written ones too, on the lines of their source."""
        written = rows.written
        if written is not None:
            again = written.again
            written = replace(
                written.given_by(lambda: self.of_rows(again())),
                lines=self._in(self.lines, written.lines), row_lines=self._in(self.lines, written.row_lines),
            )  # fmt: skip
        return replace(
            rows, lines=self._in(self.lines, rows.lines), numbers=self._in(self.numbers, rows.lines), written=written
        )  # fmt: skip

    def of_documents(self, chunk: Documents) -> Documents:
        """The documents of a chunk, on the lines of their source."""
        return replace(
            chunk, lines=self._in(self.lines, chunk.lines), numbers=self._in(self.numbers, chunk.lines)
        )

    def _in(self, there: Int64s, lines: Int64s) -> Int64s:
        """A blank line below the last row stands where that does."""
        found: Int64s = there[np.minimum(np.searchsorted(self.at, lines), len(self.at) - 1)]
        return found
