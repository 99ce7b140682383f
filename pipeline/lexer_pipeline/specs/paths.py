"""Field paths: how a mapping, a header and a message name a place in a record."""

import re

from lexer_pipeline.specs.schema_tree import Place, SchemaTree

Path = tuple[str | int, ...]


def path_text(path: Path) -> str:
    """A path as people write it: products[0].price_paid."""
    text = ""
    for part in path:
        shown = "[]" if part == -1 else f"[{part}]"
        text += shown if isinstance(part, int) else f".{part}" if text else part
    return text


def general(path: Path) -> str:
    """A path without its indexes, for counting: products[].price_paid."""
    return path_text(tuple(-1 if isinstance(part, int) else part for part in path))


# In a path: this part once for each row of the record.
EACH = -1


PART = re.compile(r"(?P<name>[^\[\]]*)(?P<indexes>(?:\[[0-9]{0,6}\])*)", re.DOTALL)


def named_path(name: str) -> Path | None:
    """The parts of a dotted name with indexes (EACH for an empty one); None when it is no such name."""
    path: list[str | int] = []
    for part in name.split("."):
        match = PART.fullmatch(part)
        if not match or not match["name"]:
            return None
        path.append(match["name"])
        path.extend(int(index or EACH) for index in re.findall(r"\[([0-9]*)\]", match["indexes"]))
    return tuple(path)


def find_place(tree: SchemaTree, named: Path) -> tuple[Path, Place] | None:
    """The place that a path names; a list without an index means an item a row, as `[]` does."""
    place = tree.root
    path: list[str | int] = []
    for part in named:
        if not isinstance(part, int) and place.is_array and not place.is_object:
            path.append(EACH)
            place = tree.item(place) or Place(())
        below = tree.item(place) if isinstance(part, int) else tree.child(place, part)
        if below is None:
            return None
        path.append(part)
        place = below
    return tuple(path), place
