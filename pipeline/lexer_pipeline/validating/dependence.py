"""What of a record the schema's word on it depends on, beside the values themselves."""

from collections.abc import Iterator

from lexer_pipeline.model import Schema
from lexer_pipeline.specs.paths import FieldPath
from lexer_pipeline.specs.schema_tree import Place, SchemaTree
from lexer_pipeline.validating.branches import Leaf
from lexer_pipeline.validating.keywords import COMBINATIONS, FOR_LISTS, is_silent


def is_free(leaf: Leaf, tree: SchemaTree) -> bool:
    """Whether nothing else depends on whether the leaf is filled, if it is known which items there are.

    So no field, no list, and no choice of the schema does.
    """
    place: Place | None = tree.root
    rest = leaf.path
    if (repeated := leaf.path.repeated_list) is not None:
        whole = tree.at(repeated)
        if whole is None or not all(map(_asks_only_items, whole.views)):
            return False
        place, rest = tree.item(whole), FieldPath(leaf.path[len(repeated) + 1 :])
    for depth, part in enumerate(rest):
        if place is None or isinstance(part, int):
            return False
        if not all(_asks_nothing(view, depth, part) for view in place.views):
            return False
        place = tree.child(place, part)
    return True


def _asks(view: Schema) -> set[str]:
    """The rules of a schema that may depend on more than one value."""
    return {rule for rule in view if rule in COMBINATIONS or not is_silent(rule)}


def _asks_only_items(view: Schema) -> bool:
    return _asks(view) <= FOR_LISTS


def _asks_nothing(view: Schema, depth: int, key: str) -> bool:
    """Whether an object of this schema may have a field or not; one that is optional itself may then require none."""
    required = view.get("required", ())
    return _asks(view) <= {"required"} and (key not in required if depth == 0 else not required)


def condition_names(view: object, inside: bool) -> Iterator[str]:
    """The names of all fields that a condition or a choice of the schema speaks of."""
    if isinstance(view, list):
        for part in view:
            yield from condition_names(part, inside)
    elif isinstance(view, dict):
        if inside:
            yield from view.get("properties", {})
        for key, part in view.items():
            yield from condition_names(part, inside or key in ("if", "not", "oneOf"))
