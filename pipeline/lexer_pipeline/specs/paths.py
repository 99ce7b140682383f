"""Field paths: how a mapping, a header and a message name a place in a record."""

import re
from typing import Final, TypeAlias

Part: TypeAlias = str | int
# A path while it grows: a plain tuple costs less, and becomes a `FieldPath` where its text is asked for.
Parts: TypeAlias = tuple[Part, ...]
# In a path: every item of a list, or the one that a row adds to it.
EACH: Final = -1
# In the paths of fields: any name, in an object that takes names of its own.
ANY: Final = "*"
WRITTEN = re.compile(r"(?P<name>[^\[\]]+)(?P<indexes>(?:\[[0-9]{0,6}\])*)", re.DOTALL)
INDEX = re.compile(r"\[([0-9]*)\]")


class FieldPath(Parts):
    """A place in a record, as names of fields and indexes of items: products[0].price_paid, products[].price_paid.

    It is a tuple, so that it is compared, remembered and looked up as fast as one.
    """

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> "FieldPath | None":
        """The path that is written so; None where a text is none."""
        parts: list[Part] = []
        for part in text.split("."):
            match = WRITTEN.fullmatch(part)
            if match is None:
                return None
            parts.append(match["name"])
            parts.extend(int(index or EACH) for index in INDEX.findall(match["indexes"]))
        return cls(parts)

    @classmethod
    def named(cls, text: str) -> "FieldPath":
        """The path that is written so, or the field of that very name."""
        return cls.parse(text) or cls((text,))

    def __str__(self) -> str:
        text = ""
        for part in self:
            if isinstance(part, int):
                text += "[]" if part == EACH else f"[{part}]"
            else:
                text += f".{part}" if text else part
        return text

    def __truediv__(self, part: Part) -> "FieldPath":
        return FieldPath((*self, part))

    @property
    def general(self) -> "FieldPath":
        """The path of all items alike, for counting: products[].price_paid."""
        return FieldPath(EACH if isinstance(part, int) else part for part in self)

    @property
    def first(self) -> "FieldPath":
        """The path with the first item for every item: products[0].price_paid."""
        return FieldPath(0 if part == EACH else part for part in self)

    @property
    def parent(self) -> "FieldPath":
        """The path of the object that it is a field of, which is empty for a field of the record itself."""
        last = max((place for place, part in enumerate(self) if isinstance(part, str)), default=0)
        return FieldPath(self[:last])

    @property
    def name(self) -> str:
        """The last name in it."""
        return next((part for part in reversed(self) if isinstance(part, str)), "")

    @property
    def outer_list(self) -> "FieldPath | None":
        """The path of the outermost list that it leads into, if any."""
        at = next((place for place, part in enumerate(self) if isinstance(part, int)), None)
        return None if at is None else FieldPath(self[:at])

    def item(self, index: int) -> "FieldPath":
        """The path of one item of the list that it stands for, be that list written with EACH or without."""
        return FieldPath((*(self[:-1] if self[-1:] == (EACH,) else self), index))

    @property
    def repeated_list(self) -> "FieldPath | None":
        """The path of the list of which it means every item, if any."""
        return FieldPath(self[: self.index(EACH)]) if self.is_repeated else None

    @property
    def is_repeated(self) -> bool:
        """Whether it stands for a value in every item of a list."""
        return EACH in self

    def is_within(self, other: Parts) -> bool:
        """Whether it leads to a field of the object at another path, or further down."""
        size = len(other)
        return len(self) > size and self[:size] == other and isinstance(self[size], str)

    def covers(self, other: Parts) -> bool:
        """Whether it is another path, if ANY may stand for one part of it or more."""
        at = self.index(ANY) if ANY in self else len(self)
        if self[:at] != other[:at] or at == len(self):
            return self == other
        rest = FieldPath(self[at + 1 :])
        return any(rest.covers(other[begin:]) for begin in range(at + 1, len(other) + 1))
