"""A JSON Schema seen as a tree of places where a record may hold a value."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from msgspec import Struct

from lexer_pipeline.model import Schema
from lexer_pipeline.specs.paths import ANY, EACH, FieldPath, Part, Parts
from lexer_pipeline.specs.schema import resolve

BRANCHES = ("allOf", "anyOf", "oneOf")
ANNOTATIONS = frozenset({"title", "description", "examples", "default", "deprecated", "$comment"})
OPENERS = ("additionalProperties", "patternProperties", "unevaluatedProperties", "propertyNames")


class Place(Struct, frozen=True):
    """One place in a record: all the schemas that speak of it, whichever of them will hold.

    `views` never contains `$ref`, and subschemas of anyOf and the like are spread out. `cleaning` is what text at
    this place may need: `email`, `hash`, `mobile`, `date`, `date-time`, `deprecated` or nothing. `identifies` says that a text here
    tells whom or what the record is about: it lies in a link, or is the record's key.
    """

    views: tuple[Schema, ...]
    cleaning: str = ""
    identifies: bool = False

    def keyword(self, name: str) -> object:
        """The first value given for a keyword, or None."""
        return next((view[name] for view in self.views if name in view), None)

    @property
    def deprecated(self) -> Mapping[str, str]:
        """The words that should no longer be used here, each with what to do instead."""
        return next((view["x-deprecated-values"] for view in self.views if "x-deprecated-values" in view), {})

    @property
    def options(self) -> Sequence[object]:
        """The values that alone are allowed, if there is a list of them."""
        return next((view["enum"] for view in self.views if "enum" in view), ())

    @property
    def types(self) -> frozenset[str]:
        """The JSON types that some view allows; empty when nothing is said."""
        found: set[str] = set()
        for view in self.views:
            said = view.get("type", ())
            found.update((said,) if isinstance(said, str) else said)
            if "type" not in view:
                found.update(_types_of_values(view))
        return frozenset(found)

    @property
    def is_link(self) -> bool:
        """Whether what stands here says whom a record is about."""
        return self.keyword("x-kind") == "link"

    @property
    def is_id(self) -> bool:
        """Whether a text here is an id, of the record itself or of something else."""
        return self.identifies or self.keyword("x-kind") == "id"

    @property
    def is_exact(self) -> bool:
        """Whether a text here is read or compared sign by sign: an id, an address, a number, a date."""
        if self.is_id or self.cleaning in ("email", "hash", "date", "date-time"):
            return True
        return self.keyword("format") == "uri" or not self.holds_text

    @property
    def holds_text(self) -> bool:
        """Whether a text may stand here, as against a number, a boolean, an object or a list."""
        return not self.types or "string" in self.types

    @property
    def is_object(self) -> bool:
        """Whether a record holds fields below this place."""
        return "object" in self.types or any("properties" in view for view in self.views)

    @property
    def is_array(self) -> bool:
        """Whether a record holds items at this place."""
        return "array" in self.types or any("items" in view for view in self.views)

    @property
    def is_open(self) -> bool:
        """Whether keys without a name of their own belong here (or are judged by the schema itself)."""
        return any(opener in view for view in self.views for opener in OPENERS) or not self.keys()

    @property
    def takes_anything(self) -> bool:
        """Whether the schema leaves what stands here to whoever sends it, as in `custom_fields`."""
        return all(
            keyword in ANNOTATIONS or keyword.startswith("x-") for view in self.views for keyword in view
        )

    def keys(self) -> tuple[str, ...]:
        """The names of the fields at this place, in the order of the schema."""
        return tuple(dict.fromkeys(key for view in self.views for key in view.get("properties", {})))


def _types_of_values(view: Schema) -> Iterator[str]:
    values = [*view.get("enum", ()), *([view["const"]] if "const" in view else [])]
    for value in values:
        if isinstance(value, str):
            yield "string"
        elif isinstance(value, bool):
            yield "boolean"
        elif isinstance(value, int | float):
            yield "number"


def _cleaning(views: list[Schema]) -> str:
    for view in views:
        if view.get("x-normalise") in ("email", "hash"):
            return str(view["x-normalise"])
        if view.get("x-holds") == "mobile":
            return "mobile"
        if view.get("format") in ("date", "date-time"):
            return str(view["format"])
        if "x-deprecated-values" in view:
            return "deprecated"
    return ""


class SchemaTree:
    """The places of one schema, found as they are asked for (a schema may refer to itself)."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._below: dict[tuple[int, Part], Place] = {}
        self._kept: list[Place] = []
        self._names: dict[int, frozenset[str]] = {}
        self._key = schema.get("x-key")
        self.root = self._place([schema])

    def child(self, place: Place, key: str) -> Place | None:
        """The place of field `key`; None when the schema does not name it and keeps no other keys.

        All keys that it does not name have one place, so that what is remembered ends with the schema, whatever the data.
        """
        if id(place) not in self._names:
            self._names[id(place)] = frozenset(place.keys())
            self._kept.append(place)
        part = key if key in self._names[id(place)] else ANY
        return self._cached(place, part, lambda place: self._named(place, key))

    def item(self, place: Place) -> Place | None:
        """The place of the items of an array, if `place` holds one."""
        return self._cached(place, EACH, self._items)

    def at(self, path: Parts) -> Place | None:
        """The place that a path leads to; None when the schema has none there."""
        place: Place | None = self.root
        for part in path:
            if place is None:
                return None
            place = self.below(place, part)
        return place

    def below(self, place: Place, part: Part) -> Place | None:
        """The place that one part of a path leads to: a field, or the items of an array."""
        return self.item(place) if isinstance(part, int) else self.child(place, part)

    def find(self, named: Parts) -> tuple[FieldPath, Place] | None:
        """The place that a path names; a list without an index means an item a row, as EACH does."""
        place, path = self.root, FieldPath()
        for part in named:
            if not isinstance(part, int) and place.is_array and not place.is_object:
                path, place = path / EACH, self.item(place) or Place(())
            below = self.below(place, part)
            if below is None:
                return None
            path, place = path / part, below
        return path, place

    def _cached(
        self, place: Place, part: Part, find: Callable[[Place], Sequence[Schema | bool] | None]
    ) -> Place | None:
        known = (id(place), part)
        if known not in self._below:
            found = find(place)
            identifies = place.is_link or place.identifies or (place is self.root and part == self._key)
            self._below[known] = self._place(found, identifies) if found is not None else Place(())
            self._kept.append(place)
            if found is None:
                return None
        below = self._below[known]
        return below if below.views else None

    def _named(self, place: Place, key: str) -> Sequence[Schema | bool] | None:
        views = [view["properties"][key] for view in place.views if key in view.get("properties", {})]
        if views:
            return views
        if place.types and not place.is_object:
            return None
        extra = [view["additionalProperties"] for view in place.views if "additionalProperties" in view]
        schemas = [view for view in extra if isinstance(view, Mapping)]
        if schemas or any(view is True for view in extra):
            return schemas or [{}]
        return [{}] if place.is_open and not extra else None

    def _items(self, place: Place) -> Sequence[Schema | bool] | None:
        views = [view["items"] for view in place.views if isinstance(view.get("items"), Mapping)]
        return views or ([{}] if "array" in place.types or not place.types else None)

    def _place(self, views: Sequence[Schema | bool], identifies: bool = False) -> Place:
        spread: list[Schema] = []
        seen: set[int] = set()
        for view in views:
            self._spread(view, spread, seen)
        # A word of a list tells a kind, and nobody.
        is_word = any("enum" in view or "const" in view for view in spread)
        return Place(tuple(spread) or ({},), _cleaning(spread), identifies and not is_word)

    def _spread(self, view: Schema | bool, into: list[Schema], seen: set[int]) -> None:
        if id(view) in seen:
            return
        seen.add(id(view))
        flat = resolve(self._schema, view)
        into.append(flat)
        for branch in BRANCHES:
            for part in flat.get(branch, ()):
                self._spread(part, into, seen)
        for part in ("then", "else"):
            if part in flat:
                self._spread(flat[part], into, seen)
