"""Phone numbers vouched for by the numbering plans that phonenumbers holds, without all that it asks of a text.

Its own reading of a number takes 60 µs, and hardly any stands in an export twice. Most are written so plainly that only one thing is
to be asked: whether a country has such a number. Whatever is not certain here is left to the library.
"""

import re
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from re import Pattern
from typing import Any

from msgspec import Struct

# A plus at most, and digits with no other signs between them than these.
PLAIN = re.compile(r"[ (]*(\+?)[ (]*([0-9][0-9 ().-]*)", re.ASCII)
BETWEEN = str.maketrans("", "", " ().-")
KINDS = (
    "mobile", "fixed_line", "toll_free", "premium_rate", "shared_cost", "voip", "personal_number", "pager", "uan", "voicemail",
)  # fmt: skip
# No country code has more digits, and with it no number (ITU-T E.164); none begins with a zero.
CODE_DIGITS, MOST_DIGITS = 3, 15


class Kind(Struct, frozen=True):
    """Numbers of one kind in a country: how many digits they may have, any where that is empty, and which."""

    lengths: frozenset[int]
    pattern: Pattern[str]

    def has(self, number: str) -> bool:
        """Whether a number, without the code of its country, is of this kind."""
        return (not self.lengths or len(number) in self.lengths) and self.pattern.fullmatch(
            number
        ) is not None


class Plan(Struct, frozen=True):
    """The numbers of a region: `leading` are the digits by which a region is told from others with its country code.

    `prefix` is what is dialled before a number within the country, `abroad` what is dialled to leave it.
    """

    code: str
    any_kind: Kind
    kinds: tuple[Kind, ...]
    leading: Pattern[str] | None
    prefix: Pattern[str] | None
    abroad: Pattern[str] | None

    def has(self, number: str) -> bool:
        """Whether there may be such a number in the region."""
        if self.any_kind.has(number):
            for kind in self.kinds:
                if kind.has(number):
                    return True
        return False


def vouched(text: str, country: str | None) -> str:
    """The digits of a plain number that exists, its country code first; "" where that is not certain."""
    plain = PLAIN.fullmatch(text)
    if plain is None:
        return ""
    digits = plain[2].translate(BETWEEN)
    if plain[1]:
        code = _code(digits[:CODE_DIGITS])
        number = digits[len(code) :]
        plan = _plan(_regions(code)[0]) if code else None
        # What is dialled only within the country may stand there as well: the library takes it off.
        if plan is None or (plan.prefix is not None and plan.prefix.match(number)):
            return ""
    else:
        plan = _plan(country) if country is not None else None
        if (
            plan is None
            or digits.startswith(plan.code)
            or (plan.abroad is not None and plan.abroad.match(digits))
        ):
            return ""
        code, number = plan.code, digits
        if plan.prefix is not None and (before := plan.prefix.match(digits)):
            number = digits[before.end() :]
            # With a group the prefix names a carrier, or the number is turned into another one.
            if any(before.groups()) or not before.end() or not plan.any_kind.has(number):
                return ""
    if number.startswith("0") or len(code + number) > MOST_DIGITS or not _exists(_regions(code), number):
        return ""
    return code + number


def _exists(regions: Sequence[str], number: str) -> bool:
    """Whether one of the regions of a country code has a number: the first one that it may be of decides."""
    if len(regions) == 1:
        plan = _plan(regions[0])
        return plan is not None and plan.has(number)
    for plan in filter(None, map(_plan, regions)):
        if plan.leading is not None:
            if plan.leading.match(number):
                return plan.has(number)
        elif plan.has(number):
            return True
    return False


@cache
def _code(begin: str) -> str:
    """The country code with which a number begins; "" where it begins with none."""
    return next((begin[:size] for size in range(1, len(begin) + 1) if _regions(begin[:size])), "")


@cache
def _regions(code: str) -> Sequence[str]:
    """The regions that have a country code of so many digits; none where there is no such code."""
    if code.startswith("0") or not code.isdecimal():
        return ()
    found: Sequence[str] = import_module("phonenumbers").COUNTRY_CODE_TO_REGION_CODE.get(int(code), ())
    return found


@cache
def _plan(region: str) -> Plan | None:
    """What the library knows of a region; nothing of one that is no place on earth."""
    known = import_module("phonenumbers").PhoneMetadata.metadata_for_region(region, None)
    if known is None:
        return None
    kinds = [kind for name in KINDS if (kind := _kind(getattr(known, name))) is not None]
    general = _kind(known.general_desc)
    if general is None:
        return None
    return Plan(
        str(known.country_code), general, tuple(kinds), _pattern(known.leading_digits),
        _pattern(known.national_prefix_for_parsing), _pattern(known.international_prefix),
    )  # fmt: skip


def _kind(known: Any) -> Kind | None:
    if known is None or not known.national_number_pattern:
        return None
    return Kind(frozenset(known.possible_length), re.compile(known.national_number_pattern))


def _pattern(known: str | None) -> Pattern[str] | None:
    return re.compile(known) if known else None
