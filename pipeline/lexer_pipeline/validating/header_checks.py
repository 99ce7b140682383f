"""What is wrong with the header of a table: columns that have no name, the same one, or none that is a field."""

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from types import MappingProxyType

from lexer_pipeline.chunks.rejected import BOOKKEEPING
from lexer_pipeline.errors import UsageError
from lexer_pipeline.specs.names import normalised, shown
from lexer_pipeline.specs.paths import EACH, INDEX, FieldPath
from lexer_pipeline.specs.schema_tree import Place, SchemaTree
from lexer_pipeline.specs.signs import without_invisible

# What a column is called, as far as a message may repeat it.
COLUMN_NAME = re.compile(r"[\w .()\[\]/#&'’‘“”«»%:?!+*=|€$£¥°™®–—-]{1,60}")
# How like a field a misspelt column is; "Email Address" is 0.6 like address_2.
TYPO = 0.8
NONE: Mapping[str, str] = MappingProxyType({})
# So many unknown columns are compared with all fields; five of them are named.
MOST_COMPARED = 100
# Fields are named to a person down to this depth.
DEEPEST = 8


def refuse_strayed(header: Sequence[str], source: str) -> None:
    """What a rejects file adds stands in front, or the next one could not tell it from data."""
    for place, name in enumerate(header):
        if name in BOOKKEEPING and header[: len(BOOKKEEPING)] != BOOKKEEPING:
            raise UsageError(
                f"{source}: column {place + 1} is {name}, which a rejects file has in front",
                f"Move {' and '.join(BOOKKEEPING)} to the front, or remove both.",
            )


def refuse_duplicates(header: Sequence[str], source: str) -> None:
    """Each column has a name, and one of its own."""
    seen: set[str] = set()
    for number, name in enumerate(header, 1):
        if not name:
            raise UsageError(
                f"{source}: column {number} has no header",
                "Name it, remove the column with all its cells, or say which line holds the names with --header-row 2.",
            )
        if name in seen:
            raise UsageError(f"{source}: two columns are called {name}", "Rename or remove one of them.")
        seen.add(name)


def columns_left_out(names: Sequence[str]) -> tuple[str, ...]:
    """The note on columns of which nothing is made, where there are any."""
    return (f"columns left out: {', '.join(map(shown, names))}",) if names else ()


def exact_fields(header: Sequence[str], tree: SchemaTree) -> list[tuple[FieldPath, Place] | None]:
    """The field that each name is the path of."""
    return [tree.find(path) if (path := FieldPath.parse(name)) else None for name in header]


def fields_of(header: Sequence[str], tree: SchemaTree, source: str) -> list[tuple[FieldPath, Place] | None]:
    """The field of each column: the one called exactly so, else the one whose name is alike without case and punctuation.

    UsageError where two columns are alike, and neither is called exactly so.
    """
    found = exact_fields(header, tree)
    if all(found):
        return found
    taken = {one[0] for one in found if one is not None}
    known = _by_normalised_name(tree)
    columns: dict[FieldPath, str] = {}
    for number, name in enumerate(header):
        is_asked = found[number] is None and name not in BOOKKEEPING and FieldPath.parse(name) is not None
        near = _alike(name, known, tree) if is_asked else None
        if near is None or near[0] in taken:
            continue
        if near[0] in columns:
            raise UsageError(
                f"{source}: the columns {shown(columns[near[0]])} and {shown(name)} have nearly one name",
                f"Name the one that is meant exactly {near[0]}, and remove or rename the other.",
            )
        columns[near[0]] = name
        found[number] = near
    return found


def notes_on_columns(
    header: Sequence[str], used: Mapping[int, FieldPath], left_out: Sequence[str], tree: SchemaTree
) -> tuple[str, ...]:
    """What should be said aloud of a header: columns that are not called exactly as the field that they fill, or that fill none."""
    exact = exact_fields(header, tree)
    alike = [f"{shown(header[column])} as {path}" for column, path in used.items() if exact[column] is None]
    read = (f"columns that are not called exactly as their field: {', '.join(alike)}",) if alike else ()
    return (*read, *columns_left_out(left_out))


def _by_normalised_name(tree: SchemaTree) -> dict[str, list[FieldPath]]:
    """The fields by their names without punctuation, and without the indexes of their lists."""
    known: dict[str, list[FieldPath]] = {}
    for path in _leaves(tree, tree.root, FieldPath(), 0):
        known.setdefault(normalised(INDEX.sub("", str(path))), []).append(path)
    return known


def _alike(
    name: str, known: Mapping[str, Sequence[FieldPath]], tree: SchemaTree
) -> tuple[FieldPath, Place] | None:
    """The one field whose name is alike; the indexes of its lists are the column's, or each row adds an item."""
    near = known.get(normalised(INDEX.sub("", name)), ())
    indexes = [int(index or EACH) for index in INDEX.findall(name)]
    lists = sum(isinstance(part, int) for path in near for part in path)
    if len(near) != 1 or (indexes and len(indexes) != lists):
        return None
    written = iter(indexes or [EACH] * lists)
    return tree.find(FieldPath(next(written) if isinstance(part, int) else part for part in near[0]))


def refuse_container(name: str, place: Place, source: str) -> None:
    """A cell holds one value, so that no column fills an object or a list."""
    if place.types & {"string", "number", "integer", "boolean"} or not place.views[0]:
        return
    if place.is_object:
        near = ", ".join(f"{name}.{key}" for key in place.keys()[:3])
        raise UsageError(
            f"{source}: column {name} is an object, not one value", f"Name its fields: {near or name + '.…'}."
        )
    if place.is_array:
        raise UsageError(
            f"{source}: column {name} is a list, not one value", f"Number its columns: {name}[0]."
        )


class UnknownColumnsError(UsageError):
    """Columns (`names`) that are no field of `tree`, in a table with so many (`found`) that are."""

    def __init__(self, message: str, hint: str, names: Sequence[str], found: int, tree: SchemaTree) -> None:
        super().__init__(message, hint)
        self.names, self.found, self.tree = tuple(names), found, tree

    def with_words(self, source: str, words: Mapping[str, str], remedy: str) -> "UnknownColumnsError":
        """The same where it is known which fields some columns are called by a word for, and what helps."""
        return unknown_column(self.names, self.found, self.tree, source, words, remedy)


def unknown_column(
    unknown: Sequence[str],
    found: int,
    tree: SchemaTree,
    source: str,
    words: Mapping[str, str] = NONE,
    helps: str = "",
) -> UnknownColumnsError:
    """Name the field that each may be; what may be a value and no name, since a header is missing, is not shown.

    `words` has the field of a column that is called by a word for it; a field that is called alike is named where letters are exchanged
    or missing, and not for being near alone.
    """
    known = [str(path) for path in _leaves(tree, tree.root, FieldPath(), 0)]
    hints = []
    for name in sorted(unknown[:MOST_COMPARED], key=lambda name: name not in words):
        plain = str(FieldPath.named(name).general.first)
        near = get_close_matches(plain, known, 1, TYPO) or get_close_matches(plain.lower(), known, 1, TYPO)
        is_name = COLUMN_NAME.fullmatch(without_invisible(name))
        if name in words:
            hints.append(f"{shown(name)} is a word for {words[name]}")
        elif near and is_name:
            hints.append(f"{shown(name)}: did you mean {near[0]}?")
        elif (found or words) and is_name:
            hints.append(f"{shown(name)}: no field is near")
    listed = "; ".join(hints[:5])
    more = f"; and {len(unknown) - len(hints[:5])} more" if len(unknown) > len(hints[:5]) and listed else ""
    plural = "columns are" if len(unknown) > 1 else "column is"
    remedy = helps or "Rename the columns, or leave them out with --ignore-unknown."
    if not found and not words:
        remedy = (
            f"lexer-pipeline inspect {shlex.quote(source)} shows how it is read; where the names of the columns do not stand in the"
            " first line, say in which with --header-row 2; a mapping (--map) may give them fields."
        )
    said = f"{source}: {len(unknown)} {plural} not in the specification. {listed}{more}".strip()
    return UnknownColumnsError(said, remedy, unknown, found, tree)


def _leaves(tree: SchemaTree, place: Place, path: FieldPath, depth: int) -> Iterator[FieldPath]:
    """The paths of the fields below a place, those of lists with their first item."""
    if depth > DEEPEST:
        return
    for key in place.keys():
        below, inner = tree.child(place, key), path / key
        while below is not None and below.is_array and not below.is_object:
            below, inner = tree.item(below), inner / 0
        if below is None or not below.keys():
            yield inner
        else:
            yield from _leaves(tree, below, inner, depth + 1)
