"""Orders whose export names a coupon and not what it took off: the total tells."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lexer_pipeline.kernels import dispatch

from tests.presets.exports import all_in_doubt, convert, write
from tests.presets.headers import HEADERS

HEAD = HEADERS["wix_orders"][0]
ORDER = {
    "Order number": "10001", "Date created": "Dec 8, 2024", "Time": "9:15:51 AM", "Contact email": "mira.holt@example.com",
    "Payment status": "Paid", "Currency": "AUD",
}  # fmt: skip


def order(lines: list[tuple[str, str]], **amounts: str) -> list[dict[str, str]]:
    """An order of Wix: pieces and price of each line, and what is said of the order on each of them."""
    said = {**ORDER, **{name.replace("_", " "): text for name, text in amounts.items()}}
    return [
        {**said, "Item": f"Mug {at}", "SKU": f"M-{at}", "Qty": pieces, "Price": price}
        for at, (pieces, price) in enumerate(lines)
    ]


def adjusted(record: Any) -> list[tuple[str, float]]:
    return [(one["reason"], one["price_adjustment"]) for one in record.get("adjustments", ())]


@pytest.mark.parametrize("in_doubt", [False, True])
@pytest.mark.parametrize(
    ("amounts", "found", "held"),
    [
        ({"Total": "79.95", "Shipping_rate": "9.95", "Coupon_code": "SAVE10"}, [("Shipping", 9.95), ("Discount", -10.0)], None),
        ({"Total": "75.95", "Shipping_rate": "9.95", "Total_tax": "6.90", "Coupon_code": "S"}, [("Shipping", 9.95), ("Discount", -14.0)], None),
        # Near to a total without shipping, which the order has all the same.
        ({"Total": "79.99", "Shipping_rate": "10.00", "Coupon_code": "SAVE10"}, [("Shipping", 10.0), ("Discount", -10.01)], None),
        # Free shipping: the total is without it.
        ({"Total": "80.00", "Shipping_rate": "9.95", "Coupon_code": "FREESHIP"}, [], None),
        ({"Total": "89.95", "Shipping_rate": "9.95", "Coupon_code": "SAVE0"}, [("Shipping", 9.95)], None),
        # What rounding leaves is none.
        ({"Total": "79.99", "Coupon_code": "SAVE0"}, [("Rounding", -0.01)], None),
        # No coupon, or more than all comes to: nothing explains it.
        ({"Total": "79.95", "Shipping_rate": "9.95"}, [], "does_not_add_up"),
        ({"Total": "99.95", "Shipping_rate": "9.95", "Coupon_code": "SAVE10"}, [("Shipping", 9.95)], "does_not_add_up"),
    ],
)  # fmt: skip
def test_the_total_tells_what_a_coupon_took_off(
    amounts: dict[str, str], found: list[tuple[str, float]], held: str | None, in_doubt: bool,
    folder: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    if in_doubt:
        monkeypatch.setattr(dispatch, "exact_amounts", all_in_doubt)
    source = write("orders.csv", HEAD, *order([("2", "20.00"), ("1", "40.00")], **amounts))

    made = convert(source)

    (record,) = made.records("commerce_purchases")
    manifest = made.batches["commerce_purchases"].manifest
    assert adjusted(record) == found
    assert list(manifest.suspicions) == ([held] if held else [])
    worked_out = any(reason == "Discount" for reason, _ in found)
    assert manifest.conversions.get("discount_worked_out", 0) == worked_out


cents = st.integers(1, 50_000)
bought = st.tuples(st.lists(st.tuples(st.integers(1, 5), cents), min_size=1, max_size=4), cents, cents)


@settings(max_examples=8)
@given(st.lists(bought, min_size=5, max_size=20))
def test_orders_with_a_coupon_come_to_their_total_whatever_it_took_off(
    tmp_path_factory: pytest.TempPathFactory, orders: list[tuple[list[tuple[int, int]], int, int]]
) -> None:
    def money(amount: int) -> str:
        return f"{Decimal(amount) / 100:.2f}"

    rows, totals = [], []
    for number, (lines, shipping, off) in enumerate(orders):
        totals.append(max(sum(pieces * price for pieces, price in lines) + shipping - off, 0))
        amounts = {"Total": money(totals[-1]), "Shipping_rate": money(shipping), "Coupon_code": "SAVE"}
        said = order([(str(pieces), money(price)) for pieces, price in lines], **amounts)
        rows += [{**one, "Order number": str(10_001 + number)} for one in said]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("orders"))
        records = convert(write("orders.csv", HEAD, *rows)).records("commerce_purchases")

    assert [comes_to(one) for one in records] == [Decimal(money(total)) for total in totals]


def comes_to(record: Any) -> Decimal:
    amounts = [one["price_paid"] for one in record["products"]]
    amounts += [one["price_adjustment"] for one in record.get("adjustments", ())]
    return sum((Decimal(str(amount)) for amount in amounts), Decimal(0))
