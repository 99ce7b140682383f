"""Documents as a table whose columns are learned while they go by: one row for each item of a list, or for each document."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from msgspec.structs import replace

from lexer_pipeline.chunks.documents import Documents
from lexer_pipeline.chunks.records import Records
from lexer_pipeline.inspecting.column_counts import ChunkView, ColumnCounts
from lexer_pipeline.inspecting.row_sample import RowSample
from lexer_pipeline.kernels.codes import HAS_NESTED, ROW_OK
from lexer_pipeline.kernels.path_tree import ITEMS, PathTree
from lexer_pipeline.limits import GUESSED_COLUMNS
from lexer_pipeline.mapping.document_paths import Steps
from lexer_pipeline.mapping.document_rows import rows_of
from lexer_pipeline.mapping.document_table import DocumentTable

DOUBLED = "duplicate_key"


class LevelTable:
    """The cells that lie on the way to the list `rows`, and in its items; each item of `each` lists begins a record.

    With a `sample` some rows are kept in it, with the number of their record behind them. Lists and objects where a value stands
    elsewhere are empty cells.
    """

    def __init__(self, rows: Steps, each: int = 0, sample: RowSample | None = None) -> None:
        self.way = rows
        self.rows = self.records = self.doubled = self.first_doubled = 0
        self.columns: dict[Steps, ColumnCounts] = {}
        self._each = each
        self._sample = sample
        self._table: DocumentTable | None = None

    def learn(self, steps: Steps) -> None:
        """Have a column for a path from now on, up to a number of them."""
        if len(self.columns) < GUESSED_COLUMNS:
            self.columns[steps] = ColumnCounts()
            self._table = None

    def add(self, chunk: Documents) -> None:
        """Take in some documents that can be read."""
        if not self.columns or not chunk.records:
            return
        if self._table is None:
            width = len(self.columns)
            tree = PathTree(list(self.columns), self.way, self._each)
            self._table = DocumentTable((), tree, self.way, tuple(range(width)), {}, (0,) * width)
        rows = rows_of(self._table, chunk, 0)
        rows = replace(rows, ends=np.where(rows.flags & HAS_NESTED, rows.starts, rows.ends))
        view = ChunkView(rows)
        for place, column in enumerate(self.columns.values()):
            column.add(view, place)
        self._count_doubled(rows)
        if self._sample is not None:
            self._sample.add_records(rows, self.records)
        self.rows += int((rows.faults == ROW_OK).sum())
        self.records += rows.records

    def _count_doubled(self, rows: Records) -> None:
        found = [row for row, (problem,) in rows.problems.items() if problem.code == DOUBLED]
        self.doubled += len(found)
        if found and not self.first_doubled:
            self.first_doubled = int(rows.lines[min(found)])


def lists_of(steps: Steps) -> Iterator[Steps]:
    """The lists that a path leads through, the outermost first."""
    return (steps[: at + 1] for at, step in enumerate(steps) if step == ITEMS)


def outer_list(steps: Steps) -> Steps:
    """The innermost list that a path leads through, as rows of a table; empty where there is none."""
    return max(lists_of(steps), key=len, default=())


def is_nested(steps: Steps) -> bool:
    """Whether a path leads through a list of lists, which are no rows."""
    return any(one == other == ITEMS for one, other in pairwise(steps))
