"""Which encoding a text in an older one most likely has: the one in which its odd bytes spell a known language."""

import re
from importlib import import_module
from itertools import islice

from msgspec import Struct

from lexer_pipeline.errors import UsageError

HIGH = re.compile(r"[^\x00-\x7f]")
# Signs that may touch a word on one side; on both sides only an apostrophe, a middle dot and a soft hyphen may.
SIGNS = set("‚„…‘’“”–—•™¡¿ª«»‹›®©º·µ´\xa0")
INSIDE = set("’·\xad")
# Signs of figures, which no word follows.
FIGURES = set("€£¥¢§°±²³¹×№")
ENOUGH = 0.9
MOST_LETTERS = 20_000
# A lone odd byte may be a fault of transfer as well as a letter, so nothing is read into it. Two odd letters
# are most likely of the usual encoding; another one must show so many different ones.
LEAST_ODD = 2
USUAL = "cp1252"
LEAST_LATIN, LEAST_OTHERS = 3, 6
# Below this many bytes a statistical guess is worth nothing.
LEAST_BYTES = 24
# Without ÿ: it is rare in words, and its byte in cp1252 is not rare in garbage.
WESTERN = "àáâãäåæçèéêëìíîïñòóôõöøùúûüœšžß"
RUSSIAN = "абвгдеёжзийклмнопрстуфхцчшщъыьэюяіїєґ"


class EncodingGuess(Struct, frozen=True):
    """An encoding, and the letters beyond ASCII that a language has; Latin ones stand among ASCII letters.

    Without letters nothing is known of the words. `alphabet` is what the letters are called.
    """

    encoding: str
    alphabet: str
    letters: frozenset[str]
    is_latin: bool = True
    is_western: bool = False

    def spells(self, text: str, start: int, end: int) -> bool:
        """Whether each character from `start` to `end` may stand where it does."""
        return not self.letters or all(self._fits(text, at) for at in range(start, end))

    def _fits(self, text: str, at: int) -> bool:
        sign, left, right = text[at], text[at - 1 : at], text[at + 1 : at + 2]
        if sign not in self.letters:
            touches = sign in SIGNS and not (left.isalpha() and right.isalpha())
            return touches or sign in INSIDE or (sign in FIGURES and not right.isalpha())
        if sign.isupper() and left.islower():
            return False
        if not self.is_latin:
            return not any(near.isascii() and near.isalpha() for near in (left, right))
        if not self.is_western:
            return True
        # Only few languages with Latin letters, none of them western, have three accented ones in a row.
        runs = (text[max(0, at - 2) : at], left + right, text[at + 1 : at + 3])
        return not any(len(run) == 2 and run.isalpha() and not any(map(str.isascii, run)) for run in runs)


def _reading(encoding: str, alphabet: str, letters: str, is_latin: bool = True) -> EncodingGuess:
    capitals = {letter.upper() for letter in letters if len(letter.upper()) == 1}
    return EncodingGuess(encoding, alphabet, frozenset(letters) | capitals, is_latin, letters == WESTERN)


# In the order in which they win where they explain a text equally well.
READINGS = (
    _reading("cp1252", "western", WESTERN),
    _reading("cp1252", "icelandic", "áéíóúýþæöð"),
    _reading("cp1250", "polish", "ąćęłńóśźż"),
    _reading("cp1250", "central-european", "áäčďéěíĺľňóôöőřŕšťúůüűýž"),
    _reading("cp1250", "romanian", "ăâîşţ"),
    _reading("cp1250", "south-slavic", "čćđšž"),
    _reading("cp1254", "turkish", "âçğıİîöşûü"),
    _reading("cp1257", "baltic", "ąčęėįšųūžāēģīķļņõäöü"),
    _reading("iso8859_2", "polish", "ąćęłńóśźż"),
    _reading("mac_roman", "western", WESTERN),
    _reading("cp850", "western", WESTERN),
    _reading("cp1251", "cyrillic", RUSSIAN, is_latin=False),
    _reading("koi8_r", "cyrillic", RUSSIAN, is_latin=False),
    _reading("cp866", "cyrillic", RUSSIAN, is_latin=False),
    _reading("cp1253", "greek", "αβγδεζηθικλμνξοπρστυφχψωάέήίόύώϊϋΐΰς", is_latin=False),
    _reading("cp1255", "hebrew", "אבגדהוזחטיךכלםמןנסעףפץצקרשת", is_latin=False),
)


def legacy(sample: bytes) -> EncodingGuess | None:
    """How to read a text that is not UTF-8; None when its bytes do not tell."""
    best, share = None, 0.0
    for reading in READINGS:
        explained = _explained(sample, reading)
        if explained > share:
            best, share = reading, explained
    return best if share >= ENOUGH else _statistical(sample)


def known(encoding: str, alphabet: str) -> EncodingGuess:
    """The reading of an encoding by the letters of an alphabet; UsageError where there is none."""
    for reading in READINGS:
        if (reading.encoding, reading.alphabet) == (encoding, alphabet):
            return reading
    pairs = ", ".join(f"{reading.encoding} {reading.alphabet}" for reading in READINGS)
    raise UsageError(
        f"no text in {encoding} is told by an alphabet called {alphabet}", f"Known are: {pairs}."
    )


def _explained(sample: bytes, reading: EncodingGuess) -> float:
    """The share of the characters beyond ASCII that the language would write at their place."""
    text = sample.decode(reading.encoding, "replace")
    least = LEAST_LATIN if reading.is_latin else LEAST_OTHERS
    if reading.encoding != USUAL and len(reading.letters.intersection(text)) < least:
        return 0.0
    places = [found.start() for found in islice(HIGH.finditer(text), MOST_LETTERS)]
    if len(places) < LEAST_ODD:
        return 0.0
    return sum(reading.spells(text, at, at + 1) for at in places) / len(places)


def _statistical(sample: bytes) -> EncodingGuess | None:
    if sum(byte >= 0x80 for byte in sample) < LEAST_BYTES:
        return None
    # It costs time to import, and hardly any file needs it.
    found = import_module("charset_normalizer").from_bytes(sample).best()
    return EncodingGuess(str(found.encoding), "", frozenset()) if found is not None else None
