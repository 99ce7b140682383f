"""Amounts as people write them become JSON numbers that keep their digits."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import compress
from typing import Self

import numpy as np

from lexer_pipeline.errors import UsageError
from lexer_pipeline.kernels import codes, dispatch
from lexer_pipeline.kernels.arrays import Bools, Int32s, UInt8s
from lexer_pipeline.mapping.conversions import arguments
from lexer_pipeline.mapping.conversions.outcome import Conversion, Decided, NeedsColumn, Vectorised, changed
from lexer_pipeline.mapping.conversions.tally import Tally, repeated
from lexer_pipeline.specs.values import Converted, Unconvertible

# ISO 4217, the currencies in use.
CODES = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP "
    "CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF "
    "IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD "
    "MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB "
    "RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD "
    "UYU UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG"
)
SIGNS = "$€£¥₹₩₽₺₫₪₱฿₦₴₲₡₵₸₼₾￥＄￡"
BLANK = "[ \t\u00a0\u202f\u2009]"
# Whose dollar it is, which eBay parts from the sign: AU $12.50.
DOLLARS = "A|AU|US|NZ|C|CA|HK|S|R"
WORDS = rf"(?:{DOLLARS}){BLANK}?\$|Rs\.?|kr\.?|zł|Kč|Ft|R"
CURRENCY = f"(?:{WORDS}|{CODES.replace(' ', '|')}|[{SIGNS}])"
MINUS = "[-+\u2212]"
BODY = r"[0-9.,](?:[0-9.,'\u2019 \u00a0\u202f\u2009]*[0-9])?"
MONEY = f"(?:{CURRENCY}{BLANK}*){{0,2}}"
AMOUNT = re.compile(
    rf"(?P<before>{MINUS})?{BLANK}*{MONEY}(?P<inner>{MINUS})?{BLANK}*"
    rf"(?:\({BLANK}*{MONEY}(?P<owed>{BODY}){BLANK}*{MONEY}\)|(?P<plain>{BODY}))"
    rf"{BLANK}*{MONEY}(?P<after>{MINUS})?{BLANK}*{MONEY}",
    re.ASCII | re.IGNORECASE,
)
# Longer texts are no amounts, and would make the pattern slow.
LONGEST = 64


def _grouped(separator: str, head: str, groups: str) -> str:
    return f"[1-9][0-9]{{0,{head}}}(?:{separator}[0-9]{{{groups}}})*{separator}[0-9]{{3}}"


def _number(decimal: str, other: str) -> re.Pattern[str]:
    """Digits plain, in threes, or in twos before the last three (India), with one kind of separator throughout."""
    separators = [re.escape(other), "'", "\u2019", " ", "\u00a0", "\u202f", "\u2009"]
    ways = ["[0-9]+", *(_grouped(one, "2", "3") for one in separators), _grouped(re.escape(other), "1", "2")]
    return re.compile(rf"(?P<whole>{'|'.join(ways)})?(?:{re.escape(decimal)}(?P<fraction>[0-9]+))?", re.ASCII)


WANTED = 'the decimal mark, "." or ",", or { usual = "." }'
NUMBERS = {".": _number(".", ","), ",": _number(",", ".")}


def money(argument: object) -> Conversion | NeedsColumn:
    """An amount with currency, thousands separators, minus or parentheses becomes a number with the same digits."""
    if arguments.is_absent(argument):
        return MoneyColumn()
    if isinstance(argument, Mapping) and argument.keys() == {"usual"}:
        return MoneyColumn(usual=_mark(argument["usual"]))
    return _with_mark(_mark(argument))


def _mark(argument: object) -> str:
    if not isinstance(argument, str) or argument not in NUMBERS:
        raise arguments.refused("money", WANTED)
    return argument


def _with_mark(mark: str) -> Conversion:
    return Vectorised(partial(_convert, mark), codes.TO_MONEY, mark.encode())


def _either(text: str) -> Converted | Unconvertible:
    """An amount of a column in which no other tells the mark."""
    parts = _parts(text)
    readings = {number for mark in NUMBERS if parts and (number := _read(parts, mark)) is not None}
    if len(readings) == 1:
        return changed(text, readings.pop(), "money_rewritten")
    if readings:
        message = "may have a decimal point or a decimal comma, which means different amounts; write it as in 1234.50"
        return Unconvertible("type", "amount with one decimal mark", message)
    return Unconvertible("type", "amount", "is not an amount of money; write it as in 12.50")


def _convert(mark: str, text: str) -> Converted | Unconvertible:
    parts = _parts(text)
    if parts is None:
        return Unconvertible("type", "amount", "is not an amount of money; write it as in 12.50")
    number = _read(parts, mark)
    if number is None:
        name = "point" if mark == "." else "comma"
        message = f"is not an amount with a decimal {name}; write it as in {f'1234{mark}50'}"
        return Unconvertible("type", f"amount with a decimal {name}", message)
    return changed(text, number, "money_rewritten")


def _parts(text: str) -> tuple[bool, str] | None:
    """Whether the amount is below zero, and its digits with their separators."""
    match = AMOUNT.fullmatch(text.strip()) if len(text) <= LONGEST else None
    if not match:
        return None
    signs = [sign for sign in (match["before"], match["inner"], match["after"]) if sign]
    in_parentheses = match["owed"] is not None
    if len(signs) + in_parentheses > 1:
        return None
    return in_parentheses or bool(signs and signs[0] != "+"), match["owed"] or match["plain"]


def _read(parts: tuple[bool, str], mark: str) -> str | None:
    """The number with `mark` as its decimal mark; None where the separators do not allow that."""
    below_zero, body = parts
    match = NUMBERS[mark].fullmatch(body)
    if not match or (match["whole"] is None and match["fraction"] is None):
        return None
    whole = re.sub("[^0-9]", "", match["whole"] or "").lstrip("0") or "0"
    number = f"{whole}.{match['fraction']}" if match["fraction"] else whole
    return f"-{number}" if below_zero and number.strip("0.") else number


@dataclass(slots=True)
class MoneyColumn(NeedsColumn):
    """Finds the decimal mark of a column of amounts by counting which mark each cell allows.

    The `usual` mark of whoever wrote them decides where the cells do not. It never makes one of thousands out of 1,234 or
    1.234 with the other mark: nobody writes thousands in groups and leaves all cents out.
    """

    conversion: str = "money"
    usual: str = ""
    tally: Tally = field(default_factory=Tally)
    grouped: bool = False

    def look(self, texts: Iterable[str]) -> None:
        """Take in some cells."""
        for text, cells in repeated(texts):
            parts = _parts(text)
            if parts is not None:
                self.tally.add(_read(parts, "."), _read(parts, ","), cells)
                self.grouped |= self._groups(parts[1][-4:-3])

    def count(self, data: bytes, starts: Int32s, ends: Int32s, flags: UInt8s) -> Bools:
        """Take in plain amounts of digits and marks."""
        counts, doubt = dispatch.tally_money(data, starts, ends, flags)
        self.tally.add_counts(counts.tolist())
        signs = np.frombuffer(data, np.uint8)[np.maximum(ends - 4, 0)[ends - starts > 4]]
        self.grouped |= any(self._groups(chr(sign)) for sign in np.unique(signs).tolist())
        return doubt

    def _groups(self, sign: str) -> bool:
        """Whether the sign before three last digits would be one of thousands by the usual mark."""
        return sign in NUMBERS and bool(self.usual) and sign != self.usual

    def join(self, more: Self) -> None:
        """Take in what was counted of other cells of the column."""
        self.tally.join(more.tally)
        self.grouped |= more.grouped

    def readings(self) -> Decided:
        """The marks that all cells allow; UsageError where each mark has cells of its own, or none decides."""
        remedy = 'Say which it is: { money = "." } or { money = "," }.'
        if self.usual and not self.grouped and self.tally.is_open:
            return (self.usual,)
        holds = self.tally.fitting_readings("a decimal point", "a decimal comma", remedy)
        return tuple(compress(NUMBERS, holds)) if self.tally.fitting else ()

    def by(self, decided: Decided) -> Conversion:
        """Amounts with the mark that was decided, or each with the one that it allows; a point where nothing was."""
        if not set(decided) <= NUMBERS.keys():
            raise UsageError("there is no such decimal mark", 'The decimal mark is "." or ",".')
        return _either if len(set(decided)) > 1 else _with_mark("".join(decided[:1]) or ".")
