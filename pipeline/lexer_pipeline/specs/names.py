"""The names of columns: how two are compared, told apart, and shown."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from functools import lru_cache

from lexer_pipeline.specs.signs import invisible_in, without_invisible


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


# As difflib has it.
NEAR = 0.6
# Words are remembered with what they are near to, so many of them; longer ones are no misspelt names.
REMEMBERED, LONGEST = 1 << 12, 256


class Known:
    """Names of which a word that is none of them may mean one; asked as often as there is data."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = [(name, str.maketrans("", "", name)) for name in names]
        self._nearest = lru_cache(REMEMBERED)(self._compared)

    def nearest(self, word: str) -> str:
        """The name that a word is nearest to, empty where none is near."""
        return self._nearest(word) if len(word) <= LONGEST else ""

    def _compared(self, word: str) -> str:
        likely = [name for name, signs in self._names if _may_be_near(word, name, signs)]
        near = get_close_matches(word, likely, 1, NEAR) if likely else ()
        return near[0] if near else ""


def _may_be_near(word: str, name: str, signs: Mapping[int, int | None]) -> bool:
    """Whether enough signs of a word are in a name at all; it takes a tenth of the time of a comparison."""
    shared = min(len(word) - len(word.translate(signs)), len(name))
    return 2 * shared >= NEAR * (len(word) + len(name))
