"""The conversions that a mapping may name: pure functions from a text to a text, or to the reason why not.

Every change is named. What a conversion cannot read for certain it refuses: nothing is guessed.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from lexer_pipeline.errors import UsageError
from lexer_pipeline.mapping.conversions import (
    addresses,
    arithmetic,
    currency,
    dates,
    identifiers,
    money,
    phones,
    signs,
    texts,
    vocabulary,
)
from lexer_pipeline.mapping.conversions.addresses import Hashed
from lexer_pipeline.mapping.conversions.arguments import nearest
from lexer_pipeline.mapping.conversions.dates import completes_years
from lexer_pipeline.mapping.conversions.outcome import CHANGES, Conversion, Decided, NeedsColumn, Vectorised
from lexer_pipeline.mapping.conversions.phones import Phone, country_said, phone_of
from lexer_pipeline.mapping.conversions.zones import zone_of
from lexer_pipeline.specs.values import Converted, Unconvertible

__all__ = [
    "CHANGES",
    "DESCRIPTIONS",
    "LIST_CONVERSIONS",
    "Conversion",
    "Converted",
    "Decided",
    "Hashed",
    "NeedsColumn",
    "Phone",
    "Unconvertible",
    "Vectorised",
    "compile_conversion",
    "completes_years",
    "country_said",
    "phone_of",
    "zone_of",
]

# They read the JSON of a list, and so begin a chain.
LIST_CONVERSIONS = frozenset({"count", "first", "join", "pick"})
COMPILERS: Mapping[str, Callable[[object], Conversion | NeedsColumn]] = MappingProxyType({
    "absent": vocabulary.absent,
    "absolute": signs.absolute,
    "after": texts.after,
    "before": texts.before,
    "boolean": texts.boolean,
    "currency": currency.currency,
    "date": dates.date,
    "date-time-zone": dates.date_time_zone,
    "digits": identifiers.digits,
    "email": addresses.email,
    "enum": vocabulary.enum,
    "fix-encoding": texts.fix_encoding,
    "id": identifiers.identifier,
    "less": arithmetic.less,
    "line-total": arithmetic.line_total,
    "lower": texts.lower,
    "md5": addresses.md5,
    "money": money.money,
    "negate": signs.negate,
    "part": texts.part,
    "phone": phones.phone,
    "sha256": addresses.sha256,
    "strip-apostrophe": identifiers.strip_apostrophe,
    "trim": texts.trim,
    "unescape": texts.unescape,
    "upper": texts.upper,
})  # fmt: skip
DESCRIPTIONS: Mapping[str, str] = MappingProxyType({
    name: (compiler.__doc__ or "").partition("\n")[0] for name, compiler in COMPILERS.items()
})  # fmt: skip


def compile_conversion(name: str, argument: object) -> Conversion | NeedsColumn:
    """The conversion of that name with its argument; UsageError says what is wrong with either.

    `_` and `-` in a name are the same.
    """
    compiler = COMPILERS.get(name.strip().lower().replace("_", "-"))
    if compiler is None:
        raise UsageError(f"there is no conversion {name}", nearest(name, COMPILERS))
    return compiler(argument)
