"""The keys of JSON documents profiled as they go by: in how many documents they are filled, and with what types."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import orjson

from lexer_pipeline.chunks.documents import Documents
from lexer_pipeline.model import Json
from lexer_pipeline.specs.paths import ANY, EACH, FieldPath

# A key that is no name but data, as an address or a number, is shown as ANY; so are those of an object beyond these.
NAME = re.compile(r"[^\W\d][\w $:/().-]{0,79}")
NUMBERED = re.compile(r"[0-9]{4}|.@.")
MOST_KEYS, MOST_PATHS, DEEPEST = 500, 5_000, 20
TYPES = {
    str: "string",
    bool: "boolean",
    int: "number",
    float: "number",
    type(None): "null",
    dict: "object",
    list: "list",
}


@dataclass(frozen=True, slots=True)
class KeyProfile:
    """One dotted path (`products[].sku`), in how many documents it is filled, and how often with which type."""

    path: str
    filled: int
    types: dict[str, int]


@dataclass(frozen=True, slots=True)
class DocumentsProfile:
    """Documents as they are; `broken` cannot be read, the first of them on line `first_broken`."""

    documents: int
    blank: int
    broken: int
    first_broken: int
    keys: tuple[KeyProfile, ...]


def profile(chunks: Iterable[Documents]) -> DocumentsProfile:
    """Profile documents that come in chunks."""
    documents = blank = broken = first = 0
    known = _Paths()
    for chunk in chunks:
        documents += chunk.records
        blank += chunk.blank
        for row in range(chunk.records):
            try:
                document = orjson.loads(chunk.text(row))
            except orjson.JSONDecodeError:
                document = None
            if isinstance(document, dict):
                known.add(document)
            else:
                broken += 1
                first = first or int(chunk.lines[row])
    return DocumentsProfile(documents, blank, broken, first, known.result())


@dataclass(slots=True, eq=False)
class _Node:
    """One place in the documents: what lies below it, in how many of them it is filled, and with which types."""

    path: FieldPath
    names: dict[str, "_Node"] = field(default_factory=dict)
    others: "_Node | None" = None
    items: "_Node | None" = None
    filled: int = 0
    types: dict[type, int] = field(default_factory=dict)


class _Paths:
    """Counts paths; the names are learned as they come, up to a bound."""

    def __init__(self) -> None:
        self._root = _Node(FieldPath())
        # Stands for all paths beyond the most that are counted.
        self._beyond = _Node(FieldPath((ANY,)))
        self._objects = 0
        self._counted: list[_Node] = []

    def add(self, document: dict[str, Json]) -> None:
        """Take in one document."""
        filled: set[_Node] = set()
        self._object(document, self._root, 0, filled)
        for node in filled:
            node.filled += 1

    def _object(self, value: dict[str, Json], node: _Node, depth: int, filled: set[_Node]) -> None:
        names = node.names
        for key, inner in value.items():
            self._value(inner, names.get(key) or self._below(node, key), depth, filled)

    def _value(self, value: Json, node: _Node, depth: int, filled: set[_Node]) -> None:
        if isinstance(value, dict) and value and depth < DEEPEST:
            self._object(value, node, depth + 1, filled)
        elif isinstance(value, list) and value and depth < DEEPEST:
            items = node.items
            if items is None:
                items = node.items = _Node(node.path / EACH)
            for item in value:
                self._value(item, items, depth + 1, filled)
        else:
            kind = type(value)
            if not node.types:
                node = self._begun(node)
            node.types[kind] = node.types.get(kind, 0) + 1
            if value is not None:
                filled.add(node)

    def _begun(self, node: _Node) -> _Node:
        """The place that a value is counted at, which was not filled before."""
        if len(self._counted) >= MOST_PATHS:
            if not self._beyond.types:
                self._counted.append(self._beyond)
            return self._beyond
        self._counted.append(node)
        return node

    def _below(self, node: _Node, key: str) -> _Node:
        """The place of a key that comes for the first time, or is not to be shown."""
        if not node.names and node.others is None:
            if self._objects >= MOST_PATHS:
                return self._beyond
            self._objects += 1
        if NAME.fullmatch(key) and not NUMBERED.search(key) and len(node.names) < MOST_KEYS:
            below = node.names[key] = _Node(node.path / key)
            return below
        if node.others is None:
            node.others = _Node(node.path / ANY)
        return node.others

    def result(self) -> tuple[KeyProfile, ...]:
        """The paths in the order in which they were met."""
        return tuple(KeyProfile(str(node.path), node.filled, _named(node.types)) for node in self._counted)


def _named(types: Mapping[type, int]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for kind, count in types.items():
        counts[TYPES[kind]] += count
    return dict(counts.most_common())
