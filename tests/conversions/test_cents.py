"""Amounts in the smallest unit keep every digit, and no currency is guessed."""

from decimal import Context, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lexer_pipeline.mapping.conversions import Converted, OfRow, Unconvertible, compile_conversion
from lexer_pipeline.mapping.conversions.cents import DECIMALS

from tests.conversions.helpers import failure, names, refusal, result

EXACT = Context(prec=100)
BY_ROW = {"currency": "currency"}


def read(argument: object, text: str, said: str) -> Converted | Unconvertible:
    """What a text becomes in a row that says a currency."""
    found = compile_conversion("cents", argument)
    assert isinstance(found, OfRow)
    return found.of(text, said)


@pytest.mark.parametrize(
    ("currency", "text", "amount"),
    [
        ("AUD", "2000", "20.00"),
        ("aud", "1", "0.01"),
        ("AUD", "10", "0.10"),
        ("AUD", "-5", "-0.05"),
        ("AUD", "-2050", "-20.50"),
        ("AUD", "0", "0.00"),
        ("AUD", "-0", "0.00"),
        ("AUD", " 995 ", "9.95"),
        ("AUD", "900719925474099312345", "9007199254740993123.45"),
        ("JPY", "2000", "2000"),
        ("JPY", "-0", "0"),
        ("KWD", "5124", "5.124"),
        ("KWD", "7", "0.007"),
        ("CLF", "12345", "1.2345"),
        ("MGA", "2000", "20.00"),
        ("ISK", "2000", "2000"),
        ("HRK", "2000", "20.00"),
    ],
)
def test_an_amount_gets_the_decimals_of_its_currency(currency: str, text: str, amount: str) -> None:
    assert result("cents", currency, text) == amount
    assert read(BY_ROW, text, currency) == read(currency, text, "")


@pytest.mark.parametrize(
    "text",
    ["20.5", "20.50", "$20", "1,000", "1e3", "2E+05", "007", "+5", "--5", "", "-", "٢٠", "1 0", "9" * 39],
)
def test_what_is_no_whole_number_is_refused(text: str) -> None:
    assert "is not a whole number of cents" in failure("cents", "AUD", text).message


def test_a_whole_number_with_a_fraction_of_zeros_is_for_its_owner_to_judge() -> None:
    assert 'put { id = "strip-fraction" } before cents' in failure("cents", "AUD", "2000.0").message


def test_the_currency_of_the_row_goes_before_the_default() -> None:
    both = {"currency": ["currency", "Currency"], "default": "aud"}

    assert read(both, "2000", "jpy") == Converted("2000")
    assert read(both, "2000", " ") == Converted("20.00", ("cents_read",))


def test_an_amount_without_a_currency_is_refused_with_what_to_write() -> None:
    found = read(BY_ROW, "2000", "")

    assert isinstance(found, Unconvertible)
    assert '{ cents = { currency = "currency", default = "AUD" } }' in found.message


@pytest.mark.parametrize("said", ["XYZ", "$", "dollars", "AU", "999"])
def test_an_unknown_currency_is_refused_even_beside_a_default(said: str) -> None:
    found = read({"currency": "currency", "default": "AUD"}, "2000", said)

    assert isinstance(found, Unconvertible)
    assert "decimals = { USDC = 6 }" in found.message


def test_the_decimals_of_an_api_go_before_those_of_iso_4217() -> None:
    stripe = {"currency": "currency", "decimals": {"isk": 2, "MGA": 0, "UGX": 2, "USDC": 6}}

    assert [read(stripe, "500", said) for said in ("ISK", "MGA", "ugx", "USDC", "AUD")] == [
        Converted("5.00", ("cents_read",)),
        Converted("500"),
        Converted("5.00", ("cents_read",)),
        Converted("0.000500", ("cents_read",)),
        Converted("5.00", ("cents_read",)),
    ]


@pytest.mark.parametrize(
    "argument",
    [
        None, True, {}, 2, [], "", {"decimals": {"ISK": 2}}, {"currency": ""}, {"currency": []}, {"currency": 1},
        {"column": "currency"}, {"default": 7}, {"default": "AUD", "decimals": 2}, {"default": "AUD", "decimals": {"ISK": "2"}},
        {"default": "AUD", "decimals": {"ISK": True}}, {"default": "AUD", "decimals": {"ISK": -1}},
        {"default": "AUD", "decimals": {"I K": 2}}, "Dollar", {"default": "XYZ"},
    ],
)  # fmt: skip
def test_an_argument_that_tells_no_currency_is_refused(argument: object) -> None:
    assert refusal("cents", argument).message.startswith("the conversion cents ")


@given(st.integers(-(10**37), 10**37), st.sampled_from(sorted(DECIMALS)))
def test_every_amount_is_exact(amount: int, currency: str) -> None:
    text = result("cents", currency, str(amount))

    assert text is not None
    assert Decimal(text) == Decimal(amount).scaleb(-DECIMALS[currency], EXACT)
    assert len(text.partition(".")[2]) == DECIMALS[currency]
    assert names("cents", currency, str(amount)) == (("cents_read",) if text != str(amount) else ())
