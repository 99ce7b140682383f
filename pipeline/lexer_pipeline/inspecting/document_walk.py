"""The paths of documents learned as they go by: in how many documents each is filled, with what types, and which are lists."""

import re
from collections import Counter
from collections.abc import Mapping

import numpy as np
import orjson
from msgspec import Struct, field

from lexer_pipeline.chunks.documents import Documents
from lexer_pipeline.kernels.arrays import Bools
from lexer_pipeline.kernels.path_tree import ITEMS
from lexer_pipeline.mapping.document_paths import Steps, spelled
from lexer_pipeline.model import Json
from lexer_pipeline.specs.paths import ANY

# A key that is no name but data, as an address or a number, is shown as ANY; so are those of an object beyond these.
NAME = re.compile(r"[$@]?[^\W\d][\w $:/().-]{0,79}")
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


# Of these no value is empty.
NUMBERS = (int, float, bool)
# What an empty object or list says, and null, is no type of a value.
EMPTY = (dict, list, type(None))


class Place(Struct, eq=False):
    """One place in the documents: what lies below it, in how many of them it is filled, and with which types.

    `lists` counts the lists with items that stand there, in which there are `listed` items in all.
    """

    steps: Steps
    names: dict[str, "Place"] = field(default_factory=dict)
    others: "Place | None" = None
    items: "Place | None" = None
    filled: int = 0
    types: dict[type, int] = field(default_factory=dict)
    lists: int = 0
    listed: int = 0

    @property
    def path(self) -> str:
        """What a mapping calls it."""
        return spelled(self.steps)

    @property
    def is_value(self) -> bool:
        """Whether a value may stand there that is a cell, at a path that can be named."""
        return ANY not in self.steps and not self.types.keys() <= {dict, list}

    @property
    def is_object(self) -> bool:
        """Whether an object with keys stands there, or several do."""
        return bool(self.names) or self.others is not None

    @property
    def kinds(self) -> tuple[str, ...]:
        """What stands there, but for null and what is empty: text, number, object, list."""
        kinds = dict.fromkeys(TYPES[kind] for kind in self.types if kind not in EMPTY)
        return (*kinds, *(["object"] if self.is_object else []), *(["list"] if self.lists else []))

    def counted(self) -> dict[str, int]:
        """The values by type, the most frequent first."""
        return _named(self.types)


class Walk:
    """Counts paths; the names are learned as they come, up to a bound."""

    def __init__(self) -> None:
        self._root = Place(())
        # Stands for all paths beyond the most that are counted.
        self._beyond = Place((ANY,))
        self._objects = 0
        # The places of values, and those of lists with items, in the order in which they were met.
        self.places: list[Place] = []
        self.lists: list[Place] = []

    def over(self, chunk: Documents) -> Bools:
        """Take in the documents of a chunk, and say which can be read."""
        good = np.zeros(chunk.records, np.bool_)
        for row in range(chunk.records):
            try:
                document = orjson.loads(chunk.text(row))
            except orjson.JSONDecodeError:
                continue
            if isinstance(document, dict):
                good[row] = True
                self.add(document)
        return good

    def add(self, document: dict[str, Json]) -> None:
        """Take in one document."""
        filled: set[Place] = set()
        self._object(document, self._root, 0, filled)
        for place in filled:
            place.filled += 1

    def _object(self, value: dict[str, Json], place: Place, depth: int, filled: set[Place]) -> None:
        names = place.names
        for key, inner in value.items():
            self._value(inner, names.get(key) or self._below(place, key), depth, filled)

    def _value(self, value: Json, place: Place, depth: int, filled: set[Place]) -> None:
        if isinstance(value, dict) and value and depth < DEEPEST:
            self._object(value, place, depth + 1, filled)
        elif isinstance(value, list) and value and depth < DEEPEST:
            items = place.items
            if items is None:
                items = place.items = Place((*place.steps, ITEMS))
                self.lists.append(place)
            place.lists += 1
            place.listed += len(value)
            for item in value:
                self._value(item, items, depth + 1, filled)
        else:
            kind = type(value)
            if not place.types:
                place = self._begun(place)
            place.types[kind] = place.types.get(kind, 0) + 1
            if value or kind in NUMBERS:
                filled.add(place)

    def _begun(self, place: Place) -> Place:
        """The place that a value is counted at, which was not filled before."""
        if len(self.places) >= MOST_PATHS:
            if not self._beyond.types:
                self.places.append(self._beyond)
            return self._beyond
        self.places.append(place)
        return place

    def _below(self, place: Place, key: str) -> Place:
        """The place of a key that comes for the first time, or is not to be shown."""
        if not place.names and place.others is None:
            if self._objects >= MOST_PATHS:
                return self._beyond
            self._objects += 1
        if NAME.fullmatch(key) and not NUMBERED.search(key) and len(place.names) < MOST_KEYS:
            below = place.names[key] = Place((*place.steps, key))
            return below
        if place.others is None:
            place.others = Place((*place.steps, ANY))
        return place.others


def _named(types: Mapping[type, int]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for kind, count in types.items():
        counts[TYPES[kind]] += count
    return dict(counts.most_common())
