"""Reading a JSON Schema that may not be one: references followed, each keyword checked for its form."""

from collections.abc import Mapping
from urllib.parse import unquote

from lexer_pipeline.errors import UsageError
from lexer_pipeline.model import Schema

_ANNOTATIONS = frozenset(
    {"title", "description", "examples", "default", "deprecated", "readOnly", "writeOnly"}
)


def resolve(schema_root: Schema, node: Schema | bool) -> Schema:
    """The schema that `node` stands for: local references followed, `true` and `false` spelled out.

    What stands beside a `$ref` holds too (JSON Schema 2020-12, 8.2.3.1): annotations replace those
    of the target, and rules that both have are joined with `allOf`.
    """
    if isinstance(node, bool):
        return {} if node else {"not": {}}
    beside: list[Schema] = []
    passed: set[str] = set()
    while "$ref" in node:
        reference = text_of(node, "$ref") or ""
        if reference in passed:
            raise bad_schema(f"the reference {reference} leads back to itself")
        passed.add(reference)
        beside.append({key: value for key, value in node.items() if key != "$ref"})
        node = _target(schema_root, reference)
        if isinstance(node, bool):
            node = resolve(schema_root, node)
    for own in reversed(beside):
        node = _beside(own, node)
    return node


def _beside(own: Schema, target: Schema) -> Schema:
    shared = [key for key in own if key in target and own[key] != target[key]]
    if all(key in _ANNOTATIONS or key.startswith(("x-", "$")) for key in shared):
        return {**target, **own}
    return {**own, "allOf": [*own.get("allOf", ()), target]}


def _target(schema_root: Schema, reference: str) -> Schema | bool:
    if reference != "#" and not reference.startswith("#/"):
        raise bad_schema(f"the reference {reference} leads out of the file, or to an anchor")
    found = pointed_at(schema_root, reference)
    if found is None:
        raise bad_schema(f"the reference {reference} leads nowhere")
    return checked(found, reference)


def pointed_at(root: object, pointer: str) -> object:
    """What a JSON pointer behind a # leads to (RFC 6901); None where it leads nowhere."""
    found = root
    for escaped in unquote(pointer).split("/")[1:]:
        step = escaped.replace("~1", "/").replace("~0", "~")
        if isinstance(found, list) and step.isdecimal() and int(step) < len(found):
            found = found[int(step)]
        elif isinstance(found, Mapping) and step in found:
            found = found[step]
        else:
            return None
    return found


def properties_of(node: Schema) -> Mapping[str, Schema | bool]:
    """The schemas of the fields that a schema names."""
    return {name: checked(child, name) for name, child in mapping_of(node, "properties").items()}


def schemas_of(node: Schema, keyword: str) -> list[Schema | bool]:
    """The schemas that a keyword lists."""
    return [checked(part, keyword) for part in list_of(node, keyword)]


def mapping_of(node: Schema, keyword: str) -> Mapping[str, object]:
    """The object that a keyword holds, empty where it is absent."""
    value = node.get(keyword, {})
    if not isinstance(value, Mapping):
        raise bad_schema(f"{keyword} is not an object")
    return value


def list_of(node: Schema, keyword: str) -> list[object]:
    """The list that a keyword holds, empty where it is absent."""
    value = node.get(keyword, [])
    if not isinstance(value, list):
        raise bad_schema(f"{keyword} is not an array")
    return value


def text_of(node: Schema, keyword: str) -> str | None:
    """The text that a keyword holds, if any."""
    value = node.get(keyword)
    if value is None or isinstance(value, str):
        return value
    raise bad_schema(f"{keyword} is not text")


def checked(node: object, where: str) -> Schema | bool:
    """What stands where a schema belongs, if it is one."""
    if isinstance(node, bool | Mapping):
        return node
    raise bad_schema(f"{where} is neither an object nor true or false")


def bad_schema(what: str, remedy: str = "Fix the schema (JSON Schema, draft 2020-12).") -> UsageError:
    """The error of a schema that cannot be used."""
    return UsageError(f"the schema is not usable: {what}", remedy)
