"""What a person reads of a failed rule: the rule and what to do, never the value."""

import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from jsonschema_rs import ValidationError
from jsonschema_rs import ValidationErrorKind as Kind
from msgspec import Struct

from lexer_pipeline.kernels.codes import (
    ROW_DOCUMENT,
    ROW_NUL,
    ROW_QUOTE,
    ROW_RAGGED,
    ROW_SWALLOWED,
    ROW_UNCLOSED,
    ROW_UTF8,
)
from lexer_pipeline.limits import DOCUMENT_KEYS, MOST_ISSUES
from lexer_pipeline.model import Problem, Schema
from lexer_pipeline.specs.paths import Parts
from lexer_pipeline.specs.schema_tree import Place, SchemaTree
from lexer_pipeline.validating.document import TooManyKeys
from lexer_pipeline.validating.json_faults import json_fault

FORMATS = {
    "date": "is not a date; write YYYY-MM-DD, as in 2024-03-06",
    "date-time": "is not a date-time; write it as in 2024-03-06T12:26:47Z",
    "uri": "is not a web address; write it in full, as in https://example.com/a.jpg",
}
TYPES = {
    "string": "text",
    "number": "a number without quotes",
    "integer": "a whole number without quotes",
    "boolean": "true or false without quotes",
    "object": "an object, {...}",
    "array": "a list, [...]",
    "null": "null",
}
BOUNDS = {
    "minimum": "must be at least",
    "maximum": "must be at most",
    "exclusiveMinimum": "must be above",
    "exclusiveMaximum": "must be below",
}
# What a length is counted in, by the end of the rule's name.
UNITS = {"Length": "characters", "Items": "items", "Properties": "fields"}
NOT_JSON = "is not a JSON document"
NO_PLACE = Place(())


def one_a_place(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """The first problem of each place: a date that is none need not be told that it also breaks a pattern.

    Format goes before pattern, since it says what to write. A field is not missing that is there and unreadable, in whole or
    in part.
    """
    if len(problems) == 1:
        return tuple(problems)
    first: dict[Parts, Problem] = {}
    unreadable = [problem.path for problem in problems if problem.code != "missing"]
    there = {path[:length] for path in unreadable for length in range(1, len(path) + 1)}
    said = (problem for problem in problems if problem.code != "missing" or problem.path not in there)
    for problem in sorted(said, key=lambda problem: problem.code == "pattern"):
        first.setdefault(problem.path, problem)
    return tuple(first.values())


def problem_of(error: ValidationError, tree: SchemaTree) -> list[Problem]:
    """Word one error of the schema engine; a link gives one problem however many shapes it misses."""
    path, kind = tuple(error.instance_path), error.kind
    match kind:
        case Kind.Required():
            return [_missing((*path, kind.property), tree)]
        case Kind.AdditionalProperties() | Kind.UnevaluatedProperties():
            return [_extra((*path, key)) for key in kind.unexpected[:MOST_ISSUES]]
        case Kind.FalseSchema():
            return [_extra(path)]
        case Kind.AnyOf() | Kind.OneOfMultipleValid() | Kind.OneOfNotValid() if kind.context:
            return _alternatives(kind.context, path, tree)
        case _:
            return [Problem(path, *_words(kind, tree.at(path) or NO_PLACE))]


def _missing(path: Parts, tree: SchemaTree) -> Problem:
    options = _options(tree.at(path) or NO_PLACE)
    what = f"fill one of: {options}" if options else "fill it"
    return Problem(path, "missing", "required", f"is required and absent; {what}")


def _extra(path: Parts) -> Problem:
    return Problem(
        path, "unknown_field", "known fields only", "is not a field that may stand here; remove it"
    )


def _words(kind: Kind, place: Place) -> tuple[str, str, str]:
    """The code, the rule and the message of an error."""
    match kind:
        case Kind.Type():
            wanted = " or ".join(TYPES.get(one, one) for one in kind.types)
            return "type", " or ".join(kind.types), f"is not of the type asked for; write {wanted}"
        case Kind.Enum():
            return _one_of(kind.options)
        case Kind.Constant():
            return _one_of([kind.expected_value])
        case Kind.Pattern():
            return _pattern(kind.pattern, place)
        case Kind.Format():
            return "format", kind.format, FORMATS.get(kind.format, f"is not of the format {kind.format}")
        case _:
            return _limit(kind)


def _one_of(values: Sequence[object]) -> tuple[str, str, str]:
    options = ", ".join(map(str, values))
    return "enum", f"one of: {options}", f"is not one of the words allowed; write one of: {options}"


def _limit(kind: Kind) -> tuple[str, str, str]:
    name = kind.name
    match kind:
        case Kind.Minimum() | Kind.Maximum() | Kind.ExclusiveMinimum() | Kind.ExclusiveMaximum():
            return "range", f"{name} {kind.limit}", f"{BOUNDS[name]} {kind.limit}"
        case Kind.MultipleOf():
            return "range", f"{name} {kind.multiple_of}", f"must be a multiple of {kind.multiple_of}"
        case (
            Kind.MinLength() | Kind.MaxLength() | Kind.MinItems() | Kind.MaxItems() | Kind.MinProperties()
            | Kind.MaxProperties()
        ):  # fmt: skip
            least = "at least" if name.startswith("min") else "at most"
            return "length", f"{name} {kind.limit}", f"must have {least} {kind.limit} {UNITS[name[3:]]}"
        case _:
            return "rule", name, f"breaks the rule {name} of the schema"


def _pattern(pattern: str, place: Place) -> tuple[str, str, str]:
    if place.keyword("x-normalise") == "email":
        message = (
            "is not an e-mail address that Lexer takes; write letters, digits and . _ + - before the @, "
            "and a domain with a point after it"
        )
        return "pattern", "e-mail", message
    described = place.keyword("x-pattern-words")
    return "pattern", pattern, str(described) if described else f"does not have the form {pattern}"


def _alternatives(
    context: Sequence[Sequence[ValidationError]], path: Parts, tree: SchemaTree
) -> list[Problem]:
    """One alternative that has just the right fields is the one that was meant: its errors are the news."""
    meant = [errors for errors in context if all(_is_about_values(error, path) for error in errors)]
    if len(meant) == 1:
        return [problem for error in meant[0] for problem in problem_of(error, tree)]
    place = tree.at(path) or NO_PLACE
    options = _options(place)
    is_link = place.is_link
    code = "link" if is_link else "rule"
    what = "is not a link that Lexer takes" if is_link else "fits none of the alternatives"
    return [Problem(path, code, f"one of: {options}", f"{what}; give exactly one of: {options}")]


def _is_about_values(error: ValidationError, path: Parts) -> bool:
    """Whether an error is about a value, and not about which fields there are."""
    match error.kind:
        case (
            Kind.Required() | Kind.AdditionalProperties() | Kind.UnevaluatedProperties() | Kind.FalseSchema()
        ):  # fmt: skip
            return False
        case Kind.Type():
            return tuple(error.instance_path) != path
        case _:
            return True


def _options(place: Place) -> str:
    """The fields of each alternative of a place, as a person would choose among them."""
    if not any("anyOf" in view or "oneOf" in view for view in place.views):
        return ""
    shapes = [view for view in place.views if "required" in view and not view.get("deprecated")]
    return "; ".join(dict.fromkeys(_fields_of(view) for view in shapes))


def _fields_of(view: Schema) -> str:
    required = list(view["required"])
    optional = [f"{key} if you have it" for key in view.get("properties", {}) if key not in required]
    return " and ".join(required) + (f" ({', '.join(optional)})" if optional else "")


def not_json(problem: ValueError) -> Problem:
    """Word why a text is no JSON document, or none that is read."""
    if isinstance(problem, TooManyKeys):
        what = f"has more than {DOCUMENT_KEYS:,} keys; split the document, or write its data as lists"
        return Problem((), "too_many_keys", f"at most {DOCUMENT_KEYS} keys", what)
    if isinstance(problem, UnicodeDecodeError):
        return Problem((), "encoding", "UTF-8", "is not UTF-8; save the file as UTF-8")
    if isinstance(problem, json.JSONDecodeError):
        at = f" (near character {problem.pos + 1} of the record)"
        return Problem((), "json", "RFC 8259", f"{NOT_JSON}: {json_fault(problem)}{at}")
    return Problem(
        (), "json", "RFC 8259", "holds NaN or Infinity, which JSON does not have; leave the field out"
    )


def no_object() -> Problem:
    """Word that a document is none."""
    return Problem((), "type", "object", "is not an object; a record is written {...}")


def too_deep(levels: int) -> Problem:
    """Word that a document is nested too deep."""
    return Problem(
        (), "too_deep", f"at most {levels} levels", f"is nested more than {levels} levels deep; flatten it"
    )


class RowFault(Struct, frozen=True):
    """What is wrong with a row whose cells cannot be used; `message` is of one row, `together` of several."""

    code: str
    rule: str
    message: str
    together: str


ROW_FAULTS: Mapping[int, RowFault] = MappingProxyType({
    ROW_RAGGED: RowFault(
        "ragged_row", "as many cells as the header",
        "has {cells} cells where the header has {columns}; look for a missing or stray delimiter or quote",
        "have more or fewer cells than the header",
    ),
    ROW_QUOTE: RowFault(
        "quote", "RFC 4180", "has text behind a closing quote; write a quote inside a quoted cell twice",
        "have text behind a closing quote",
    ),
    ROW_NUL: RowFault(
        "nul", "no NUL bytes", "holds a NUL byte; export the file again as UTF-8 text", "hold a NUL byte"
    ),
    ROW_UTF8: RowFault("encoding", "UTF-8", "is not UTF-8; save the file as UTF-8", "are not UTF-8"),
    ROW_UNCLOSED: RowFault(
        "quote", "RFC 4180", "opens a quote that is never closed; close it, or write it twice",
        "open a quote that is not closed",
    ),
    ROW_SWALLOWED: RowFault(
        "swallowed_rows", "no rows within a cell",
        "has a quoted cell of several lines that look like rows of the table: a stray quote took them in; take it out, or write "
        "it twice, in the source and convert that again",
        "have a quoted cell that holds lines which look like rows",
    ),
    ROW_DOCUMENT: RowFault("json", "RFC 8259", "is no JSON that can be read", "are no JSON that can be read"),
})  # fmt: skip
