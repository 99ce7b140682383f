"""What a person changed in a source by hand, put into its rows and documents as they are read."""

import csv
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from lexer_pipeline.chunks.documents import Documents
from lexer_pipeline.chunks.rows import Rows, joined, rows_of
from lexer_pipeline.errors import UsageError
from lexer_pipeline.kernels import dispatch
from lexer_pipeline.kernels.codes import LONGEST_ROW, ROW_BLANK, ROW_OK
from lexer_pipeline.kernels.dialect import Dialect

# Why a row that a person took out is not among those that are counted.
TAKEN_OUT = "left out by hand"


@dataclass(frozen=True, slots=True)
class Edits:
    """The changes of one source: `cells` by line and column, `rows` that were written anew, and lines that were `left_out`.

    Documents are known by their SHA-256, and have a new text, or none where they were left out.
    """

    cells: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    rows: Mapping[int, str] = field(default_factory=dict)
    left_out: frozenset[int] = frozenset()
    documents: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def lines(self) -> frozenset[int]:
        """All lines of which anything was changed."""
        return frozenset(self.cells) | frozenset(self.rows) | self.left_out


@dataclass(frozen=True, slots=True)
class EditedTable:
    """The edits of a table with the names of its columns, each of them once, and how its cells are told apart."""

    edits: Edits
    names: Sequence[str]
    dialect: Callable[[], Dialect]

    def rows(self, rows: Rows, left: Counter[str]) -> Rows:
        """A chunk with what was changed in it; `left` counts the rows that were left out."""
        touched = np.isin(rows.lines, list(self.edits.lines)) & (rows.faults != ROW_BLANK)
        if not touched.any():
            return rows
        gone = np.isin(rows.lines, list(self.edits.left_out)) & touched
        left[TAKEN_OUT] += int(gone.sum())
        pieces, begin = [], 0
        for row in np.flatnonzero(touched & ~gone).tolist():
            pieces += [rows.slice(begin, row), self._row(rows, row)]
            begin = row + 1
        pieces.append(rows.slice(begin, len(rows.faults)))
        keep = ~gone
        whole = joined(pieces).kept(keep) if len(pieces) > 1 else rows.kept(keep)
        return whole.alone()

    def _row(self, rows: Rows, row: int) -> Rows:
        line, wide, dialect = rows.lines.item(row), len(self.names), self.dialect()
        raw = self.edits.rows.get(line, rows.raw(row).decode(errors="replace"))
        for name, text in self.edits.cells.get(line, {}).items():
            raw = with_cell(raw, self.names.index(name), text, wide, dialect)
        data = raw.encode()
        found = dispatch.scan_csv(data, dialect, wide, True, 1, LONGEST_ROW)
        if found.rows != 1 or found.consumed != len(data):
            raise UsageError(
                f"line {line}: what it was changed to is not one row", "Change it again, or undo the change."
            )
        return rows_of(found, data, wide, rows.lines[row : row + 1], rows.numbers[row : row + 1])


def cells_of(raw: str, wide: int, dialect: Dialect) -> list[str]:
    """The cells of a row as far as they can be told apart, with empty ones where it is too short."""
    if not dialect.quotes:
        found = raw.split(dialect.delimiter)
    else:
        found = next(csv.reader(raw.splitlines(keepends=True), delimiter=dialect.delimiter), [])
    return found + [""] * (wide - len(found))


def with_cell(raw: str, column: int, text: str, wide: int, dialect: Dialect) -> str:
    """A row in which one cell says something else, and all others what they said, byte for byte where they can be told apart."""
    data = raw.encode()
    found = dispatch.scan_csv(data, dialect, wide, True, 1, LONGEST_ROW)
    new = as_cell(text, dialect)
    if found.rows == 1 and found.row_faults[0] == ROW_OK:
        start, end = found.starts.item(column), found.ends.item(column)
        if data[end : end + 1] == b'"' and dialect.quotes and data[start - 1 : start] == b'"':
            start, end = start - 1, end + 1
        return (data[:start] + new.encode() + data[end:]).decode()
    cells = cells_of(raw, wide, dialect)
    cells[column] = text
    return dialect.delimiter.join(as_cell(cell, dialect) for cell in cells)


def as_cell(text: str, dialect: Dialect) -> str:
    """A text as a cell holds it, in quotes where it needs them."""
    if dialect.quotes and any(sign in text for sign in (dialect.delimiter, '"', "\r", "\n")):
        return '"' + text.replace('"', '""') + '"'
    return text


def edited_documents(chunk: Documents, edits: Edits) -> Documents:
    """A chunk of documents with what was changed in it."""
    known = [chunk.sha256(row) for row in range(chunk.records)]
    if not any(one in edits.documents for one in known):
        return chunk
    keep = [row for row, one in enumerate(known) if edits.documents.get(one, "") is not None]
    texts = [(edits.documents.get(known[row]) or "").encode() or chunk.text(row) for row in keep]
    starts = np.cumsum([0, *(len(text) + 1 for text in texts)], dtype=np.int64)[:-1]
    ends = starts + np.array([len(text) for text in texts], np.int64)
    orphans = frozenset(place for place, row in enumerate(keep) if row in chunk.orphans)
    skipped = Counter(chunk.skipped)
    skipped[TAKEN_OUT] += chunk.records - len(keep)
    return replace(
        chunk, data=b"\n".join(texts), starts=starts, ends=ends, lines=chunk.lines[keep],
        numbers=chunk.numbers[keep], skipped=+skipped, orphans=orphans,
    )  # fmt: skip
