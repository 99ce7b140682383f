"""Make a table of documents: what `flatten` does."""

import json
import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from lexer_pipeline.kernels.arrays import Int64s
from lexer_pipeline.kernels.codes import HAS_ESCAPE, HAS_HIGH, HAS_NESTED, ROW_DOCUMENT, ROW_OK
from lexer_pipeline.kernels.path_tree import Flattened, PathNode, PathTree

# A cell: its text, and whether that is the JSON of a list or an object.
Cell = tuple[str, bool]
Row = dict[int, Cell]
SPACE = re.compile(r"[ \t\n\r]*")
NEEDS_ESCAPE = re.compile(r'[\x00-\x1f"\\]')
# A record has no more rows (`limits.RECORD_ROWS`).
MOST_ROWS = 100_000


class NotFlat(ValueError):
    """A document that is no table: no JSON, no object, a key twice where it matters, or no list where rows should be."""


def flatten(tree: PathTree, data: bytes, starts: Int64s, ends: Int64s) -> Flattened:
    """Make rows of documents; document i is data[starts[i]:ends[i]]."""
    pieces, size = [], 0
    places: list[tuple[int, int, int]] = []
    about: list[tuple[int, bool, int]] = []
    for number, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        try:
            rows, fault = list(rows_of(tree, data[start:end])), ROW_OK
        except (ValueError, RecursionError):
            rows, fault = [(True, {})], ROW_DOCUMENT
        known: dict[str, tuple[int, int]] = {}
        for begins, row in rows:
            about.append((number, begins, fault))
            for column in range(tree.columns):
                text, is_nested = row.get(column, ("", False))
                if text not in known:
                    pieces.append(text.encode())
                    known[text] = size, size + len(pieces[-1])
                    size += len(pieces[-1])
                places.append((*known[text], _flags(text, is_nested)))
    cells = np.array(places, np.int64).reshape(-1, 3)
    rows_about = np.array(about, np.int64).reshape(-1, 3)
    return Flattened(
        b"".join(pieces), cells[:, 0].astype(np.int32), cells[:, 1].astype(np.int32), cells[:, 2].astype(np.uint8),
        rows_about[:, 0].copy(), rows_about[:, 1].astype(np.bool_), rows_about[:, 2].astype(np.uint8), np.zeros(0, np.int64),
    )  # fmt: skip


def _flags(text: str, is_nested: bool) -> int:
    flags = HAS_ESCAPE if NEEDS_ESCAPE.search(text) else 0
    flags |= 0 if text.isascii() else HAS_HIGH
    return flags | HAS_NESTED if is_nested else flags


def rows_of(tree: PathTree, document: bytes) -> list[tuple[bool, Row]]:
    """The rows of one document, and of each whether it begins a record; ValueError where it is none that can be read."""
    text = document.decode()
    json.loads(text, parse_constant=_refused)
    reader = _Reader(tree, text)
    row, below, end = reader.value(tree.nodes[0], SPACE.match(text).end())  # type: ignore[union-attr]
    if row is None or text[end:].strip(" \t\n\r"):
        raise NotFlat
    rows = [(begins, {**row, **one}) for begins, one in below]
    if not rows and tree.each:
        return []
    rows = rows or [(True, row)]
    if len(rows) > MOST_ROWS:
        raise NotFlat
    return [(begins if tree.each else not number, one) for number, (begins, one) in enumerate(rows)]


def _refused(_: str) -> object:
    raise NotFlat


class _Reader:
    """Reads one document along the tree; the text is JSON."""

    def __init__(self, tree: PathTree, text: str) -> None:
        self._tree = tree
        self._text = text
        self._decoder = json.JSONDecoder(parse_float=str, parse_int=str)

    def value(self, node: PathNode, at: int) -> tuple[Row | None, list[tuple[bool, Row]], int]:
        """The cells that a value fills (None where it is no object), its rows, and where it ends."""
        value, end = self._decoder.raw_decode(self._text, at)
        row: Row = {}
        if node.column >= 0:
            row[node.column] = self._cell(value, self._text[at:end])
        rows: list[tuple[bool, Row]] = []
        if node.items >= 0 and value is not None:
            if not isinstance(value, list):
                raise NotFlat
            rows = list(self._items(self._tree.nodes[node.items], at + 1))
        if not isinstance(value, dict):
            return row if node.column >= 0 else None, rows, end
        seen = set()
        for key, begin in self._members(at):
            child = node.keys.get(key)
            if child is None:
                continue
            if key in seen:
                raise NotFlat
            seen.add(key)
            cells, below, _ = self.value(self._tree.nodes[child], begin)
            row.update(cells or {})
            rows += below
        return row, rows, end

    def _items(self, node: PathNode, at: int) -> Iterator[tuple[bool, Row]]:
        """The rows of the items of a list: each has one at least, unless records begin further down."""
        while True:
            at = self._behind_space(at)
            if self._text[at] == "]":
                return
            cells, below, end = self.value(node, at)
            value = self._text[at:end]
            if value.startswith("["):
                raise NotFlat
            if value != "null":
                cells = cells or {}
                if below:
                    starts = node.level == self._tree.each
                    yield from (
                        (begins if node.level < self._tree.each else starts and not number, {**cells, **one})
                        for number, (begins, one) in enumerate(below)
                    )
                elif node.level >= self._tree.each:
                    yield node.level == self._tree.each, cells
            at = self._behind_space(end)
            at += self._text[at] == ","

    def _members(self, at: int) -> Iterator[tuple[str, int]]:
        """The keys of an object, and where the value of each begins."""
        at = self._behind_space(at + 1)
        while self._text[at] != "}":
            key, at = self._decoder.raw_decode(self._text, at)
            at = self._behind_space(self._behind_space(at) + 1)
            yield key, at
            _, at = self._decoder.raw_decode(self._text, at)
            at = self._behind_space(at)
            if self._text[at] == ",":
                at = self._behind_space(at + 1)

    def _behind_space(self, at: int) -> int:
        found = SPACE.match(self._text, at)
        assert found is not None
        return found.end()

    def _cell(self, value: Any, source: str) -> Cell:
        """A value as a cell; `source` is how it stands in the document."""
        if value is None or value in ([], {}):
            return "", False
        if isinstance(value, bool):
            return source, False
        if isinstance(value, list | dict):
            return source, True
        if source.startswith('"'):
            value.encode()  # half of a surrogate pair is no text
        return value, False
