"""The specifications: one JSON Schema (draft 2020-12) a file, found by looking in a folder."""

import difflib
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import unquote

from pipeline.errors import UsageError
from pipeline.model import Field, Specification

Schema: TypeAlias = Mapping[str, Any]

_HERE = Path(__file__).resolve().parent
SCHEMAS: Path = _HERE / "schemas" if (_HERE / "schemas").is_dir() else _HERE.parent / "schemas"

_NAME = re.compile(r"[A-Za-z0-9_]+")
_ANNOTATIONS = frozenset(
    {"title", "description", "examples", "default", "deprecated", "readOnly", "writeOnly"}
)
_ALTERNATIVES = ("anyOf", "oneOf")
_BOUNDS = (
    ("minimum", "at least {}"),
    ("exclusiveMinimum", "above {}"),
    ("maximum", "at most {}"),
    ("exclusiveMaximum", "below {}"),
    ("multipleOf", "a multiple of {}"),
)
_NORMALISATIONS = ("", "email", "hash")
_JSON_TYPES: Mapping[type, str] = {str: "string", bool: "boolean", int: "integer", float: "number"}


def names() -> tuple[str, ...]:
    """The names of the specifications in the folder, in alphabetical order."""
    return tuple(sorted(path.stem for path in SCHEMAS.glob("*.json")))


def every() -> tuple[Specification, ...]:
    """All specifications of the folder, in the order of `names`."""
    return tuple(load(SCHEMAS / f"{name}.json") for name in names())


def find(word: str) -> Specification:
    """The specification that `word` means: a specification name, a record type or the path of a schema.

    Names come before paths, so a file called `purchase` in the working folder changes nothing.
    """
    known = names()
    if word in known:
        return load(SCHEMAS / f"{word}.json")
    files = {name: SCHEMAS / f"{name}.json" for name in known}
    record_types = {_text(_read(path), "x-record-type"): path for path in files.values()}
    if word and word in record_types:
        return load(record_types[word])
    if word.endswith(".json") or "/" in word or os.sep in word or os.path.isfile(word):  # noqa: PTH113  # a path too long is no error here
        return load(Path(word))
    raise _unknown(word, [*known, *(kind for kind in record_types if kind)])


def load(path: Path) -> Specification:
    """The specification in one schema file; its name is the file's name without `.json`."""
    if not _NAME.fullmatch(path.stem):
        raise UsageError(
            f"{path}: a specification cannot be called {path.stem!r}",
            "Its name goes into file names: rename the file, with letters, digits and underscores alone.",
        )
    schema = _read(path)
    try:
        return _specification(path.stem, schema)
    except UsageError as error:
        raise UsageError(f"{path}: {error.message}", error.hint) from error
    except RecursionError as error:
        raise UsageError(f"{path}: the schema is nested too deeply", "Make it flatter.") from error


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


def _read(path: Path) -> Schema:
    try:
        schema = json.loads(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path}: the schema cannot be read: {error.strerror}", "Check the path.") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: the schema is not JSON", "Give the path of a JSON Schema file.") from error
    if not isinstance(schema, dict):
        raise UsageError(f"{path}: the schema is not a JSON object", "Give the path of a JSON Schema file.")
    return schema


def _specification(name: str, schema: Schema) -> Specification:
    if not _describes_object(schema, schema, frozenset()):
        raise _bad_schema(
            "the root does not describe an object", 'A record is an object: say "type": "object".'
        )
    fields = tuple(field for path, field in _walk(schema, schema, "", False, frozenset()).items() if path)
    key = _text(schema, "x-key")
    if key is not None and key not in {field.path for field in fields}:
        raise _bad_schema(f"x-key names {key}, which is not a field")
    return Specification(
        name=name,
        record_type=_text(schema, "x-record-type"),
        area=_text(schema, "x-area") or "",
        title=_text(schema, "title") or name,
        evidence=_text(schema, "x-evidence") or "",
        key=key,
        schema=schema,
        fields=fields,
    )


def _describes_object(root: Schema, node: Schema | bool, seen: frozenset[int]) -> bool:
    if id(node) in seen:
        return False
    whole = _merged(root, node, seen)
    kinds = whole.get("type")
    if kinds is not None:
        return kinds == "object" or (isinstance(kinds, list) and "object" in kinds)
    shapes = [part for keyword in _ALTERNATIVES for part in _schemas(whole, keyword)]
    return "properties" in whole or any(_describes_object(root, part, seen | {id(node)}) for part in shapes)


def _walk(
    root: Schema, node: Schema | bool, path: str, required: bool, seen: frozenset[int]
) -> dict[str, Field]:
    """The leaves at and below `path`, each once, in reading order; `seen` holds the nodes above.

    A schema that contains itself ends in a leaf where it comes round again.
    """
    whole = _merged(root, node, seen)
    if id(node) in seen and not isinstance(node, bool):
        return {path: _leaf(whole, path, required)}
    below = seen | {id(node)}
    found: dict[str, Field] = {}
    for step, child, needed in _children(whole, required):
        found |= _walk(root, child, (path + step).removeprefix("."), needed, below)
    if whole.get("additionalProperties") is True:
        found[(path + ".*").removeprefix(".")] = _open(whole, (path + ".*").removeprefix("."))
    for keyword in _ALTERNATIVES:
        shapes = [part for part in _schemas(whole, keyword) if resolve(root, part).get("type") != "null"]
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
    parts = [_merged(root, part, below) for part in _schemas(own, "allOf") if id(part) not in below]
    whole: dict[str, Any] = {}
    properties: dict[str, Any] = {}
    required: list[str] = []
    for part in (*parts, own):
        whole |= part
        properties |= _properties(part)
        required += _list(part, "required")
    if properties:
        whole["properties"] = properties
    return whole | {"required": required}


def _children(whole: Schema, required: bool) -> Iterator[tuple[str, Schema | bool, bool]]:
    for name, child in _properties(whole).items():
        yield f".{name}", child, name in whole["required"]
    if isinstance(whole.get("additionalProperties"), Mapping):
        yield ".*", whole["additionalProperties"], False
    if "items" in whole:
        yield "[]", _checked(whole["items"], "items"), required


def _joined(shapes: list[dict[str, Field]], path: str) -> dict[str, Field]:
    """The leaves of alternatives, each once; required only where no alternative does without."""
    joined: dict[str, Field] = {}
    for where in dict.fromkeys(where for shape in shapes for where in shape):
        held = [shape[where] for shape in shapes if where in shape]
        inner = where.removeprefix(path).removeprefix(".")
        everywhere = len(held) == len(shapes) or "." in inner or "[" in inner
        joined[where] = replace(
            held[0],
            type=" or ".join(dict.fromkeys(field.type for field in held)),
            required=everywhere and all(field.required for field in held),
        )
    return joined


def _leaf(whole: Schema, path: str, required: bool) -> Field:
    normalise = whole.get("x-normalise", "")
    if normalise not in _NORMALISATIONS:
        raise _bad_schema(f"x-normalise of {path} is neither email nor hash")
    examples = _list(whole, "examples")
    return Field(
        path=path,
        type=_type(whole),
        required=required,
        rule="; ".join(_rules(whole)),
        description=_text(whole, "description") or "",
        example=examples[0] if examples else whole.get("default"),
        normalise=normalise,
    )


def _open(whole: Schema, path: str) -> Field:
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
        kinds = [_JSON_TYPES.get(type(value), "any") for value in _allowed(whole)]
    words = dict.fromkeys(str(kind) for kind in kinds if kind != "null")
    if "format" in whole and set(words) <= {"string"}:
        return str(whole["format"])
    return " or ".join(words) or "any"


def _rules(whole: Schema) -> Iterator[str]:
    if allowed := _allowed(whole):
        yield f"one of: {', '.join(map(str, allowed))}"
    if bounds := [words.format(whole[keyword]) for keyword, words in _BOUNDS if keyword in whole]:
        yield ", ".join(bounds)
    if length := _length(whole.get("minLength"), whole.get("maxLength")):
        yield length
    if rule := _text(whole, "x-rule"):
        yield rule
    elif "pattern" in whole:
        yield f"matches {whole['pattern']}"
    if "default" in whole:
        yield f"{whole['default']} when absent"
    for value, advice in _mapping(whole, "x-deprecated-values").items():
        yield f"{value} is deprecated: {advice}"


def _allowed(whole: Schema) -> list[Any]:
    return [whole["const"]] if "const" in whole else _list(whole, "enum")


def _length(least: object, most: object) -> str:
    least, most = least if isinstance(least, int) else 0, most if isinstance(most, int) else None
    if least and most is not None:
        return f"{least} to {most} characters"
    if most is not None:
        return f"at most {most} characters"
    return f"at least {least} character{'s' if least > 1 else ''}" if least else ""


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


def _unknown(word: str, known: Iterable[str]) -> UsageError:
    near = difflib.get_close_matches(word.lower(), known, n=3)
    words = ", ".join(near or names())
    return UsageError(
        f"{word!r} is no specification, no record type and no schema file",
        f"Did you mean: {words}?" if near else f"The specifications are: {words}.",
    )
