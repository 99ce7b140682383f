"""The lines of a draft for phone numbers: read as of the country that their row says, else of one that a person names."""

import re
from collections.abc import Sequence

from msgspec.structs import replace

from lexer_pipeline.inspecting.column_roles import OTHER, role_of
from lexer_pipeline.inspecting.draft_text import Drafted, quoted
from lexer_pipeline.inspecting.drafting import Drafting
from lexer_pipeline.mapping.conversions.countries import country_of
from lexer_pipeline.specs.names import normalised

COUNTRY = re.compile(r"(country|countrycode|land|pays|país|pais|paese|iso2)$")
# A plus, or the two zeros that stand for it nearly everywhere.
WITH_CODE = re.compile(r"'?\s*(\+|00)")


def is_phone(line: Drafted) -> bool:
    """Whether a line is of a phone number of a person."""
    return line.field.name == "mobile" and bool(line.column)


def read_as_phone(line: Drafted, place: int, drafting: Drafting) -> Drafted:
    """The line of a phone number, with the column that says its country, if there is one."""
    if not is_phone(line):
        return line
    country = _country(line.column, drafting)
    how = f"{{ phone = {{ country = {quoted(country)} }} }}" if country else '"phone"'
    notes = (
        ()
        if country or has_codes(drafting.texts(place))
        else (
            'numbers without a country code are read as of --country, or of country = "AU" at the top of this file',
        )
    )
    return replace(line, value=f"{{ column = {quoted(line.column)}, convert = [{how}] }}", notes=notes)


def has_codes(texts: Sequence[str]) -> bool:
    """Whether all numbers begin with a country code."""
    return all(WITH_CODE.match(text) for text in texts if text)


def wants_country(lines: Sequence[Drafted]) -> bool:
    """Whether some number is read as of a country that only a person can name."""
    return any(is_phone(line) and line.notes and not line.why_not for line in lines)


def _country(phone: str, drafting: Drafting) -> str:
    """The column of the country that belongs to a column of phone numbers: with the same words before it, else the only plain one."""
    named = [
        (place, name) for place, name in enumerate(drafting.names)
        if COUNTRY.search(normalised(drafting.called(place))) and drafting.can_be_named(place) and _are_countries(drafting.texts(place))
    ]  # fmt: skip
    stem = re.split(r"phone|mobile|cell|tel|handy", normalised(drafting.called_as(phone)))[0]
    alike = [name for place, name in named if stem and normalised(drafting.called(place)).startswith(stem)]
    own = [name for place, name in named if role_of(drafting.called(place)) != OTHER]
    return next(iter([*alike, *own]), "")


def _are_countries(texts: Sequence[str]) -> bool:
    said = {text for text in texts if text}
    known = sum(country_of(text) is not None for text in said)
    return bool(said) and 2 * known > len(said)
