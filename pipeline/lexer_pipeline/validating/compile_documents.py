"""A schema compiled for the kernel that vouches for documents.

What the kernel is told is at most as wide as the schema: a part that it cannot check stands as UNSURE, and a
document that reaches it goes to the reference.
"""

import math
import re
from collections.abc import Mapping, Sequence

import numpy as np

from lexer_pipeline.kernels import codes, dispatch
from lexer_pipeline.kernels.arrays import Int64s, UInt64s
from lexer_pipeline.model import Schema
from lexer_pipeline.specs.paths import ANY, EACH, FieldPath
from lexer_pipeline.specs.schema import resolve
from lexer_pipeline.specs.schema_tree import Place, SchemaTree
from lexer_pipeline.validating.cell_kinds import enum_words, text_kind
from lexer_pipeline.validating.keywords import EMAIL_PATTERN, KNOWN_TEXT, number_bounds
from lexer_pipeline.validating.object_shapes import CONTAINER_WORDS, NotCompiled, rules_of, shapes_of

DEEPEST = 20
TEXT_WORDS = frozenset({"minLength", "maxLength"})
# What the kernel may do to a text, and how the reference calls it.
CLEANED = {codes.KIND_EMAIL: "email_cleaned", codes.KIND_HASH: "hash_cleaned"}
# What says of a schema without rules that it does not take any value as it is.
NOT_OPEN = {"type", "properties", "additionalProperties", "x-normalise", "x-holds", "x-deprecated-values"}
# What JSON writes with a backslash; a byte that nothing in a document begins with.
ESCAPED = re.compile(rb'["\\\x00-\x1f]')
NEVER = b"\0"
NOWHERE = Place(())


def compile_automaton(schema: Schema) -> "dispatch.Automaton | None":
    """The automaton of a schema, or None where the kernel has no words for it."""
    try:
        return Tables(schema).automaton()
    except NotCompiled:
        return None


class Tables:
    """A schema as tables; see `documents.Automaton` for what their numbers mean. Raises NotCompiled."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._tree = SchemaTree(schema)
        self.nodes: list[list[int]] = []
        self.bounds: list[tuple[float, float]] = []
        self._properties: list[tuple[int, int, int]] = []
        self._shapes: list[tuple[int, int]] = []
        self._conditions: list[tuple[int, int, int, int]] = []
        self.text = b""
        self._slots: list[tuple[str, str]] = []
        self._paths: list[FieldPath] = []
        self.root = self.object(resolve(schema, schema), FieldPath())

    def automaton(self) -> "dispatch.Automaton":
        """The tables for the kernel of documents."""
        return dispatch.Automaton(
            np.array(self.nodes, np.int32).reshape(-1, 10), np.array(self.bounds, np.float64).reshape(-1, 2),
            np.array(self._properties, np.int32).reshape(-1, 3), self.shape_table(), self.condition_table(), self.text, self.root,
            tuple(self._slots), tuple(self._paths),
        )  # fmt: skip

    def shape_table(self) -> UInt64s:
        """The shapes of all objects: (required, allowed) bits."""
        return np.array(self._shapes, np.uint64).reshape(-1, 2)

    def condition_table(self) -> Int64s:
        """The conditions of all objects: (field, word, holds when absent, required bits)."""
        return np.array(_signed(self._conditions), np.int64).reshape(-1, 4)

    def field(self, node: int, key: str) -> tuple[int, int]:
        """The bit of a field in its object, and its node; -1 for what there is not."""
        if ESCAPED.search(key.encode()):
            return -1, -1
        first, last = self.nodes[node][2:4]
        for bit, (begin, end, child) in enumerate(self._properties[first:last]):
            if self.text[begin:end] == b'"' + key.encode() + b'":':
                return bit, child
        return -1, self.nodes[node][8]

    def words(self, node: int) -> list[tuple[int, int]]:
        """Where the words of an enum stand in the text, without their quotes."""
        first, last = self.nodes[node][2:4]
        return [(begin + 1, end - 1) for begin, end, _ in self._properties[first:last]]

    def _node(
        self, path: FieldPath, what: int, kind: int = 0, low: float = -math.inf, high: float = math.inf
    ) -> int:
        self.nodes.append([what, kind, 0, 0, 0, 0, 0, 0, -1, -1])
        self.bounds.append((low, high))
        self._paths.append(path)
        return len(self.nodes) - 1

    def _word(self, word: bytes, behind: bytes = b"") -> tuple[int, int]:
        """Put a word where the kernel finds it, as it stands in a document; one with escapes is never found."""
        at = len(self.text)
        self.text += NEVER if ESCAPED.search(word) else b'"' + word + b'"' + behind
        return at, len(self.text)

    def value(self, view: Schema | bool, path: FieldPath) -> int:
        """The node of the subschema at a path; UNSURE where it cannot be one."""
        if len(path) > DEEPEST or isinstance(view, bool):
            return self._node(path, codes.NODE_OPEN if view is True else codes.NODE_UNSURE)
        schema = resolve(self._schema, view)
        if not rules_of(schema) and not NOT_OPEN & set(schema):
            return self._node(path, codes.NODE_OPEN)
        try:
            return self._typed(schema, path)
        except NotCompiled:
            return self._node(path, codes.NODE_UNSURE)

    def _typed(self, schema: Schema, path: FieldPath) -> int:
        kind = schema.get("type")
        if kind == "object" or "properties" in schema or "anyOf" in schema:
            return self.object(schema, path)
        if kind == "array":
            return self._array(schema, path)
        if kind == "string" or (kind is None and "enum" in schema):
            return self._string(schema, path)
        if kind in ("number", "integer"):
            bounds = number_bounds(rules_of(schema))
            if bounds is None:
                raise NotCompiled
            return self._node(
                path,
                codes.NODE_NUMBER,
                codes.KIND_INTEGER if kind == "integer" else codes.KIND_NUMBER,
                *bounds,
            )
        if kind == "boolean" and not rules_of(schema):
            return self._node(path, codes.NODE_BOOLEAN)
        raise NotCompiled

    def _array(self, schema: Schema, path: FieldPath) -> int:
        if not set(rules_of(schema)) <= {"items", "minItems", "maxItems"}:
            raise NotCompiled
        node = self._node(
            path, codes.NODE_ARRAY, 0, schema.get("minItems", 0), schema.get("maxItems", math.inf)
        )
        self.nodes[node][8] = self.value(schema.get("items", True), path / EACH)
        return node

    def _string(self, schema: Schema, path: FieldPath) -> int:
        rules = rules_of(schema)
        normalise = schema.get("x-normalise")
        if "enum" in rules and set(rules) == {"enum"}:
            deprecated = schema.get("x-deprecated-values", ())
            return self._enum([word for word in rules["enum"] if word not in deprecated], path)
        if schema.get("x-holds") == "mobile":
            return self._mobile(rules, path)
        known = next((kind for rule, kind in KNOWN_TEXT if rules == rule), None)
        if normalise == "email":
            known = codes.KIND_EMAIL if rules in ({}, {"pattern": EMAIL_PATTERN}) else None
        elif normalise == "hash":
            known = codes.KIND_HASH if not rules else None
        elif known == codes.KIND_EMAIL or (known is None and not set(rules) <= TEXT_WORDS):
            raise NotCompiled
        elif known is None:
            low, high = rules.get("minLength", 0), rules.get("maxLength", math.inf)
            # Lengths are in characters, and the kernel counts bytes: one is the only minimum that is the same.
            if low > 1:
                raise NotCompiled
            return self._node(path, codes.NODE_STRING, text_kind(self._tree.at(path) or NOWHERE), low, high)
        if known is None:
            raise NotCompiled
        node = self._node(path, codes.NODE_STRING, known)
        # Below a field that the schema does not name, the path of a conversion depends on the document.
        if known in CLEANED and ANY not in path:
            self.nodes[node][9] = len(self._slots)
            self._slots.append((CLEANED[known], str(path.general)))
        return node

    def _mobile(self, rules: Schema, path: FieldPath) -> int:
        """A node with a low of 1 where the mobile may not be an empty text."""
        if rules:
            raise NotCompiled
        identifies = (self._tree.at(path) or NOWHERE).identifies
        return self._node(path, codes.NODE_STRING, codes.KIND_MOBILE, int(identifies))

    def _enum(self, options: Sequence[object], path: FieldPath) -> int:
        words = enum_words(options)
        if words is None:
            raise NotCompiled
        node = self._node(path, codes.NODE_STRING, codes.KIND_ENUM)
        self.nodes[node][2] = len(self._properties)
        self._properties += [(*self._word(word), -1) for word in words]
        self.nodes[node][3] = len(self._properties)
        return node

    def object(self, schema: Schema, path: FieldPath) -> int:
        """The node of an object: its own fields, or those of its alternatives."""
        if set(rules_of(schema)) - CONTAINER_WORDS - {"anyOf", "allOf"}:
            raise NotCompiled
        fields, shapes = shapes_of(self._schema, schema)
        if len(fields) > 63:
            raise NotCompiled
        children = [self.value(view, path / key) for key, view in fields.items()]
        node = self._node(path, codes.NODE_OBJECT)
        begin = len(self._properties)
        for key, child in zip(fields, children, strict=True):
            self._properties.append((*self._word(key.encode(), b":"), child))
        first_shape, first_condition = len(self._shapes), len(self._conditions)
        bits = {key: 1 << place for place, key in enumerate(fields)}
        self._shapes += [(_mask(needed, bits), _mask(allowed, bits)) for needed, allowed in shapes]
        self._conditions += [
            self._condition(one, list(fields), bits, children) for one in schema.get("allOf", ())
        ]
        extra = schema.get("additionalProperties", not fields)
        item = self.value(extra, path / ANY) if extra is not False else -1
        self.nodes[node][2:9] = [
            begin, begin + len(fields), first_shape, len(self._shapes), first_condition, len(self._conditions), item,
        ]  # fmt: skip
        return node

    def _condition(
        self, view: Schema, keys: Sequence[str], bits: Mapping[str, int], children: Sequence[int]
    ) -> tuple[int, int, int, int]:
        """`if` a field is a word `then` others are required, which is all that the kernel understands."""
        asked, then = view.get("if", {}), view.get("then", {})
        if (
            set(rules_of(view)) != {"if"}
            or set(then) != {"required"}
            or set(asked) - {"properties", "required"}
        ):
            raise NotCompiled
        ((key, rule),) = asked.get("properties", {}).items() or [("", {})]
        if key not in bits or set(rule) != {"const"} or asked.get("required", [key]) != [key]:
            raise NotCompiled
        node = self.nodes[children[keys.index(key)]]
        words = [self.text[at:end] for at, end, _ in self._properties[node[2] : node[3]]]
        word = b'"' + str(rule["const"]).encode() + b'"'
        if node[1] != codes.KIND_ENUM or word not in words:
            raise NotCompiled
        absent = 0 if "required" in asked else 1
        return keys.index(key), words.index(word), absent, _mask(then["required"], bits)


def _mask(keys: Sequence[str], bits: Mapping[str, int]) -> int:
    if not set(keys) <= set(bits):
        raise NotCompiled
    return sum(bits[key] for key in set(keys))


def _signed(rows: Sequence[tuple[int, ...]]) -> list[list[int]]:
    return [[value if value < 1 << 63 else value - (1 << 64) for value in row] for row in rows]
