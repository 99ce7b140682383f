"""Amounts in the smallest unit of their currency, as APIs of shops and payments give them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from lexer_pipeline.errors import UsageError
from lexer_pipeline.mapping.conversions import arguments
from lexer_pipeline.mapping.conversions.money import CODES
from lexer_pipeline.mapping.conversions.outcome import OfRow, changed
from lexer_pipeline.specs.values import Converted, Unconvertible

# ISO 4217, list one: how many decimals a currency has, with some that were withdrawn since 2015 and that old orders are in. The
# Unicode project's list, which babel has, says what is usual in prices instead, as 0 for AFN, COP and IDR.
DECIMALS: Mapping[str, int] = MappingProxyType({
    **dict.fromkeys(f"{CODES} ANG CUC HRK MRO SLL STD VEF ZWL".split(), 2),
    **dict.fromkeys(["BIF", "BYR", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"], 0),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
    **dict.fromkeys(["CLF", "UYW"], 4),
})  # fmt: skip
SETTINGS = ("currency", "default", "decimals")
CODE = re.compile("[A-Z]{3,5}")
MOST_DECIMALS = 18
# As JSON writes whole numbers, with fewer digits than any amount has.
WHOLE = re.compile(r"(-?)(0|[1-9][0-9]{0,37})", re.ASCII)
FLOATING = re.compile(r"-?[0-9]+\.0+", re.ASCII)
WANTED = 'a currency, as in { cents = "AUD" }, or the column that tells it, as in { cents = { currency = "currency" } }'
RULE = "amount in the smallest unit"
NO_WHOLE = Unconvertible(
    "type", RULE, "is not a whole number of cents; leave cents out where the column holds whole amounts"
)
ENDS_IN_ZERO = Unconvertible(
    "type", RULE, 'ends in .0, and may be an amount already; if it is in cents, put { id = "strip-fraction" } before cents'
)  # fmt: skip
NO_CURRENCY = Unconvertible(
    "type", RULE,
    'has no currency beside it, so nobody can tell its decimals; write { cents = { currency = "currency", default = "AUD" } } in the '
    "mapping",
)  # fmt: skip
UNKNOWN = Unconvertible(
    "type", RULE,
    "is in a currency that ISO 4217 does not have; fix its code, or write its decimals under cents in the mapping, as in "
    "decimals = { USDC = 6 }",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cents(OfRow):
    """Reads amounts in the smallest unit; `currency` is that of rows that say none, and `decimals` are other ones than ISO 4217's."""

    currency: str = ""
    decimals: Mapping[str, int] = field(default_factory=dict)

    def of(self, text: str, said: str) -> Converted | Unconvertible:
        """What one text becomes in a row that says this currency, in whatever case."""
        bare = text.strip()
        whole = WHOLE.fullmatch(bare)
        if not whole:
            return ENDS_IN_ZERO if FLOATING.fullmatch(bare) else NO_WHOLE
        code = said.strip().upper() or self.currency
        if not code:
            return NO_CURRENCY
        decimals = self.decimals.get(code, DECIMALS.get(code))
        if decimals is None:
            return UNKNOWN
        sign, digits = whole.groups()
        digits = digits.rjust(decimals + 1, "0")
        cut = len(digits) - decimals
        amount = f"{digits[:cut]}.{digits[cut:]}" if decimals else digits
        return changed(text, f"{sign}{amount}" if amount.strip("0.") else amount, "cents_read")


def cents(argument: object) -> Cents:
    """An amount in the smallest unit of its currency becomes an amount: 2000 is 20.00 in AUD, and 2000 in JPY."""
    if isinstance(argument, str):
        argument = {"default": argument}
    table = arguments.table_argument("cents", argument, SETTINGS, WANTED)
    if not table.keys() & {"currency", "default"}:
        raise arguments.refused("cents", WANTED)
    arguments.texts_argument("cents", table.get("currency", "any"), WANTED)
    decimals = _decimals(table.get("decimals", {}))
    return Cents(_code(table["default"], decimals) if "default" in table else "", decimals)


def _code(said: object, decimals: Mapping[str, int]) -> str:
    code = said.strip().upper() if isinstance(said, str) else ""
    if code not in {**DECIMALS, **decimals}:
        raise UsageError(
            "the conversion cents wants a currency that exists", 'Write the three letters of ISO 4217, as in { cents = "AUD" }.'
        )  # fmt: skip
    return code


def _decimals(said: object) -> dict[str, int]:
    """What the mapping says of the decimals of some currencies, by their codes in capitals."""
    wanted = "whole numbers of decimals by currency, as in decimals = { ISK = 2 }"
    if not isinstance(said, Mapping):
        raise arguments.refused("cents", wanted)
    found = {code.strip().upper(): number for code, number in said.items()}
    for code, number in found.items():
        is_whole = isinstance(number, int) and not isinstance(number, bool)
        if not CODE.fullmatch(code) or not is_whole or not 0 <= number <= MOST_DECIMALS:
            raise arguments.refused("cents", wanted)
    return found
