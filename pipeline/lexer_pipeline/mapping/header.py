"""The columns of a header, found by the names that a mapping gives them."""

import re
from collections.abc import Collection, Sequence
from difflib import get_close_matches

from lexer_pipeline.chunks.rejected import BOOKKEEPING
from lexer_pipeline.errors import UsageError
from lexer_pipeline.mapping.file import normalised
from lexer_pipeline.mapping.rules import Mapping

# The place of a column that is not there, whose cells are all empty.
NOWHERE = -1
# In a mapping: the number of an item, in a table that has a column for each.
NUMBER_SIGN = "#"


class Header:
    """Finds columns of a header by their normalised names, and remembers which were asked for.

    `original` names the source of which these are rejected rows, if they are.
    """

    def __init__(self, mapping: Mapping, names: Sequence[str], source: str, original: str = "") -> None:
        self.mapping = mapping
        self.source = source
        self.original = original or source
        self._names = names
        self._places: dict[str, int] = {}
        for column, name in enumerate(names):
            self._places.setdefault(normalised(name), column)
        self._asked: set[int] = set()

    def find(self, names: Sequence[str]) -> int | None:
        """The first of `names` that the header has; UsageError if there is none and columns must not vary."""
        for name in names:
            found = self._places.get(normalised(name))
            if found is not None:
                self._asked.add(found)
                return found
        if self.mapping.columns_vary:
            return None
        near = get_close_matches(names[0], self._names, 1)
        hint = f"Did you mean {near[0]}?" if near else "Check the header."
        raise UsageError(
            f"{self.source}: there is no column {names[0]}, which {self.mapping.path} names", hint
        )

    def place(self, names: Sequence[str]) -> int:
        """Like `find`, with NOWHERE for a column that is not there."""
        found = self.find(names)
        return NOWHERE if found is None else found

    def has(self, names: Sequence[str]) -> bool:
        """Whether there is a column of one of the names."""
        return any(normalised(name) in self._places for name in names)

    def name(self, column: int) -> str:
        """What a column is called."""
        return self._names[column]

    def secret(self) -> tuple[int, ...]:
        """Columns that nobody may pass on."""
        names = {normalised(name) for name in self.mapping.secret}
        return tuple(column for column, name in enumerate(self._names) if normalised(name) in names)

    def unused(self) -> tuple[str, ...]:
        """Columns that no record of the mapping uses and that it does not drop."""
        named = named_columns(self.mapping)
        left = [name for column, name in enumerate(self._names) if column not in self._asked]
        return tuple(
            name for name in left
            if name not in BOOKKEEPING and not is_named(name, named)
        )  # fmt: skip


def named_columns(mapping: Mapping) -> frozenset[str]:
    """The columns that a mapping reads, drops or keeps to itself, as `is_named` compares them."""
    read = (name for record in mapping.records for name in record.columns())
    return frozenset(_as_named(name) for name in (*mapping.drop, *mapping.secret, *read))


def is_named(name: str, named: Collection[str]) -> bool:
    """Whether a column of a header is among those that a mapping names."""
    return normalised(name) in named or _numberless(name) in named


def _as_named(name: str) -> str:
    """A column's name in a mapping as headers are compared with it: `#` there stands for any number."""
    return NUMBER_SIGN.join(normalised(part) for part in name.split(NUMBER_SIGN))


def _numberless(name: str) -> str:
    return re.sub(r"[0-9]+", NUMBER_SIGN, normalised(name))
