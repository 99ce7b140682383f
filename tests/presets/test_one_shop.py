"""The same orders are the same purchases, whether a shop exported them or its API told them."""

import json
from typing import Any

from tests.presets.exports import SAMPLES, convert, write
from tests.presets.headers import HEADERS

ORDERS = SAMPLES / "shopify_orders_api" / "good_orders" / "orders.json"
# What each of them spells in its own way, or alone knows.
OWN = ("cancelled_at", "location_id", "tip")


def exported(order: dict[str, Any]) -> list[dict[str, str]]:
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


def plain(record: dict[str, Any]) -> dict[str, Any]:
    custom = {key: value for key, value in record["custom_fields"].items() if key not in OWN}
    return record | {"custom_fields": custom}


def test_the_orders_of_shopify_are_the_same_purchases_from_its_export_and_its_api(folder: Any) -> None:
    # An export has no tips, tests or numbers of customers.
    orders = [
        one for one in json.loads(ORDERS.read_text("utf-8"))["orders"]
        if one["total_tip_received"] == "0.00" and not one["test"] and one["name"] != "#3010"
    ]  # fmt: skip
    (folder / "orders.json").write_text(json.dumps({"orders": orders}), "utf-8")
    rows = [row for one in orders for row in exported(one)]

    told = [plain(one) for one in convert("orders.json").records("commerce_purchases")]
    export = write("orders_export.csv", HEADERS["shopify_orders"][0], *rows)
    said = [plain(one) for one in convert(export).records("commerce_purchases")]

    assert len(told) == 5
    assert said == told
