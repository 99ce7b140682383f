"""Who a record is about, and what was bought: sales without a customer, phones alone, names of products, variants without a SKU."""

import json
from pathlib import Path

import pytest
from lexer_pipeline.mapping.people import NO_ONE
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.prepare import prepare

from tests.presets.exports import convert

ORDERS = (
    "Name,Email,Financial Status,Fulfillment Status,Currency,Subtotal,Shipping,Taxes,Total,Discount Amount,Created at,"
    "Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Source,Phone,Billing Country,Billing Name\n"
)
FIRST = "#{0},{1},paid,fulfilled,AUD,{4},0.00,0.00,{4},0.00,2026-03-02 09:00:00 +1100,1,{2},{4},{3},{5},{6},AU,Mira Holt\n"
FURTHER = "#{0},{1},,,,,,,,,2026-03-02 09:00:00 +1100,1,{2},5.00,{3},,,,\n"


def shopify(*rows: str) -> str:
    Path("orders_export.csv").write_text(ORDERS + "".join(rows), "utf-8")
    return "orders_export.csv"


def order(number: int, email: str, price: str = "10.00", phone: str = "", source: str = "web") -> str:
    return FIRST.format(number, email, f"Mug {number}", f"M-{number}", price, source, phone)


def test_a_shop_with_a_till_is_not_held_for_sales_without_a_customer(folder: Path) -> None:
    rows = [order(number, f"p{number}@example.com" if number % 2 else "") for number in range(40)]

    report = prepare([shopify(*rows)], None, "batches", Options(date="20240306"))

    assert [batch.manifest.state for batch in report.batches] == ["prepared", "prepared"]
    assert [(one.valid, one.invalid, one.skipped) for one in report.sources] == [(20, 0, {NO_ONE: 20})] * 2


def test_the_lines_of_a_sale_without_a_customer_are_left_out_with_it(folder: Path) -> None:
    made = convert(shopify(order(2, "a@example.com"), order(1, ""), FURTHER.format(1, "", "Cup", "C-1")))

    assert [one["purchase_id"] for one in made.records("commerce_purchases")] == ["#2"]
    assert made.report.sources[0].skipped == {NO_ONE: 2}


def test_who_ordered_with_a_phone_alone_is_a_customer_too(folder: Path) -> None:
    made = convert(shopify(order(2, "a@example.com"), order(1, "", phone="0491 570 156")))

    assert made.records("commerce_purchases")[1]["link"] == {"mobile": "61491570156"}
    assert made.records("profile_customer")[1] == {
        "link": {"mobile": "61491570156"}, "mobile": "61491570156", "country": "AU", "custom_fields": {"name": "Mira Holt"},
    }  # fmt: skip


def test_names_of_products_stand_in_the_order_of_the_lines_and_in_no_reference(folder: Path) -> None:
    made = convert(shopify(order(1, "a@example.com"), FURTHER.format(1, "a@example.com", "Cup - Red", "")))

    (purchase,) = made.records("commerce_purchases")
    assert purchase["custom_fields"]["products"] == ["Mug 1", "Cup - Red"]
    assert [line.get("product_reference") for line in purchase["products"]] == [
        {"id": "M-1", "id_type": "sku"},
        None,
    ]
    said = made.report.sources[0].suspicions
    assert [(one.code, one.count, one.lines) for one in said if one.code == "line_without_product"] == [
        ("line_without_product", 1, (3,))
    ]


WALK_INS = {
    "stripe_payments": "id,Amount,Amount Refunded,Currency,Status,Customer ID,Customer Email,Created (UTC)\n"
    "ch_1,30.00,0.00,aud,Paid,,ann@example.com,2024-03-06 10:15:00\n"
    "ch_2,30.00,0.00,aud,Paid,,,2024-03-06 10:16:00\n",
    "square_items": "Date,Time,Time Zone,Category,Item,Qty,Price Point Name,SKU,Gross Sales,Discounts,Net Sales,Tax,"
    "Transaction ID,Event Type,Location,Customer ID\n"
    "2024-03-06,10:15:00,Sydney,,Mug,1.0,Regular,M-1,$10.00,$0.00,$10.00,$0.00,T1,Payment,Harbour,C1\n"
    "2024-03-06,10:16:00,Sydney,,Mug,1.0,Regular,M-1,$10.00,$0.00,$10.00,$0.00,T2,Payment,Harbour,\n",
    "braze_segment": "Braze ID,email,user_id,first_session,last_session\n"
    "b1,ann@example.com,,,\nb2,,,,\n",
    "klaviyo_profiles": "Email,Klaviyo ID,First Name,Last Name,Phone Number\n"
    "ann@example.com,K1,Ann,Lee,\n,K2,,,\n",
}  # fmt: skip


@pytest.mark.parametrize("preset", WALK_INS)
def test_one_rule_holds_for_rows_with_no_one_to_link_to_in_every_preset(preset: str, folder: Path) -> None:
    Path("export.csv").write_text(WALK_INS[preset], "utf-8")

    report = prepare(["export.csv"], None, "batches", Options(date="20240306", mapping=preset))

    first = report.sources[0]
    assert (first.valid, first.invalid) == (1, 0)
    assert first.skipped == {NO_ONE: 1}


PRODUCTS = "Handle,Title,Vendor,Option1 Name,Option1 Value,Variant SKU,Variant Price,Image Src\n"
PICTURE = "mug,,,,,,,https://shop.example.com/{}.jpg\n"


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("mug,Mug,Holt,Colour,Blue,M-1,24.50,\nmug,,,,Red,,26.00,\n", [("M-1", "24.50"), ("mug/Red", "26.00")]),
        ("mug,Mug,Holt,Colour,Blue,M-1,24.50,\nmug,,,,Red,,,\n", [("M-1", "24.50"), ("mug/Red", "")]),
        ("mug,Mug,Holt,Colour,Blue,,24.50,\nmug,,,,Red,M-2,26.00,\n", [("M-2", "26.00"), ("mug", "24.50")]),
        ("mug,Mug,Holt,Colour,Blue,,24.50,\nmug,,,,Red,,26.00,\n", [("mug", "24.50")]),
        ("mug,Mug,Holt,Colour,Blue,M-1,24.50,\n" + PICTURE.format(1) + "mug,,,,Red,M-2,26.00,\n" + PICTURE.format(2),
         [("M-1", "24.50"), ("M-2", "26.00")]),
    ],
)  # fmt: skip
def test_no_variant_is_left_out_as_a_picture(
    rows: str, expected: list[tuple[str, str]], folder: Path
) -> None:
    Path("products_export.csv").write_text(PRODUCTS + rows, "utf-8")
    made = convert("products_export.csv", "shopify_products")

    records = made.records("commerce_products")
    found = [(one.get("sku") or one["product_id"], str(one.get("price", ""))) for one in records]
    assert sorted((name, price and f"{float(price):.2f}") for name, price in found) == sorted(expected)
    (source,) = made.report.sources
    assert sum(source.skipped.values()) == rows.count("https://")
    assert all(one["name"] == "Mug" for one in records)
    assert json.dumps(records).count("Mug") == len(records)


@pytest.mark.parametrize(
    "word", ["NULL", "noemail@shop.example.com", " ", "#N/A", "n/a", "-", "test@test.com", "None"]
)
def test_a_word_for_nothing_is_no_one_to_link_to_in_an_export_of_orders(word: str, folder: Path) -> None:
    rows = [order(number, f"p{number}@example.com") for number in range(1, 40)]

    made = convert(shopify(*rows, order(40, word), order(41, word, phone="0491 570 156")))

    assert made.report.sources[0].skipped == {NO_ONE: 1}
    assert made.report.sources[0].invalid == 0
    purchases = made.records("commerce_purchases")
    assert purchases[-1]["link"] == {"mobile": "61491570156"}
    assert len(purchases) == 40


def test_a_word_for_nothing_in_a_list_of_customers_is_an_issue_that_names_it(folder: Path) -> None:
    Path("contacts.csv").write_text(
        "Record ID,First Name,Last Name,Email\nNULL,Mira,Holt,\n#N/A,Ana,Lee,\n", "utf-8"
    )

    made = convert("contacts.csv", "hubspot_contacts")

    assert [one["code"] for one in made.issues("profile_customer")] == ["placeholder", "spreadsheet_error"]


def test_a_till_without_a_column_of_phones_is_not_held_either(folder: Path) -> None:
    header = ORDERS.replace(",Phone,Billing Country,Billing Name", "")
    rows = [order(number, f"p{number}@example.com" if number % 2 else "") for number in range(40)]
    text = header + "".join(row.replace(",,AU,Mira Holt", "") for row in rows)
    Path("orders_export.csv").write_text(text, "utf-8")

    report = prepare(["orders_export.csv"], None, "batches", Options(date="20240306"))

    assert [batch.manifest.state for batch in report.batches] == ["prepared", "prepared"]
    assert [(one.valid, one.invalid, one.skipped) for one in report.sources] == [(20, 0, {NO_ONE: 20})] * 2
