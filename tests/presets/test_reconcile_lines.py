"""The lines of Square: what they come to, where nothing says so of the whole sale, and whom they are sold to."""

from pathlib import Path
from typing import Any

import pytest
from lexer_pipeline import Options, prepare, validate
from lexer_pipeline.kernels import dispatch

from tests.presets.exports import all_in_doubt, convert, write
from tests.presets.headers import HEADERS

SQUARE = HEADERS["square_items"][0]
SALE = {
    "Date": "2026-07-18", "Time": "12:59:30", "Time Zone": "Eastern Time (US & Canada)", "Item": "Mug", "Qty": "1.0", "SKU": "0012",
    "Gross Sales": "$8.00", "Discounts": "-$1.00", "Net Sales": "$7.00", "Event Type": "Payment", "Customer ID": "C-1",
}  # fmt: skip


def sales(count: int, **changed: str) -> list[dict[str, str]]:
    """Sales of two lines, of which the second says something else."""
    return [
        {**SALE, "Transaction ID": f"T-{number}", "Customer ID": f"C-{number}", **more}
        for number in range(count)
        for more in ({}, {"SKU": "0013"} | {name.replace("_", " "): text for name, text in changed.items()})
    ]


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({}, []),
        ({"Gross_Sales": "$9.00", "Discounts": "$0.00", "Net_Sales": "$9.00"}, []),
        ({"Gross_Sales": "$9.00", "Discounts": "", "Net_Sales": "$9.00"}, []),
        ({"Gross_Sales": "$1,200.50", "Discounts": "-$200.25", "Net_Sales": "$1,000.25"}, []),
        ({"Net_Sales": "$8.00"}, ["does_not_add_up"]),
        ({"Discounts": "-$2.00"}, ["does_not_add_up"]),
        ({"Gross_Sales": ""}, ["not_reconciled"]),
        ({"Gross_Sales": "8 or 9"}, ["not_reconciled"]),
    ],
)
def test_a_sale_of_square_costs_what_it_did_before_less_its_discounts(
    changed: dict[str, str], found: list[str], folder: Path
) -> None:
    source = write("items.csv", SQUARE, *sales(4, **changed))

    report = validate([source])

    noticed = {one.code for one in report.sources[0].suspicions}
    assert found == sorted(noticed & {"does_not_add_up", "not_reconciled"})


def test_an_export_without_the_price_before_discounts_is_not_compared(folder: Path) -> None:
    header = [name for name in SQUARE if name != "Gross Sales"]

    rows = [{name: text for name, text in row.items() if name != "Gross Sales"} for row in sales(4)]
    batch = convert(write("items.csv", header, *rows)).batches["commerce_purchases"]

    assert ("prepared", {}) == (batch.manifest.state, batch.manifest.suspicions)


def test_amounts_beyond_what_the_kernel_adds_come_to_the_same(folder: Path) -> None:
    mapping = """
[[records]]
specification = "commerce_purchases"
[records.reconcile]
total = "Before"
each_line = true
plus = "products[].discount"
[records.fields]
purchase_id = "Order"
"link.email" = { constant = "ann@example.com" }
action_at = { constant = "2024-03-06T10:15:00Z" }
type = { constant = "physical" }
"products[].quantity" = { constant = 1 }
"products[].price_paid" = "Paid"
"products[].discount" = "Off"
"""
    Path("own.toml").write_text(mapping, "utf-8")
    Path("orders.csv").write_text(
        "Order,Before,Off,Paid\nA,12345678901234567890.10,0.10,12345678901234567890.00\nA,2,1,1\nB,2,1,1\nB,1e1,1,9\nC,3,1,1\n",
        "utf-8",
    )

    def made() -> tuple[bytes, Any]:
        report = prepare(["orders.csv"], None, "batches", Options(mapping="own.toml", date="20240306"))
        return report.batches[0].file.read_bytes(), report.batches[0].manifest.suspicions

    fast = made()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dispatch, "exact_amounts", all_in_doubt)
        slow = made()
    assert slow == fast
    assert fast[1]["does_not_add_up"] == {"weight": "hold", "count": 1, "lines": [6]}


def test_what_lines_cost_holds_no_adjustment_of_their_order(folder: Path) -> None:
    header = HEADERS["etsy_sold_items"][0]
    item = {
        "Sale Date": "09/03/26", "Buyer": "janedoe", "Quantity": "2", "Price": "34.00", "Order Shipping": "8.00",
        "Item Total": "68.00", "Order ID": "7", "Listing ID": "1501",
    }  # fmt: skip
    rows = [item, {**item, "Price": "9.00", "Discount Amount": "1.80", "Item Total": "18.00"}]
    (record,) = convert(write("items.csv", header, *rows)).records("commerce_purchases")

    wrong = convert(write("wrong.csv", header, *rows, {**item, "Order ID": "8", "Item Total": "34.00"}))

    assert record["adjustments"] == [{"price_adjustment": 8.0, "reason": "Shipping"}]
    assert [line["price_paid"] for line in record["products"]] == [68, 16.2]
    assert wrong.batches["commerce_purchases"].manifest.suspicions["does_not_add_up"]["count"] == 1


def test_one_number_for_several_people_holds_the_sales_of_square(folder: Path) -> None:
    names = ("Ann Lee", "Bo Ek", "Cy Ash", "Di Ost")
    rows = [{**SALE, "Transaction ID": f"T-{at}", "Customer Name": name} for at, name in enumerate(names)]

    batch = convert(write("items.csv", SQUARE, *rows)).batches["commerce_purchases"]

    assert ("held", ["shared_link"]) == (batch.manifest.state, [*batch.manifest.suspicions])
