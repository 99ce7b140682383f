"""The nouns that pass between the stages; all of them are immutable."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class Field:
    """One leaf of a specification, as `specs SPEC` shows it.

    `path` is dotted, with `[]` after an array: `products[].price_paid`.
    `normalise` is `email`, `hash` or empty.
    """

    path: str
    type: str
    required: bool
    rule: str
    description: str
    example: Any
    normalise: str = ""


@dataclass(frozen=True, slots=True)
class Specification:
    """One kind of record that Lexer takes: its JSON Schema and what the file name and API need.

    `record_type` is None where the upload API has no such type (no destination can be named);
    `key` names the field that says which rows make one record, if any.
    """

    name: str
    record_type: str | None
    area: str
    title: str
    evidence: str
    key: str | None
    schema: Mapping[str, Any]
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing wrong with one record: where, which rule, and what to do; never the value itself.

    `line` is the physical line where the record starts, `row` the record number, both from 1.
    `value` is filled for `--show-values` only and never written to a file.
    """

    source: str
    line: int
    row: int
    path: str
    column: str
    code: str
    rule: str
    message: str
    value: str = ""

    def as_json(self) -> dict[str, Any]:
        """The issue as issues.ndjson holds it."""
        plain = asdict(self)
        del plain["value"]
        return plain


@dataclass(frozen=True, slots=True)
class SourceUse:
    """A source as a manifest remembers it; sha256 is of the bytes as they lay on disk."""

    path: str
    bytes: int
    sha256: str
    rows: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a prepared batch is, where it came from and what was counted (manifest.json).

    Promise: rows = records + rejected + continuations + blank.
    """

    specification: str
    record_type: str | None
    state: str
    file: str
    bytes: int
    sha256: str
    md5: str
    records: int
    rejected: int
    rows: int
    continuations: int
    blank: int
    issues: Mapping[str, int]
    warnings: Mapping[str, int]
    conversions: Mapping[str, int]
    sources: tuple[SourceUse, ...]
    rejects: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The manifest as manifest.json holds it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class PreparedBatch:
    """A folder that holds a manifest and the NDJSON file that it names, ready to be sent or held."""

    path: Path
    manifest: Manifest

    @property
    def file(self) -> Path:
        """The NDJSON file."""
        return self.path / self.manifest.file

    def as_json(self) -> dict[str, Any]:
        """The batch as `convert --json` prints it: the manifest plus its path."""
        return {"path": str(self.path), **self.manifest.as_json()}


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one upload; `verified` says that the store's ETag was the file's MD5.

    `state` is one of the ledger's states; `reason` is empty when `sent`.
    """

    batch: str
    name: str
    state: str
    upload_id: str
    bytes: int
    records: int | None
    sha256: str
    etag: str
    verified: bool
    seconds: float
    started_at: str = ""
    finished_at: str = ""
    reason: str = ""

    def as_json(self) -> dict[str, Any]:
        """The receipt as receipt.json holds it and `upload --json` prints it."""
        return asdict(self)



@dataclass(frozen=True, slots=True)
class Rows:
    """A batch of a table: the bytes of some rows, where their cells lie, and which rows make a record.

    Shapes (numpy), for r rows of c columns: starts, ends (int32) and flags (uint8) are r*c, row-major; row_starts,
    row_ends, cells (int32, how many were found) and faults (uint8) are r; lines (int64) are physical lines and
    numbers (int64) row numbers, both from 1, blank rows not numbered. firsts (int32) holds the first row of
    each record, which reaches to the first row of the next; blank rows before the first record belong to none.
    """

    data: bytes
    columns: int
    starts: Any
    ends: Any
    flags: Any
    row_starts: Any
    row_ends: Any
    cells: Any
    faults: Any
    lines: Any
    numbers: Any
    firsts: Any

    @property
    def records(self) -> int:
        """How many records there are."""
        return len(self.firsts)

    @property
    def lasts(self) -> Any:
        """The row behind each record (int32)."""
        return np.append(self.firsts[1:], np.int32(len(self.faults))).astype(np.int32)

    def raw(self, row: int) -> bytes:
        """The row as it stands in the source, without its line break."""
        return self.data[self.row_starts[row] : self.row_ends[row]]

    def slice(self, start: int, stop: int) -> "Rows":
        """The rows from `start` to `stop` - 1, with no word on which of them make a record."""
        cells = slice(start * self.columns, stop * self.columns)
        rows = slice(start, stop)
        return Rows(
            self.data, self.columns, self.starts[cells], self.ends[cells], self.flags[cells], self.row_starts[rows],
            self.row_ends[rows], self.cells[rows], self.faults[rows], self.lines[rows], self.numbers[rows], None,
        )  # fmt: skip

    def part(self, start: int, stop: int) -> "Rows":
        """The records from `start` to `stop` - 1 as a batch; blank rows go with the record before them."""
        bounds = [0, *self.firsts.tolist()[1:], len(self.faults)]
        rows = self.slice(bounds[start], bounds[stop])
        return replace(rows, firsts=self.firsts[start:stop] - np.int32(bounds[start]))


@dataclass(frozen=True, slots=True)
class Documents:
    """A batch of JSON: the text of each document, with its physical line and record number (from 1).

    `blank` counts the empty lines passed over since the batch before.
    """

    texts: tuple[bytes, ...]
    lines: tuple[int, ...]
    numbers: tuple[int, ...]
    blank: int

    @property
    def records(self) -> int:
        """How many documents there are."""
        return len(self.texts)

    def raw(self, row: int) -> bytes:
        """The document on one line: a line break between its tokens becomes a space."""
        return self.texts[row].replace(b"\r", b" ").replace(b"\n", b" ")

    def part(self, start: int, stop: int) -> "Documents":
        """The documents from `start` to `stop` - 1 as a batch of their own; empty lines go with the first."""
        rows = slice(start, stop)
        return Documents(self.texts[rows], self.lines[rows], self.numbers[rows], 0 if start else self.blank)


Batch = Rows | Documents


@dataclass(frozen=True, slots=True)
class Change:
    """Rows (numpy indexes) of a batch in which one named conversion or warning befell one field.

    `once` says that the field stands once a record, so that only a record's first row counts.
    """

    name: str
    path: str
    rows: Any
    once: bool


@dataclass(frozen=True, slots=True)
class ShapedRows:
    """Rows whose cells have the form of their types; `doubtful` (bool a row) marks those that may not.

    `cells` is a `cells.Cells`.
    """

    batch: Rows
    cells: Any
    doubtful: Any
    conversions: tuple[Change, ...]
    warnings: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class ShapedDocuments:
    """Documents parsed; `lines[i]` is document i as NDJSON where parsing and writing lost nothing, else b""."""

    batch: Documents
    parsed: tuple[Any, ...]
    lines: tuple[bytes, ...]


Shaped = ShapedRows | ShapedDocuments


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that cannot be sent: its rows in the batch (blank ones left out), and why."""

    rows: tuple[int, ...]
    issues: tuple[Issue, ...]


@dataclass(frozen=True, slots=True)
class Checked:
    """A batch with each record accepted or rejected.

    `vouched` (bool a record) are accepted as shaped; `lines` holds the NDJSON of those that the exact twin
    accepted, by record. `rows` = `records` + the rows rejected + `continuations` + `blank`.
    """

    shaped: Shaped
    vouched: Any
    lines: Mapping[int, bytes]
    rejected: tuple[Rejected, ...]
    rows: int
    records: int
    continuations: int
    blank: int
    conversions: Mapping[tuple[str, str], int]
    warnings: Mapping[tuple[str, str], int]
