"""Phone numbers become digits that start with the country code."""

from functools import partial
from importlib import import_module

from lexer_pipeline.errors import UsageError
from lexer_pipeline.mapping.conversions import arguments
from lexer_pipeline.mapping.conversions.identifiers import BROKEN, LOST, harm, without_fraction
from lexer_pipeline.mapping.conversions.outcome import Conversion
from lexer_pipeline.specs.values import Converted, Unconvertible

INVALID = Unconvertible(
    "pattern", "phone number",
    "is not a phone number that exists; write it with its country code, as in +61 491 570 006",
)  # fmt: skip


def phone(argument: object) -> Conversion:
    """A phone number that can exist becomes its digits with the country code, read as of the country given."""
    # Only here: the numbering plans of all countries take a while to load, and few mappings have phones.
    plans = import_module("phonenumbers")
    if arguments.is_absent(argument):
        return partial(_convert, None)
    country = argument.strip().upper() if isinstance(argument, str) else ""
    if country not in plans.SUPPORTED_REGIONS:
        raise UsageError(
            "the conversion phone wants the country of numbers without a country code",
            'Write the two letters of ISO 3166, as in { phone = "AU" }.',
        )
    return partial(_convert, country)


def _convert(country: str | None, text: str) -> Converted | Unconvertible:
    # Asked for by name at each call, since a module cannot be sent to another process with the conversion.
    plans = import_module("phonenumbers")
    bare = text.strip().removeprefix("'")
    found = harm(bare)
    if found is LOST or found is BROKEN:
        return found
    try:
        number = plans.parse(without_fraction(bare), country)
    except plans.NumberParseException:
        return INVALID
    if not plans.is_valid_number(number):
        return INVALID
    digits = plans.format_number(number, plans.PhoneNumberFormat.E164).removeprefix("+")
    if digits == text:
        return Converted(text)
    dropped = ("extension_dropped",) if number.extension else ()
    return Converted(digits, ("phone_rewritten", *dropped))
