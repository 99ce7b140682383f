"""Options of a preset, put on behind its name."""

import json
from pathlib import Path

import pytest
from lexer_pipeline.errors import UsageError
from lexer_pipeline.mapping import file

from tests.presets.exports import convert, fixed, write
from tests.presets.headers import HEADERS

HEADER = HEADERS["shopify_orders"][0]
ORDER = {
    "Name": "#1", "Email": "mira@example.com", "Financial Status": "pending", "Created at": "2024-03-06 10:15:00 +1100",
    "Lineitem quantity": "2", "Lineitem price": "5.00", "Lineitem sku": "0012", "Total": "10.00",
}  # fmt: skip
FURTHER = {
    name: ORDER[name] for name in ("Name", "Email", "Created at", "Lineitem quantity", "Lineitem price")
}
DOCUMENT = {
    "name": "#1", "order_number": 1, "email": "mira@example.com", "financial_status": "pending", "created_at": "2024-03-06T10:15:00+11:00",
    "total_price": "10.00", "line_items": [{"sku": "0012", "quantity": 2, "price": "5.00", "name": "Mug"}],
}  # fmt: skip
STATUSES = [("fulfilled", True), ("Fulfilled", True), ("partial", False), ("", False), ("unfulfilled", False)]


@pytest.mark.parametrize(("status", "is_bought"), STATUSES)
def test_what_was_sent_on_credit_is_bought_though_it_is_not_paid(
    folder: Path, status: str, is_bought: bool
) -> None:
    source = write("orders.csv", HEADER, {**ORDER, "Fulfillment Status": status, "Total": "20.00"}, FURTHER)

    made = convert(source, "shopify_orders+on_credit").batches.get("commerce_purchases")

    assert (made is not None) == is_bought
    if made is not None:
        (record,) = map(json.loads, made.file.read_bytes().splitlines())
        assert [line["price_paid"] for line in record["products"]] == [10, 10]
        assert record["custom_fields"]["financial_status"] == "pending"


@pytest.mark.parametrize(("status", "is_bought"), STATUSES)
def test_the_api_has_the_same_orders_on_credit(folder: Path, status: str, is_bought: bool) -> None:
    Path("orders.json").write_text(
        json.dumps({"orders": [{**DOCUMENT, "fulfillment_status": status or None}]})
    )

    made = convert("orders.json", "shopify_orders_api+on_credit").batches

    assert ("commerce_purchases" in made) == is_bought


@pytest.mark.parametrize("word", [None, "shopify_orders"])
def test_without_the_option_what_is_not_paid_is_left_out(folder: Path, word: str | None) -> None:
    source = write("orders.csv", HEADER, {**ORDER, "Fulfillment Status": "fulfilled"})

    assert "commerce_purchases" not in convert(source, word).batches


def test_rejects_are_mended_with_the_option_that_they_were_made_with(folder: Path) -> None:
    paid = {**ORDER, "Name": "#2", "Financial Status": "paid"}
    wrong = {**ORDER, "Fulfillment Status": "fulfilled", "Lineitem quantity": "two"}
    made = convert(write("orders.csv", HEADER, paid, wrong), "shopify_orders+on_credit")
    batch = made.batches["commerce_purchases"].path

    rejects = batch / "rejects.csv"
    rejects.write_text(rejects.read_text().replace(",two,", ",2,"))

    (record,) = fixed(batch).records("commerce_purchases")
    assert (record["purchase_id"], record["custom_fields"]["financial_status"]) == ("#1", "pending")


@pytest.mark.parametrize(
    ("word", "known"),
    [("shopify_orders+credit", "It has on_credit."), ("square_items+on_credit", "It has none.")],
)
def test_an_option_that_a_preset_does_not_have_is_refused(word: str, known: str) -> None:
    with pytest.raises(UsageError) as caught:
        file.find(word)

    assert (caught.value.exit_code, caught.value.hint) == (2, known)


def test_a_mapping_of_ones_own_has_its_options_in_the_file(folder: Path) -> None:
    skip = (
        'skip = [{ column = "Financial Status", is = ["pending"], reason = "not paid", option = "strict" }]'
    )
    text = """columns_vary = true
[[records]]
specification = "commerce_purchases"
SKIP
[records.fields]
purchase_id = "Name"
"link.email" = "Email"
action_at = { column = "Created at", convert = ["date"] }
type = { constant = "ecommerce" }
"products[].quantity" = "Lineitem quantity"
"products[].price_paid" = "Total"
""".replace("SKIP", skip)
    source = write("orders.csv", HEADER, ORDER)

    Path("loose.toml").write_text(text)
    Path("strict.toml").write_text('options = "strict"\n' + text)

    assert "commerce_purchases" in convert(source, "loose.toml").batches
    assert "commerce_purchases" not in convert(source, "strict.toml").batches
