"""Reading a JSON Schema that may not be one: references followed, each keyword checked for its form."""

from collections.abc import Mapping
from typing import Any, TypeAlias
from urllib.parse import unquote

from lexer_pipeline.errors import UsageError

Schema: TypeAlias = Mapping[str, Any]


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
        reference = _text(node, "$ref") or ""
        if reference in passed:
            raise _bad_schema(f"the reference {reference} leads back to itself")
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
        raise _bad_schema(f"the reference {reference} leads out of the file, or to an anchor")
    found: Any = schema_root
    for escaped in unquote(reference).split("/")[1:]:
        step = escaped.replace("~1", "/").replace("~0", "~")
        if isinstance(found, list) and step.isdecimal() and int(step) < len(found):
            found = found[int(step)]
        elif isinstance(found, Mapping) and step in found:
            found = found[step]
        else:
            raise _bad_schema(f"the reference {reference} leads nowhere")
    return _checked(found, reference)


def _properties(node: Schema) -> Mapping[str, Schema | bool]:
    return {name: _checked(child, name) for name, child in _mapping(node, "properties").items()}


def _schemas(node: Schema, keyword: str) -> list[Schema | bool]:
    return [_checked(part, keyword) for part in _list(node, keyword)]


def _mapping(node: Schema, keyword: str) -> Mapping[str, Any]:
    value = node.get(keyword, {})
    if not isinstance(value, Mapping):
        raise _bad_schema(f"{keyword} is not an object")
    return value


def _list(node: Schema, keyword: str) -> list[Any]:
    value = node.get(keyword, [])
    if not isinstance(value, list):
        raise _bad_schema(f"{keyword} is not an array")
    return value


def _text(node: Schema, keyword: str) -> str | None:
    value = node.get(keyword)
    if value is None or isinstance(value, str):
        return value
    raise _bad_schema(f"{keyword} is not text")


def _checked(node: object, where: str) -> Schema | bool:
    if isinstance(node, bool | Mapping):
        return node
    raise _bad_schema(f"{where} is neither an object nor true or false")


def _bad_schema(what: str, remedy: str = "Mend the schema (JSON Schema, draft 2020-12).") -> UsageError:
    return UsageError(f"the schema is not usable: {what}", remedy)
