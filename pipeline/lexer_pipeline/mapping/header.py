"""The columns of a header, found by the names that a mapping gives them."""

import re
import shlex
from collections.abc import Collection, Iterable, Sequence
from difflib import get_close_matches

from lexer_pipeline.chunks.rejected import BOOKKEEPING
from lexer_pipeline.errors import UsageError
from lexer_pipeline.mapping.file import is_users_own
from lexer_pipeline.mapping.part_columns import part_columns
from lexer_pipeline.mapping.rules import Mapping, RecordMap
from lexer_pipeline.specs.names import normalised, shown, told_apart

# The place of a column that is not there, whose cells are all empty.
NOWHERE = -1
# In a mapping: the number of an item, in a table that has a column for each.
NUMBER_SIGN = "#"


class Header:
    """Finds columns of a header by their names: exactly, else without case and punctuation; it remembers which were asked for.

    `original` names the source of which these are rejected rows, if they are. Of several names those are `late` that nobody has seen
    filled: another one goes before them. Behind the columns of the source stand the `parts` of those that hold lists.
    """

    def __init__(
        self,
        mapping: Mapping,
        names: Sequence[str],
        source: str,
        original: str = "",
        late: Collection[str] = (),
    ) -> None:
        self.mapping = mapping
        self.source = source
        self.original = original or source
        self._real = len(names)
        self.parts = part_columns(mapping, names)
        names = (*names, *(name for one in self.parts for name in one.names))
        self._names = names
        self._late = late
        self._exact = _places(names)
        self._apart = {name: [column] for column, name in enumerate(told_apart(names))}
        self._near = _places([normalised(name) for name in names])
        self._numbered = _places([_numberless(name) for name in names])
        self._asked: set[int] = set()
        self._doubled: set[str] = set()

    def find(self, names: Sequence[str]) -> int | None:
        """The first of `names` that the header has; UsageError if there is none and columns must not vary, or if two are meant."""
        for name in sorted(names, key=self._late.__contains__):
            meant = self._meant(name)
            if meant:
                if len(meant) > 1:
                    self._refuse_doubt(name, meant)
                self._asked.add(meant[0])
                return meant[0]
        if self.mapping.columns_vary:
            return None
        near = get_close_matches(names[0], self._names, 1)
        hint = (
            f"Did you mean {shown(near[0])}?"
            if near
            else f"lexer-pipeline inspect {shlex.quote(self.source)} shows its columns."
        )
        raise UsageError(
            f"{self.source}: there is no column {shown(names[0])}, which {self.mapping.path} names", hint
        )

    def place(self, names: Sequence[str]) -> int:
        """Like `find`, with NOWHERE for a column that is not there."""
        found = self.find(names)
        return NOWHERE if found is None else found

    def has(self, names: Sequence[str]) -> bool:
        """Whether there is a column of one of the names."""
        return any(self._meant(name) for name in names)

    def name(self, column: int) -> str:
        """What a column is called."""
        return self._names[column]

    @property
    def names(self) -> tuple[str, ...]:
        """What all columns are called, those that a list is taken apart into behind those of the source."""
        return tuple(self._names)

    def secret(self) -> tuple[int, ...]:
        """Columns that nobody may pass on."""
        return tuple(sorted(self._all_meant(self.mapping.secret)))

    def unused(self) -> tuple[str, ...]:
        """Columns that no record of the mapping uses and that it does not drop."""
        named = [name for record in self.mapping.records for name in record.columns()]
        return self._others((*self.mapping.drop, *self.mapping.secret, *named))

    def left_out(self, record: RecordMap) -> tuple[str, ...]:
        """Columns that this record of the mapping does not read, and that none of its others names."""
        named = [name for one in self.mapping.records if one is not record for name in one.columns()]
        return self._others(named)

    @property
    def doubled(self) -> tuple[str, ...]:
        """Names that were asked for and that several columns have, of which the first is read."""
        return tuple(sorted(self._doubled))

    def _others(self, named: Iterable[str]) -> tuple[str, ...]:
        """The columns that nobody asked for, and that have none of the names."""
        known = self._asked | self._all_meant(named) | {one.column for one in self.parts}
        others = (name for column, name in enumerate(self._names[: self._real]) if column not in known)
        return tuple(name for name in others if name not in BOOKKEEPING)

    def _all_meant(self, names: Iterable[str]) -> set[int]:
        return {column for name in names for column in self._meant(name)}

    def _meant(self, name: str) -> Sequence[int]:
        """The columns that a name means: those called so, or alike where none is; `#` stands for any number."""
        exact = self._exact.get(name) or self._apart.get(name)
        if exact:
            return exact
        if NUMBER_SIGN in name:
            wanted = _as_named(name)
            if wanted in self._numbered:
                return self._numbered[wanted]
        plain = normalised(name)
        near = self._near.get(plain, ()) if plain else ()
        if len(near) > 1 and self.mapping.documents is not None:
            # A list and its items are called alike but for the brackets.
            return [one for one in near if self._names[one].count("[]") == name.count("[]")] or near
        return near

    def _refuse_doubt(self, name: str, meant: Sequence[int]) -> None:
        """Of columns of one and the same name a preset takes the first, as platforms write some twice; else one must be named."""
        called = dict.fromkeys(shown(self._names[column]) for column in meant)
        own = is_users_own(self.mapping)
        if len(called) == 1 and not own:
            self._doubled.add(*called)
            return
        apart = told_apart(self._names)
        if len(called) == 1:
            what = f"{len(meant)} columns are called {shown(name)}, and {self.mapping.path} names one of them"
            exact = " or ".join(f'"{apart[column]}"' for column in meant)
            remedy = f"Write {exact} in the mapping, counted from the left."
        else:
            listed = " and ".join(called)
            what = f"the columns {listed} have nearly one name, and {self.mapping.path} says {shown(name)}"
            remedy = (
                "Write the one that is meant exactly as the header has it, and list the other under drop."
            )
            if not own:
                remedy = "Rename the one that is not meant, or take a copy of the preset that names the other exactly."
        raise UsageError(f"{self.source}: {what}", remedy)


def _places(names: Sequence[str]) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for column, name in enumerate(names):
        places.setdefault(name, []).append(column)
    return places


def named_columns(mapping: Mapping) -> frozenset[str]:
    """The columns that a mapping reads, drops or keeps to itself, as `is_named` compares them."""
    read = (name for record in mapping.records for name in record.columns())
    packed = (one.column for one in mapping.packed)
    return frozenset(_as_named(name) for name in (*mapping.drop, *mapping.secret, *packed, *read))


def is_named(name: str, named: Collection[str]) -> bool:
    """Whether a column of a header is among those that a mapping names."""
    return normalised(name) in named or _numberless(name) in named


def _as_named(name: str) -> str:
    """A column's name in a mapping as headers are compared with it: `#` there stands for any number."""
    return NUMBER_SIGN.join(normalised(part) for part in name.split(NUMBER_SIGN))


def _numberless(name: str) -> str:
    return re.sub(r"[0-9]+", NUMBER_SIGN, normalised(name))
