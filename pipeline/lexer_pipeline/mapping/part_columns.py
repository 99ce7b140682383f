"""The columns that the parts of items become, where a cell of a table holds a list."""

from collections.abc import Sequence

from msgspec import Struct

from lexer_pipeline.mapping.rules import Mapping, Packing
from lexer_pipeline.specs.names import normalised

# In a mapping: what stands between the column that holds a list and a part of each of its items.
OF_EACH = "[]."


class PartColumns(Struct, frozen=True):
    """The `names` under which a mapping reads parts of the items that a `column` of the source holds, and those of the parts."""

    column: int
    packing: Packing
    names: tuple[str, ...]
    parts: tuple[str, ...]


def part_columns(mapping: Mapping, names: Sequence[str]) -> tuple[PartColumns, ...]:
    """For each column of a header that holds a list, as a mapping says, the parts that are read."""
    if not mapping.packed:
        return ()
    read = list(dict.fromkeys(name for record in mapping.records for name in record.columns()))
    found = []
    for packing in mapping.packed:
        wanted = normalised(packing.column)
        column = next((at for at, name in enumerate(names) if normalised(name) == wanted), None)
        if column is not None:
            mine = tuple(name for name in read if owner(name) == wanted)
            parts = tuple(name.partition(OF_EACH)[2].strip().casefold() for name in mine)
            found.append(PartColumns(column, packing, mine, parts))
    return tuple(found)


def owner(name: str) -> str:
    """The column whose items a name of a mapping reads a part of, as names are compared; nothing where it names a whole column."""
    base, of_each, _ = name.partition(OF_EACH)
    return normalised(base) if of_each else ""
