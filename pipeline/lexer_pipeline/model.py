"""The nouns that pass between the stages; all of them are immutable."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from msgspec import Struct, field, to_builtins

# A value of JSON, as it is written; and a JSON Schema, whose keywords hold any.
Json: TypeAlias = bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"] | None
Schema: TypeAlias = Mapping[str, Any]


class Field(Struct, frozen=True):
    """One leaf of a specification, as `specs SPEC` shows it.

    `path` is dotted, with `[]` after an array: `products[].price_paid`.
    `normalise` is `email`, `hash` or empty. One that is required `within` an object that may be left out is so where anything stands there.
    """

    path: str
    type: str
    required: bool
    rule: str
    description: str
    example: object
    normalise: str = ""
    within: str = ""


class Specification(Struct, frozen=True):
    """One kind of record that Lexer takes: its JSON Schema and what the file name and API need.

    `record_type` is None where the upload API has no such type (no destination can be named);
    `key` names the field that says which rows make one record, if any; `identity` those by which a record is known from one export
    to the next, where they are not the key (specs/identity.py).
    """

    name: str
    record_type: str | None
    area: str
    title: str
    evidence: str
    key: str | None
    schema: Schema
    fields: tuple[Field, ...]
    identity: tuple[str, ...] = ()


class Issue(Struct, frozen=True):
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

    def as_json(self) -> dict[str, Json]:
        """The issue as issues.ndjson holds it."""
        return {
            "source": self.source, "line": self.line, "row": self.row, "path": self.path, "column": self.column,
            "code": self.code, "rule": self.rule, "message": self.message,
        }  # fmt: skip


class IssueText(Struct, frozen=True, cache_hash=True):
    """What an `Issue` says, whichever record has it."""

    path: str
    column: str
    code: str
    rule: str
    message: str


class Problem(Struct, frozen=True, cache_hash=True):
    """One thing wrong at one place of a record, which names of fields and indexes lead to; an `Issue` without its source."""

    path: tuple[str | int, ...]
    code: str
    rule: str
    message: str


class SourceUse(Struct, frozen=True):
    """A source as a manifest remembers it; sha256 is of the bytes as they lay on disk."""

    path: str
    bytes: int
    sha256: str
    rows: int


class Manifest(Struct, frozen=True):
    """What a prepared batch is, where it came from and belongs, and what was counted (manifest.json).

    Promise: rows = records + rejected + continuations + blank + unchanged, where `rejected` are rows: those of `rejected_records`; and `unchanged` are rows of
    records that are at the destination already, as far as it was compared with the service and dataset of `compared_with`. Rows that a mapping leaves out are not among
    them: `skipped` counts those by reason. `state` is prepared, held, rejected, superseded or dropped; `file` is empty where
    no record was valid. `destination` is a dataset, or None; `replaces` and `fixes` name batches. `mapping` is the text of the
    mapping, or a list of texts where each source had its own; with `options` and `decisions` (an object a source) it is what it takes to do the same again. `left_out`
    are the columns of the sources of which nothing was made. `held_for` are the reasons why it is held, `suspicions` are by code, and `accepted` are the codes that would have held it.
    """

    specification: str
    record_type: str | None
    state: str
    file: str
    bytes: int
    sha256: str
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
    skipped: Mapping[str, int] = field(default_factory=dict)
    destination: str | None = None
    mapping: Json = None
    options: Mapping[str, Json] = field(default_factory=dict)
    decisions: tuple[Mapping[str, Json], ...] = ()
    held_for: tuple[str, ...] = ()
    suspicions: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    accepted: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    replaces: str | None = None
    fixes: str | None = None
    rejected_records: int = 0
    unchanged: int = 0
    compared_with: Mapping[str, Json] | None = None

    def as_json(self) -> dict[str, Json]:
        """The manifest as manifest.json holds it."""
        told: dict[str, Json] = to_builtins(self)
        return told


class Receipt(Struct, frozen=True):
    """What became of one upload; `verified` says that the store's ETag was the file's MD5.

    `state` is one of the ledger's states, or `would_send`; `reason` is empty when `sent`. `dataset` is None where a person at
    the vendor's places the file. `needs` is what it goes on with: `person`, `time` (the next upload goes on), or nothing; `hint` is the command
    that goes on.
    """

    batch: str
    name: str
    state: str
    service: str
    dataset: str | None
    upload_id: str
    bytes: int
    records: int | None
    sha256: str
    etag: str
    verified: bool
    seconds: float
    started_at: str = ""
    finished_at: str = ""
    replaces: str | None = None
    reason: str = ""
    needs: str = ""
    hint: str = ""

    def as_json(self) -> dict[str, Json]:
        """The receipt as receipt.json holds it and `upload --json` prints it."""
        told: dict[str, Json] = to_builtins(self)
        return told
