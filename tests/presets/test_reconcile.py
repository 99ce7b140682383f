"""What the orders of a shop come to, by the figures that its export holds."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import strategies as st
from lexer_pipeline import Options, prepare, validate
from lexer_pipeline.kernels import dispatch
from lexer_pipeline.mapping import reconcile
from lexer_pipeline.mapping.conversions.arithmetic import EXACT
from lexer_pipeline.mapping.record_sums import plain
from lexer_pipeline.outbox.batch import PreparedBatch

from tests import plain as plain_kernels
from tests.presets.exports import all_in_doubt, convert, write
from tests.presets.headers import HEADERS
from tests.thoroughness import with_examples

SHOPIFY, WOO = HEADERS["shopify_orders"][0], HEADERS["woocommerce_orders"][0]
AT = {
    "Created at": "2026-03-02 09:00:00 +1100",
    "Financial Status": "paid",
    "Email": "ann@example.com",
    "Currency": "AUD",
}
Row = dict[str, str]
Adjusted = list[tuple[str, str]]


def order(lines: list[tuple[str, str, str]], **amounts: str) -> list[Row]:
    """An order of Shopify: quantity, price and discount of each line, and amounts of the order by their columns."""
    rows = [{"Name": "#1", "Email": AT["Email"], "Created at": AT["Created at"], "Lineitem quantity": quantity,
             "Lineitem price": price, "Lineitem discount": discount, "Lineitem name": f"Mug {at}", "Lineitem sku": f"M-{at}"}
            for at, (quantity, price, discount) in enumerate(lines)]  # fmt: skip
    return [{**rows[0], **AT, **{name.replace("_", " "): text for name, text in amounts.items()}}, *rows[1:]]


def purchases(source: str) -> PreparedBatch:
    return convert(source).batches["commerce_purchases"]


def read(batch: PreparedBatch) -> Any:
    """The one record of a batch, its numbers as decimals."""
    (line,) = batch.file.read_bytes().splitlines()
    return json.loads(line, parse_float=Decimal, parse_int=Decimal)


def adjusted(record: Any) -> Adjusted:
    return [(one["reason"], f"{one['price_adjustment']}") for one in record.get("adjustments", ())]


def comes_to(record: Any) -> Decimal:
    amounts = [one["price_paid"] for one in record["products"]]
    return sum([*amounts, *(one["price_adjustment"] for one in record.get("adjustments", ()))], Decimal(0))


ORDERS: list[tuple[str, list[Row], Adjusted, dict[str, str]]] = [
    ("a discount of the line, taxes on top",
     order([("23", "7.49", "17.02")], Subtotal="155.25", Shipping="0.00", Taxes="7.76", Total="163.01", Discount_Amount="17.02"),
     [("Taxes", "7.76")], {"discount_amount": "17.02"}),
    ("a discount of the order, taxes contained",
     order([("2", "30.00", "0.00"), ("1", "50.00", "0.00")], Subtotal="100.00", Shipping="9.95", Taxes="9.09", Total="109.95",
           Discount_Amount="10.00", Discount_Code="WELCOME10"),
     [("WELCOME10", "-10.00"), ("Shipping", "9.95")], {"taxes": "9.09"}),
    ("discounts of lines and of the order",
     order([("2", "30.00", "6.00"), ("1", "50.00", "0.00")], Shipping="0.00", Taxes="0.00", Total="94.00", Discount_Amount="16.00"),
     [("Discount", "-10.00")], {"taxes": "0.00"}),
    ("discounts of lines that Discount Amount does not hold",
     order([("2", "15.25", "2.50")], Shipping="0.00", Taxes="0.00", Total="28.00", Discount_Amount="0.00"),
     [], {"taxes": "0.00"}),
    ("a discount of the order that does not hold those of its lines, which are more",
     order([("1", "35.00", "5.00"), ("1", "10.00", "0.00")], Shipping="0.00", Taxes="0.00", Total="35.50", Discount_Amount="4.50"),
     [("Discount", "-4.50")], {"taxes": "0.00"}),
    ("a discount of the order that does not hold those of its lines, which are less",
     order([("1", "35.00", "5.00"), ("1", "10.00", "0.00")], Shipping="0.00", Taxes="0.00", Total="31.00", Discount_Amount="9.00",
           Discount_Code="NINE"),
     [("NINE", "-9.00")], {"taxes": "0.00"}),
    ("free shipping, taken off Shipping already",
     order([("1", "40.00", "0.00")], Shipping="0.00", Taxes="0.00", Total="40.00", Discount_Amount="9.95", Discount_Code="FREE"),
     [], {"discount_amount": "9.95", "taxes": "0.00"}),
    ("free shipping, beside the whole Shipping",
     order([("1", "40.00", "0.00")], Shipping="9.95", Taxes="3.64", Total="43.64", Discount_Amount="9.95", Discount_Code="FREE"),
     [("FREE", "-9.95"), ("Shipping", "9.95"), ("Taxes", "3.64")], {}),
    ("duties and taxes on top",
     order([("1", "40.00", "")], Shipping="10.00", Taxes="5.00", Duties="4.10", Total="59.10", Discount_Amount="0.00"),
     [("Shipping", "10.00"), ("Taxes", "5.00"), ("Duties", "4.10")], {}),
    ("duties that the total leaves out",
     order([("1", "40.00", "")], Shipping="10.00", Taxes="0.00", Duties="4.10", Total="50.00", Discount_Amount="0.00"),
     [("Shipping", "10.00")], {"taxes": "0.00", "duties": "4.10"}),
    ("an order of nothing",
     order([("1", "20.00", "0.00")], Shipping="0.00", Taxes="0.00", Total="0.00", Discount_Amount="20.00", Discount_Code="GIFT"),
     [("GIFT", "-20.00")], {"taxes": "0.00"}),
    ("a tip that is a line",
     order([("1", "20.00", "0.00"), ("1", "3.00", "0.00")], Subtotal="20.00", Shipping="0.00", Taxes="2.00", Total="25.00"),
     [("Taxes", "2.00")], {}),
    ("thousands", order([("1", "1,234.50", "0.00")], Shipping="0.00", Taxes="0.00", Total="1,234.50", Discount_Amount="0.00"),
     [], {"taxes": "0.00"}),
    ("thousandths", order([("3", "30.505", "0.000")], Shipping="1.250", Taxes="4.576", Total="97.341", Discount_Amount="0.000"),
     [("Shipping", "1.250"), ("Taxes", "4.576")], {}),
    ("more digits than the kernel adds",
     order([("1", "12345678901234567890.10", "0.00")], Shipping="0.00", Taxes="1.02", Total="12345678901234567891.12"),
     [("Taxes", "1.02")], {}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "adjustments", "fields"), [case[1:] for case in ORDERS], ids=[case[0] for case in ORDERS]
)
def test_an_order_of_shopify_comes_to_its_total(
    rows: list[Row], adjustments: Adjusted, fields: dict[str, str], folder: Path
) -> None:
    batch = purchases(write("orders_export.csv", SHOPIFY, *rows))

    record = read(batch)
    told = {
        name: text
        for name, text in record["custom_fields"].items()
        if name in ("discount_amount", "shipping", "taxes", "duties")
    }
    assert (adjustments, fields) == (adjusted(record), told)
    assert Decimal(rows[0]["Total"].replace(",", "")) == comes_to(record)
    assert {} == batch.manifest.suspicions


def test_a_discount_is_never_added_to_an_order(folder: Path) -> None:
    rows = order(
        [("1", "35.00", "5.00")], Shipping="0.00", Taxes="0.00", Total="99.00", Discount_Amount="4.50"
    )

    batch = purchases(write("orders_export.csv", SHOPIFY, *rows))

    assert ([], ["does_not_add_up"]) == (adjusted(read(batch)), [*batch.manifest.suspicions])


def test_a_line_that_was_taken_off_its_order_is_left_out_and_the_order_stays_whole(folder: Path) -> None:
    rows = order([("0", "30.00", "0.00"), ("1", "50.00", "0.00"), ("0", "9.00", "0.00")], Shipping="5.00", Taxes="0.00",
                 Total="55.00", Discount_Amount="0.00")  # fmt: skip

    batch = purchases(write("orders_export.csv", SHOPIFY, *rows))

    record = read(batch)
    assert ("ann@example.com", ["M-1"]) == (
        record["link"]["email"],
        [one["product_reference"]["id"] for one in record["products"]],
    )
    assert (Decimal("55.00"), {}) == (comes_to(record), batch.manifest.suspicions)
    assert {"a line of quantity 0 was taken off its order again": 2} == batch.manifest.skipped


def test_a_rejected_order_keeps_in_the_rejects_what_a_line_taken_off_said_of_it(folder: Path) -> None:
    rows = order(
        [("0", "30.00", "0.00"), ("1.5", "50.00", "0.00")], Shipping="5.00", Taxes="0.00", Total="55.00"
    )

    batch = purchases(write("orders_export.csv", SHOPIFY, *rows))

    rejects = (batch.path / "rejects.csv").read_text("utf-8").splitlines()
    assert 2 == len(rejects)
    assert "ann@example.com" in rejects[1] and "55.00" in rejects[1]


def many(count: int, spoiled: int, **amounts: str) -> list[Row]:
    good = {"Shipping": "0.00", "Taxes": "0.00", "Total": "30.00", "Discount Amount": "0.00"}
    rows = []
    for number in range(count):
        (row,) = order([("1", "30.00", "0.00")], **(amounts if number < spoiled else {}))
        rows.append({**good, **row, "Name": f"#{number}"})
    return rows


@pytest.mark.parametrize(
    ("code", "amounts"),
    [("does_not_add_up", {"Total": "31.00"}), ("does_not_add_up", {"Total": "30.02", "Taxes": "0.05"}),
     ("not_reconciled", {"Total": ""}), ("not_reconciled", {"Total": "thirty"})],
)  # fmt: skip
def test_orders_that_do_not_add_up_hold_where_they_are_more_than_a_few(
    code: str, amounts: dict[str, str], folder: Path
) -> None:
    few = purchases(write("few.csv", SHOPIFY, *many(200, 2, **amounts)))
    some = purchases(write("some.csv", SHOPIFY, *many(200, 3, **amounts)))

    assert {code: {"weight": "hold", "count": 2, "lines": [2, 3]}} == few.manifest.suspicions
    assert {code: {"weight": "hold", "count": 3, "lines": [2, 3, 4]}} == some.manifest.suspicions
    assert ("prepared", "held") == (few.manifest.state, some.manifest.state)


def test_an_export_without_totals_could_not_be_checked(folder: Path) -> None:
    header = [name for name in SHOPIFY if name != "Total"]

    rows = [{name: text for name, text in row.items() if name in header} for row in many(5, 0)]
    batch = purchases(write("orders_export.csv", header, *rows))

    assert ("held", ["not_reconciled"]) == (batch.manifest.state, [*batch.manifest.suspicions])


@pytest.mark.parametrize(
    ("total", "adjustments", "taxes"),
    [("35.50", [("Shipping", "5.00")], "3.00"), ("39.00", [("Shipping", "5.00"), ("Taxes", "3.00")], None)],
)
def test_an_order_that_does_not_add_up_goes_out_in_the_form_that_comes_nearest(
    total: str, adjustments: Adjusted, taxes: str | None, folder: Path
) -> None:
    rows = order([("1", "30.00", "0.00")], Shipping="5.00", Taxes="3.00", Total=total, Discount_Amount="0.00")

    batch = purchases(write("orders_export.csv", SHOPIFY, *rows))

    record = read(batch)
    assert (adjustments, taxes) == (adjusted(record), record["custom_fields"].get("taxes"))
    assert ["does_not_add_up"] == [*batch.manifest.suspicions]


def test_a_rejected_order_is_not_counted_beside_its_issue(folder: Path) -> None:
    rows = [
        {**row, "Created at": "sometime"} if not at else row
        for at, row in enumerate(many(9, 1, Total="1.00"))
    ]

    assert {} == purchases(write("orders_export.csv", SHOPIFY, *rows)).manifest.suspicions


WOO_ORDER = {
    "order_id": "7", "order_date": "2024-03-06 10:15:00", "status": "completed", "billing_email": "ann@example.com",
    "order_currency": "EUR", "Product Item 1 id": "12", "Product Item 1 Quantity": "2", "Product Item 1 Total": "49.99",
}  # fmt: skip


@pytest.mark.parametrize(
    ("amounts", "adjustments", "fields"),
    [
        ({"shipping_total": "0", "tax_total": "8.15", "order_total": "58.14"}, [("Taxes", "8.15")], {}),
        ({"shipping_total": "4.90", "tax_total": "8.15", "order_total": "54.89"}, [("Shipping", "4.90")], {"tax_total": "8.15"}),
        # Those on shipping are a part of tax_total in this export, and not in the next.
        ({"shipping_total": "4.90", "tax_total": "9.15", "shipping_tax_total": "1.00", "order_total": "64.04"},
         [("Shipping", "4.90"), ("Taxes", "9.15")], {"shipping_tax_total": "1.00"}),
        ({"shipping_total": "4.90", "tax_total": "8.15", "shipping_tax_total": "1.00", "order_total": "64.04"},
         [("Shipping", "4.90"), ("Taxes", "8.15"), ("Taxes on shipping", "1.00")], {}),
        ({"shipping_total": "0", "fee_total": "2.50", "tax_total": "0", "order_total": "52.49"}, [("Fees", "2.50")], {"tax_total": "0"}),
        ({"shipping_total": "0", "order_discount": "5.00", "tax_total": "8.15", "order_total": "53.14"},
         [("Taxes", "8.15"), ("Discount", "-5.00")], {}),
        # The line costs what it does without the tax, worked out and not rounded.
        ({"Product Item 1 Total": "9.090909", "shipping_total": "0", "tax_total": "0.91", "order_total": "10.00"}, [("Taxes", "0.91")], {}),
    ],
)  # fmt: skip
def test_an_order_of_woocommerce_comes_to_its_total(
    amounts: dict[str, str], adjustments: Adjusted, fields: dict[str, str], folder: Path
) -> None:
    batch = purchases(write("orders.csv", WOO, {**WOO_ORDER, **amounts}))

    record = read(batch)
    told = {
        name: text
        for name, text in record["custom_fields"].items()
        if name.endswith(("_total", "_discount")) and name != "total"
    }
    assert (adjustments, fields, {}) == (adjusted(record), told, batch.manifest.suspicions)
    assert abs(comes_to(record) - Decimal(amounts["order_total"])) < Decimal("0.005")


@pytest.mark.parametrize(
    ("amounts", "rest"),
    [
        ({"tax_total": "5.20", "order_total": "30.00"}, "0.01"),
        ({"tax_total": "5.20", "order_total": "30.01"}, None),
        ({"tax_total": "5.20", "shipping_total": "4.09", "order_total": "34.10"}, None),
        ({"tax_total": "5.20", "shipping_total": "4.09", "shipping_tax_total": "0.86", "order_total": "34.96"}, "0.02"),
        ({"tax_total": "5.22", "order_total": "30.00"}, "-0.01"),
        ({"Product Item 1 Total": "24", "tax_total": "5", "order_total": "30"}, None),
        ({"Product Item 1 Total": "2724", "tax_total": "272", "order_total": "2997", "order_currency": "JPY"}, "1"),
        ({"Product Item 1 Total": "2724", "tax_total": "272", "order_total": "2998", "order_currency": "JPY"}, None),
        ({"Product Item 1 Total": "28.476", "tax_total": "1.423", "order_total": "29.900", "order_currency": "KWD"}, "0.001"),
        ({"Product Item 1 Total": "28.476", "tax_total": "1.423", "order_total": "29.910", "order_currency": "KWD"}, None),
        ({"Product Item 1 Total": "12345678901.24", "tax_total": "5.20", "order_total": "12345678906.45"}, "0.01"),
    ],
)  # fmt: skip
def test_what_rounding_left_of_a_total_is_an_adjustment_of_its_own(
    amounts: dict[str, str], rest: str | None, folder: Path
) -> None:
    usual = {"Product Item 1 Total": "24.79", "shipping_total": "0"}

    batch = purchases(write("orders.csv", WOO, {**WOO_ORDER, **usual, **amounts}))

    record = read(batch)
    assert "Taxes" in dict(adjusted(record))
    assert dict(adjusted(record)).get("Rounding") == rest
    assert ([] if rest else ["does_not_add_up"]) == [*batch.manifest.suspicions]
    assert (rest is not None) == (comes_to(record) == Decimal(amounts["order_total"]))
    assert (1 if rest else None) == batch.manifest.conversions.get("rounding_added")


def test_the_pieces_of_woocommerce_that_are_packed_add_up_alike(folder: Path) -> None:
    row = {"order_id": "7", "order_date": "2024-03-06 10:15:00", "status": "completed", "billing_email": "ann@example.com",
           "order_currency": "EUR", "line_item_1": "name:Mug|product_id:12|quantity:2|total:49.99", "tax_total": "8.15",
           "shipping_total": "0", "order_total": "58.14"}  # fmt: skip

    batch = purchases(write("orders.csv", HEADERS["woocommerce_orders_packed"][0], row))

    assert ([("Taxes", "8.15")], {}) == (adjusted(read(batch)), batch.manifest.suspicions)


@pytest.mark.parametrize(
    ("total", "code"),
    [("-30.00", ""), ("30.00", "does_not_add_up"), ("-29.99", ""), ("-29.97", "does_not_add_up")],
)
def test_a_return_adds_up_below_zero(total: str, code: str, folder: Path) -> None:
    Path("own.toml").write_text("""
[[records]]
specification = "commerce_returns"
reconcile = { total = "Total" }
[records.fields]
return_id = "Return"
"link.email" = "Mail"
action_at = "When"
type = { constant = "physical" }
"products[].product_reference.id" = "Article"
"products[].product_reference.id_type" = { constant = "sku" }
"products[].quantity" = "Pieces"
"products[].price_paid" = "Paid"
"adjustments[0].price_adjustment" = "Fee"
""", "utf-8")  # fmt: skip
    head = "Return,Mail,When,Article,Pieces,Paid,Fee,Total\n"
    lines = f"R-1,ann@example.com,2024-03-06T10:15:00Z,M-1,-1,-20.00,2.50,{total}\nR-1,,,M-2,-2,-12.50,,\n"
    Path("returns.csv").write_text(head + lines, "utf-8")

    report = validate(["returns.csv"], None, Options(mapping="own.toml"))

    assert ([code] if code else []) == [one.code for one in report.sources[0].suspicions]


TEXTS = (
    "",
    "0",
    "0.00",
    "1",
    "2.50",
    "-3",
    "0.005",
    "9.090909",
    "9.0909091",
    "1e1",
    "x",
    "12345678901.5",
    "0.0004",
)
AMOUNTS = st.sampled_from(TEXTS)


@with_examples(20, drill=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS), min_size=1, max_size=6),
    orders=st.lists(st.integers(0, 2), min_size=6, max_size=6),
)
@example(rows=[(one, "1", "", "1") for one in TEXTS], orders=list(range(len(TEXTS))))
def test_the_kernel_and_plain_decimals_come_to_the_same(
    rows: list[tuple[str, ...]], orders: list[int], folder: Path
) -> None:
    Path("own.toml").write_text("""
[[records]]
specification = "commerce_purchases"
[records.reconcile]
total = "Total"
on_top = { "adjustments[0].price_adjustment" = "custom_fields.shipping" }
contained = { "adjustments[1].price_adjustment" = "custom_fields.taxes" }
[records.fields]
purchase_id = "Order"
"link.email" = { constant = "ann@example.com" }
action_at = { constant = "2024-03-06T10:15:00Z" }
type = { constant = "physical" }
"products[].quantity" = { constant = 1 }
"products[].price_paid" = "Paid"
"adjustments[0].price_adjustment" = "Shipping"
"adjustments[1].price_adjustment" = "Taxes"
"custom_fields.shipping" = "Shipping"
"custom_fields.taxes" = "Taxes"
"adjustments[2].price_adjustment" = { fields = ["custom_fields.shipping", "products[].price_paid"], convert = ["less"] }
""", "utf-8")  # fmt: skip
    text = "Order,Paid,Shipping,Taxes,Total\n"
    text += "".join(f"A-{order},{','.join(row)}\n" for order, row in sorted(zip(orders, rows, strict=False)))
    Path("orders.csv").write_text(text, "utf-8")

    def made() -> tuple[Any, ...]:
        report = prepare(
            ["orders.csv"], None, "batches", Options(mapping="own.toml", max_invalid=1, date="20240306")
        )
        batch = report.batches[0]
        lines = batch.file.read_bytes() if batch.manifest.records else b""
        return lines, batch.manifest.suspicions, batch.manifest.issues

    fast = made()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dispatch, "exact_amounts", all_in_doubt)
        slow = made()

    assert slow == fast


@given(found=st.integers(-(10**13), 10**13), change=st.integers(-(10**4), 10**4))
def test_both_readings_agree_on_what_is_close(found: int, change: int) -> None:
    total = found + change
    for rounded in (total, round(total, -3), round(total, -4)):
        fast = reconcile._is_close(np.array([found]), np.array([rounded])).item()
        slow = reconcile.is_close(Decimal(found).scaleb(-6), Decimal(rounded).scaleb(-6))
        assert slow == fast


@given(
    said=st.lists(
        st.tuples(
            st.one_of(AMOUNTS, st.from_regex(r"\A-?[0-9]{0,10}\.?[0-9]{0,7}\Z"), st.text("0123456789.-+eE$, ", max_size=9)),
            st.sampled_from([0, 0, 0, 1, 2, 4]),
        ), max_size=8,
    )
)  # fmt: skip
def test_amounts_are_read_alike_with_kernels_and_without(said: list[tuple[str, int]]) -> None:
    data = "".join(text for text, _ in said).encode()
    ends = np.cumsum([len(text) for text, _ in said], dtype=np.int32)
    starts = (ends - np.array([len(text) for text, _ in said], np.int32)).astype(np.int32)
    flags = np.array([flag for _, flag in said], np.uint8)

    fast, slow = (one.exact_amounts(data, starts, ends, flags) for one in (dispatch, plain_kernels))

    assert fast[0].tolist() == slow[0].tolist()
    assert fast[1].tolist() == slow[1].tolist()


@given(
    amounts=st.lists(
        st.integers(-(1 << 63), (1 << 63) - 1)
        | st.integers(-(10**7), 10**7).map(lambda cents: cents * 10**4),
        max_size=8,
    )
)
def test_sums_are_written_alike_with_kernels_and_without(amounts: list[int]) -> None:
    (fast, fast_ends), (slow, slow_ends) = (
        one.written_amounts(np.array(amounts, np.int64)) for one in (dispatch, plain_kernels)
    )

    assert (fast, fast_ends.tolist()) == (slow, slow_ends.tolist())
    texts = [fast[start:end].decode() for start, end in zip([0, *fast_ends], fast_ends, strict=False)]
    assert texts == [plain(Decimal(amount).scaleb(-6, EXACT)) for amount in amounts]
