"""The fields that a record needs and that nothing in an export fills."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from lexer_pipeline.model import Schema, Specification
from lexer_pipeline.specs.paths import EACH, FieldPath
from lexer_pipeline.specs.schema import resolve


class Lack(Struct, frozen=True):
    """A field that a record needs and nothing fills; `within` is the object that could be left out instead, or empty."""

    field: FieldPath
    within: FieldPath


def lacking(specification: Specification, filled: Sequence[FieldPath]) -> tuple[Lack, ...]:
    """The required fields that are not among `filled`, in objects that are required or begun."""
    schema = specification.schema
    if not filled and _has_alternatives(resolve(schema, schema)):
        return (Lack(FieldPath(("link",)), FieldPath()),)
    general = [path.general for path in filled]
    return tuple(_lacking(schema, schema, FieldPath(), FieldPath(), general))


def _lacking(
    root: Schema, node: Schema | bool, at: FieldPath, within: FieldPath, filled: Sequence[FieldPath]
) -> Iterator[Lack]:
    """What is lacking below the place `at`, which lies `within` an object that could be left out, if any."""
    flat = resolve(root, node)
    for key, child in flat.get("properties", {}).items():
        inner, here = resolve(root, child), at / key
        while "items" in inner:
            inner, here = resolve(root, inner["items"]), here / EACH
        begun = any(path == here or path.is_within(here) for path in filled)
        needed = key in flat.get("required", ())
        if not begun and not needed:
            continue
        if "properties" in inner and not _has_alternatives(inner):
            optional = within or (FieldPath() if needed else here)
            yield from _lacking(root, inner, here, optional, filled)
        elif not begun:
            yield Lack(here, within)


def _has_alternatives(node: Schema) -> bool:
    return "anyOf" in node or "oneOf" in node
