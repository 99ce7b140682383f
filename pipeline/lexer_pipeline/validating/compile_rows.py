"""A header and a schema compiled for the kernel that writes rows as it reads them.

What the kernel is told is at most as wide as the schema: a cell of a column that it cannot check puts its record in
doubt.
"""

import math
from collections.abc import Sequence

import numpy as np

from lexer_pipeline.kernels import codes, dispatch
from lexer_pipeline.model import Schema
from lexer_pipeline.specs.paths import EACH, Part
from lexer_pipeline.validating.branches import Branch, Leaf, children, is_list
from lexer_pipeline.validating.compile_documents import Tables
from lexer_pipeline.validating.layout import Layout
from lexer_pipeline.validating.object_shapes import NotCompiled
from lexer_pipeline.validating.program import json_key

NOWHERE = -1
# The kernel follows a path so far.
DEEPEST = 30


def compile_writer(
    schema: Schema, layout: Layout, hashed: Sequence[tuple[int, bool]]
) -> "dispatch.Writer | None":
    """The program of a table without a mapping; None where the kernel has no words for it.

    It gives the hashes of some columns too, of which is said whether the case of letters makes no difference.
    """
    if any(len(leaf.path) >= DEEPEST for leaf in layout.leaves):
        return None
    try:
        steps = _Steps(Tables(schema))
        steps.container(layout.branch, steps.tables.root, b"", NOWHERE, codes.IN_OBJECT)
    except NotCompiled:
        return None
    return steps.writer(layout, hashed)


class _Steps:
    """The steps being listed; a node is NOWHERE below what the kernel cannot check."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self._steps: list[list[int]] = []
        self._bounds: list[tuple[float, float]] = []
        self._words: list[tuple[int, int]] = []
        self._text = tables.text

    def writer(self, layout: Layout, hashed: Sequence[tuple[int, bool]]) -> "dispatch.Writer":
        return dispatch.Writer(
            np.array(self._steps, np.int64), np.array(self._bounds, np.float64), np.array(self._words, np.int32),
            self.tables.shape_table(), self.tables.condition_table(), self._text, layout.columns,
            NOWHERE if layout.key is None else layout.key, layout.once, hashed,
        )  # fmt: skip

    def container(self, below: Branch, node: int, key: bytes, place: int, holder: int) -> None:
        """An object or a list, opened when its first value is filled, closed with what the schema asks of it."""
        is_array = is_list(below)
        what = codes.NODE_ARRAY if is_array else codes.NODE_OBJECT
        if node != NOWHERE and self.tables.nodes[node][0] != what:
            node = NOWHERE
        self._step(codes.OPEN_ARRAY if is_array else codes.OPEN_OBJECT, key=key)
        begin = len(self._steps)
        for part, deeper in children(below):
            self._part(part, deeper, node)
        if EACH in below:
            self._step(codes.REPEAT_END, words=(begin, 0))
        self._close(is_array, node, place, holder)

    def _close(self, is_array: bool, node: int, place: int, holder: int) -> None:
        numbers = self.tables.nodes[node] if node != NOWHERE else [0] * 9
        self._step(
            codes.CLOSE_ARRAY if is_array else codes.CLOSE_OBJECT, place=place, holder=holder,
            words=(0, 0) if is_array else (numbers[4], numbers[5]),
            conditions=(0, 0) if is_array else (numbers[6], numbers[7]),
            bounds=self.tables.bounds[node] if is_array and node != NOWHERE else (-math.inf, math.inf),
        )  # fmt: skip

    def _part(self, part: Part, below: Branch | Leaf, node: int) -> None:
        place, holder, child = NOWHERE, codes.IN_OBJECT, NOWHERE
        if isinstance(part, int):
            place, holder = (NOWHERE, codes.IN_EACH) if part == EACH else (part, codes.IN_NUMBERED)
            child = self.tables.nodes[node][8] if node != NOWHERE else NOWHERE
        else:
            place, child = self.tables.field(node, part) if node != NOWHERE else (NOWHERE, NOWHERE)
        if place >= codes.MOST_FIELDS:
            raise NotCompiled
        if isinstance(below, Leaf):
            self._leaf(below, child, json_key(part), place, holder)
        else:
            self.container(below, child, json_key(part), place, holder)

    def _leaf(self, leaf: Leaf, node: int, key: bytes, place: int, holder: int) -> None:
        kind, words = self._check(leaf, node), (0, 0)
        if kind == codes.KIND_ENUM:
            begin = len(self._words)
            self._words += self.tables.words(node)
            words = begin, len(self._words)
        self._step(
            codes.RAW_LEAF if leaf.is_raw else codes.TEXT_LEAF, column=leaf.column, kind=kind, place=place,
            holder=holder, each=leaf.is_repeated, words=words, key=key,
            bounds=self.tables.bounds[node] if node != NOWHERE else (-math.inf, math.inf),
        )  # fmt: skip

    def _check(self, leaf: Leaf, node: int) -> int:
        """The kernel that vouches for a cell by the column's own kind and by the schema; UNSURE where they differ."""
        what, kind = self.tables.nodes[node][:2] if node != NOWHERE else (codes.NODE_UNSURE, codes.KIND_TEXT)
        if what == codes.NODE_BOOLEAN:
            kind = codes.KIND_BOOLEAN
        elif what == codes.NODE_OPEN:
            kind = codes.KIND_TEXT
        elif what not in (codes.NODE_STRING, codes.NODE_NUMBER):
            return codes.KIND_UNSURE
        # A text without clean-up may be of any kind; all else must be what the column says.
        return (
            kind
            if leaf.kind in (kind, codes.KIND_TEXT) and leaf.is_raw == (kind in RAW)
            else codes.KIND_UNSURE
        )

    def _step(
        self, operation: int, column: int = 0, kind: int = 0, place: int = NOWHERE, holder: int = codes.IN_OBJECT,
        each: bool = False, words: tuple[int, int] = (0, 0), conditions: tuple[int, int] = (0, 0), key: bytes = b"",
        bounds: tuple[float, float] = (-math.inf, math.inf),
    ) -> None:  # fmt: skip
        at = len(self._text)
        self._text += key
        self._steps.append(
            [operation, column, kind, place, holder, each, *words, *conditions, at, len(self._text)]
        )
        self._bounds.append(bounds)


RAW = (codes.KIND_NUMBER, codes.KIND_INTEGER, codes.KIND_BOOLEAN)
