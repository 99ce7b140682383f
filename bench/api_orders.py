"""Invented orders as a shop's API answers them, and the same as NDJSON that is right already."""

import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.orders import Order

READY = ".ready"
CENTS = 100
SHIPPING = 995
"""What each order pays for shipping, in cents."""


def document(order: Order) -> Mapping[str, Any]:
    """The order in the shape of Shopify's REST Admin API, most of which no record has a place for."""
    key, email, action_at, kind, currency, *_ = order.scalars
    number = int(key.removeprefix("P"))
    items = [line(order, place, 3 * number + place) for place in range(len(order.lines))]
    paid = sum(cents(one.paid) for one in order.lines)
    off = sum(cents(one.discount) for one in order.lines)
    person = {
        "id": 7210448300000 + number % 60_000,
        "email": email,
        "first_name": "Mira",
        "last_name": "Holt",
    }
    return {
        "id": 5632178000000 + number, "admin_graphql_api_id": f"gid://shopify/Order/{5632178000000 + number}",
        "app_id": 580111, "cancelled_at": None, "contact_email": email, "created_at": action_at,
        "currency": currency, "current_total_price": money(paid + SHIPPING), "email": email, "financial_status": "paid",
        "fulfillment_status": "fulfilled", "name": f"#{key}", "order_number": number, "phone": None,
        "processed_at": action_at, "source_name": "pos" if kind == "physical" else "web",
        "subtotal_price": money(paid), "total_discounts": money(off), "total_price": money(paid + SHIPPING),
        "total_tax": money(paid // 11), "taxes_included": True, "tags": "", "test": False,
        "discount_codes": [{"code": "SPRING", "amount": money(off), "type": "fixed_amount"}] if off else [],
        "customer": {
            **person, "phone": None,
            "email_marketing_consent": {
                "state": "subscribed", "opt_in_level": "single_opt_in", "consent_updated_at": "2024-01-01T00:00:00Z",
            },
            "default_address": {"zip": "0800", "city": "Darwin"},
        },
        "billing_address": {
            "first_name": "Mira", "address1": "1 Bay Street", "phone": None, "city": "Darwin", "zip": "0800",
            "province": "Northern Territory", "country": "Australia", "country_code": "AU",
        },
        "line_items": items, "shipping_lines": [{"title": "Standard", "price": money(SHIPPING)}],
        "payment_gateway_names": ["shopify_payments"], "refunds": [],
    }  # fmt: skip


def line(order: Order, place: int, number: int) -> Mapping[str, Any]:
    """One line of an order."""
    one = order.lines[place]
    return {
        "id": 13000000000000 + number, "sku": one.product, "name": f"Mug {one.product}", "title": "Mug",
        "quantity": int(one.quantity), "price": one.full, "total_discount": one.discount or "0.00",
        "variant_id": 4200000000000 + number, "product_id": 8100000000000 + number, "gift_card": False,
    }  # fmt: skip


def cents(text: str) -> int:
    """An amount in cents."""
    return round(float(text or 0) * CENTS)


def money(amount: int) -> str:
    """Cents as an API writes an amount."""
    return f"{amount // CENTS}.{amount % CENTS:02}"


def write_ready(source: Path) -> None:
    """Put the purchases of these orders beside them, as `convert` makes them."""
    with TemporaryDirectory(dir=source.parent) as work:
        words = (
            "convert",
            str(source),
            "--map",
            "shopify_orders_api",
            "--spec",
            "commerce_purchases",
            "--quiet",
        )
        subprocess.run([sys.executable, "-m", "lexer_pipeline", *words, "--out", work], check=True)
        (made,) = Path(work).glob("*/commerce_purchases-*.json")
        shutil.move(made, source.with_suffix(READY))
