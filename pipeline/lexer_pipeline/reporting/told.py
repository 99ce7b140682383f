"""All that a page tells beside the manifest, as `report.json` holds it."""

import json
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct, to_builtins
from msgspec.structs import fields

from lexer_pipeline.model import Json
from lexer_pipeline.reporting import column_facts
from lexer_pipeline.reporting.column_facts import ColumnFacts
from lexer_pipeline.system.stores import Folder

FORM = 1


class Outcome(Struct, frozen=True):
    """What a run came to for one specification, in records."""

    specification: str
    state: str
    records: int
    rejected: int
    reasons: tuple[str, ...] = ()


class IssueFacts(Struct, frozen=True):
    """One kind of issue: a field, a code, in how many records and rows, on which lines first (each a source and a line), and its sentence."""

    field: str
    code: str
    records: int
    rows: int
    lines: tuple[tuple[str, int], ...]
    message: str


class SuspicionFacts(Struct, frozen=True):
    """A suspicion as it was seen in one column or field; `holds` says that it holds this batch."""

    code: str
    where: str
    count: int
    source: str
    lines: tuple[int, ...]
    holds: bool


class EarlierFacts(Struct, frozen=True):
    """A delivery of the same kind that came before."""

    name: str
    rows: int
    records: int
    rejected: int


class Told(Struct, frozen=True):
    """What is told of a delivery: of all of its parts, but for the fields, which are those of the part.

    `columns` were looked at in `column_rows` rows, `fields` in `field_rows` records; `conversions` and `warnings` are by name and field.
    `fill_before` says in which share of the records of the last delivery of its kind each field was filled.
    """

    outcomes: tuple[Outcome, ...]
    issues: tuple[IssueFacts, ...] = ()
    suspicions: tuple[SuspicionFacts, ...] = ()
    conversions: tuple[tuple[str, str, int], ...] = ()
    warnings: tuple[tuple[str, str, int], ...] = ()
    notes: tuple[str, ...] = ()
    columns: tuple[ColumnFacts, ...] = ()
    column_rows: int = 0
    fields: tuple[ColumnFacts, ...] = ()
    field_rows: int = 0
    earlier: tuple[EarlierFacts, ...] = ()
    fill_before: Mapping[str, float] = msgspec.field(default_factory=dict)

    def as_json(self) -> dict[str, Json]:
        """What is told as `report.json` holds it."""
        return {"form": FORM, **to_builtins(self)}


def read(file: Folder) -> Told | None:
    """What `report.json` tells; None where it is not there, or of another form than this program writes."""
    try:
        said: dict[str, Any] = json.loads(file.read_bytes())
        if said.pop("form") != FORM or said.keys() != {one.name for one in fields(Told)}:
            return None
        return Told(
            outcomes=tuple(Outcome(**{**one, "reasons": tuple(one["reasons"])}) for one in said["outcomes"]),
            issues=tuple(IssueFacts(**{**one, "lines": _tuples(one["lines"])}) for one in said["issues"]),
            suspicions=tuple(SuspicionFacts(**{**one, "lines": tuple(one["lines"])}) for one in said["suspicions"]),
            conversions=_tuples(said["conversions"]), warnings=_tuples(said["warnings"]), notes=tuple(said["notes"]),
            columns=column_facts.from_json(said["columns"]), column_rows=said["column_rows"],
            fields=column_facts.from_json(said["fields"]), field_rows=said["field_rows"],
            earlier=tuple(EarlierFacts(**one) for one in said["earlier"]), fill_before=dict(said["fill_before"]),
        )  # fmt: skip
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _tuples(said: list[list[Any]]) -> tuple[Any, ...]:
    return tuple(tuple(one) for one in said)


def fill_in(file: Folder) -> Mapping[str, float]:
    """In which share of the records each field was filled, as `report.json` has it; nothing where it is not there."""
    told = read(file)
    return {} if told is None else {one.name: one.fill for one in told.fields}
