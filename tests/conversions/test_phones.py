"""What is vouched for of a phone number is what the library reads in it."""

import random
import re
from unittest.mock import patch

import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lexer_pipeline.mapping.conversions import numbering_plans, phones
from lexer_pipeline.mapping.conversions.phones import _told

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
FORMS = (
    phonenumbers.PhoneNumberFormat.E164,
    phonenumbers.PhoneNumberFormat.INTERNATIONAL,
    phonenumbers.PhoneNumberFormat.NATIONAL,
)
COUNTRIES = st.none() | st.sampled_from(["AU", "US", "GB", "CA", "IT", "MX", "AR", "NZ", *REGIONS])
BEGINNINGS = ("", "+", "+0", "0", "00", "+61", "+1", "+44", "+39", "+52", "+54", "0011", "(02) ", "+61 (0)")


def examples(region: str, rng: random.Random) -> list[tuple[str, str]]:
    """Numbers of all kinds that a region has, as they are written, and some of them with a sign spoiled."""
    found = []
    for kind in phonenumbers.PhoneNumberType.values():
        one = phonenumbers.example_number_for_type(region, kind)
        for form in FORMS if one is not None else ():
            text = phonenumbers.format_number(one, form)
            at = rng.randrange(len(text))
            found += [(text, region), (text[:at] + rng.choice("0123456789 ") + text[at + 1 :], region)]
    return found


@pytest.mark.parametrize("region", REGIONS)
def test_numbers_of_each_region_are_vouched_for_as_the_library_reads_them(region: str) -> None:
    for text, country in examples(region, random.Random(region)):
        for said in (country, None, "AU", "US"):
            digits = numbering_plans.vouched(text, said)
            assert digits in ("", _told(text, said)), text


@given(st.sampled_from(BEGINNINGS), st.text("0123456789 -.()", min_size=3, max_size=14), COUNTRIES)
def test_no_other_number_is_vouched_for(begin: str, rest: str, country: str | None) -> None:
    digits = numbering_plans.vouched(begin + rest, country)
    assert digits in ("", _told(begin + rest, country))


@given(
    st.sampled_from((*BEGINNINGS, "'", "(", "tel:")),
    st.text("0123456789 -.()x/", min_size=3, max_size=16),
    COUNTRIES,
)
@example("", "0491 570 006", "AU")
@example("", "0491 570 006 ", "AU")
@example("", "0491 570 006  0491 570 006", "AU")
@example("", "0491570006.0", "AU")
@example("", "0491 570 006 (", "AU")
@example("(", "02) 9374 4000", "AU")
def test_plain_numbers_are_read_as_if_they_were_looked_at_in_full(
    begin: str, rest: str, country: str | None
) -> None:
    read = phones.Phone(country).of(begin + rest, "")
    with patch.object(phones, "PLAIN", re.compile("(?!)")):
        assert phones.Phone(country).of(begin + rest, "") == read


@pytest.mark.parametrize(
    ("text", "country", "digits"),
    [
        ("+61 491 570 006", None, "61491570006"), ("+61400058268", "US", "61400058268"), ("0491 570 006", "AU", "61491570006"),
        ("(02) 9374 4000", "AU", "61293744000"), ("+1 212-555-0100", None, "12125550100"), ("(212) 555-0100", "US", "12125550100"),
        ("020 7946 0018", "GB", "442079460018"), ("+44 (0)20 7946 0018", None, ""), ("0011 61 491 570 006", "AU", ""), ("612 9374 4000", "AU", ""),
        ("+39 02 1234 5678", None, ""), ("0491 570 006", None, ""), ("+03 123 4567", None, ""), ("+61 491 570 006 x2", None, ""),
    ],
)  # fmt: skip
def test_plain_numbers_are_vouched_for_and_all_others_left_to_the_library(
    text: str, country: str | None, digits: str
) -> None:
    assert numbering_plans.vouched(text, country) == digits
