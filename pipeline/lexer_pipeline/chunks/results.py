"""What becomes of a chunk: shaped by its fields, then each record accepted or rejected."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lexer_pipeline.chunks.documents import Documents
from lexer_pipeline.chunks.rows import Change, Rows
from lexer_pipeline.model import Issue

Chunk = Rows | Documents


@dataclass(frozen=True, slots=True)
class ShapedRows:
    """Rows whose cells have the form of their types; `doubtful` (bool a row) marks those that may not.

    `cells` is a `Cells`.
    """

    chunk: Rows
    cells: Any
    doubtful: Any
    conversions: tuple[Change, ...]
    warnings: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class ShapedDocuments:
    """Documents of which some need nothing but to be written: document i is data[ends[i - 1]:ends[i]] as NDJSON.

    That is empty where a document may not satisfy the schema or may need another conversion than those that
    `conversions` counts, by name and field.
    """

    chunk: Documents
    data: bytes
    ends: Any
    conversions: Mapping[tuple[str, str], int]


Shaped = ShapedRows | ShapedDocuments


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that cannot be sent: its rows in the chunk (blank ones left out), and why."""

    rows: tuple[int, ...]
    issues: tuple[Issue, ...]


@dataclass(frozen=True, slots=True)
class Checked:
    """A chunk with each record accepted or rejected.

    `vouched` (bool a record) are accepted as shaped; `lines` holds the NDJSON of those that the reference
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
    skipped: Mapping[str, int]
