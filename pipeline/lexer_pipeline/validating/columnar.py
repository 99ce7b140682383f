"""A schema asked of whole columns: which rows of a table certainly satisfy it.

`vouch` is the fast path. It understands the keywords that records are made of; of a schema that says
anything else it vouches for no row, and the reference decides.
"""

import math

import numpy as np

from lexer_pipeline.chunks.cells import Cells
from lexer_pipeline.kernels import codes
from lexer_pipeline.kernels.arrays import Bools, Integers
from lexer_pipeline.model import Schema
from lexer_pipeline.specs.paths import EACH
from lexer_pipeline.specs.schema import resolve
from lexer_pipeline.validating.branches import Branch, Leaf, is_list
from lexer_pipeline.validating.cell_kinds import enum_kind
from lexer_pipeline.validating.keywords import (
    FOR_CONTAINERS,
    FOR_LISTS,
    FOR_OBJECTS,
    KNOWN_TEXT,
    is_silent,
    number_bounds,
    types_of,
)
from lexer_pipeline.validating.reference import validator_of

KIND_TYPES = {
    codes.KIND_NUMBER: frozenset({"number"}),
    codes.KIND_INTEGER: frozenset({"integer", "number"}),
    codes.KIND_BOOLEAN: frozenset({"boolean"}),
}


class NotColumnar(Exception):
    """The schema says something that cannot be asked of columns."""


class ColumnarChecker:
    """Asks one schema of one chunk of cells.

    A mask has one answer a record, read from its first row `firsts`; below a list that has an item a row it
    has one answer a row (`_rows`), which are then joined for each record. `closes_gaps` says that the filled
    items of a numbered list stand together in the record, whatever their numbers.
    """

    def __init__(
        self, schema: Schema, branch: Branch, cells: Cells, firsts: Integers, closes_gaps: bool = False
    ) -> None:
        self._schema = schema
        self._branch = branch
        self._cells = cells
        self._firsts = firsts
        self._closes_gaps = closes_gaps
        self._each: ColumnarChecker | None = None
        self._under_way: set[tuple[int, int]] = set()

    def vouch(self) -> Bools:
        """The records that certainly satisfy the schema."""
        try:
            return self._holds(self._schema, self._branch, False) & self._has_no_gap(self._branch)
        except NotColumnar:
            return self._none()

    def ask(self) -> None:
        """Raise NotColumnar where the schema says something that cannot be asked of columns."""
        self._holds(self._schema, self._branch, False)

    def fills(self, leaf: Leaf) -> Bools:
        """Where the leaf's cell is filled."""
        return self._present(leaf)

    def is_certain(self, leaf: Leaf) -> Bools:
        """Where the leaf's cell is certainly right by every schema that speaks of it."""
        # Of words the schema says itself which it takes, and any text may be a text.
        says_all = leaf.kind in (codes.KIND_TEXT, codes.KIND_ENUM)
        mask = self._all() if says_all else self._good(leaf.column, leaf.kind, words=leaf.words)
        for view in leaf.place.views:
            mask &= self._leaf(view, leaf, False)
        return mask

    def _has_no_gap(self, below: Branch | Leaf) -> Bools:
        """Where the filled items of each numbered list come first, so that none changes its place."""
        mask = self._all()
        if self._closes_gaps or isinstance(below, Leaf) or EACH in below:
            return mask
        for part, inner in below.items():
            if isinstance(part, int) and part:
                mask &= self._present(below[part - 1]) | ~self._present(inner)
            mask &= self._has_no_gap(inner)
        return mask

    def _all(self) -> Bools:
        return np.ones(len(self._firsts), np.bool_)

    def _none(self) -> Bools:
        return np.zeros(len(self._firsts), np.bool_)

    def _rows(self) -> "ColumnarChecker":
        if self._each is None:
            self._each = ColumnarChecker(self._schema, self._branch, self._cells, np.arange(self._cells.rows))
        return self._each

    def _present(self, below: Branch | Leaf | None) -> Bools:
        if below is None:
            return self._none()
        if isinstance(below, Leaf):
            return self._cells.filled(below.column)[self._firsts]
        if EACH in below:
            return np.logical_or.reduceat(self._rows()._present(below[EACH]), self._firsts)
        masks = [self._present(inner) for inner in below.values()]
        return np.logical_or.reduce(masks) if masks else self._none()

    def _holds(self, view: Schema | bool, below: Branch | Leaf, exactly: bool) -> Bools:
        """Where `below` satisfies `view`; where it is absent the answer means nothing.

        With `exactly` a False is as certain as a True, which negations and choices need.
        """
        if isinstance(view, bool):
            return self._all() if view else self._none()
        asked = (id(view), id(below))
        if asked in self._under_way:
            raise NotColumnar  # a schema that leads back to itself
        self._under_way.add(asked)
        schema = resolve(self._schema, view)
        mask = self._branches(schema, below, exactly)
        if isinstance(below, Leaf):
            mask &= self._leaf(schema, below, exactly)
        else:
            mask &= self._container(schema, below, exactly)
        self._under_way.discard(asked)
        return mask

    def _branches(self, schema: Schema, below: Branch | Leaf, exactly: bool) -> Bools:
        mask = self._all()
        for view in schema.get("allOf", ()):
            mask &= self._holds(view, below, exactly)
        if "anyOf" in schema:
            mask &= np.logical_or.reduce([self._holds(view, below, exactly) for view in schema["anyOf"]])
        if "oneOf" in schema:
            mask &= sum(self._holds(view, below, True).astype(np.int32) for view in schema["oneOf"]) == 1
        if "not" in schema:
            mask &= ~self._holds(schema["not"], below, True)
        if "if" in schema:
            condition = self._holds(schema["if"], below, True)
            mask &= ~condition | self._holds(schema.get("then", True), below, exactly)
            mask &= condition | self._holds(schema.get("else", True), below, exactly)
        return mask

    def _container(self, schema: Schema, below: Branch, exactly: bool) -> Bools:
        types = types_of(schema)
        if types and ("array" if is_list(below) else "object") not in types:
            return self._none()
        understood = FOR_LISTS if is_list(below) else FOR_OBJECTS
        if not all(keyword in understood or is_silent(keyword) for keyword in schema):
            raise NotColumnar
        return (self._list if is_list(below) else self._object)(schema, below, exactly)

    def _object(self, schema: Schema, below: Branch, exactly: bool) -> Bools:
        mask = self._all()
        for key in schema.get("required", ()):
            mask &= self._present(below.get(key))
        extra = schema.get("additionalProperties", True)
        for key, inner in below.items():
            view = schema.get("properties", {}).get(key, extra)
            if view is not True:
                mask &= ~self._present(inner) | self._holds(view, inner, exactly)
        return mask

    def _list(self, schema: Schema, below: Branch, exactly: bool) -> Bools:
        mask = self._items(schema.get("items", True), below, exactly)
        if "minItems" in schema:
            mask &= self._count(below) >= schema["minItems"]
        if "maxItems" in schema:
            mask &= self._count(below) <= schema["maxItems"]
        return mask

    def _items(self, view: Schema | bool, below: Branch, exactly: bool) -> Bools:
        if EACH in below:
            rows, item = self._rows(), below[EACH]
            holds = ~rows._present(item) | rows._holds(view, item, exactly)
            return np.logical_and.reduceat(holds, self._firsts)
        mask = self._all()
        for inner in below.values():
            mask &= ~self._present(inner) | self._holds(view, inner, exactly)
        return mask

    def _count(self, below: Branch) -> Integers:
        """How many items of a list are filled."""
        if EACH in below:
            filled = self._rows()._present(below[EACH]).astype(np.int32)
            return np.add.reduceat(filled, self._firsts)
        counts: Integers = np.sum([self._present(inner) for inner in below.values()], axis=0)
        return counts

    def _leaf(self, schema: Schema, leaf: Leaf, exactly: bool) -> Bools:
        types = types_of(schema)
        if types and not types & KIND_TYPES.get(leaf.kind, frozenset({"string"})):
            return self._none()
        says = {
            key: value for key, value in schema.items() if not is_silent(key) and key not in FOR_CONTAINERS
        }
        if not says:
            return self._all()
        if exactly and not set(says) <= {"enum", "const", "required"}:
            raise NotColumnar
        if leaf.is_raw:
            return self._number(says, leaf)
        return self._text(says, leaf)

    def _number(self, says: Schema, leaf: Leaf) -> Bools:
        bounds = number_bounds(says)
        if bounds is None or leaf.kind == codes.KIND_BOOLEAN:
            raise NotColumnar
        low, high = bounds
        return self._good(leaf.column, leaf.kind, low, high)

    def _good(
        self,
        column: int,
        kind: int,
        low: float = -math.inf,
        high: float = math.inf,
        words: tuple[bytes, ...] = (),
    ) -> Bools:
        good: Bools = self._cells.status(column, kind, low, high, words) == codes.CELL_GOOD
        return good[self._firsts]

    def _text(self, says: Schema, leaf: Leaf) -> Bools:
        column = leaf.column
        if set(says) <= {"enum", "const"}:
            kind, words = enum_kind(says["enum"] if "enum" in says else [says["const"]])
            if kind == codes.KIND_ENUM and len(says) == 1:
                return self._good(column, kind, words=words)
        for rule, kind in KNOWN_TEXT:
            if says == rule:
                return self._good(column, kind)
        return self._one_by_one(says, column)

    def _one_by_one(self, says: Schema, column: int) -> Bools:
        """The schema engine itself, asked of each cell: a leaf has no other rules than these."""
        if not set(says) <= {"pattern", "format", "minLength", "maxLength", "enum", "const"}:
            raise NotColumnar
        validator = validator_of(says)
        mask = self._all()
        for index in np.flatnonzero(self._cells.filled(column)[self._firsts]).tolist():
            try:
                text = self._cells.text(int(self._firsts[index]), column)
            except UnicodeDecodeError:
                mask[index] = False  # pulled up from a row that cannot be read
            else:
                mask[index] = validator.is_valid(text)
        return mask
