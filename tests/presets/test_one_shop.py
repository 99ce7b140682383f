"""The same orders are the same purchases, whether a shop exported them or its API told them."""

import json
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.presets.exports import SAMPLES, convert, write
from tests.presets.headers import HEADERS

Order = dict[str, Any]


def orders_of(preset: str) -> list[Order]:
    found = json.loads((SAMPLES / preset / "good_orders" / "orders.json").read_text("utf-8"))
    return list(found["orders"] if isinstance(found, dict) else found)


def differing(some: Sequence[Order], others: Sequence[Order]) -> set[str]:
    """The fields in which records differ from others; a moment is the same wherever its clock hangs."""
    pairs = zip(map(flat, some), map(flat, others), strict=True)
    return {name for one, other in pairs for name in one | other if one.get(name) != other.get(name)}


def flat(record: Order) -> Order:
    custom = {f"custom_fields.{name}": value for name, value in record.get("custom_fields", {}).items()}
    moment = {name: datetime.fromisoformat(record[name]) for name in ("action_at",) if name in record}
    return record | moment | {"custom_fields": None} | custom


def of_shopify(order: Order) -> list[dict[str, str]]:
    """The rows of the export of orders that say what the API does."""
    bill, duties = order["billing_address"] or {}, order["original_total_duties_set"] or {}
    back = [
        one for refund in order["refunds"] for one in refund["transactions"] if one["status"] == "success"
    ]
    whole = {
        "Financial Status": order["financial_status"], "Currency": order["currency"], "Subtotal": order["subtotal_price"],
        "Shipping": order["total_shipping_price_set"]["shop_money"]["amount"], "Taxes": order["total_tax"], "Total": order["total_price"],
        "Discount Code": ", ".join(one["code"] for one in order["discount_codes"]), "Discount Amount": order["total_discounts"],
        "Billing Country": bill.get("country_code", ""), "Billing Phone": bill.get("phone") or "", "Phone": order["phone"] or "",
        "Cancelled at": order["cancelled_at"] or "", "Payment Method": " + ".join(order["payment_gateway_names"]),
        "Refunded Amount": f"{sum(float(one['amount']) for one in back):.2f}", "Id": str(order["id"]), "Tags": order["tags"],
        "Source": order["source_name"], "Duties": duties.get("shop_money", {}).get("amount", ""),
        "Accepts Marketing": "yes" if order["buyer_accepts_marketing"] else "no",
    }  # fmt: skip
    lines = [
        {
            "Name": order["name"], "Email": order["email"] or "", "Created at": order["created_at"],
            "Lineitem quantity": str(one["quantity"]), "Lineitem name": one["name"], "Lineitem price": one["price"],
            "Lineitem sku": one["sku"], "Lineitem discount": one["total_discount"],
        }
        for one in order["line_items"]
    ]  # fmt: skip
    return [{**line, **(whole if number == 0 else {})} for number, line in enumerate(lines)]


def test_the_orders_of_shopify_are_the_same_purchases_from_its_export_and_its_api(folder: Any) -> None:
    # An export has no tips, tests or numbers of customers.
    orders = [
        one for one in orders_of("shopify_orders_api")
        if one["total_tip_received"] == "0.00" and not one["test"] and one["name"] != "#3010"
    ]  # fmt: skip
    (folder / "orders.json").write_text(json.dumps({"orders": orders}), "utf-8")
    rows = [row for one in orders for row in of_shopify(one)]

    told = convert("orders.json").records("commerce_purchases")
    export = write("orders_export.csv", HEADERS["shopify_orders"][0], *rows)
    said = convert(export).records("commerce_purchases")

    assert len(told) == 5
    assert differing(said, told) == {"custom_fields.location_id"}


def of_woocommerce(order: Order, prefix: str) -> dict[str, str]:
    """The row that plugins for exports write of an order, with its items in either of their ways."""
    items, fees = order["line_items"], [Decimal(one["total"]) for one in order["fee_lines"]]
    row = {
        "order_id": str(order["id"]), "order_number": order["number"], "order_date": order["date_created"].replace("T", " "),
        "status": prefix + order["status"], "shipping_total": order["shipping_total"], "shipping_tax_total": order["shipping_tax"],
        "fee_total": str(sum(fees)), "tax_total": order["total_tax"], "cart_discount": order["discount_total"],
        "discount_total": order["discount_total"], "order_total": order["total"], "order_currency": order["currency"],
        "order_subtotal": str(sum(Decimal(one["subtotal"]) for one in items)),
        "payment_method": order["payment_method"], "payment_method_title": order["payment_method_title"],
        "customer_id": str(order["customer_id"]), "customer_user": str(order["customer_id"]), "customer_email": order["billing"]["email"],
        "coupon_items": ";".join(f"code:{one['code']}|amount:{one['discount']}" for one in order["coupon_lines"]),
        **{f"billing_{name}": text for name, text in order["billing"].items()},
    }  # fmt: skip
    for number, one in enumerate(items, 1):
        packed = ("name", "product_id", "sku", "quantity", "total")
        row[f"line_item_{number}"] = "|".join(f"{key}:{one[key]}" for key in packed)
        apart = {"Name": "name", "id": "product_id", "SKU": "sku", "Quantity": "quantity", "Total": "total"}
        row |= {f"Product Item {number} {name}": str(one[key]) for name, key in apart.items()}
    return row


def sold(number: int, like: Order, **otherwise: Any) -> Order:
    return like | {"id": number, "number": str(number)} | otherwise


@pytest.mark.parametrize(
    ("preset", "prefix", "spelled"),
    [("woocommerce_orders", "", set()), ("woocommerce_orders_packed", "wc-", {"custom_fields.status"})],
)
def test_the_orders_of_woocommerce_are_the_same_records_from_an_export_and_its_api(
    preset: str, prefix: str, spelled: set[str], folder: Any
) -> None:
    orders = orders_of("woocommerce_orders_api")
    mug = orders[2]["line_items"][0]
    orders += [
        sold(741, orders[3], status="pending"),
        sold(742, orders[0], status="cancelled"),
        # A fee that takes off, a currency without decimals, a product that is gone.
        sold(743, orders[0], fee_lines=[{"total": "-2.00"}], total="28.80"),
        sold(744, orders[2], currency="JPY", line_items=[mug | {"total": "2724"}], total_tax="272", total="2996"),
        sold(745, orders[2], line_items=[mug | {"product_id": 0}, mug], total="24.00"),
    ]  # fmt: skip
    (folder / "orders.json").write_text(json.dumps(orders), "utf-8")
    header = HEADERS[preset][-1]
    rows = [
        {name: text for name, text in of_woocommerce(one, prefix).items() if name in header} for one in orders
    ]

    told = convert("orders.json")
    said = convert(write("export.csv", header, *rows), zone="Australia/Melbourne")

    purchases = told.records("commerce_purchases")
    assert [one["purchase_id"] for one in purchases] == ["727", "728", "729", "733", "743", "744", "745"]
    reasons = {each["reason"] for one in purchases for each in one.get("adjustments", ())}
    assert reasons == {"Shipping", "Fees", "Taxes"}
    assert differing(said.records("commerce_purchases"), purchases) == spelled | {
        "custom_fields.coupons", "custom_fields.mailchimp_subscribed", "custom_fields.refunded_amount", "custom_fields.shipping_tax_total",
        "custom_fields.subtotal",
    }  # fmt: skip
    assert differing(said.records("profile_customer"), told.records("profile_customer")) == set()
    left_out = [one.batches["commerce_purchases"].manifest for one in (told, said)]
    assert left_out[0].skipped.keys() == left_out[1].skipped.keys()
    assert [one.suspicions.keys() for one in left_out] == [{"line_without_product"}] * 2
