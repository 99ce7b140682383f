"""What a schema refers to: itself and nothing else, and no value is asked more than so often."""

from collections.abc import Iterator, Mapping
from urllib.parse import urldefrag, urljoin

from msgspec import Struct, field

from lexer_pipeline.errors import UsageError
from lexer_pipeline.limits import ALTERNATIVES
from lexer_pipeline.model import Schema
from lexer_pipeline.specs.schema import bad_schema, pointed_at

REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
ANCHORS = ("$anchor", "$dynamicAnchor")
# The dialects that the schema engine has with it.
DIALECTS = ("https://json-schema.org/", "http://json-schema.org/")
# Keywords that hold values, and those that hold schemas by names of one's own.
VALUES = frozenset({"const", "enum", "default", "examples"})
NAMED = frozenset({"properties", "patternProperties", "dependentSchemas", "$defs", "definitions"})
# Schemas that are asked of the same value, and of what lies in it.
SAME_EACH = ("allOf", "anyOf", "oneOf")
SAME = ("not", "if", "then", "else")
WITHIN_EACH = ("prefixItems",)
WITHIN_NAMED = ("properties", "patternProperties")
WITHIN = (
    "items", "contains", "additionalProperties", "unevaluatedProperties", "unevaluatedItems", "propertyNames",
)  # fmt: skip
# A schema that contains itself is followed so far down.
DEEPEST = 16


def check_references(schema: Schema) -> None:
    """UsageError where a schema refers to anything outside itself, or its references multiply what is to be asked."""
    found = _read(schema)
    for place, base, node in found.nodes:
        for keyword in REFERENCES:
            reference = node.get(keyword)
            if isinstance(reference, str) and found.resource(base, reference) is None:
                raise _foreign((*place, keyword), reference)
        dialect = node.get("$schema")
        if isinstance(dialect, str) and not dialect.startswith(DIALECTS):
            raise _foreign((*place, "$schema"), dialect)
    _refuse_loops(found)
    _Counting(found).check()


def _refuse_loops(found: "_Found") -> None:
    """No reference leads to references alone, round and round."""
    ends: set[int] = set()
    for place, _, node in found.nodes:
        passed: set[int] = set()
        at: object = node
        while isinstance(at, Mapping) and id(at) in found.bases and id(at) not in ends:
            reference = at.get("$ref")
            if id(at) in passed:
                raise bad_schema(f"{'/'.join(('#', *place))}: the reference {reference} leads back to itself")
            passed.add(id(at))
            at = found.target(at, reference) if isinstance(reference, str) else None
        ends |= passed


def _foreign(place: tuple[str, ...], reference: str) -> UsageError:
    remedy = "Write https://json-schema.org/draft/2020-12/schema."
    if place[-1] != "$schema":
        remedy = 'Copy what it names into "$defs" of this file and refer to it as "#/$defs/NAME"; nothing else is opened.'
    return bad_schema(f"{'/'.join(('#', *place))}: the reference {reference} leads out of the file", remedy)


class _Found(Struct, frozen=True):
    """The schemas of a document with their places and base addresses, and what is found by an address."""

    nodes: list[tuple[tuple[str, ...], str, Schema]] = field(default_factory=list)
    bases: dict[int, str] = field(default_factory=dict)
    resources: dict[str, Schema] = field(default_factory=dict)
    anchors: dict[tuple[str, str], Schema] = field(default_factory=dict)

    def resource(self, base: str, reference: str) -> str | None:
        """The address of the part of the document that a reference lies in, if it is one."""
        try:
            address = base if reference.startswith("#") else urldefrag(urljoin(base, reference)).url
        except ValueError:
            return None
        return address if address in self.resources else None

    def target(self, node: Schema, reference: str) -> object:
        """What a reference names; None where it names nothing."""
        base = self.bases[id(node)]
        address, fragment = self.resource(base, reference), urldefrag(reference).fragment
        if address is None:
            return None
        root = self.resources[address]
        if fragment and not fragment.startswith("/"):
            return self.anchors.get((address, fragment))
        return pointed_at(root, f"#{fragment}")


def _read(schema: Schema) -> _Found:
    """All that may be a schema in a document, also where no keyword says so: a reference may lead to it."""
    found = _Found()
    waiting: list[tuple[tuple[str, ...], str, object, bool]] = [((), "", schema, False)]
    found.resources[""] = schema
    while waiting:
        place, base, node, is_named = waiting.pop()
        if isinstance(node, list):
            waiting += [((*place, str(at)), base, one, False) for at, one in enumerate(node)]
        elif isinstance(node, Mapping):
            if not is_named:
                base = _met(found, place, base, node)
            waiting += [
                ((*place, key), base, below, not is_named and key in NAMED)
                for key, below in node.items()
                if isinstance(below, Mapping | list) and (is_named or key not in VALUES)
            ]
    return found


def _met(found: _Found, place: tuple[str, ...], base: str, node: Schema) -> str:
    """Note a schema; returns its base address."""
    own = node.get("$id")
    if isinstance(own, str):
        try:
            base = urldefrag(urljoin(base, own)).url
        except ValueError:
            raise _foreign((*place, "$id"), own) from None
        found.resources.setdefault(base, node)
    for keyword in ANCHORS:
        if isinstance(name := node.get(keyword), str):
            found.anchors.setdefault((base, name), node)
    found.nodes.append((place, base, node))
    found.bases[id(node)] = base
    return base


class _Counting:
    """Counts how many schemas one value is asked by, without asking any."""

    def __init__(self, found: _Found) -> None:
        self._found = found
        self._known: dict[tuple[int, int], int] = {}
        self._open: set[tuple[int, int]] = set()

    def check(self) -> None:
        """UsageError where some value is asked too often."""
        if any(self._count(node, DEEPEST) > ALTERNATIVES for _, _, node in self._found.nodes):
            raise bad_schema(
                f"its alternatives multiply to more than {ALTERNATIVES} for one value",
                "Join them: name each alternative once, in one anyOf.",
            )

    def _count(self, node: object, depth: int) -> int:
        if not isinstance(node, Mapping) or id(node) not in self._found.bases or not depth:
            return 1
        key = id(node), depth
        if key in self._open:
            return 1  # the engine asks a schema once of a value, whatever leads back to it
        if key not in self._known:
            self._open.add(key)
            same = sum(self._count(part, depth) for part in self._same(node))
            within = max((self._count(part, depth - 1) for part in _within(node)), default=0)
            self._open.discard(key)
            self._known[key] = 1 + same + within
        return self._known[key]

    def _same(self, node: Schema) -> Iterator[object]:
        for keyword in REFERENCES:
            if isinstance(reference := node.get(keyword), str):
                yield self._found.target(node, reference)
        for keyword in SAME_EACH:
            yield from _listed(node.get(keyword))
        yield from (node[keyword] for keyword in SAME if keyword in node)
        yield from _named(node.get("dependentSchemas"))


def _within(node: Schema) -> Iterator[object]:
    for keyword in WITHIN_NAMED:
        yield from _named(node.get(keyword))
    for keyword in WITHIN_EACH:
        yield from _listed(node.get(keyword))
    yield from (node[keyword] for keyword in WITHIN if keyword in node)


def _listed(said: object) -> list[object]:
    return said if isinstance(said, list) else []


def _named(said: object) -> list[object]:
    return list(said.values()) if isinstance(said, Mapping) else []
