"""Which column of an export is which field of a specification: by its name, by words for it, by its values' looks."""

import re
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from lexer_pipeline.inspecting import semantic_types
from lexer_pipeline.inspecting.column_profile import ColumnProfile
from lexer_pipeline.inspecting.draft_words import ALONE, OWNERS, WORDS
from lexer_pipeline.inspecting.nearest import nearest
from lexer_pipeline.mapping.synonyms import OTHERS, is_secret
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
MESSAGES = (FieldPath(("email_id",)), FieldPath(("sms_id",)))
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


class Match(Struct, frozen=True):
    """A column that fills a field; `by_name` says that its name alone says so."""

    field: FieldPath
    column: int
    confidence: float
    reason: str
    by_name: bool = True
    owner: str = ""


Guess: TypeAlias = tuple[FieldPath, int]
# What is known better than by names and looks: columns that fill a field, with the reason, and columns that do not.
Pinned: TypeAlias = Mapping[FieldPath, tuple[int, str]]
NOTHING_PINNED: Pinned = MappingProxyType({})
NOTHING_REFUSED: Collection[Guess] = frozenset()


def match(
    columns: Sequence[ColumnProfile], specification: Specification, pinned: Pinned = NOTHING_PINNED,
    refused: Collection[Guess] = NOTHING_REFUSED, *, as_it_is: bool = False,
) -> tuple[Match, ...]:  # fmt: skip
    """The best column for each field, in the order of the specification; a column with a secret fills none.

    A table that is read `as_it_is`, without a mapping, says by the exact name of a field what a column is, whatever its values.
    """
    fields = fields_by_path(specification)
    scored = guesses(columns, specification)
    found = {
        path: one
        for path, one in _exact(columns, fields, as_it_is).items()
        if (path, one.column) not in refused and path not in pinned
    }
    found |= {path: Match(path, column, 0.98, reason) for path, (column, reason) in pinned.items()}
    taken = {one.column for one in found.values()}
    counted = {path.outer_list for path in found if path != path.general}
    for one in scored:
        is_counted = one.field.is_repeated and one.field.outer_list in counted
        is_free = (
            one.field not in found and one.column not in taken and (one.field, one.column) not in refused
        )
        if is_free and not is_counted:
            found[one.field] = one
            taken.add(one.column)
    done = _linked(found, fields)
    return tuple(done[path] for path in _order(fields, done))


def guesses(columns: Sequence[ColumnProfile], specification: Specification) -> list[Match]:
    """All columns that could fill a field by their names and looks, the surest first; an empty one comes last."""
    fields = fields_by_path(specification)
    targets = [path for path in fields if not _is_link(path, fields)]
    targets += [path for path in PEOPLE if path not in targets]
    called = [_Called.of(path) for path in targets]
    scored = []
    for number, column in enumerate(columns):
        if not is_secret(column.name):
            scored += _scored(number, column, called, fields)
    scored.sort(key=lambda one: (not columns[one.column].filled, -one.confidence, one.column))
    return scored


def fields_by_path(specification: Specification) -> dict[FieldPath, Field]:
    """The fields of a specification, in its order."""
    return {FieldPath.named(field.path): field for field in specification.fields}


def _is_link(path: FieldPath, fields: Collection[FieldPath]) -> bool:
    return path.is_within(LINK) or path.is_within(RECORDS) or _is_itself_link(fields)


def _is_itself_link(fields: Collection[FieldPath]) -> bool:
    """Whether a record is nothing but a link."""
    needed = (*PEOPLE, FieldPath(("link_type",)), FieldPath(("external_id",)))
    return all(path in fields for path in needed)


def _exact(
    columns: Sequence[ColumnProfile], fields: Mapping[FieldPath, Field], as_it_is: bool
) -> dict[FieldPath, Match]:
    """Columns that are called by the whole path of a field, with indexes or not; one of several names is nothing else."""
    plain = {normalised(str(path)): path for path in fields if path[-1] != ANY}
    found: dict[FieldPath, Match] = {}
    for number, column in enumerate(columns):
        named = FieldPath.named(column.name)
        is_certain = as_it_is or len(named) > 1
        is_path = is_certain and column.name == str(named) and _is_field(named, fields)
        path = named if is_path else plain.get(normalised(column.called))
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


class _Called(Struct, frozen=True):
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
    name = normalised(column.called)
    behind = _behind_owners(name)
    for target in targets:
        path = target.path
        confidence, reason, owner = _by_name(name, behind, target)
        by_name = confidence > 0
        if not by_name:
            confidence, reason = _by_values(column, path)
        field = fields.get(path) or text_field(path)
        if confidence and not _agrees(column, field, path):
            confidence, reason = confidence * 0.3, f"{reason}, but its values look like something else"
        if confidence >= LEAST:
            found.append(Match(path, number, round(confidence, 2), reason, by_name, owner))
    paths = tuple(target.path for target in targets)
    if not found and len(column.called) > 4 and (near := nearest(column.called, paths, NEARLY)) is not None:
        field = fields.get(near) or text_field(near)
        if _agrees(column, field, near):
            found.append(Match(near, number, 0.6, "nearly the same name"))
    return found


def text_field(path: FieldPath) -> Field:
    """A field of which nothing is known."""
    return Field(str(path), "string", False, "", "", None)


def _behind_owners(name: str) -> list[tuple[str, float, str]]:
    """What stands in a name behind a word for whom the field is of, with that word and how sure it is."""
    return [
        (owner, factor, name.removeprefix(owner))
        for owners, factor in ((OWNERS, 0.88), (OTHERS, 0.7))
        for owner in owners
        if name.startswith(owner) and name != owner
    ]


def _by_name(name: str, behind: Sequence[tuple[str, float, str]], target: _Called) -> tuple[float, str, str]:
    """How sure a name is, why, and what stands before the word for the field in it."""
    words, leaf = target.words, target.leaf
    if name == target.whole or (name == leaf and leaf not in GENERIC):
        return 0.95, "same name", ""
    if name in words:
        return 0.92 - 0.4 * words.index(name) / max(len(words), 40), "a word for it", ""
    for owner, factor, rest in behind:
        is_word = rest in words and (target.path, rest) not in ALONE
        if is_word or (rest == leaf and leaf not in GENERIC):
            place = words.index(rest) / max(len(words), 40) if rest in words else 0
            return (0.92 - 0.2 * place) * factor, f"a word for it behind {owner}", owner
    return 0.0, "", ""


def _by_values(column: ColumnProfile, path: FieldPath) -> tuple[float, str]:
    """What the values alone suggest."""
    if path == ("email",) and column.share(semantic_types.EMAIL) > 0.8 and not _is_number(column):
        return 0.7, "its values are e-mail addresses"
    if path == ("mobile",) and column.share(semantic_types.PHONE) > 0.8 and _is_international(column):
        return 0.6, "its values are phone numbers with a country code"
    if path == ("action_at",) and column.share(semantic_types.DATE_TIME, semantic_types.ISO_DATE_TIME) > 0.8:
        return 0.52, "its values are date-times"
    return 0.0, ""


def _is_number(column: ColumnProfile) -> bool:
    """Whether a column is called the id of something, as those of messages look like addresses."""
    return normalised(column.called).endswith("id")


def _is_international(column: ColumnProfile) -> bool:
    """Whether the numbers begin with a plus, as no number of an order does."""
    shown = sum(count for _, count in column.shapes)
    return sum(count for shape, count in column.shapes if shape.startswith("+")) > 0.8 * shown


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
        return _are_words(column, path, listed[1].split(", "))
    return not _is_rather_another(column, path)


def _are_words(column: ColumnProfile, path: FieldPath, words: Sequence[str]) -> bool:
    """Whether the values may be of a list of words; what words about consent mean is looked at one by one."""
    if path == ("status",):
        return column.share(semantic_types.TEXT) >= 0.5
    return bool({values.shape_of(word) for word in words} & {shape for shape, _ in column.shapes})


def _is_rather_another(column: ColumnProfile, path: FieldPath) -> bool:
    """Whether a text field would be filled with addresses or dates."""
    is_address = column.share(semantic_types.EMAIL) > 0.5 and not (path in MESSAGES and _is_number(column))
    return is_address or (path.name.endswith("_name") and column.share(*semantic_types.DATES, *AMOUNTS) > 0.5)


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
