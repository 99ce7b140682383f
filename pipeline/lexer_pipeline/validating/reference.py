"""The slow, obviously right reference: one record at a time, and the only place that words an issue.

The verdict is JSON Schema 2020-12 (by jsonschema-rs) with formats asserted; what the vendor's Python
model asks beyond that stands in the schema files themselves.
"""

import math
from collections.abc import Mapping
from itertools import islice
from typing import NoReturn
from zoneinfo import ZoneInfo

import jsonschema_rs
from msgspec import Struct
from msgspec.structs import replace

from lexer_pipeline.errors import UsageError
from lexer_pipeline.limits import MOST_ISSUES, RECORD_BYTES
from lexer_pipeline.model import Problem, Schema, Specification
from lexer_pipeline.specs import signs, values
from lexer_pipeline.specs.names import Known
from lexer_pipeline.specs.paths import FieldPath, Parts
from lexer_pipeline.specs.placeholders import USUAL, Placeholders
from lexer_pipeline.specs.schema_tree import Place, SchemaTree
from lexer_pipeline.validating.cleaning import Cleaning
from lexer_pipeline.validating.document import (
    NumberText,
    Value,
    is_unicode,
    parse,
    plain,
    value_at,
    write_line,
)
from lexer_pipeline.validating.messages import no_object, not_json, one_a_place, problem_of, too_deep
from lexer_pipeline.validating.notes import Notes

# orjson writes at most 254 levels; no record of the vendor's has more than six.
DEEPEST = 200
TOO_LARGE = Problem(
    (), "too_large", f"at most {RECORD_BYTES >> 20} MiB",
    f"would have more than {RECORD_BYTES >> 20} MiB as NDJSON; shorten its texts, or make several records of it",
)  # fmt: skip
# Below a key that the schema does not name.
ANYTHING = Place(())


class Verdict(Struct, frozen=True):
    """What the reference says of one record: its NDJSON line if it is accepted, else its problems.

    `shown` is the document, for those who asked to see values, else None.
    """

    line: bytes
    problems: tuple[Problem, ...]
    conversions: tuple[tuple[str, str], ...] = ()
    warnings: tuple[tuple[str, str], ...] = ()
    shown: dict[str, Value] | None = None


# So many cells are remembered with what became of them, none of which is longer.
MOST_KNOWN, LONGEST_KNOWN = 1 << 14, 256


class ReferenceChecker:
    """Checks records of one specification; owns the compiled schema."""

    def __init__(
        self, specification: Specification, zone: ZoneInfo | None, reject_unknown: bool, shows: bool = False,
        placeholders: Placeholders = USUAL,
    ) -> None:  # fmt: skip
        self.schema = specification.schema
        self.tree = SchemaTree(specification.schema)
        self.cleaning = Cleaning(zone, placeholders)
        self.rejects_unknown = reject_unknown
        self.shows = shows
        self._validator = compile_schema(specification)
        self._fields: dict[int, Known | None] = {}
        # By the identity of a place, which is kept so that no other one can have it.
        self._cells: dict[tuple[int, str], tuple[Place, values.Converted | values.Unconvertible]] = {}

    def cell(self, text: str, place: Place) -> values.Converted | values.Unconvertible:
        """What becomes of a cell: it is asked for when rows are shaped, and again for those that are judged."""
        asked = id(place), text
        if (known := self._cells.get(asked)) is not None:
            return known[1]
        found = self.cleaning.cell(text, place)
        if len(text) <= LONGEST_KNOWN:
            if len(self._cells) >= MOST_KNOWN:
                self._cells.clear()
            self._cells[asked] = place, found
        return found

    def text(self, text: bytes) -> Verdict:
        """Judge a document given as JSON text (RFC 8259)."""
        notes = Notes()
        try:
            document = parse(text, lambda: notes.warnings.append(("duplicate_key", "")))
        except ValueError as problem:
            return Verdict(b"", (not_json(problem),))
        except RecursionError:
            return Verdict(b"", (too_deep(DEEPEST),))
        return self.document(document, notes)

    def document(self, document: Value, notes: Notes | None = None) -> Verdict:
        """Judge a parsed document; its numbers may be `NumberText`."""
        notes = notes or Notes()
        if not isinstance(document, dict):
            return Verdict(b"", (no_object(),))
        try:
            clean = self._clean_object(document, self.tree.root, (), notes)
        except RecursionError:
            return Verdict(b"", (too_deep(DEEPEST),))
        problems = list(notes.problems)
        for error in islice(self._validator.iter_errors(plain(clean)), MOST_ISSUES):
            problems.extend(naming_signs(one, clean) for one in problem_of(error, self.tree))
        if problems:
            return Verdict(b"", one_a_place(problems)[:MOST_ISSUES], shown=clean if self.shows else None)
        line = write_line(clean)
        if len(line) - 1 > RECORD_BYTES:
            return Verdict(b"", (TOO_LARGE,))
        return Verdict(line, (), tuple(notes.conversions), tuple(notes.warnings))

    def cleaned(self, document: Value, notes: Notes) -> dict[str, Value]:
        """A document with its texts cleaned and what is no field left out, before it is judged; empty where it is none."""
        try:
            if isinstance(document, dict):
                return self._clean_object(document, self.tree.root, (), notes)
        except RecursionError:
            notes.problems.append(too_deep(DEEPEST))
            return {}
        notes.problems.append(no_object())
        return {}

    def half(self, text: bytes, notes: Notes) -> dict[str, Value]:
        """A document of JSON text, cleaned; what is wrong with the text is noted."""
        try:
            document = parse(text, lambda: notes.warnings.append(("duplicate_key", "")))
        except ValueError as problem:
            notes.problems.append(not_json(problem))
            return {}
        except RecursionError:
            notes.problems.append(too_deep(DEEPEST))
            return {}
        return self.cleaned(document, notes)

    def _clean(self, value: Value, place: Place | None, path: Parts, notes: Notes) -> Value:
        if len(path) > DEEPEST:
            raise RecursionError
        if isinstance(value, dict):
            return self._clean_object(value, place, path, notes)
        if isinstance(value, list):
            below = self.tree.item(place) if place else None
            return [self._clean(item, below, (*path, index), notes) for index, item in enumerate(value)]
        if isinstance(value, str):
            return self._clean_text(value, place, path, notes)
        if isinstance(value, NumberText) and not math.isfinite(float(value.text)):
            notes.problems.append(
                Problem(path, "range", "number", "is too large for a number; the largest is about 1.8e308")
            )
            return NumberText("0")
        return value

    def _clean_object(
        self, value: dict[str, Value], place: Place | None, path: Parts, notes: Notes
    ) -> dict[str, Value]:
        clean: dict[str, Value] = {}
        for key, inner in value.items():
            if not key.isascii() and not is_unicode(key):
                notes.problems.append(_not_unicode((*path, "?")))
                continue
            below = self.tree.child(place, key) if place else None
            if inner is None:
                if place and below and below.takes_anything and key not in place.keys():
                    clean[key] = None
                continue
            kept = self._clean(inner, below, (*path, key), notes)
            if kept == "" and isinstance(inner, str) and signs.is_invisible(inner):
                continue
            if place and below is None and (known := self.names_of(place)) is not None:
                self._unknown(key, known, path, notes)
            else:
                clean[key] = kept
        return clean

    def _unknown(self, key: str, known: Known, path: Parts, notes: Notes) -> None:
        notes.unknown += 1
        if not self.rejects_unknown:
            notes.warnings.append(("unknown_field", str(FieldPath((*path, key)).general)))
        elif notes.unknown <= MOST_ISSUES:
            notes.problems.append(unknown_field((*path, key), known))

    def names_of(self, place: Place) -> Known | None:
        """The names of the fields at a place; None where other keys belong there."""
        if id(place) not in self._fields:
            self._fields[id(place)] = None if place.is_open else Known(place.keys())
        return self._fields[id(place)]

    def naming_nearest(self, warnings: Mapping[tuple[str, str], int]) -> dict[tuple[str, str], int]:
        """The same counts, where each unknown field also names the one that it is nearest to: once a run, and not a record."""
        named = {}
        for (name, where), count in warnings.items():
            path = FieldPath.named(where)
            place = self.tree.at(path[:-1]) if name == "unknown_field" else None
            known = self.names_of(place) if place is not None else None
            near = known.nearest(path.name) if known is not None else ""
            named[name, where + (f" (nearest: {near})" if near else "")] = count
        return named

    def _clean_text(self, text: str, place: Place | None, path: Parts, notes: Notes) -> str:
        if not text.isascii() and not is_unicode(text):
            notes.problems.append(_not_unicode(path))
            return ""
        done = self.cleaning.text(text, place or ANYTHING)
        if isinstance(done, values.Unconvertible):
            notes.problems.append(Problem(path, done.code, done.rule, done.message))
            return text
        notes.convert(path, done.conversions)
        notes.warn(path, done.warnings)
        return done.text


def validator_of(schema: Schema) -> jsonschema_rs.Draft202012Validator:
    """The engine's validator of a schema (2020-12), formats asserted; it opens no file and asks no address."""
    return jsonschema_rs.Draft202012Validator(
        dict(schema),
        validate_formats=True,
        formats={"date": values.is_date, "date-time": values.is_date_time},
        retriever=_nothing_else,
    )


def _nothing_else(address: str) -> NoReturn:
    """What the engine has in place of a client of its own: it is asked for whatever lies outside a schema."""
    raise ValueError(f"{address} lies outside the schema")


def compile_schema(specification: Specification) -> jsonschema_rs.Draft202012Validator:
    """The validator of a specification; a schema that is none is the user's mistake."""
    try:
        return validator_of(specification.schema)
    except (ValueError, jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError) as problem:
        raise UsageError(
            f"{specification.name}: the schema is not valid JSON Schema 2020-12",
            f"jsonschema says: {str(problem).splitlines()[0]}",
        ) from None


def unknown_field(path: Parts, known: Known) -> Problem:
    """Word that the last part of a path is none of the fields known there."""
    near = known.nearest(str(path[-1]))
    hint = f"did you mean {near}?" if near else "remove it"
    return Problem(path, "unknown_field", "known fields only", f"is not a field; {hint}")


def _not_unicode(path: Parts) -> Problem:
    return Problem(
        path, "encoding", "Unicode", "holds half a surrogate pair, which is not text; write it again"
    )


def naming_signs(problem: Problem, document: Value) -> Problem:
    """A problem that also names the signs that are not meant in the value that it is about."""
    value = value_at(document, problem.path)
    remark = signs.remark_on_value(value) if isinstance(value, str) else ""
    return replace(problem, message=problem.message + remark) if remark else problem
