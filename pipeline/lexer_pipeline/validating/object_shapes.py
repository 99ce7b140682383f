"""The fields of an object, and the sets of them that its schema asks for, in the few words that the kernels know."""

from collections.abc import Mapping

from lexer_pipeline.model import Schema
from lexer_pipeline.specs.schema import resolve
from lexer_pipeline.validating.keywords import COMBINATIONS, is_silent

# What of a schema is for people alone.
ANNOTATIONS = frozenset({"title", "description", "examples", "default", "deprecated", "$comment"})
CONTAINER_WORDS = frozenset({"required"})
# A set of fields that an object may have: those that are required, and all that are allowed.
Shape = tuple[list[str], list[str]]


class NotCompiled(Exception):
    """The schema says something that the kernel has no words for."""


def shapes_of(root: Schema, schema: Schema) -> tuple[Mapping[str, Schema | bool], list[Shape]]:
    """The fields of an object, its own or those of its alternatives, and the shapes that it may have."""
    if "anyOf" not in schema:
        own = schema.get("properties", {})
        return own, [(list(schema.get("required", ())), list(own))]
    if "properties" in schema or "required" in schema:
        raise NotCompiled
    fields: dict[str, Schema | bool] = {}
    shapes: list[Shape] = []
    for view in schema["anyOf"]:
        one = resolve(root, view)
        if one.get("additionalProperties") is not False or set(rules_of(one)) - CONTAINER_WORDS:
            raise NotCompiled
        for key, inner in one.get("properties", {}).items():
            if key in fields and not _are_alike(root, fields[key], inner):
                raise NotCompiled
            fields.setdefault(key, inner)
        shapes.append((list(one.get("required", ())), list(one.get("properties", {}))))
    return fields, shapes


def _are_alike(root: Schema, view: Schema | bool, other: Schema | bool) -> bool:
    """Whether two subschemas ask for the same, and for the same clean-ups."""
    return _meaning(resolve(root, view)) == _meaning(resolve(root, other))


def rules_of(schema: Schema) -> Schema:
    """What a schema asks for, beside what is said elsewhere or by nobody."""
    return {key: value for key, value in schema.items() if not is_silent(key) or key in COMBINATIONS}


def _meaning(schema: Schema) -> Schema:
    """A schema without what it says to people."""
    said = {"x-normalise", "x-deprecated-values", "x-kind"}
    return {
        key: value
        for key, value in schema.items()
        if key in said or (key not in ANNOTATIONS and not key.startswith("x-"))
    }
