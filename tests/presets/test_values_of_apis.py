"""What APIs write instead of amounts, dates, numbers and texts, in the cells of a table: read by the row, never guessed."""

import json
from pathlib import Path
from typing import Any

import pytest
from lexer_pipeline.errors import UsageError
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.prepare import prepare

from tests.presets.exports import Converted, convert, write

ORDERS = """\
{settings}
[[records]]
specification = "commerce_purchases"
[records.fields]
purchase_id = {{ column = "id", convert = ["gid"] }}
"link.email" = "mail"
action_at = {{ column = "created", convert = ["epoch"] }}
type = {{ constant = "ecommerce" }}
"products[].product_reference.id" = "sku"
"products[].product_reference.id_type" = {{ constant = "sku" }}
"products[].quantity" = "quantity"
"products[].price_paid" = {{ column = "amount", convert = [{{ cents = {cents} }}] }}
"""
CUSTOMERS = """\
drop = ["id"]
[[records]]
specification = "profile_customer"
[records.fields]
"link.email" = "mail"
mobile = { column = "phone", convert = ["strip-plus"] }
date_of_birth = { column = "born", convert = ["epoch"] }
"custom_fields.tags" = { column = "tags", convert = [{ join = ", " }] }
"custom_fields.tag" = { column = "tags", convert = ["first"] }
"custom_fields.count" = { column = "tags", convert = ["count"], default = "0" }
"custom_fields.vat" = { column = "meta", convert = [{ pick = { where = "key", is = "_vat" } }, "first"] }
"""


def orders(cents: str, *rows: dict[str, str], settings: str = "") -> Converted:
    """Orders of one line each, whose amount is told by `cents`."""
    Path("m.toml").write_text(ORDERS.format(cents=cents, settings=settings), "utf-8")
    usual = {"mail": "mira@example.com", "created": "1560968476", "sku": "M-1", "quantity": "1"}
    cells = [
        {"id": f"gid://shopify/Order/{number}", **usual, **row} for number, row in enumerate(rows, start=1001)
    ]
    return convert(write("orders.csv", [*cells[0]], *cells), "m.toml")


def prices(made: Converted) -> dict[str, Any]:
    return {
        one["purchase_id"]: one["products"][0]["price_paid"] for one in made.records("commerce_purchases")
    }


def test_an_amount_is_read_by_the_currency_of_its_row(folder: Path) -> None:
    rows = [
        {"amount": "2000", "currency": "aud"}, {"amount": "2000", "currency": "JPY"}, {"amount": "2000", "currency": "KWD"},
        {"amount": "2000", "currency": ""}, {"amount": "20.5", "currency": "AUD"}, {"amount": "2000", "currency": "XYZ"},
    ]  # fmt: skip

    made = orders('{ currency = "currency" }', *rows)

    assert prices(made) == {"1001": 20.0, "1002": 2000, "1003": 2.0}
    assert b'"price_paid":20.00' in made.batches["commerce_purchases"].file.read_bytes()
    assert made.batches["commerce_purchases"].manifest.conversions == {
        "part_taken": 3, "epoch_seconds": 3, "cents_read": 2,
    }  # fmt: skip
    said = [(one["line"], one["path"], one["code"]) for one in made.issues("commerce_purchases")]
    assert said == [(line, "products[0].price_paid", "type") for line in (5, 6, 7)]
    assert 'default = "AUD"' in made.issues("commerce_purchases")[0]["message"]


def test_the_first_filled_column_tells_the_currency_and_then_the_default(folder: Path) -> None:
    rows = [
        {"amount": "500", "currency": "JPY", "shop_currency": "AUD"},
        {"amount": "500", "currency": " ", "shop_currency": "JPY"},
        {"amount": "500", "currency": "", "shop_currency": ""},
    ]

    made = orders('{ currency = ["currency", "shop_currency"], default = "AUD" }', *rows)

    assert prices(made) == {"1001": 500, "1002": 500, "1003": 5.0}


def test_a_column_of_currencies_that_the_export_lacks_stops_the_run(folder: Path) -> None:
    with pytest.raises(UsageError, match="there is no column currency"):
        orders('{ currency = "currency", default = "AUD" }', {"amount": "500"})


def test_an_amount_is_refused_where_columns_vary_and_none_tells_its_currency(folder: Path) -> None:
    Path("m.toml").write_text(
        ORDERS.format(cents='{ currency = "currency" }', settings="columns_vary = true")
    )
    header = ["id", "mail", "created", "sku", "quantity", "amount"]
    row = dict(zip(header, ["1001", "mira@example.com", "1560968476", "M-1", "1", "500"], strict=True))
    options = Options(date="20240306", max_invalid=1, mapping="m.toml")

    (batch,) = prepare([write("orders.csv", header, row)], None, "batches", options).batches

    assert batch.manifest.records == 0
    assert batch.manifest.issues == {"type": 1}


def test_a_wrong_argument_of_cents_is_told_by_its_line(folder: Path) -> None:
    with pytest.raises(UsageError, match=r"m\.toml: line 12: .*cents wants a currency that exists"):
        orders('"Dollars"', {"amount": "500"})


def test_lists_in_cells_dates_and_numbers_of_an_api_become_fields(folder: Path) -> None:
    Path("m.toml").write_text(CUSTOMERS, "utf-8")
    header = ["id", "mail", "phone", "born", "tags", "meta"]
    meta = json.dumps([{"key": "a", "value": "x"}, {"key": "_vat", "value": ["DE1", "DE2"]}])
    rows = [
        ["1", "a@example.com", "+61412555001", "946684800000", '["vip", "né, \\"x\\""]', meta],
        ["2", "b@example.com", "0412 555 001", "946684800", "[]", "[]"],
        ["3", "c@example.com", "", "", "", ""],
        ["4", "d@example.com", "", "", "[1", ""],
    ]
    cells = [dict(zip(header, row, strict=True)) for row in rows]

    made = convert(write("customers.csv", header, *cells), "m.toml")

    first, second, third = made.records("profile_customer")
    assert (first["mobile"], first["date_of_birth"]) == ("61412555001", "2000-01-01")
    assert first["custom_fields"] == {"tags": 'vip, né, "x"', "tag": "vip", "count": "2", "vat": "DE1"}
    assert ("mobile" in second, second["custom_fields"]) == (False, {"count": "0"})
    assert third["custom_fields"] == {"count": "0"}
    manifest = made.batches["profile_customer"].manifest
    assert manifest.suspicions["phone_unreadable"]["lines"] == [3]
    assert {one["code"] for one in made.issues("profile_customer")} == {"json"}
    assert {
        "epoch_milliseconds": 1,
        "epoch_seconds": 1,
        "clock_dropped": 2,
    }.items() <= manifest.conversions.items()


def test_a_link_with_a_number_that_is_not_in_e164_is_an_issue(folder: Path) -> None:
    mapping = (
        CUSTOMERS.partition("[records.fields]")[0]
        + '[records.fields]\n"link.mobile" = { column = "phone", convert = ["strip-plus"] }\n'
    )
    Path("m.toml").write_text(mapping, "utf-8")
    source = write(
        "customers.csv", ["phone", "id"], {"phone": "+61412555001"}, {"phone": "0412 555 001", "id": "2"}
    )

    made = convert(source, "m.toml")

    assert [one["link"] for one in made.records("profile_customer")] == [{"mobile": "61412555001"}]
    assert [(one["path"], one["code"]) for one in made.issues("profile_customer")] == [
        ("link.mobile", "pattern")
    ]


def test_lists_and_amounts_of_documents_are_read_as_those_of_tables(folder: Path) -> None:
    mapping = ORDERS.format(cents='{ currency = "money.currency" }', settings="").replace(
        '"amount"', '"lines[].amount"'
    )
    mapping = mapping.replace('"sku"\n', '"lines[].sku"\n').replace('"quantity"\n', '"lines[].quantity"\n')
    further = """\
"custom_fields.codes" = { column = "coupons[].code", convert = ["join"] }
"custom_fields.deep" = { column = "a[].b[].c", convert = ["first"] }
"custom_fields.count" = { column = "coupons", convert = ["count"], default = "0" }
"custom_fields.vat" = { column = "meta", convert = [{ pick = { where = "key", is = "_vat" } }] }
"""
    Path("m.toml").write_text(mapping + further, "utf-8")
    lines = [{"sku": "M-1", "quantity": 2, "amount": 1995}, {"sku": "M-2", "quantity": 1, "amount": 5}]
    order = {
        "id": "gid://shopify/Order/1001", "mail": "mira@example.com", "created": 1560968476, "lines": lines,
        "money": {"currency": "kwd"}, "coupons": [{"code": "A"}, {"code": None}, {"code": 10}], "a": [{"b": []}, {"b": [{"c": 1.50}]}],
        "meta": [{"key": "_vat", "value": "DE1"}],
    }  # fmt: skip
    bare = {**order, "id": "1002", "coupons": [], "a": [{"b": []}], "meta": []}
    Path("orders.ndjson").write_text(f"{json.dumps(order)}\n{json.dumps(bare)}\n", "utf-8")

    first, second = convert("orders.ndjson", "m.toml").records("commerce_purchases")

    assert [one["price_paid"] for one in first["products"]] == [1.995, 0.005]
    assert (first["purchase_id"], first["action_at"]) == ("1001", "2019-06-19T18:21:16Z")
    assert first["custom_fields"] == {"codes": "A, 10", "deep": "1.5", "count": "3", "vat": "DE1"}
    assert second["custom_fields"] == {"count": "0"}
