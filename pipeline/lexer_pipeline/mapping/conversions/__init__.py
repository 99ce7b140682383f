"""The conversions that a mapping may name: pure functions from a text to a text, or to the reason why not.

Every change is named. What a conversion cannot read for certain it refuses: nothing is guessed.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from lexer_pipeline.errors import UsageError
from lexer_pipeline.mapping.conversions import (
    addresses,
    arithmetic,
    cents,
    currency,
    dates,
    epoch,
    identifiers,
    lists,
    money,
    phones,
    signs,
    texts,
    vocabulary,
)
from lexer_pipeline.mapping.conversions.addresses import Hashed
from lexer_pipeline.mapping.conversions.arguments import nearest
from lexer_pipeline.mapping.conversions.dates import completes_years
from lexer_pipeline.mapping.conversions.lists import each_of, through
from lexer_pipeline.mapping.conversions.outcome import (
    CHANGES,
    Conversion,
    Decided,
    NeedsColumn,
    OfRow,
    Vectorised,
)
from lexer_pipeline.mapping.conversions.phones import country_said, phone_of, strip_plus_of
from lexer_pipeline.mapping.conversions.zones import zone_of
from lexer_pipeline.specs.values import Converted, Unconvertible

__all__ = [
    "CHANGES",
    "DESCRIPTIONS",
    "Conversion",
    "Converted",
    "Decided",
    "Hashed",
    "NeedsColumn",
    "OfRow",
    "Unconvertible",
    "Vectorised",
    "compile_conversion",
    "completes_years",
    "country_said",
    "each_of",
    "phone_of",
    "strip_plus_of",
    "through",
    "zone_of",
]

COMPILERS: Mapping[str, Callable[[object], Conversion | NeedsColumn]] = MappingProxyType({
    "absent": vocabulary.absent,
    "absolute": signs.absolute,
    "after": texts.after,
    "before": texts.before,
    "between": texts.between,
    "boolean": texts.boolean,
    "cents": cents.cents,
    "count": lists.count,
    "currency": currency.currency,
    "date": dates.date,
    "date-time-zone": dates.date_time_zone,
    "digits": identifiers.digits,
    "email": addresses.email,
    "enum": vocabulary.enum,
    "epoch": epoch.epoch,
    "first": lists.first,
    "fix-encoding": texts.fix_encoding,
    "gid": identifiers.gid,
    "id": identifiers.identifier,
    "join": lists.join,
    "less": arithmetic.less,
    "line-total": arithmetic.line_total,
    "lower": texts.lower,
    "md5": addresses.md5,
    "money": money.money,
    "negate": signs.negate,
    "part": texts.part,
    "phone": phones.phone,
    "pick": lists.pick,
    "sha256": addresses.sha256,
    "strip-apostrophe": identifiers.strip_apostrophe,
    "strip-plus": phones.strip_plus,
    "sum": lists.sum_,
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
