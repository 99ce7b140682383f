"""Phone numbers become digits that start with the country code."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from importlib import import_module

from lexer_pipeline.errors import UsageError
from lexer_pipeline.kernels import codes
from lexer_pipeline.mapping.conversions import arguments, numbering_plans
from lexer_pipeline.mapping.conversions.countries import country_of
from lexer_pipeline.mapping.conversions.identifiers import BROKEN, LOST, harm, without_fraction
from lexer_pipeline.mapping.conversions.outcome import Conversion, OfRow, Vectorised, changed
from lexer_pipeline.specs.values import Converted, Unconvertible

SETTINGS = ("country", "default")
WANTED = (
    'a country, as in { phone = "AU" }, or a column with countries, as in { phone = { country = "Country" } }'
)
# No number has more digits, by ITU-T E.164.
MOST_DIGITS = 15
# The digits of one number with all that people put between them. A letter makes something else of it.
DIALLED = re.compile(
    r"[\s(\[]*[+\uff0b]{0,2}[\d\s()\[\]./~\u00ad\u2010-\u2015\u2212\ufe63\uff0d-]*\d[\s)\].]*"
)
# One that is written so plainly that nothing but a spreadsheet's mark of a text has to be taken off, and that holds no second one.
PLAIN = re.compile(r"'?([+(]{0,2}[0-9](?: ?[0-9()-])*[0-9]\)?)", re.ASCII)
EXTENDED = re.compile(
    r"(.*[0-9)])[\s,;]*(?:x|#|ext|extn|extension)[\s.:=#]*[0-9]{1,7}", re.IGNORECASE | re.DOTALL
)
# What stands behind a whole number and one of these is a second one, or says how to get it from the first.
BEHIND = re.compile(r"/|\s{2,}|[\t\r\n]")
SEPARATORS = re.compile(r"[/,;|&\n]|\b(?:and|or)\b")
INVALID = Unconvertible(
    "pattern", "phone number",
    "is not a phone number that exists; write it with its country code, as in +61 491 570 006",
)  # fmt: skip
SEVERAL = Unconvertible("pattern", "one phone number", "has more than one phone number; leave one of them")
# A number as APIs give it, with its country code and nothing between the digits; the plus may be off already.
E164 = re.compile(r"\+?([1-9][0-9]{4,14})", re.ASCII)
NO_E164 = Unconvertible(
    "pattern", "phone number in E.164",
    'is not a phone number in E.164, as +61412555001; write convert = ["phone"] for numbers as people write them',
)  # fmt: skip
NO_COUNTRY = Unconvertible(
    "pattern", "phone number with its country",
    'has no country code, and nothing says its country; type --country AU, or write country = "AU" in the mapping',
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Phone(OfRow):
    """Reads phone numbers; `country` is that of numbers without a country code in rows that say none.

    With `stops` what cannot be read is an issue, else it is left out with a warning.
    """

    country: str | None = None
    stops: bool = True

    def of(self, text: str, said: str) -> Converted | Unconvertible:
        """What one text becomes in a row that says this country, in whatever words."""
        found = _read(text, country_of(said) if said.strip() else self.country)
        return found if self.stops else _or_left_out(found)


def _or_left_out(found: Converted | Unconvertible) -> Converted:
    """What a number became, or nothing, with a warning, where it cannot be read."""
    if isinstance(found, Converted):
        return found
    return Converted("", (), ("phone_without_country" if found is NO_COUNTRY else "phone_unreadable",))


def strip_plus(argument: object) -> Conversion:
    """The plus before a phone number in E.164 is taken off: +61412555001 becomes 61412555001."""
    return strip_plus_of(argument, stops=True)


def strip_plus_of(argument: object, stops: bool) -> Conversion:
    """The conversion for a field; with `stops` what is no such number is an issue, else it is left out with a warning."""
    arguments.no_argument("strip-plus", argument)
    return Vectorised(partial(_without_plus, stops), codes.TO_STRIP_PLUS)


def _without_plus(stops: bool, text: str) -> Converted | Unconvertible:
    match = E164.fullmatch(text.strip())
    found = changed(text, match[1], "phone_rewritten") if match else NO_E164
    return found if stops else _or_left_out(found)


def phone(argument: object) -> Phone:
    """A phone number that can exist becomes its digits with the country code, read as of the country of its row."""
    return phone_of(argument, None, stops=True)


def phone_of(argument: object, country: str | None, stops: bool) -> Phone:
    """The conversion for a field, in a run for which `country` is that of numbers that have none."""
    # Only here: the numbering plans of all countries take a while to load, and few mappings have phones.
    import_module("phonenumbers")
    if arguments.is_absent(argument):
        return Phone(country, stops)
    if not isinstance(argument, Mapping):
        return Phone(_region(argument), stops)
    table = arguments.table_argument("phone", argument, SETTINGS, WANTED)
    arguments.texts_argument("phone", table.get("country", "any"), WANTED)
    return Phone(_region(table["default"]) if "default" in table else country, stops)


def country_said(said: str) -> str:
    """The two letters of the country that a person names for a whole export; UsageError where it has no phone numbers."""
    country = country_of(said)
    if country is None or country not in import_module("phonenumbers").SUPPORTED_REGIONS:
        raise UsageError(
            f"there is no country called {said}", "Write the two letters of ISO 3166, as in --country AU."
        )
    return country


def _region(said: object) -> str:
    plans = import_module("phonenumbers")
    country = said.strip().upper() if isinstance(said, str) else ""
    if country not in plans.SUPPORTED_REGIONS:
        raise UsageError(
            "the conversion phone wants the country of numbers without a country code",
            'Write the two letters of ISO 3166, as in { phone = "AU" }, or { phone = { country = "Country" } } for a column.',
        )
    return country


def _read(text: str, country: str | None) -> Converted | Unconvertible:
    if (plain := PLAIN.fullmatch(text)) and (found := numbering_plans.vouched(plain[1], country)):
        return changed(text, found, "phone_rewritten")
    bare = text.strip()
    if bare.startswith("'"):
        # A spreadsheet's mark of a text; some shops put a second one behind it.
        bare = bare[1:].removesuffix("'").strip()
    harmed = harm(bare)
    if harmed is LOST or harmed is BROKEN:
        return harmed
    whole = re.sub("tel:", "", without_fraction(bare), count=1, flags=re.IGNORECASE)
    extended = EXTENDED.fullmatch(whole)
    number = extended[1] if extended else whole
    if not DIALLED.fullmatch(number):
        pieces = [piece for piece in SEPARATORS.split(number) if sum(map(str.isdigit, piece)) > 4]
        return SEVERAL if len(pieces) > 1 else INVALID
    behind = BEHIND.search(number)
    if behind and _digits(number[: behind.start()], country):
        return SEVERAL
    digits = _digits(number, country)
    if not digits:
        is_open = country is None and not re.match(r"\D*[+\uff0b]|\D*00", number)
        return NO_COUNTRY if is_open else INVALID
    if digits == text:
        return Converted(text)
    return Converted(digits, ("phone_rewritten", *(("extension_dropped",) if extended else ())))


def _digits(number: str, country: str | None) -> str:
    """The digits of a number that exists, those of its country first; "" where there is none such."""
    return numbering_plans.vouched(number, country) or _told(number, country)


def _told(number: str, country: str | None) -> str:
    """The same, as the library reads the number."""
    # Asked for by name at each call, since a module cannot be sent to another process with the conversion.
    plans = import_module("phonenumbers")
    # Two zeros stand for the plus nearly everywhere, also behind one, and no number of any country begins with them.
    for said in (number, re.sub(r"^[\s(\[]*[+\uff0b]?00", "+", number)):
        try:
            found = plans.parse(said, country)
        except plans.NumberParseException:
            continue
        if plans.is_valid_number(found):
            digits: str = plans.format_number(found, plans.PhoneNumberFormat.E164).removeprefix("+")
            return digits if len(digits) <= MOST_DIGITS else ""
    return ""
