"""Signs in a text that are not meant: those that nobody sees, those of another encoding or of a web page, and a spreadsheet's."""

import html
import re
import unicodedata
from html.entities import html5
from importlib import import_module

# U+FEFF, U+200B to U+200F, U+202A to U+202E, U+2060 and the soft hyphen.
INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff]")
REPLACEMENT = "\ufffd"
ENTITY = re.compile(r"&(#[0-9]{1,7};|#[xX][0-9a-fA-F]{1,6};|[A-Za-z][A-Za-z0-9]{1,31};)")
# The bytes of UTF-8 read as Windows-1252 or Latin-1: one that begins a sign, then one that goes on with it.
GOES_ON = "\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
DOUBLE_ENCODED = re.compile(f"[\u00c2-\u00f4][{GOES_ON}]")
# Behind a word in capitals these are punctuation: MANHÃ”, NESCAFÉ®.
HONEST = re.compile("(?<=[A-ZÀ-ÖØ-Þ])[\u00c2-\u00de][\u00a0«»®©°ºª·‘’“”•–—…™](?![^\\W\\d_])")
# What a spreadsheet shows of a cell that failed, in English and in other languages, or that is too narrow; so it writes it to CSV.
ERRORS = frozenset({
    "#N/A", "#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!", "#CALC!", "#ERROR!", "#FIELD!", "#BLOCKED!",
    "#CONNECT!", "#BUSY!", "#UNKNOWN!", "#GETTING_DATA", "#NV", "#WERT!", "#BEZUG!", "#ZAHL!", "#N/D", "#VALEUR!", "#NOM?", "#NOMBRE!",
    "#NUL!", "#¡VALOR!", "#¡REF!", "#¡NUM!", "#¡DIV/0!", "#¡NULO!", "#¿NOMBRE?", "#VALOR!", "#VALORE!", "#RIF!",
})  # fmt: skip
NARROW = re.compile("#{3,}")
# What a spreadsheet shows of a number that is too long for it: 5.61235E+12.
DIGITS_LOST = re.compile(r"[0-9](?:[.,][0-9]+)?[eE]\+[0-9]{2}", re.ASCII)
# What a spreadsheet leaves around an id that it must not take for a number.
AROUND = "\t\u00a0"


def without_invisible(text: str) -> str:
    """A text without the signs that nobody sees."""
    return text if text.isascii() else INVISIBLE.sub("", text)


def is_invisible(text: str) -> bool:
    """Whether a text is nothing but signs that nobody sees: where they are taken off, the field is absent."""
    return bool(text) and not without_invisible(text)


def invisible_in(text: str) -> str:
    """The names of the signs in a text that nobody sees: `U+200B zero width space`; "" where there are none."""
    found = dict.fromkeys(INVISIBLE.findall(text)) if not text.isascii() else ()
    return ", ".join(f"U+{ord(sign):04X} {unicodedata.name(sign).lower()}" for sign in found)


def remark(text: str) -> str:
    """What an issue adds to its words where such signs stand in the text that it is about, else nothing."""
    if not text.isascii() and (names := invisible_in(text)):
        return f"; it holds {names}, which cannot be seen"
    if "&" in text and unescaped(text) != text:
        return '; it holds a sign as web pages write it, which convert = ["unescape"] in a mapping repairs'
    return ""


def remark_on_value(text: str) -> str:
    """The same of a value that is taken as it stands, so that blanks around it count."""
    return remark(text) or (
        "; there is a blank before or behind it" if text != text.strip(" \t\u00a0") else ""
    )


def unprotected(text: str) -> tuple[str, tuple[str, ...]]:
    """An id without what only protects it from spreadsheets, and the names of the changes.

    That is an apostrophe before it, ="..." around it, and tabs and no-break spaces at its ends.
    """
    bare = text.strip(AROUND)
    if bare.startswith('="') and bare.endswith('"') and len(bare) > 2:
        bare = bare[2:-1].strip(AROUND)
    names = ("protection_removed",) if bare != text else ()
    if bare.startswith("'"):
        return bare[1:], (*names, "apostrophe_stripped")
    return bare, names


def error_word(text: str) -> str | None:
    """The error of a spreadsheet that a text is; None where it is none."""
    plain = text.strip()
    if not plain.startswith("#"):
        return None
    if NARROW.fullmatch(plain):
        return "###"
    return plain.upper() if plain.upper() in ERRORS else None


def lost_digits(text: str) -> bool:
    """Whether a text is a number of which a spreadsheet kept the first digits alone."""
    return DIGITS_LOST.fullmatch(text.strip()) is not None


def unescaped(text: str) -> str:
    """A text with the signs for which a web page writes &amp; or &#039;."""
    return ENTITY.sub(lambda found: html.unescape(found[0]) if _is_entity(found[1]) else found[0], text)


def _is_entity(name: str) -> bool:
    return name.startswith("#") or name in html5


def fixed_encoding(text: str) -> str:
    """A text of which the bytes were read in another encoding than they were written in, as it was meant: José for JosÃ©."""
    if text.isascii() or not DOUBLE_ENCODED.search(HONEST.sub("", text)):
        return text
    # Only here: it takes as long to import as a small file to convert, and few texts need it.
    fixed: str = import_module("ftfy").fix_encoding(text)
    return fixed


def warnings_of(text: str) -> tuple[str, ...]:
    """What should be said aloud of a text that stays as it is."""
    found = []
    if "&" in text and unescaped(text) != text:
        found.append("html_entity")
    if not text.isascii():
        # Half of a sign in the wrong encoding may be a soft hyphen.
        if fixed_encoding(text) != text:
            found.append("double_encoded")
        elif INVISIBLE.search(text):
            found.append("invisible_sign")
        if REPLACEMENT in text:
            found.append("replacement_character")
    return tuple(found)
