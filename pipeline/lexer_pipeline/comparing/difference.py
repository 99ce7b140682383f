"""What two exports differ in, counted; values only where a person asked for them."""

from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any

from msgspec import Struct, field

from lexer_pipeline.model import Json

# So many of a kind are shown, for whoever asked for values.
EXAMPLES = 5
NEW, OTHER, GONE = KINDS = "new", "changed", "gone"


class Change(StrEnum):
    """What became of a field from the old record to the new one."""

    CHANGED = "changed"
    FILLED = "filled"
    EMPTIED = "emptied"


class ComparedSide(Struct, frozen=True):
    """One of the two: its name, how many records it has, how many more it rejects, and how many stand in it again."""

    name: str
    records: int = 0
    rejected: int = 0
    again: int = 0


class FieldDifference(Struct, frozen=True):
    """In how many of the changed records a field has another value, has one now, or has none any more."""

    field: str
    changed: int
    filled: int
    emptied: int

    @property
    def records(self) -> int:
        """All of them."""
        return self.changed + self.filled + self.emptied


class ExampleRecord(Struct, frozen=True):
    """A record that is new, changed or gone: by what it is known, and what each field was and is."""

    kind: str
    identity: Json
    fields: tuple[tuple[str, Json, Json], ...] = ()

    def as_json(self) -> dict[str, Json]:
        """The example as `diff --json --show-values` prints it."""
        fields = [{"field": name, "old": old, "new": new} for name, old, new in self.fields]
        return {"kind": self.kind, "identity": self.identity, "fields": fields}


class Difference(Struct, frozen=True):
    """All records of one specification in the old and in the new: each is new, changed, unchanged or gone."""

    specification: str
    old: ComparedSide
    new: ComparedSide
    added: int
    changed: int
    unchanged: int
    gone: int
    fields: tuple[FieldDifference, ...] = ()
    examples: tuple[ExampleRecord, ...] = ()

    def as_json(self) -> dict[str, Json]:
        """The difference as `diff --json` prints it."""
        found: dict[str, Json] = {
            "specification": self.specification,
            "old": _side(self.old), "new": _side(self.new),
            "added": self.added, "changed": self.changed, "unchanged": self.unchanged, "gone": self.gone,
            "fields": [
                {"field": one.field, "changed": one.changed, "filled": one.filled, "emptied": one.emptied}
                for one in self.fields
            ],
        }  # fmt: skip
        return found | ({"examples": [one.as_json() for one in self.examples]} if self.examples else {})


def _side(facts: ComparedSide) -> dict[str, Json]:
    return {"path": facts.name, "records": facts.records, "rejected": facts.rejected, "again": facts.again}


class Counted(Struct):
    """What was counted so far of one specification."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    gone: int = 0
    fields: Counter[tuple[str, Change]] = field(default_factory=Counter)
    examples: list[ExampleRecord] = field(default_factory=list)

    def show(self, example: ExampleRecord) -> None:
        """Keep an example, unless there are enough of its kind."""
        if sum(one.kind == example.kind for one in self.examples) < EXAMPLES:
            self.examples.append(example)

    def told(self, specification: str, old: ComparedSide, new: ComparedSide) -> Difference:
        """All of it; the fields that changed most come first."""
        names = {name for name, _ in self.fields}
        facts = [FieldDifference(name, *(self.fields[name, kind] for kind in Change)) for name in names]
        return Difference(
            specification, old, new, self.added, self.changed, self.unchanged, self.gone,
            tuple(sorted(facts, key=lambda one: (-one.records, one.field))),
            tuple(sorted(self.examples, key=lambda one: KINDS.index(one.kind))),
        )  # fmt: skip


def differing(old: Any, new: Any, path: str = "") -> Iterator[tuple[str, Change, Any, Any]]:
    """The fields in which two records differ, with what each was and is; a list of another length differs as a whole.

    Numbers are compared by what they are worth, however they are written.
    """
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in [*old, *(one for one in new if one not in old)]:
            yield from differing(old.get(name), new.get(name), f"{path}.{name}" if path else name)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for before, after in zip(old, new, strict=True):
            yield from differing(before, after, f"{path}[]")
    elif not _same(old, new):
        kind = Change.FILLED if old is None else Change.EMPTIED if new is None else Change.CHANGED
        yield (path, kind, old, new)


def _same(old: Any, new: Any) -> bool:
    if isinstance(old, Decimal) and isinstance(new, Decimal):
        return old == new
    return type(old) is type(new) and bool(old == new)
