"""The keys of JSON documents profiled as they go by: in how many documents they are filled, and with what types."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import orjson

from lexer_pipeline.chunks.documents import Documents
from lexer_pipeline.model import Json
from lexer_pipeline.specs.paths import ANY, EACH, FieldPath

# A key that is no name but data, as an address or a number, is shown as ANY; so are those of an object beyond these.
NAME = re.compile(r"[^\W\d][\w $:/().-]{0,79}")
NUMBERED = re.compile(r"[0-9]{4}|.@.")
MOST_KEYS, MOST_PATHS, DEEPEST = 500, 5_000, 20
# Stands for all paths beyond the most that are counted.
OTHER = FieldPath((ANY,))
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


class _Paths:
    """Counts paths; the names are learned as they come, up to a bound."""

    def __init__(self) -> None:
        self._filled: dict[FieldPath, int] = defaultdict(int)
        self._types: dict[FieldPath, dict[type, int]] = {}
        self._below: dict[FieldPath, dict[str, FieldPath]] = {}

    def add(self, document: dict[str, Json]) -> None:
        """Take in one document."""
        filled: set[FieldPath] = set()
        self._object(document, FieldPath(), 0, filled)
        for path in filled:
            self._filled[path] += 1

    def _object(self, value: dict[str, Json], path: FieldPath, depth: int, filled: set[FieldPath]) -> None:
        known = self._below.get(path)
        if known is None:
            known = {}
            if len(self._below) < MOST_PATHS:
                self._below[path] = known
        for key, inner in value.items():
            self._value(inner, known.get(key) or _below(path, key, known), depth, filled)

    def _value(self, value: Json, path: FieldPath, depth: int, filled: set[FieldPath]) -> None:
        if isinstance(value, dict) and value and depth < DEEPEST:
            self._object(value, path, depth + 1, filled)
        elif isinstance(value, list) and value and depth < DEEPEST:
            each = path / EACH
            for item in value:
                self._value(item, each, depth + 1, filled)
        else:
            if path not in self._types:
                path = path if len(self._types) < MOST_PATHS else OTHER
                self._types.setdefault(path, defaultdict(int))
            self._types[path][type(value)] += 1
            if value is not None:
                filled.add(path)

    def result(self) -> tuple[KeyProfile, ...]:
        """The paths in the order in which they were met."""
        return tuple(
            KeyProfile(str(path), self._filled[path], _named(types)) for path, types in self._types.items()
        )


def _named(types: Mapping[type, int]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for kind, count in types.items():
        counts[TYPES[kind]] += count
    return dict(counts.most_common())


def _below(path: FieldPath, key: str, known: dict[str, FieldPath]) -> FieldPath:
    """The path of a key as it may be shown; `known` remembers those of one object."""
    is_name = NAME.fullmatch(key) and not NUMBERED.search(key) and len(known) < MOST_KEYS
    below = path / (key if is_name else ANY)
    if is_name:
        known[key] = below
    return below
