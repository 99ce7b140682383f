"""Invented orders: as lines of a till's export, and as purchase documents."""

from collections.abc import Mapping
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from bench import words

HEADERS = (
    "purchase_id", "link.email", "action_at", "type", "currency", "store.type", "store.name",
    "custom_fields.payment_method", "products[].product_reference.id",
    "products[].product_reference.id_type", "products[].price_paid", "products[].quantity",
    "products[].full_price", "products[].discount",
)  # fmt: skip
SCALARS = 8
LINE_COUNTS = (1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 6, 8)
"""46 lines in 16 orders: 695,000 orders make two million lines."""

STORES = (
    ("ecommerce", "", ""), ("ecommerce", "", ""), ("physical", "physical", "Saint Kilda"),
    ("physical", "outlet", '"Harbour Parade, Level 2"'), ("physical", "concession", "Whangārei Central"),
)  # fmt: skip
CURRENCIES = ("AUD", "AUD", "AUD", "NZD")
PAYMENTS = ("card", "gift card", "cash", "")
BAD_KINDS = 5
LOWEST, SPREAD, MOST = 500, 30_000, 3
"""Prices in cents start at the lowest; at most three of a thing are bought at once."""

MONEY = tuple(f"{cents // 100}.{cents % 100:02}" for cents in range((LOWEST + SPREAD) * MOST))
"""Zeros kept: a pipeline that reads numbers as floats loses them."""


class Line(NamedTuple):
    """One product of an order, as text, in the order of the headers."""

    product: str
    id_type: str
    paid: str
    quantity: str
    full: str
    discount: str


class Order(NamedTuple):
    """The scalars of an order as CSV cells (a name that holds a comma is quoted), and its lines."""

    scalars: tuple[str, ...]
    lines: list[Line]
    repeats: int


def orders(dice: words.Dice, start: int, invalid: float) -> tuple[list[Order], int]:
    """(`dice.count` orders, how many of them are invalid)."""
    heads = zip(*head_columns(dice, start), strict=True)
    counts, repeats = dice.pick(LINE_COUNTS), dice.numbers(2)
    made_lines = iter(lines(dice.more(sum(counts))))
    made = [
        Order(head, list(islice(made_lines, count)), repeat)
        for head, count, repeat in zip(heads, counts, repeats, strict=True)
    ]
    kinds, chosen = dice.numbers(BAD_KINDS), dice.chosen(invalid)
    for row in chosen:
        made[row] = spoilt(made[row], kinds[row])
    return made, len(chosen)


def head_columns(dice: words.Dice, start: int) -> tuple[list[str], ...]:
    """The columns that an order has once, in the order of the headers."""
    firsts, lasts = dice.pick(words.FIRST_SLUGS), dice.pick(words.LAST_SLUGS)
    numbers, hosts = dice.numbers(300_000), dice.pick(words.MAIL_HOSTS)
    people = zip(firsts, lasts, numbers, hosts, strict=True)
    times = zip(dice.pick(words.DAYS), dice.pick(words.MINUTES), dice.numbers(60), strict=True)
    stores = dice.pick(STORES)
    return (
        [f"P{start + offset:09}" for offset in range(dice.count)],
        [f"{first}.{last}{number}@{host}" for first, last, number, host in people],
        [f"{day}T{minute}:{second:02}Z" for day, minute, second in times],
        [store[0] for store in stores],
        dice.pick(CURRENCIES),
        [store[1] for store in stores],
        [store[2] for store in stores],
        dice.pick(PAYMENTS),
    )


def lines(dice: words.Dice) -> list[Line]:
    """`dice.count` lines; what is paid is the full price of them all, less the discount."""
    full = LOWEST + dice.array(SPREAD).astype(np.int64)
    quantity, percent = (
        1 + dice.array(MOST).astype(np.int64),
        np.maximum(dice.array(5).astype(np.int64) - 2, 0) * 5,
    )
    off = full * quantity * percent // 100
    columns = (
        [f"SKU-{number:07}" for number in dice.numbers(40_000)],
        ["sku"] * dice.count,
        [MONEY[cents] for cents in (full * quantity - off).tolist()],
        [str(number) for number in quantity.tolist()],
        [MONEY[cents] for cents in full.tolist()],
        [MONEY[cents] if cents else "" for cents in off.tolist()],
    )
    return list(map(Line._make, zip(*columns, strict=True)))


def spoilt(order: Order, kind: int) -> Order:
    """The order with one of five faults, which fault being `kind`."""
    if kind < 3:
        position, cell = ((1, ""), (2, "yesterday"), (3, "telephone"))[kind]
        scalars = (*order.scalars[:position], cell, *order.scalars[position + 1 :])
        return order._replace(scalars=scalars)
    first = order.lines[0]
    bad = first._replace(paid=f"-{first.paid}") if kind == 3 else first._replace(quantity="0")
    return order._replace(lines=[bad, *order.lines[1:]])


def rows(order: Order) -> list[str]:
    """The order as lines of CSV; half of the orders leave all but the key blank after the first line."""
    head = ",".join(order.scalars)
    later = head if order.repeats else order.scalars[0] + "," * (SCALARS - 1)
    return [f"{later if index else head},{','.join(line)}" for index, line in enumerate(order.lines)]


def document(order: Order) -> Mapping[str, Any]:
    """The order as a purchase."""
    key, email, action_at, kind, currency, store_type, store_name, payment = order.scalars
    record: dict[str, Any] = {"purchase_id": key, "action_at": action_at, "type": kind, "currency": currency}
    if email:
        record["link"] = {"email": email}
    if store_type:
        record["store"] = {"type": store_type, "name": store_name.strip('"')}
    if payment:
        total = round(sum(float(line.paid) for line in order.lines), 2)
        record["payment_types"] = [{"name": payment, "total": total}]
    record["products"] = [product(line) for line in order.lines]
    return record


def product(line: Line) -> Mapping[str, Any]:
    """One line as a member of `products`."""
    made: dict[str, Any] = {
        "product_reference": {"id": line.product, "id_type": "sku"},
        "price_paid": float(line.paid),
        "quantity": int(line.quantity),
        "full_price": float(line.full),
    }
    return made | {"discount": float(line.discount)} if line.discount else made
