"""What is wrong with the header of a table: columns that have no name, the same one, or none that is a field."""

import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from lexer_pipeline.chunks.rejected import BOOKKEEPING
from lexer_pipeline.errors import UsageError
from lexer_pipeline.specs.paths import FieldPath
from lexer_pipeline.specs.schema_tree import Place, SchemaTree

# What a column is called, as far as a message may repeat it.
COLUMN_NAME = re.compile(r"[\w .()\[\]/#&'-]{1,60}")
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
                "Name it, or remove the column with all its cells.",
            )
        if name in seen:
            raise UsageError(f"{source}: two columns are called {name}", "Rename or remove one of them.")
        seen.add(name)


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


def unknown_column(unknown: Sequence[str], found: int, tree: SchemaTree, source: str) -> UsageError:
    """Name the nearest field of each; what may be a value and no name, since a header is missing, is not shown."""
    known = [str(path) for path in _leaves(tree, tree.root, FieldPath(), 0)]
    hints = []
    for name in unknown:
        plain = str(FieldPath.named(name).general.first)
        near = get_close_matches(plain, known, 1) or get_close_matches(plain.lower(), known, 1, 0.5)
        if near and COLUMN_NAME.fullmatch(name):
            hints.append(f"{name}: did you mean {near[0]}?")
        elif found and COLUMN_NAME.fullmatch(name):
            hints.append(f"{name}: no field is near")
    shown = "; ".join(hints[:5])
    more = f" and {len(unknown) - len(hints[:5])} more" if len(unknown) > len(hints[:5]) and shown else ""
    plural = "columns are" if len(unknown) > 1 else "column is"
    remedy = "Rename the columns, or leave them out with --ignore-unknown."
    if not found:
        remedy = "Check that the first line holds the names of the columns; a mapping (--map) may give them fields."
    return UsageError(
        f"{source}: {len(unknown)} {plural} not in the specification. {shown}{more}".strip(), remedy
    )


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
