"""Which column of an export is which field of a specification: by its name, by words for it, by its values' looks."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher, get_close_matches

from lexer_pipeline.inspecting import semantic_types
from lexer_pipeline.inspecting.column_profile import ColumnProfile
from lexer_pipeline.inspecting.synonyms import OTHERS, OWNERS, WORDS, is_secret
from lexer_pipeline.mapping.file import normalised
from lexer_pipeline.model import Field, Schema, Specification
from lexer_pipeline.specs import values
from lexer_pipeline.specs.schema import resolve

# Below this a match is no more than a guess.
LEAST = 0.5
NEARLY = 0.88
# What a link may hold, the surest way to name a person first.
PEOPLE = ("email", "email_sha256", "email_md5", "customer_id", "mobile")
# Names that mean something else in every object.
GENERIC = (
    "name",
    "id",
    "type",
    "email",
    "number",
    "total",
    "location",
    "available",
    "source",
    "reason",
    "url",
)
# A name that TOML and a dotted path can hold, with an index or without.
PLAIN = re.compile(r"[\w-]+(?:\.[\w-]+|\[[0-9]*\])*")
NUMBERED = re.compile(r"\[[0-9]+\]")
# How a rule lists the words of an enum.
LISTED = re.compile("one of: ([^;]*)")
DIGITS = (
    semantic_types.PHONE,
    semantic_types.NUMBER,
    semantic_types.ZEROS,
    semantic_types.APOSTROPHE,
    semantic_types.SCIENTIFIC,
)
AMOUNTS = (semantic_types.NUMBER, semantic_types.MONEY, semantic_types.ZEROS)


@dataclass(frozen=True, slots=True)
class Match:
    """A column that fills a field; `by_name` says that its name alone says so."""

    field: str
    column: int
    confidence: float
    reason: str
    by_name: bool = True


def match(columns: Sequence[ColumnProfile], specification: Specification) -> tuple[Match, ...]:
    """The best column for each field, in the order of the specification; a column with a secret fills none."""
    fields = {field.path: field for field in specification.fields}
    targets = [path for path in fields if not _is_link(path, specification)]
    targets += [path for path in PEOPLE if path not in targets]
    scored = []
    for number, column in enumerate(columns):
        if not is_secret(column.name):
            scored += _scored(number, column, targets, fields)
    scored.sort(key=lambda one: (-one.confidence, one.column))
    found = _exact(columns, fields)
    taken = {one.column for one in found.values()}
    counted = {path.partition("[")[0] for path in found if NUMBERED.search(path)}
    for one in scored:
        is_counted = "[]" in one.field and one.field.partition("[")[0] in counted
        if one.field not in found and one.column not in taken and not is_counted:
            found[one.field] = one
            taken.add(one.column)
    done = _linked(found, specification)
    return tuple(done[path] for path in _order(specification, done))


def _is_link(path: str, specification: Specification) -> bool:
    return path.startswith(("link.", "records[].")) or _is_itself_link(specification)


def _is_itself_link(specification: Specification) -> bool:
    """Whether a record is nothing but a link."""
    return {field.path for field in specification.fields} >= {*PEOPLE, "link_type", "external_id"}


def _exact(columns: Sequence[ColumnProfile], fields: Mapping[str, Field]) -> dict[str, Match]:
    """Columns that are called by the whole path of a field, with indexes or not."""
    plain = {normalised(path): path for path in fields if not path.endswith("*")}
    found: dict[str, Match] = {}
    for number, column in enumerate(columns):
        name = column.name
        is_path = name not in fields and _is_field(name, fields)
        path = name if is_path else plain.get(normalised(name), "")
        if (
            path
            and path not in found
            and not is_secret(name)
            and (is_path or _agrees(column, fields[path], path))
        ):
            found[path] = Match(path, number, 0.99, "same name")
    return found


def _is_field(name: str, fields: Mapping[str, Field]) -> bool:
    """Whether a name is the path of a field, perhaps one of an object that takes any."""
    if name.startswith(tuple(path.partition("*")[0] for path in fields if ".*" in path)):
        return bool(PLAIN.fullmatch(name))
    return _general(name) in fields and not name.endswith("*")


def _scored(
    number: int, column: ColumnProfile, targets: Sequence[str], fields: Mapping[str, Field]
) -> list[Match]:
    found = []
    for path in targets:
        confidence, reason = _by_name(normalised(column.name), path)
        by_name = confidence > 0
        if not by_name:
            confidence, reason = _by_values(column, path)
        field = fields.get(path) or Field(path, "string", False, "", "", None)
        if confidence and not _agrees(column, field, path):
            confidence, reason = confidence * 0.3, f"{reason}, but its values look like something else"
        if confidence >= LEAST:
            found.append(Match(path, number, round(confidence, 2), reason, by_name))
    if not found and (near := nearest(column.name, targets, NEARLY)) and len(column.name) > 4:
        field = fields.get(near) or Field(near, "string", False, "", "", None)
        if _agrees(column, field, near):
            found.append(Match(near, number, 0.6, "nearly the same name"))
    return found


def _by_name(name: str, path: str) -> tuple[float, str]:
    words = WORDS.get(path, ())
    leaf = normalised(path.rpartition(".")[2])
    if name == normalised(path) or (name == leaf and leaf not in GENERIC):
        return 0.95, "same name"
    if name in words:
        return 0.92 - min(words.index(name), 30) * 0.01, "a word for it"
    for owners, factor in ((OWNERS, 0.88), (OTHERS, 0.7)):
        for owner in owners:
            rest = name.removeprefix(owner)
            if rest and rest != name and (rest in words or (rest == leaf and leaf not in GENERIC)):
                place = min(words.index(rest), 20) if rest in words else 0
                return (0.92 - place * 0.01) * factor, f"a word for it behind {owner}"
    return 0.0, ""


def _by_values(column: ColumnProfile, path: str) -> tuple[float, str]:
    """What the values alone suggest."""
    if path == "email" and column.share(semantic_types.EMAIL) > 0.8:
        return 0.7, "its values are e-mail addresses"
    if path == "mobile" and column.share(semantic_types.PHONE) > 0.8:
        return 0.6, "its values look like phone numbers"
    if path == "action_at" and column.share(semantic_types.DATE_TIME, semantic_types.ISO_DATE_TIME) > 0.8:
        return 0.52, "its values are date-times"
    return 0.0, ""


def _agrees(column: ColumnProfile, field: Field, path: str) -> bool:
    """Whether the values do not contradict that the column is the field."""
    if not column.filled:
        return True
    if field.normalise == "email" or path == "email":
        return column.share(semantic_types.EMAIL) >= 0.5
    if field.normalise == "hash" or path in ("email_sha256", "email_md5"):
        return column.share(semantic_types.HASH) >= 0.5
    if field.type in ("number", "integer"):
        return column.share(*AMOUNTS) >= 0.5
    if field.type in ("date", "date-time"):
        return column.share(*semantic_types.DATES) >= 0.5 or column.share(semantic_types.NUMBER) >= 0.5
    if field.type == "boolean":
        return column.share(semantic_types.BOOLEAN) >= 0.5 or (
            column.share(semantic_types.NUMBER) >= 0.5 and column.distinct <= 2
        )
    if field.type == "uri":
        return column.share(semantic_types.URL) >= 0.5
    if path == "mobile":
        return column.share(*DIGITS) >= 0.5
    if listed := LISTED.search(field.rule):
        return bool(
            {values.shape_of(word) for word in listed[1].split(", ")} & {shape for shape, _ in column.shapes}
        )
    return not _is_rather_another(column, path)


def _is_rather_another(column: ColumnProfile, path: str) -> bool:
    """Whether a text field would be filled with addresses or dates."""
    return column.share(semantic_types.EMAIL) > 0.5 or (
        path.endswith("_name") and column.share(*semantic_types.DATES, *AMOUNTS) > 0.5
    )


def _linked(found: Mapping[str, Match], specification: Specification) -> dict[str, Match]:
    """The matches with the link filled from the best columns that name a person, and no field that is not there."""
    people = [found[path] for path in PEOPLE if path in found]
    fields = {field.path: field for field in specification.fields}
    if _is_itself_link(specification):
        return {one.field: one for one in people[:1]}
    own = {path: one for path, one in found.items() if _is_field(path, fields)}
    if "records[].email" in fields and not own:
        links = [replace(one, field=f"records[{place}].{one.field}") for place, one in enumerate(people)]
        return {**own, **{one.field: one for one in links}}
    if people and "link.email" in fields and not any(path.startswith("link.") for path in own):
        path = f"link.{people[0].field}"
        return {**own, path: replace(people[0], field=path)}
    return own


def _order(specification: Specification, found: Mapping[str, Match]) -> list[str]:
    places = {field.path: place for place, field in enumerate(specification.fields)}
    return sorted(found, key=lambda path: (places.get(_general(path), len(places)), path))


def nearest(name: str, paths: Sequence[str], least: float = 0.65) -> str:
    """The field whose name looks most like a column's; empty when none is near."""
    by_leaf = {
        normalised(path.rpartition(".")[2]): path for path in reversed(paths) if not path.endswith("*")
    }
    wanted = normalised(name)
    found = get_close_matches(wanted, by_leaf, 1, least)
    return by_leaf[found[0]] if found and SequenceMatcher(None, wanted, found[0]).ratio() >= least else ""


@dataclass(frozen=True, slots=True)
class Lack:
    """A field that a record needs and nothing fills; `within` is the object that could be left out instead, if any."""

    field: str
    within: str


def lacking(specification: Specification, filled: Sequence[str]) -> tuple[Lack, ...]:
    """The required fields that are not among `filled`, in objects that are required or begun."""
    schema = specification.schema
    if not filled and _alternatives(resolve(schema, schema)):
        return (Lack("link", ""),)
    return tuple(_lacking(schema, schema, "", "", tuple(_general(path) for path in filled)))


def _general(path: str) -> str:
    return re.sub(r"\[[0-9]*\]", "[]", path)


def _lacking(
    schema: Schema, node: Schema | bool, path: str, within: str, filled: Sequence[str]
) -> Iterator[Lack]:
    flat = resolve(schema, node)
    for key, child in flat.get("properties", {}).items():
        inner, here = resolve(schema, child), path + key
        while "items" in inner:
            inner, here = resolve(schema, inner["items"]), f"{here}[]"
        begun = any(one == here or one.startswith(f"{here}.") for one in filled)
        needed = key in flat.get("required", ())
        if not begun and not needed:
            continue
        if "properties" in inner and not _alternatives(inner):
            yield from _lacking(schema, inner, f"{here}.", within or ("" if needed else here), filled)
        elif not begun:
            yield Lack(here, within)


def _alternatives(node: Schema) -> bool:
    return "anyOf" in node or "oneOf" in node
