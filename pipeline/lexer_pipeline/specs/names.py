"""The names of columns: how two are compared, told apart, and shown."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

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
    for name in names:
        number, fresh = 1, name
        while fresh in again or (fresh != name and fresh in taken):
            fresh = f"{name} ({number})"
            number += 1
        taken.add(fresh)
        apart.append(fresh)
    return tuple(apart)


def shown(name: str) -> str:
    """A name as a message has it: with what nobody would see in it."""
    found = invisible_in(name)
    return f"{without_invisible(name)} (with {found})" if found else name
