"""Which column of an export is which field of a specification: by its name, by words for it, by its values' looks."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher, get_close_matches

from lexer_pipeline.inspecting import semantic_types
from lexer_pipeline.inspecting.column_profile import ColumnProfile
from lexer_pipeline.mapping.synonyms import OTHERS, OWNERS, WORDS, is_secret
from lexer_pipeline.model import Field, Specification
from lexer_pipeline.specs import values
from lexer_pipeline.specs.names import normalised
from lexer_pipeline.specs.paths import ANY, EACH, FieldPath

# Below this a match is no more than a guess.
LEAST = 0.5
NEARLY = 0.88
# What a link may hold, the surest way to name a person first.
PEOPLE = tuple(FieldPath((name,)) for name in ("email", "email_sha256", "email_md5", "customer_id", "mobile"))
HASHES = (("email_sha256",), ("email_md5",))
LINK, RECORDS = FieldPath(("link",)), FieldPath(("records", EACH))
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
# A name that TOML can hold without quotes.
PLAIN = re.compile(r"[\w-]+")
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

    field: FieldPath
    column: int
    confidence: float
    reason: str
    by_name: bool = True


def match(columns: Sequence[ColumnProfile], specification: Specification) -> tuple[Match, ...]:
    """The best column for each field, in the order of the specification; a column with a secret fills none."""
    fields = fields_by_path(specification)
    targets = [path for path in fields if not _is_link(path, fields)]
    targets += [path for path in PEOPLE if path not in targets]
    called = [_Called.of(path) for path in targets]
    scored = []
    for number, column in enumerate(columns):
        if not is_secret(column.name):
            scored += _scored(number, column, called, fields)
    scored.sort(key=lambda one: (-one.confidence, one.column))
    found = _exact(columns, fields)
    taken = {one.column for one in found.values()}
    counted = {path.outer_list for path in found if path != path.general}
    for one in scored:
        is_counted = one.field.is_repeated and one.field.outer_list in counted
        if one.field not in found and one.column not in taken and not is_counted:
            found[one.field] = one
            taken.add(one.column)
    done = _linked(found, fields)
    return tuple(done[path] for path in _order(fields, done))


def fields_by_path(specification: Specification) -> dict[FieldPath, Field]:
    """The fields of a specification, in its order."""
    return {FieldPath.named(field.path): field for field in specification.fields}


def _is_link(path: FieldPath, fields: Collection[FieldPath]) -> bool:
    return path.is_within(LINK) or path.is_within(RECORDS) or _is_itself_link(fields)


def _is_itself_link(fields: Collection[FieldPath]) -> bool:
    """Whether a record is nothing but a link."""
    needed = (*PEOPLE, FieldPath(("link_type",)), FieldPath(("external_id",)))
    return all(path in fields for path in needed)


def _exact(columns: Sequence[ColumnProfile], fields: Mapping[FieldPath, Field]) -> dict[FieldPath, Match]:
    """Columns that are called by the whole path of a field, with indexes or not."""
    plain = {normalised(str(path)): path for path in fields if path[-1] != ANY}
    found: dict[FieldPath, Match] = {}
    for number, column in enumerate(columns):
        named = FieldPath.named(column.name)
        is_path = named not in fields and _is_field(named, fields)
        path = named if is_path else plain.get(normalised(column.name))
        if path is None or path in found or is_secret(column.name):
            continue
        if is_path or _agrees(column, fields[path], path):
            found[path] = Match(path, number, 0.99, "same name")
    return found


def _is_field(path: FieldPath, fields: Collection[FieldPath]) -> bool:
    """Whether a path is that of a field, perhaps one of an object that takes any."""
    takes_any = (FieldPath(field[: field.index(ANY)]) for field in fields if ANY in field[1:])
    if any(path.is_within(place) for place in takes_any):
        return all(PLAIN.fullmatch(part) for part in path if isinstance(part, str))
    return path.general in fields and path[-1] != ANY


@dataclass(frozen=True, slots=True)
class _Called:
    """A field with the names by which a column may call it."""

    path: FieldPath
    whole: str
    leaf: str
    words: tuple[str, ...]

    @classmethod
    def of(cls, path: FieldPath) -> "_Called":
        return cls(path, normalised(str(path)), normalised(path.name), WORDS.get(path, ()))


def _scored(
    number: int, column: ColumnProfile, targets: Sequence[_Called], fields: Mapping[FieldPath, Field]
) -> list[Match]:
    found = []
    name = normalised(column.name)
    for target in targets:
        path = target.path
        confidence, reason = _by_name(name, target)
        by_name = confidence > 0
        if not by_name:
            confidence, reason = _by_values(column, path)
        field = fields.get(path) or text_field(path)
        if confidence and not _agrees(column, field, path):
            confidence, reason = confidence * 0.3, f"{reason}, but its values look like something else"
        if confidence >= LEAST:
            found.append(Match(path, number, round(confidence, 2), reason, by_name))
    paths = [target.path for target in targets]
    if not found and len(column.name) > 4 and (near := nearest(column.name, paths, NEARLY)) is not None:
        field = fields.get(near) or text_field(near)
        if _agrees(column, field, near):
            found.append(Match(near, number, 0.6, "nearly the same name"))
    return found


def text_field(path: FieldPath) -> Field:
    """A field of which nothing is known."""
    return Field(str(path), "string", False, "", "", None)


def _by_name(name: str, target: _Called) -> tuple[float, str]:
    words, leaf = target.words, target.leaf
    if name == target.whole or (name == leaf and leaf not in GENERIC):
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


def _by_values(column: ColumnProfile, path: FieldPath) -> tuple[float, str]:
    """What the values alone suggest."""
    if path == ("email",) and column.share(semantic_types.EMAIL) > 0.8:
        return 0.7, "its values are e-mail addresses"
    if path == ("mobile",) and column.share(semantic_types.PHONE) > 0.8:
        return 0.6, "its values look like phone numbers"
    if path == ("action_at",) and column.share(semantic_types.DATE_TIME, semantic_types.ISO_DATE_TIME) > 0.8:
        return 0.52, "its values are date-times"
    return 0.0, ""


def _agrees(column: ColumnProfile, field: Field, path: FieldPath) -> bool:
    """Whether the values do not contradict that the column is the field."""
    if not column.filled:
        return True
    if field.normalise == "email" or path == ("email",):
        return column.share(semantic_types.EMAIL) >= 0.5
    if field.normalise == "hash" or path in HASHES:
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
    if path == ("mobile",):
        return column.share(*DIGITS) >= 0.5
    if listed := LISTED.search(field.rule):
        return bool(
            {values.shape_of(word) for word in listed[1].split(", ")} & {shape for shape, _ in column.shapes}
        )
    return not _is_rather_another(column, path)


def _is_rather_another(column: ColumnProfile, path: FieldPath) -> bool:
    """Whether a text field would be filled with addresses or dates."""
    return column.share(semantic_types.EMAIL) > 0.5 or (
        path.name.endswith("_name") and column.share(*semantic_types.DATES, *AMOUNTS) > 0.5
    )


def _linked(found: Mapping[FieldPath, Match], fields: Collection[FieldPath]) -> dict[FieldPath, Match]:
    """The matches with the link filled from the best columns that name a person, and no field that is not there."""
    people = [found[path] for path in PEOPLE if path in found]
    if _is_itself_link(fields):
        return {one.field: one for one in people[:1]}
    own = {path: one for path, one in found.items() if _is_field(path, fields)}
    if RECORDS / "email" in fields and not own:
        links = [
            replace(one, field=FieldPath((*RECORDS.item(place), *one.field)))
            for place, one in enumerate(people)
        ]
        return {**own, **{one.field: one for one in links}}
    if people and LINK / "email" in fields and not any(path.is_within(LINK) for path in own):
        path = FieldPath((*LINK, *people[0].field))
        return {**own, path: replace(people[0], field=path)}
    return own


def _order(fields: Collection[FieldPath], found: Collection[FieldPath]) -> list[FieldPath]:
    places = {path: place for place, path in enumerate(fields)}
    return sorted(found, key=lambda path: (places.get(path.general, len(places)), str(path)))


def nearest(name: str, paths: Sequence[FieldPath], least: float = 0.65) -> FieldPath | None:
    """The field whose name looks most like a column's, if any is near."""
    by_leaf = {normalised(path.name): path for path in reversed(paths) if path[-1] != ANY}
    wanted = normalised(name)
    found = get_close_matches(wanted, by_leaf, 1, least)
    if not found or SequenceMatcher(None, wanted, found[0]).ratio() < least:
        return None
    return by_leaf[found[0]]
