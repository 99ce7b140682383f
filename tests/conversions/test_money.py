"""Amounts of money keep their value and their digits, and an open decimal mark is never guessed."""

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lexer_pipeline.errors import UsageError
from lexer_pipeline.mapping.conversions import Converted, NeedsColumn, compile_conversion
from lexer_pipeline.specs import values

from tests.conversions.helpers import names, refusal, result, results

DECIDED = [
    ("$1,234.50", "1234.50"),
    ("-$12.00", "-12.00"),
    ("$-12.00", "-12.00"),
    ("- $12.00", "-12.00"),
    ("\u221212.00", "-12.00"),
    ("12.00-", "-12.00"),
    ("12,00- €", "-12.00"),
    ("($12.00)", "-12.00"),
    ("$(12.00)", "-12.00"),
    ("(AUD 12.00)", "-12.00"),
    ("€19.90", "19.90"),
    ("1.234,50 €", "1234.50"),
    ("1,23,456.78", "123456.78"),
    ("1 234,50", "1234.50"),
    ("1\u00a0234,50", "1234.50"),
    ("1\u202f234\u202f567,50 kr", "1234567.50"),
    ("CHF 1'234.50", "1234.50"),
    ("CHF 1\u2019234.50", "1234.50"),
    ("AUD 12.50", "12.50"),
    ("12.50 AUD", "12.50"),
    ("usd 5.25", "5.25"),
    ("A$5.00", "5.00"),
    ("AU $3,000.00", "3000.00"),
    ("-C $5.00", "-5.00"),
    ("$1,234.50 AUD", "1234.50"),
    ("Rs. 1,00,000", "100000"),
    ("0.500", "0.500"),
    ("1234.500", "1234.500"),
    ("11.080000000", "11.080000000"),
    ("12345678901234567890.12", "12345678901234567890.12"),
    ("007.50", "7.50"),
    (".50", "0.50"),
    ("+5", "5"),
    ("0", "0"),
    ("-0.00", "0.00"),
    (" 12.50 ", "12.50"),
]
NO_AMOUNTS = [
    "", "$", "-", "free", "12.5%", "QTY 12", "12 pieces", "1.2E+05", "--5", "(-5)", "-5-", "5.", "1,234,56", "1 234,567.8",
    "1,234 567.00", "1.2.3", "12,34,56", "1,,234", "1" * 65, "\u0661\u0662", "45384-01", "NaN", "Infinity",
]  # fmt: skip


@pytest.mark.parametrize(("text", "number"), DECIDED)
def test_an_amount_that_can_be_read_in_one_way_only_decides_for_itself(text: str, number: str | None) -> None:
    assert result("money", None, text) == number


@pytest.mark.parametrize("text", NO_AMOUNTS)
@pytest.mark.parametrize("mark", [".", ","])
def test_what_is_no_amount_is_never_made_one(text: str, mark: str) -> None:
    assert result("money", mark, text) is None


@pytest.mark.parametrize(("mark", "number"), [(".", "1234"), (",", "1.234")])
def test_the_mark_that_a_mapping_names_settles_what_is_open(mark: str, number: str) -> None:
    assert result("money", mark, "1,234") == number


def test_one_telling_cell_settles_the_column() -> None:
    assert results("money", None, "1,234", "12.50", "7") == ["1234", "12.50", "7"]
    assert results("money", None, "1,234", "12,5", "7") == ["1.234", "12.5", "7"]
    assert results("money", None, "1.234", "1.234.567") == ["1234", "1234567"]


def test_a_column_without_separators_needs_no_decision() -> None:
    assert results("money", None, "$12", "0", "100 000") == ["12", "0", "100000"]


def test_a_column_that_is_open_is_refused_with_both_counts() -> None:
    error = refusal("money", None, *["1,234"] * 1200, "12")

    assert error.message == (
        "is ambiguous: a decimal point fits 1,201 cells, a decimal comma fits 1,201 cells, "
        "they differ in 1,200 cells, and no cell decides"
    )
    assert 'money = "."' in error.hint


def test_a_column_that_contradicts_itself_is_refused_with_both_counts() -> None:
    error = refusal("money", None, "1.5", "2.5", "1,5", "3")

    assert error.message == (
        "contradicts itself: only a decimal point fits 2 cells, only a decimal comma fits 1 cell, and both fit 1 cell"
    )


def test_cells_that_are_no_amounts_do_not_decide() -> None:
    assert results("money", None, "see 1,5", "1.50") == [None, "1.50"]


@pytest.mark.parametrize("argument", [";", "", 5, [], {"mark": "."}])
def test_an_argument_that_is_no_decimal_mark_is_refused(argument: object) -> None:
    assert '"." or ","' in refusal("money", argument).message


def test_a_number_that_needs_no_change_is_not_counted_as_changed() -> None:
    assert names("money", ".", "12.50") == ()
    assert names("money", ".", "$12.50") == ("money_rewritten",)


@pytest.mark.parametrize(
    ("text", "flipped"),
    [
        ("12.50", "-12.50"),
        ("-12.50", "12.50"),
        ("0.00", "0.00"),
        ("-0.00", "0.00"),
        ("-1e5", "1e5"),
        ("$5", None),
    ],
)
def test_negate_flips_the_sign_and_leaves_the_digits(text: str, flipped: str | None) -> None:
    assert result("negate", None, text) == flipped


@pytest.mark.parametrize(("text", "bare"), [("-12.50", "12.50"), ("12.50", "12.50"), ("x", None)])
def test_absolute_drops_the_sign_and_leaves_the_digits(text: str, bare: str | None) -> None:
    assert result("absolute", None, text) == bare


WESTERN = [
    ("", "."),
    (",", "."),
    ("'", "."),
    ("\u2019", "."),
    ("", ","),
    (".", ","),
    ("\u202f", ","),
    ("\u00a0", ","),
    (" ", ","),
]
SHAPES = ["{}", "${}", "€{}", "{} €", "EUR {}", "{} kr", "A${}"]
BELOW_ZERO = ["-{}", "({})", "{}-", "\u2212{}"]


def grouped(digits: str, separator: str, size: int) -> str:
    """Digits with a separator before the last three, and before every `size` above those."""
    head, tail = digits[:-3], digits[-3:]
    pieces = [tail]
    while head:
        pieces.insert(0, head[-size:])
        head = head[:-size]
    return separator.join(pieces)


@given(
    st.decimals(min_value=0, max_value=Decimal(10) ** 15, places=2),
    st.sampled_from([(separator, mark, 3) for separator, mark in WESTERN] + [(",", ".", 2), (".", ",", 3)]),
    st.sampled_from(SHAPES),
    st.one_of(st.none(), st.sampled_from(BELOW_ZERO)),
)
def test_an_amount_keeps_its_value_however_it_is_written(
    amount: Decimal, style: tuple[str, str, int], shape: str, below: str | None
) -> None:
    separator, mark, size = style
    whole, fraction = f"{amount:f}".split(".")
    shown = shape.format(f"{grouped(whole, separator, size) if separator else whole}{mark}{fraction}")

    found = result("money", mark, below.format(shown) if below else shown)

    assert found is not None
    assert Decimal(found) == (-amount if below else amount)
    assert found.removeprefix("-") == f"{whole}.{fraction}"
    assert values.JSON_NUMBER.fullmatch(found)


@given(st.decimals(allow_nan=False, allow_infinity=False), st.sampled_from(["negate", "absolute"]))
def test_a_sign_changes_exactly(number: Decimal, name: str) -> None:
    text = f"{number:f}"
    expected = number.copy_negate() if name == "negate" else number.copy_abs()

    found = result(name, None, text)

    assert found is None or Decimal(found) == expected
    assert found is None or re.sub("[^0-9]", "", found) == re.sub("[^0-9]", "", text)


@pytest.mark.parametrize(
    ("column", "text", "wanted"),
    [
        (["30.505", "12.345"], "30.505", "30.505"),
        (["30.505", "12"], "12", "12"),
        (["1,005.00", "30.505"], "1,005.00", "1005.00"),
        (["1.005,00", "9,95"], "1.005,00", "1005.00"),
        (["1.005", "9,95"], "1.005", "1005"),
    ],
)
def test_the_usual_mark_of_a_platform_decides_where_the_column_does_not(
    column: list[str], text: str, wanted: str
) -> None:
    found = compile_conversion("money", {"usual": "."})
    assert isinstance(found, NeedsColumn)
    found.look(column)

    done = found.decide()(text)

    assert isinstance(done, Converted)
    assert wanted == done.text


@pytest.mark.parametrize("column", [["30,505", "12,345"], ["30,505", "12.345"]])
def test_groups_of_thousands_without_cents_stay_ambiguous_whatever_is_usual(column: list[str]) -> None:
    found = compile_conversion("money", {"usual": "."})
    assert isinstance(found, NeedsColumn)
    found.look(column)

    with pytest.raises(UsageError, match="is ambiguous"):
        found.decide()
