"""The currency that an amount is written with."""

import re
from collections.abc import Mapping
from functools import partial
from types import MappingProxyType

from lexer_pipeline.mapping.conversions import arguments
from lexer_pipeline.mapping.conversions.money import AMOUNT, BLANK, CODES, DOLLARS, LONGEST
from lexer_pipeline.mapping.conversions.outcome import Conversion
from lexer_pipeline.specs.values import Converted, Unconvertible

Codes = frozenset[str]
IN_DOLLARS = "ARS AUD BBD BMD BND BSD BZD CAD CLP COP CUP DOP FJD GYD HKD JMD KYD LRD MXN NAD NZD SBD SGD SRD TTD TWD USD UYU XCD"
# The currencies that each sign may mean, in any case.
MEANINGS: Mapping[str, Codes] = MappingProxyType({
    **{code.casefold(): frozenset({code}) for code in CODES.split()},
    **{sign: frozenset(codes.split()) for sign, codes in {
        "$": IN_DOLLARS, "＄": IN_DOLLARS, "€": "EUR", "£": "GBP EGP FKP GIP LBP SDG SHP SSP SYP", "￡": "GBP", "¥": "JPY CNY",
        "￥": "JPY CNY", "₹": "INR", "₩": "KRW KPW", "₽": "RUB", "₺": "TRY", "₫": "VND", "₪": "ILS", "₱": "PHP CUP", "฿": "THB",
        "₦": "NGN", "₴": "UAH", "₲": "PYG", "₡": "CRC SVC", "₵": "GHS", "₸": "KZT", "₼": "AZN", "₾": "GEL", "a$": "AUD",
        "au$": "AUD", "us$": "USD", "nz$": "NZD", "c$": "CAD NIO", "ca$": "CAD", "hk$": "HKD", "s$": "SGD", "r$": "BRL",
        "rs": "INR LKR MUR NPR PKR SCR", "kr": "DKK ISK NOK SEK", "zł": "PLN", "kč": "CZK", "ft": "HUF", "r": "ZAR",
    }.items()},
})  # fmt: skip
# What stands in an amount beside the signs of its currency.
BETWEEN = re.compile(r"[-+\u2212()0-9.,'\u2019\s\u00a0\u202f\u2009]+")
# AU $ is one sign.
PARTED = re.compile(rf"\b({DOLLARS}){BLANK}\$", re.IGNORECASE)
WANTED = 'a table of signs that several currencies share, as in { "$" = "AUD" }'
RULE = "amount with a currency"
SHARED = Unconvertible(
    "type",
    RULE,
    'has a sign that several currencies share; say which it is, as in { currency = { "$" = "AUD" } }',
)
NO_AMOUNT = Unconvertible("type", RULE, "is not an amount of money; write it as in AUD 12.50")


def currency(argument: object) -> Conversion:
    """The ISO code of the currency with which an amount is written stays, or nothing where there is none."""
    if arguments.is_absent(argument):
        return partial(_currency, {})
    if not isinstance(argument, Mapping):
        raise arguments.refused("currency", WANTED)
    for sign, code in argument.items():
        if code not in MEANINGS.get(sign.strip().casefold(), ()):
            raise arguments.refused("currency", WANTED)
    return partial(_currency, {sign.strip().casefold(): frozenset({code}) for sign, code in argument.items()})


def _currency(told: Mapping[str, Codes], text: str) -> Converted | Unconvertible:
    codes = codes_of(text, told)
    if codes is None:
        return NO_AMOUNT
    if len(codes) > 1:
        return SHARED
    code = "".join(codes)
    return Converted(code, () if code == text else ("currency_taken",))


def codes_of(text: str, told: Mapping[str, Codes] = MappingProxyType({})) -> Codes | None:
    """The currencies that an amount may be in by its signs, none where it has no sign; None for what is no amount."""
    if len(text) > LONGEST or not AMOUNT.fullmatch(text.strip()):
        return None
    known = {**MEANINGS, **told} if told else MEANINGS
    found: Codes = frozenset()
    for word in BETWEEN.split(PARTED.sub(r"\1$", text).casefold()):
        # AUD$ are two words without a blank.
        pieces = [word] if word in known else [word[:-1], word[-1:]]
        for meanings in (known[piece] for piece in pieces if piece in known):
            found = (found & meanings or meanings) if found else meanings
    return found
