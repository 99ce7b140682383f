"""Amounts of several currencies, in one column and beside a column that says which."""

from pathlib import Path

import pytest
from lexer_pipeline import Options, validate
from lexer_pipeline.mapping.conversions import Converted, Unconvertible, compile_conversion

from tests.presets.exports import convert, write
from tests.presets.headers import HEADERS

MAPPING = """
[[records]]
specification = "commerce_purchases"
[records.fields]
purchase_id = "Order"
"link.email" = { constant = "ann@example.com" }
action_at = { constant = "2024-03-06T10:15:00Z" }
type = { constant = "ecommerce" }
"products[0].quantity" = { constant = 1 }
"products[0].price_paid" = { column = "Paid", convert = ["money"] }
"""


def sightings(
    paid: list[str], currency: str = "", codes: list[str] | None = None
) -> list[tuple[str, int, tuple[int, ...]]]:
    """What is suspicious of some amounts, with a rule for the currency and a column of codes where they are given."""
    Path("own.toml").write_text(MAPPING + currency, "utf-8")
    codes = codes or [""] * len(paid)
    rows = [f'A-{at},"{text}",{code}\n' for at, (text, code) in enumerate(zip(paid, codes, strict=True))]
    Path("orders.csv").write_text("Order,Paid,Code\n" + "".join(rows), "utf-8")
    report = validate(["orders.csv"], None, Options(mapping="own.toml", ignore_unknown=True))
    return [
        (one.code, one.count, one.lines)
        for one in report.sources[0].suspicions
        if one.code == "several_currencies"
    ]


@pytest.mark.parametrize(
    ("paid", "lines"),
    [
        (["AUD 12.50", "USD 8.20", "€9.95", "¥1200.00"], (3, 4, 5)),
        (["12.50", "$8.20", "9.95 EUR"], (4,)),
        (["£5.00", "£6.00", "€7.00"], (4,)),
        (["kr 5.00", "SEK 6.00", "NOK 7.00"], (4,)),
        (["-$5.00", "A$6.00", "US$ 7.00"], (4,)),
    ],
)
def test_several_currencies_in_one_column_hold(paid: list[str], lines: tuple[int, ...], folder: Path) -> None:
    assert [("several_currencies", len(lines), lines)] == sightings(paid)


@pytest.mark.parametrize(
    "paid",
    [
        ["12.50", "8.20"], ["AUD 12.50", "8.20", "A$9.95", "$4.00"], ["$8.20", "($9.95)", "-4.00"], ["¥1200.00", "JPY 5", "￥5"],
        ["12.50 €", "€8.20", "EUR 5.00", "9.95"], ["Rs. 5.00", "INR 6.00", "₹7.00"], ["1 CAD", "$2.00"], ["AUD $5.00", "AUD$6.00"],
    ],
)  # fmt: skip
def test_one_currency_written_in_several_ways_holds_nothing(paid: list[str], folder: Path) -> None:
    assert [] == sightings(paid)


def test_a_currency_field_takes_the_codes_of_amounts(folder: Path) -> None:
    rule = 'currency = { column = "Paid", convert = ["currency"] }\n'

    assert [] == sightings(["AUD 12.50", "USD 8.20", "€9.95"], rule)


def test_each_record_may_say_its_own_currency_but_no_other_than_its_amounts(folder: Path) -> None:
    rule = 'currency = "Code"\n'

    assert [] == sightings(["$12.50", "US$8.20", "€9.95", "7.00"], rule, ["AUD", "usd", "EUR", "JPY"])
    assert [("several_currencies", 2, (3, 4))] == sightings(["$12.50", "US$8.20", "€9.95"], rule, ["AUD"] * 3)
    assert [("several_currencies", 1, (3,))] == sightings(
        ["€12.50", "£8.20"], 'currency = { constant = "EUR" }\n'
    )


def test_a_shop_that_sells_in_several_currencies_says_so_itself(folder: Path) -> None:
    row = {"Email": "ann@example.com", "Created at": "2024-03-06 10:15:00 +1100", "Lineitem quantity": "1", "Lineitem price": "5.00", "Lineitem sku": "M-1",
           "Total": "5.00"}  # fmt: skip
    rows = [{**row, "Name": f"#{code}", "Currency": code} for code in ("AUD", "USD", "KWD")]

    batch = convert(write("orders_export.csv", HEADERS["shopify_orders"][0], *rows)).batches[
        "commerce_purchases"
    ]

    assert ("prepared", {}) == (batch.manifest.state, batch.manifest.suspicions)


@pytest.mark.parametrize(
    ("text", "argument", "wanted"),
    [
        ("AUD 12.50", None, "AUD"), ("12,50 €", None, "EUR"), ("US$8.20", None, "USD"), ("AU $3,000.00", None, "AUD"), ("aud$5", None, "AUD"), ("12.50", None, ""),
        ("$5", {"$": "AUD"}, "AUD"), ("NZ$5", {"$": "AUD"}, "NZD"), ("(¥5)", {"¥": "JPY"}, "JPY"),
    ],
)  # fmt: skip
def test_the_code_of_an_amount_is_that_of_its_sign(text: str, argument: object, wanted: str) -> None:
    found = compile_conversion("currency", argument)
    assert callable(found)
    assert Converted(wanted, ("currency_taken",)) == found(text)


@pytest.mark.parametrize("text", ["$5", "¥1200.00", "£5", "kr 5", "AUD", "five", "AUD 5 each"])
def test_a_sign_that_several_currencies_share_and_what_is_no_amount_are_refused(text: str) -> None:
    found = compile_conversion("currency", None)
    assert callable(found)
    assert isinstance(found(text), Unconvertible)
