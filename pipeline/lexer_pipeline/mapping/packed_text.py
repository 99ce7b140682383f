"""Texts that hold a list: the items that an export packs into one cell."""

import re
from collections.abc import Sequence
from functools import cached_property
from typing import TypeAlias

from lexer_pipeline.mapping.conversions.lists import DECODER
from lexer_pipeline.mapping.rules import Packing
from lexer_pipeline.validating.document import Value

# An item: what its parts say, by their names in small letters. A list or an object among them is no text.
Item: TypeAlias = dict[str, Value]


class Unpacker:
    """Takes the texts of one column apart."""

    def __init__(self, packing: Packing) -> None:
        self._packing = packing
        self._names = frozenset(name.strip().casefold() for name in packing.names)

    def items(self, text: str) -> list[Item] | None:
        """The items of a text; None where it is no list in the form that the mapping describes."""
        plain = text.strip()
        if not plain:
            return []
        return _of_json(plain) if plain[:1] in ("[", "{") else self._unpacked(plain)

    @cached_property
    def _separators(self) -> re.Pattern[str]:
        return self._unescaped((*self._packing.items, *self._packing.parts))

    @cached_property
    def _mark(self) -> re.Pattern[str]:
        return self._unescaped((self._packing.mark,))

    @cached_property
    def _escaped(self) -> re.Pattern[str]:
        signs = (*self._packing.items, *self._packing.parts, self._packing.mark)
        return re.compile(re.escape(self._packing.escape) + f"({_one_of(signs)})")

    def _unescaped(self, signs: Sequence[str]) -> re.Pattern[str]:
        """One of some signs, unless it stands behind the sign that makes it one of a value."""
        escape = self._packing.escape
        before = f"(?<!{re.escape(escape)})" if escape else ""
        return re.compile(f"{before}({_one_of(signs)})")

    def _unpacked(self, text: str) -> list[Item] | None:
        """A piece that begins with no name goes on with the value before it, which held the sign itself."""
        items: list[Item] = []
        name, value, sign = "", "", ""
        pieces = self._separators.split(text)
        for piece, behind in zip(pieces[::2], [*pieces[1::2], ""], strict=True):
            found = self._named(piece)
            if found is None and name:
                value += sign + piece if piece.strip() or behind else ""
            elif found is None:
                return None
            else:
                if name and not self._keep(items[-1], name, value):
                    return None
                if not items or sign in self._packing.items:
                    items.append({})
                name, value = found
            sign = behind
        return items if self._keep(items[-1], name, value) else None

    def _cut(self, piece: str) -> tuple[str, str, str]:
        """A piece before and behind the first mark, which is none behind the sign that makes it one of a value."""
        if not self._packing.escape:
            return piece.partition(self._packing.mark)
        found = self._mark.search(piece)
        return (piece[: found.start()], found[0], piece[found.end() :]) if found else (piece, "", "")

    def _named(self, piece: str) -> tuple[str, str] | None:
        """The name and the value of a part; None where it is none."""
        # The mark may end in a blank that is not written behind the last part.
        said, is_there, value = self._cut(piece)
        if not is_there:
            said, is_there, value = self._cut(piece + " ")
        name = said.strip().casefold() if is_there else ""
        return (name, value) if name and (not self._names or name in self._names) else None

    def _keep(self, item: Item, name: str, value: str) -> bool:
        """Put a part into its item; False where that has one of the name."""
        is_new = name not in item
        item[name] = self._escaped.sub(r"\1", value).strip() if self._packing.escape else value.strip()
        return is_new


def _one_of(signs: Sequence[str]) -> str:
    return "|".join(re.escape(sign) for sign in sorted(signs, key=len, reverse=True))


def _of_json(text: str) -> list[Item] | None:
    """The objects of a list, or the one object; None where it is no such JSON."""
    try:
        said = DECODER.decode(text)
    except (ValueError, RecursionError):
        return None
    items = [said] if isinstance(said, dict) else said
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        return None
    return [{name.strip().casefold(): value for name, value in item.items()} for item in items]
