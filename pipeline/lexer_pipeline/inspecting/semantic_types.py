"""What a value looks like: an e-mail address, a date and in which form, an amount; the value itself stays behind."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct

from lexer_pipeline.mapping.conversions import (
    Conversion,
    Converted,
    NeedsColumn,
    compile_conversion,
    identifiers,
)
from lexer_pipeline.mapping.conversions.forms import FAMILIES, ISO
from lexer_pipeline.mapping.conversions.moments import PIVOT, Moment
from lexer_pipeline.specs import values
from lexer_pipeline.specs.signs import without_invisible

EMAIL, URL, HASH, PHONE, BOOLEAN = "e-mail", "url", "hash", "phone", "boolean"
NUMBER, MONEY, ZEROS, APOSTROPHE, SCIENTIFIC = (
    "number",
    "money",
    "leading zeros",
    "apostrophe",
    "scientific notation",
)
DATE, DATE_TIME, ISO_DATE, ISO_DATE_TIME = "date", "date-time", "ISO date", "ISO date-time"
NOTHING, ERROR, TEXT = "nothing", "spreadsheet error", "text"
DATES = (DATE, DATE_TIME, ISO_DATE, ISO_DATE_TIME)

ADDRESS = re.compile(r"[^\s@,;<>]+@[^\s@,;<>]+\.[^\s@,;<>.]+")
WEB = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
DIGEST = re.compile(r"(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})", re.IGNORECASE | re.ASCII)
LEADING_ZEROS = re.compile(r"0[0-9]+", re.ASCII)
MARKED = re.compile(r"'[+0-9].*", re.DOTALL)
DIALLED = re.compile(
    r"\+?[0-9(][0-9 ()./\-\u00a0\u2011\u2013]*[0-9](?: *(?:x|ext\.?) *[0-9]+)?", re.IGNORECASE | re.ASCII
)
COMPILED = {mark: compile_conversion("money", mark) for mark in (".", ",")}
AMOUNTS: Mapping[str, Conversion] = MappingProxyType(
    {mark: convert for mark, convert in COMPILED.items() if not isinstance(convert, NeedsColumn)}
)
# Without one of these a number with letters is a code: R2, 12kr.
HAS_MARK = re.compile(r"[.,($€£¥₹]|\b[A-Z]{3}\b")
LONGEST_AMOUNT = 64
GROUPED = re.compile(r"-?[1-9][0-9]{0,2}\.[0-9]{3}")
BOOLEAN_WORDS = frozenset({"true", "false", "yes", "no", "y", "n", "t", "f"})
NOTHINGS = frozenset({"null", "none", "nil", "n/a", "na", "nan", "-", "--", "(null)", "(none)"})
# Every number of five digits may be a spreadsheet's day; it is not taken for a date unasked.
DATE_FAMILIES = FAMILIES[:-1]
LONGEST_DATE = 45


class SemanticType(Struct, frozen=True):
    """A kind, and how a date or an amount can be read: the names of date forms, or decimal marks.

    More than one reading means that the value alone does not decide.
    """

    kind: str
    readings: tuple[str, ...] = ()


def look_at(text: str) -> SemanticType:
    """What one value looks like, without signs that nobody sees: a conversion takes them off."""
    text = without_invisible(text).strip()
    if "@" in text and ADDRESS.fullmatch(text):
        return SemanticType(EMAIL)
    if WEB.fullmatch(text):
        return SemanticType(URL)
    if DIGEST.fullmatch(text):
        return SemanticType(HASH)
    word = text.casefold()
    if word in BOOLEAN_WORDS:
        return SemanticType(BOOLEAN)
    if word in NOTHINGS:
        return SemanticType(NOTHING)
    found = identifiers.harm(text.removeprefix("'"))
    if found in (identifiers.LOST, identifiers.BROKEN):
        return SemanticType(SCIENTIFIC if found is identifiers.LOST else ERROR)
    if not any(sign.isdigit() for sign in text[:LONGEST_DATE]):
        return SemanticType(TEXT)
    return _with_digits(text)


def _with_digits(text: str) -> SemanticType:
    if MARKED.fullmatch(text):
        return SemanticType(APOSTROPHE)
    if LEADING_ZEROS.fullmatch(text):
        return SemanticType(ZEROS)
    if values.JSON_NUMBER.fullmatch(text):
        return SemanticType(NUMBER, _marks(text))
    return _date(text) or _phone(text) or _amount(text) or SemanticType(TEXT)


def _date(text: str) -> SemanticType | None:
    if len(text) > LONGEST_DATE:
        return None
    for family in DATE_FAMILIES:
        moments: dict[str, Moment] = {}
        for form in family:
            if moment := form.read(text, PIVOT):
                moments[form.name] = moment
        if moments:
            has_clock = any(moment.clock for moment in moments.values())
            if family[0] is ISO:
                return SemanticType(ISO_DATE_TIME if has_clock else ISO_DATE, (ISO.name,))
            return SemanticType(DATE_TIME if has_clock else DATE, tuple(moments))
    return None


def _phone(text: str) -> SemanticType | None:
    if not DIALLED.fullmatch(text):
        return None
    count = sum(sign.isdigit() for sign in text)
    is_sure = text.startswith("+") or not set(text) & set(".,")
    return SemanticType(PHONE) if 8 <= count <= 20 and (is_sure or _amount(text) is None) else None


def _amount(text: str) -> SemanticType | None:
    if len(text) > LONGEST_AMOUNT or not HAS_MARK.search(text):
        return None
    read = [mark for mark, convert in AMOUNTS.items() if isinstance(convert(text), Converted)]
    if not read:
        return None
    return SemanticType(MONEY, tuple(read) if set(text) & set(".,") else ())


def _marks(number: str) -> tuple[str, ...]:
    """The decimal marks that a plain number allows: 1.234 may be a thousand; none where it has no mark at all."""
    if "." not in number:
        return ()
    return (".", ",") if GROUPED.fullmatch(number) else (".",)
