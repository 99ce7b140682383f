"""What is peculiar to one platform, beyond its samples."""

from pathlib import Path

import pytest
from lexer_pipeline.preparing.prepare import prepare

from tests.presets.exports import KEEP_ALL, convert, write
from tests.presets.headers import HEADERS

ORDERS, LONG_AGO = HEADERS["shopify_orders"][0], HEADERS["shopify_orders"][1]
ORDER = {
    "Name": "#1", "Email": "mira.holt@example.com", "Created at": "2024-03-06 10:15:00 +1100", "Lineitem quantity": "1",
    "Lineitem price": "5.00", "Lineitem name": "Mug", "Currency": "AUD",
}  # fmt: skip


@pytest.mark.parametrize(
    ("status", "is_purchase"),
    [
        ("paid", True), ("partially_paid", True), ("refunded", True), ("partially_refunded", True),
        ("authorized", True), ("voided", False), ("pending", False), ("expired", False),
    ],
)  # fmt: skip
def test_what_was_bought_at_shopify_goes_by_the_financial_status(
    status: str, is_purchase: bool, folder: Path
) -> None:
    other = {**ORDER, "Name": "#2", "Financial Status": "paid"}

    made = convert(write("orders_export.csv", ORDERS, {**ORDER, "Financial Status": status}, other))

    manifest = made.batches["commerce_purchases"].manifest
    assert (1 + is_purchase, 1 - is_purchase) == (manifest.records, sum(manifest.skipped.values()))
    assert "commerce_returns" not in made.batches


def test_an_order_of_2012_without_source_and_identifier_is_a_purchase_of_the_shop(folder: Path) -> None:
    row = {key: text for key, text in ORDER.items() if key in LONG_AGO}

    (one,) = convert(write("orders_export.csv", LONG_AGO, row)).records("commerce_purchases")

    assert ("#1", "ecommerce", 5.0) == (one["purchase_id"], one["type"], one["products"][0]["price_paid"])
    assert "store" not in one


def test_orders_opened_and_saved_by_a_german_excel_still_become_purchases(folder: Path) -> None:
    row = {**ORDER, "Created at": "06.03.2024 10:15", "Lineitem price": "1.005,00", "Shipping": "9,95"}
    header = ";".join(ORDERS)
    Path("orders_export.csv").write_text(
        header + "\n" + ";".join(row.get(name, "") for name in ORDERS) + "\n", "utf-8"
    )

    (one,) = convert("orders_export.csv").records("commerce_purchases")

    assert (1005.0, "2024-03-06T10:15:00Z") == (one["products"][0]["price_paid"], one["action_at"])
    assert [{"price_adjustment": 9.95, "reason": "Shipping"}] == one["adjustments"]


def test_three_sources_of_two_platforms_become_one_delivery_a_specification(folder: Path) -> None:
    orders = write("orders_export.csv", ORDERS, ORDER)
    people = write(
        "customers_export.csv", HEADERS["shopify_customers"][0], {"Email": "teo.brandt@example.com"}
    )

    report = prepare([orders, people], None, "batches", KEEP_ALL)

    assert {"commerce_purchases": 1, "profile_customer": 2} == {
        batch.manifest.specification: batch.manifest.records for batch in report.batches
    }


def test_shuffled_lines_of_orders_become_the_same_purchases(folder: Path) -> None:
    names = [f"#{number}" for number in range(40)]
    full = [{**ORDER, "Name": name, "Financial Status": "paid", "Lineitem sku": "A"} for name in names]
    more = [{key: text for key, text in row.items() if key != "Financial Status"} for row in full]
    first = convert(write("a.csv", ORDERS, *full, *({**row, "Lineitem sku": "B"} for row in more)))

    both = [
        row for pair in zip(full, more, strict=True) for row in (pair[0], {**pair[1], "Lineitem sku": "B"})
    ]
    second = convert(write("b.csv", ORDERS, *both))

    in_order = sorted(second.records("commerce_purchases"), key=lambda one: str(one["purchase_id"]))
    assert in_order == sorted(first.records("commerce_purchases"), key=lambda one: str(one["purchase_id"]))
    assert {2} == {len(one["products"]) for one in in_order}
