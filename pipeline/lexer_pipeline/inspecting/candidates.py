"""The specifications that an export could become, and how much of it each takes up."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from lexer_pipeline.inspecting.column_profile import ColumnProfile
from lexer_pipeline.inspecting.document_profile import KeyProfile
from lexer_pipeline.inspecting.lacking import lacking
from lexer_pipeline.inspecting.matching import LINK, fields_by_path, match
from lexer_pipeline.inspecting.nearest import nearest
from lexer_pipeline.model import Json, Specification
from lexer_pipeline.specs.paths import ANY, FieldPath

SHOWN = 3


class Candidate(Struct, frozen=True):
    """A specification that a source could become: `matched` of its filled columns (or keys) are fields by name."""

    specification: str
    record_type: str | None
    matched: int
    of: int
    fields: dict[str, str]
    missing: tuple[str, ...]
    unmatched: dict[str, str]

    @property
    def share(self) -> float:
        """How much of the source it takes up."""
        return self.matched / self.of if self.of else 0.0

    def as_json(self) -> dict[str, Json]:
        """The candidate as `inspect --json` prints it."""
        return {
            "specification": self.specification, "record_type": self.record_type, "matched": self.matched,
            "of": self.of, "share": round(self.share, 4), "fields": self.fields, "missing": list(self.missing),
            "unmatched": self.unmatched,
        }  # fmt: skip


def of_table(columns: Sequence[ColumnProfile], specification: Specification) -> Candidate:
    """How many of the filled columns are fields of a specification by their names."""
    filled = [column for column in columns if column.filled] or list(columns)
    matches = match(filled, specification, as_it_is=True)
    used, taken = {one.column for one in matches if one.by_name}, {one.column for one in matches}
    paths = list(fields_by_path(specification))
    unmatched = {
        column.name: str(nearest(column.called, paths) or "")
        for place, column in enumerate(filled)
        if place not in taken
    }
    fields = {str(one.field): filled[one.column].name for one in matches}
    return Candidate(
        specification.name,
        specification.record_type,
        len(used),
        len(filled),
        fields,
        missing(specification, [one.field for one in matches]),
        unmatched,
    )


def of_keys(found: Sequence[KeyProfile], specification: Specification) -> Candidate:
    """How many of the keys a specification knows."""
    fields = fields_by_path(specification)
    takes_any = [field for field in fields if ANY in field]
    paths = {one.path: FieldPath.named(one.path) for one in found}
    known = {
        text: path
        for text, path in paths.items()
        if path in fields or any(field.covers(path) for field in takes_any)
    }
    unmatched = {
        text: str(nearest(path.name, list(fields)) or "") for text, path in paths.items() if text not in known
    }
    return Candidate(
        specification.name, specification.record_type, len(known), len(found), {text: text for text in known},
        missing(specification, list(known.values())), unmatched,
    )  # fmt: skip


def is_as_it_is(candidate: Candidate) -> bool:
    """Whether documents are called as the fields of a specification are: what names the person is, or most keys are."""
    named = (FieldPath.named(text) for text in candidate.fields)
    is_linked = any(path.is_within(LINK) for path in named)
    return is_linked or candidate.share >= 0.5


def missing(specification: Specification, filled: Sequence[FieldPath]) -> tuple[str, ...]:
    """The fields that a record cannot do without."""
    return tuple(str(lack.field) for lack in lacking(specification, filled) if not lack.within)


def ranked(candidates: Iterable[Candidate], lack: float = 0.1) -> tuple[Candidate, ...]:
    """The likeliest first: many columns taken up, few fields missing; what only links people, if nothing else is as likely.

    A field that is missing counts as so much of the columns, `lack`.
    """
    likely = [one for one in candidates if one.matched]
    likely.sort(key=lambda one: (
        round(one.share - lack * len(one.missing), 4), len(one.fields), not one.specification.startswith("compliance")
    ), reverse=True)  # fmt: skip
    # An e-mail address alone makes no request to forget somebody of a list of orders.
    named = [
        one for place, one in enumerate(likely) if one.record_type is not None or place == 0 or one.share == 1
    ]
    return tuple(one for one in named[:SHOWN] if is_near(one, named[0]))


def is_near(one: Candidate, best: Candidate) -> bool:
    """Whether a source could as well become this one: nearly as much of it is taken up, and nearly nothing more lacks."""
    return 2 * one.matched > best.matched and len(one.missing) <= len(best.missing) + 1
