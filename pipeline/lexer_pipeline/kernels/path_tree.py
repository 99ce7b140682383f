"""The paths by which documents become a table, as a tree: what `flatten` follows, compiled and in plain Python."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct, field

from lexer_pipeline.kernels.arrays import Bools, Int32s, Int64s, UInt8s

# In a path: every item of a list.
ITEMS = -1
Steps = Sequence[str | int]


class PathNode(Struct):
    """One place in a document: the column that it fills (or -1), the nodes of its keys, and that of its items where each is a row.

    `level` counts the lists of rows that lead here.
    """

    level: int
    column: int = -1
    keys: dict[str, int] = field(default_factory=dict)
    items: int = -1


class PathTree:
    """What to take of each document: `nodes`, of which the first is the document itself; they are not changed once they are made.

    `columns` are cells of a row. The lists on the way to `rows` (a path that ends in ITEMS, or none) give a row for each item;
    each item of the list with which level `each` begins (1 is the outermost) begins a record, or with 0 the document does. `compiled` is
    what the kernel made of all this when it was first asked.
    """

    def __init__(self, paths: Sequence[Steps], rows: Steps = (), each: int = 0) -> None:
        self.nodes = [PathNode(0)]
        self.compiled: object = None
        self.columns = len(paths)
        self.each = each
        rows = tuple(rows)
        if rows:
            self._node(rows, rows)
        for column, path in enumerate(paths):
            node = self.nodes[self._node(tuple(path), rows)]
            if node.column >= 0:
                raise ValueError("two columns have one path")
            node.column = column

    def _node(self, path: tuple[str | int, ...], rows: tuple[str | int, ...]) -> int:
        at = 0
        for place, step in enumerate(path):
            node = self.nodes[at]
            if isinstance(step, int):
                if rows[: place + 1] != path[: place + 1]:
                    raise ValueError("a path leads through a list that has no rows")
                if node.items < 0:
                    node.items = self._added(node.level + 1)
                at = node.items
            else:
                if step not in node.keys:
                    node.keys[step] = self._added(node.level)
                at = node.keys[step]
        return at

    def _added(self, level: int) -> int:
        self.nodes.append(PathNode(level))
        return len(self.nodes) - 1

    @property
    def of_level(self) -> Mapping[int, int]:
        """The level of each column."""
        return {node.column: node.level for node in self.nodes if node.column >= 0}


class Flattened(NamedTuple):
    """Documents as rows of cells, row-major, whose places are those of their `texts`.

    `documents` says for each row which document it is of, `begins` whether it begins a record, `faults` whether the document is
    none that can be read (ROW_DOCUMENT; its one row is empty). `left` are documents that were left to plain Python, without a row.
    """

    texts: bytes
    starts: Int32s
    ends: Int32s
    flags: UInt8s
    documents: Int64s
    begins: Bools
    faults: UInt8s
    left: Int64s
