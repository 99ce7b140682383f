"""The names of columns: how two are compared, told apart, and shown."""

import re
import struct
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from functools import lru_cache
from itertools import compress

from lexer_pipeline.specs.signs import invisible_in, without_invisible

# So many names are remembered with their form: those of all presets and of a wide export.
FORMS = 1 << 14


@lru_cache(FORMS)
def normalised(name: str) -> str:
    """A column's name in NFC, without case, spaces, punctuation and signs that nobody sees: how names are compared."""
    if name.isascii():
        return re.sub(r"[\W_]+", "", name.lower())
    plain = unicodedata.normalize("NFC", without_invisible(name).casefold())
    # Marks that NFC leaves alone are letters of their own in some scripts.
    return "".join(sign for sign in plain if sign.isalnum() or unicodedata.category(sign).startswith("M"))


def told_apart(names: Sequence[str]) -> tuple[str, ...]:
    """The names, those that stand several times told by a number: Birthday (1), Name, Birthday (2); an empty one stays so."""
    again = {name for name, count in Counter(names).items() if count > 1 and name}
    taken = set(names)
    apart: list[str] = []
    numbers: Counter[str] = Counter()
    for name in names:
        fresh = name
        while fresh in again or (fresh != name and fresh in taken):
            numbers[name] += 1
            fresh = f"{name} ({numbers[name]})"
        taken.add(fresh)
        apart.append(fresh)
    return tuple(apart)


def shown(name: str) -> str:
    """A name as a message has it: with what nobody would see in it."""
    found = invisible_in(name)
    return f"{without_invisible(name)} (with {found})" if found else name


# Letters exchanged or missing: campaign_id is 0.6 like email_id.
NEAR = 0.75
# Words are remembered with what they are near to, so many of them; longer ones are no misspelt names.
REMEMBERED, LONGEST = 1 << 12, 256
# The bit of a count of two bytes that no such count reaches.
HIGHEST = 1 << 15


class Known:
    """Names of which a word that is none of them may mean one; asked as often as there is data."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = tuple(names)
        self._sizes = [len(name) for name in self._names]
        self._free = _lanes([HIGHEST] * len(self._names))
        # For each sign a one in the places of the names that have it, so that one sum a sign counts for all names.
        signs = {sign for name in self._names for sign in name}
        self._having = {sign: _lanes([sign in name for name in self._names]) for sign in signs}
        self._enough = lru_cache(LONGEST + 1)(self._least)
        self._nearest = lru_cache(REMEMBERED)(self._compared)

    def nearest(self, word: str) -> str:
        """The name that a word is nearest to, empty where none is near."""
        return self._nearest(word) if len(word) <= LONGEST else ""

    def _compared(self, word: str) -> str:
        """The nearest of those names that enough signs of a word are in at all: a comparison takes a hundred times as long."""
        having = self._having
        shared = sum([having[sign] for sign in word if sign in having])
        near = (shared + self._free - self._enough(len(word))) & self._free
        if not near:
            return ""
        high = near.to_bytes(2 * len(self._names), "little")[1::2]
        found = get_close_matches(word, list(compress(self._names, high)), 1, NEAR)
        return found[0] if found else ""

    def _least(self, size: int) -> int:
        """How many signs of a word of this size must be in each name, that it may be near to it; more than it has if none would do."""
        # Three eighths of the signs of both are in both, then.
        least = [-(-3 * (size + other) // 8) for other in self._sizes]
        return _lanes(
            [min(one, size + 1) if one <= other else size + 1 for one, other in zip(least, self._sizes, strict=True)]
        )  # fmt: skip


def _lanes(counts: Sequence[int]) -> int:
    """Small numbers side by side in a large one, two bytes each."""
    return int.from_bytes(struct.pack(f"<{len(counts)}H", *counts), "little")
