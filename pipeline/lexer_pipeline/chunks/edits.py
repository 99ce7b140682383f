"""What a person changed in a source by hand, put into its rows and documents as they are read."""

import csv
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from msgspec import Struct, field
from msgspec.structs import replace

from lexer_pipeline.chunks.documents import Documents
from lexer_pipeline.chunks.rows import Rows, joined, rows_of
from lexer_pipeline.errors import UsageError
from lexer_pipeline.kernels import dispatch
from lexer_pipeline.kernels.arrays import Integers
from lexer_pipeline.kernels.codes import LONGEST_ROW, ROW_BLANK, ROW_OK
from lexer_pipeline.kernels.dialect import Dialect

# Why a row that a person took out is not among those that are counted.
TAKEN_OUT = "left out by hand"


class Edits(Struct, frozen=True):
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


@dataclass(frozen=True)
class EditedTable:
    """The edits of a table with the names of its columns, each of them once, and how its cells are told apart."""

    edits: Edits
    names: Sequence[str]
    dialect: Callable[[], Dialect]

    def rows(self, rows: Rows, left: Counter[str]) -> Rows:
        """A chunk with what was changed in it; `left` counts the rows that were left out."""
        touched = np.isin(rows.lines, self._lines) & (rows.faults != ROW_BLANK)
        if not touched.any():
            return rows
        gone = np.isin(rows.lines, list(self.edits.left_out)) & touched
        left[TAKEN_OUT] += int(gone.sum())
        changed = np.flatnonzero(touched & ~gone)
        return self._changed(rows, changed).kept(~gone).alone()

    @cached_property
    def _lines(self) -> list[int]:
        return list(self.edits.lines)

    def _changed(self, rows: Rows, changed: Integers) -> Rows:
        """The rows, of which some stand behind the bytes of the others as they were changed."""
        texts = [self._text(rows, row) for row in changed.tolist()]
        found = self._scanned(texts, rows.lines[changed].tolist())
        by, wide, cells = np.int32(len(rows.data)), len(self.names), (-1, rows.columns)
        made = replace(
            rows, data=rows.data + found.data, starts=rows.starts.copy(), ends=rows.ends.copy(), flags=rows.flags.copy(),
            row_starts=rows.row_starts.copy(), row_ends=rows.row_ends.copy(), cells=rows.cells.copy(), faults=rows.faults.copy(),
        )  # fmt: skip
        made.starts.reshape(cells)[changed] = found.starts.reshape(-1, wide) + by
        made.ends.reshape(cells)[changed] = found.ends.reshape(-1, wide) + by
        made.flags.reshape(cells)[changed] = found.flags.reshape(-1, wide)
        made.row_starts[changed], made.row_ends[changed] = found.row_starts + by, found.row_ends + by
        made.cells[changed], made.faults[changed] = found.cells, found.faults
        return made

    def _scanned(self, texts: Sequence[bytes], lines: Sequence[int]) -> Rows:
        """The cells of some rows; each is looked at alone where a quote or a line break in one could reach into the next."""
        dialect, wide, none = self.dialect(), len(self.names), np.zeros(len(texts), np.int64)
        whole = b"\n".join(texts)
        if b'"' not in whole and b"\r" not in whole and whole.count(b"\n") == len(texts) - 1 and all(texts):
            found = dispatch.scan_csv(whole, dialect, wide, True, len(texts), LONGEST_ROW)
            if found.rows == len(texts):
                return rows_of(found, whole, wide, none, none)
        pieces = []
        for text, line in zip(texts, lines, strict=True):
            found = dispatch.scan_csv(text, dialect, wide, True, 1, LONGEST_ROW)
            if found.rows != 1 or found.consumed != len(text):
                raise UsageError(
                    f"line {line}: what it was changed to is not one row",
                    "Change it again, or undo the change.",
                )
            pieces.append(rows_of(found, text, wide, none[:1], none[:1]))
        return (
            joined(pieces)
            if pieces
            else rows_of(dispatch.scan_csv(b"", dialect, wide, True, 1, 1), b"", wide, none, none)
        )

    def _text(self, rows: Rows, row: int) -> bytes:
        line, wide, dialect = rows.lines.item(row), len(self.names), self.dialect()
        raw = self.edits.rows.get(line)
        text = rows.raw(row).decode(errors="replace") if raw is None else raw
        for name, said in self.edits.cells.get(line, {}).items():
            text = with_cell(text, self._places[name], said, wide, dialect)
        return text.encode()

    @cached_property
    def _places(self) -> Mapping[str, int]:
        return {name: place for place, name in enumerate(self.names)}


def cells_of(raw: str, wide: int, dialect: Dialect) -> list[str]:
    """The cells of a row as far as they can be told apart, with empty ones where it is too short."""
    if not dialect.quotes:
        found = raw.split(dialect.delimiter)
    else:
        found = next(csv.reader(raw.splitlines(keepends=True), delimiter=dialect.delimiter), [])
    return found + [""] * (wide - len(found))


def with_cell(raw: str, column: int, text: str, wide: int, dialect: Dialect) -> str:
    """A row in which one cell says something else, and all others what they said, byte for byte where they can be told apart."""
    new = as_cell(text, dialect)
    if '"' not in raw and len(cells := raw.split(dialect.delimiter)) == wide:
        cells[column] = new
        return dialect.delimiter.join(cells)
    data = raw.encode()
    found = dispatch.scan_csv(data, dialect, wide, True, 1, LONGEST_ROW)
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
