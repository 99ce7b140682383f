"""The fields of a specification, from its JSON Schema."""

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from lexer_pipeline.model import Field, Schema
from lexer_pipeline.specs.paths import ANY, EACH, FieldPath, Part
from lexer_pipeline.specs.schema import (
    bad_schema,
    checked,
    list_of,
    mapping_of,
    properties_of,
    resolve,
    schemas_of,
    text_of,
)

ALTERNATIVES = ("anyOf", "oneOf")


BOUNDS = (
    ("minimum", "at least {}"),
    ("exclusiveMinimum", "above {}"),
    ("maximum", "at most {}"),
    ("exclusiveMaximum", "below {}"),
    ("multipleOf", "a multiple of {}"),
)


NORMALISATIONS = ("", "email", "hash")


JSON_TYPES: Mapping[type, str] = {str: "string", bool: "boolean", int: "integer", float: "number"}


def fields_of(schema: Schema) -> tuple[Field, ...]:
    """The fields of the records that a schema describes, in reading order."""
    found = _walk(schema, schema, FieldPath(), False, frozenset())
    return tuple(
        replace(field, within=_within(schema, path)) if field.required else field
        for path, field in found.items()
        if path
    )


def required_parents(schema: Schema) -> Iterator[Field]:
    """The objects and lists that each record must have, and of which no single field need be there."""
    whole = _merged(schema, schema, frozenset())
    for name, child in properties_of(whole).items():
        inner = _merged(schema, child, frozenset())
        if name not in whole["required"] or not ("items" in inner or _is_object(schema, child, frozenset())):
            continue
        is_list = "items" in inner
        rule = (
            "one or more"
            if is_list
            else "one of the ways below"
            if any(schemas_of(inner, word) for word in ALTERNATIVES)
            else ""
        )
        yield Field(
            f"{name}[]" if is_list else name,
            "list" if is_list else "object",
            True,
            rule,
            text_of(inner, "description") or "",
            None,
        )


def _within(schema: Schema, path: FieldPath) -> str:
    """The nearest object or list around a required field that may be left out; empty where there is none."""
    node: Schema | bool = schema
    found = FieldPath()
    for length, part in enumerate(path[:-1], 1):
        whole = _merged(schema, node, frozenset())
        if part == EACH:
            node = whole.get("items", True)
            continue
        if part not in properties_of(whole):
            break
        if part not in whole["required"]:
            found = FieldPath(path[:length])
        node = properties_of(whole)[str(part)]
    return str(found) if found else ""


def describes_object(schema: Schema) -> bool:
    """Whether a record of a schema may be an object."""
    return _is_object(schema, schema, frozenset())


def _is_object(root: Schema, node: Schema | bool, seen: frozenset[int]) -> bool:
    if id(node) in seen:
        return False
    whole = _merged(root, node, seen)
    kinds = whole.get("type")
    if kinds is not None:
        return kinds == "object" or (isinstance(kinds, list) and "object" in kinds)
    shapes = [part for keyword in ALTERNATIVES for part in schemas_of(whole, keyword)]
    return "properties" in whole or any(_is_object(root, part, seen | {id(node)}) for part in shapes)


def _walk(
    root: Schema, node: Schema | bool, path: FieldPath, required: bool, seen: frozenset[int]
) -> dict[FieldPath, Field]:
    """The leaves at and below `path`, each once, in reading order; `seen` holds the nodes above.

    A schema that contains itself ends in a leaf where it comes round again.
    """
    whole = _merged(root, node, seen)
    if id(node) in seen and not isinstance(node, bool):
        return {path: _leaf(whole, path, required)}
    below = seen | {id(node)}
    found: dict[FieldPath, Field] = {}
    for part, child, needed in _children(whole, required):
        found |= _walk(root, child, path / part, needed, below)
    if whole.get("additionalProperties") is True:
        found[path / ANY] = _open(whole, path / ANY)
    for keyword in ALTERNATIVES:
        shapes = [part for part in schemas_of(whole, keyword) if resolve(root, part).get("type") != "null"]
        joined = _joined([_walk(root, part, path, required, below) for part in shapes], path)
        if found or "type" in whole:
            joined.pop(path, None)  # the alternatives only narrow what the node itself says
        elif path in joined:
            own = _leaf(whole, path, required)
            held = joined[path]
            joined[path] = replace(
                held,
                description=own.description or held.description,
                example=held.example if own.example is None else own.example,
            )
        found = {**found, **{where: field for where, field in joined.items() if where not in found}}
    return found or {path: _leaf(whole, path, required)}


def _merged(root: Schema, node: Schema | bool, seen: frozenset[int]) -> Schema:
    """`node` with its references and its `allOf` folded in."""
    own = resolve(root, node)
    below = seen | {id(node)}
    parts = [_merged(root, part, below) for part in schemas_of(own, "allOf") if id(part) not in below]
    whole: dict[str, object] = {}
    properties: dict[str, Schema | bool] = {}
    required: list[object] = []
    for part in (*parts, own):
        whole |= part
        properties |= properties_of(part)
        required += list_of(part, "required")
    if properties:
        whole["properties"] = properties
    return whole | {"required": required}


def _children(whole: Schema, required: bool) -> Iterator[tuple[Part, Schema | bool, bool]]:
    for name, child in properties_of(whole).items():
        yield name, child, name in whole["required"]
    if isinstance(whole.get("additionalProperties"), Mapping):
        yield ANY, whole["additionalProperties"], False
    if "items" in whole:
        yield EACH, checked(whole["items"], "items"), required


def _joined(shapes: list[dict[FieldPath, Field]], path: FieldPath) -> dict[FieldPath, Field]:
    """The leaves of alternatives, each once; required only where no alternative does without."""
    joined: dict[FieldPath, Field] = {}
    for where in dict.fromkeys(where for shape in shapes for where in shape):
        held = [shape[where] for shape in shapes if where in shape]
        inner = where[len(path) :]
        everywhere = len(held) == len(shapes) or len(inner) > 1 or EACH in inner
        joined[where] = replace(
            held[0],
            type=" or ".join(dict.fromkeys(field.type for field in held)),
            required=everywhere and all(field.required for field in held),
        )
    return joined


def _leaf(whole: Schema, path: FieldPath, required: bool) -> Field:
    normalise = whole.get("x-normalise", "")
    if normalise not in NORMALISATIONS:
        raise bad_schema(f"x-normalise of {path} is neither email nor hash")
    examples = list_of(whole, "examples")
    return Field(
        path=str(path),
        type=_type(whole),
        required=required,
        rule="; ".join(_rules(whole)),
        description=text_of(whole, "description") or "",
        example=examples[0] if examples else whole.get("default"),
        normalise=normalise,
    )


def _open(whole: Schema, path: FieldPath) -> Field:
    """The field that stands for the keys of an object that takes any."""
    own = _leaf(whole, path, False)
    example = own.example
    if isinstance(example, Mapping):
        example = next(iter(example.values()), None)
    return replace(own, type="any", rule="", example=example)


def _type(whole: Schema) -> str:
    kinds = whole.get("type")
    kinds = kinds if isinstance(kinds, list) else [kinds] if kinds else []
    if not kinds:
        kinds = [JSON_TYPES.get(type(value), "any") for value in _allowed(whole)]
    words = dict.fromkeys(str(kind) for kind in kinds if kind != "null")
    if "format" in whole and set(words) <= {"string"}:
        return str(whole["format"])
    return " or ".join(words) or "any"


def _rules(whole: Schema) -> Iterator[str]:
    if allowed := _allowed(whole):
        yield f"one of: {', '.join(map(str, allowed))}"
    if bounds := [words.format(whole[keyword]) for keyword, words in BOUNDS if keyword in whole]:
        yield ", ".join(bounds)
    if length := _length(whole.get("minLength"), whole.get("maxLength")):
        yield length
    if rule := text_of(whole, "x-rule"):
        yield rule
    elif "pattern" in whole:
        yield f"matches {whole['pattern']}"
    if "default" in whole:
        yield f"{whole['default']} when absent"
    for value, advice in mapping_of(whole, "x-deprecated-values").items():
        yield f"{value} is deprecated: {advice}"


def _allowed(whole: Schema) -> list[object]:
    return [whole["const"]] if "const" in whole else list_of(whole, "enum")


def _length(least: object, most: object) -> str:
    least, most = least if isinstance(least, int) else 0, most if isinstance(most, int) else None
    if least and most is not None:
        return f"{least} to {most} characters"
    if most is not None:
        return f"at most {most} characters"
    return f"at least {least} character{'s' if least > 1 else ''}" if least else ""
