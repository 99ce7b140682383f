"""Invented orders as Shopify exports them: 79 columns, a row a line, those of the order on its first row alone."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from bench import words
from bench.api_orders import SHIPPING, cents, money
from bench.cells import csv_cell
from bench.orders import Line, Order

HEADERS = (
    "Name", "Email", "Financial Status", "Paid at", "Fulfillment Status", "Fulfilled at", "Accepts Marketing", "Currency",
    "Subtotal", "Shipping", "Taxes", "Total", "Discount Code", "Discount Amount", "Shipping Method", "Created at",
    "Lineitem quantity", "Lineitem name", "Lineitem price", "Lineitem compare at price", "Lineitem sku",
    "Lineitem requires shipping", "Lineitem taxable", "Lineitem fulfillment status", "Billing Name", "Billing Street",
    "Billing Address1", "Billing Address2", "Billing Company", "Billing City", "Billing Zip", "Billing Province",
    "Billing Country", "Billing Phone", "Shipping Name", "Shipping Street", "Shipping Address1", "Shipping Address2",
    "Shipping Company", "Shipping City", "Shipping Zip", "Shipping Province", "Shipping Country", "Shipping Phone", "Notes",
    "Note Attributes", "Cancelled at", "Payment Method", "Payment Reference", "Refunded Amount", "Vendor",
    "Outstanding Balance", "Employee", "Location", "Device ID", "Id", "Tags", "Risk Level", "Source", "Lineitem discount",
    "Tax 1 Name", "Tax 1 Value", "Tax 2 Name", "Tax 2 Value", "Tax 3 Name", "Tax 3 Value", "Tax 4 Name", "Tax 4 Value",
    "Tax 5 Name", "Tax 5 Value", "Phone", "Receipt Number", "Duties", "Billing Province Name", "Shipping Province Name",
    "Payment ID", "Payment Terms Name", "Next Payment Due At", "Payment References",
)  # fmt: skip
LATEST, LATEST_NUMBER, BETWEEN = datetime(2025, 10, 9, 18, 2, 11), 2_500_000, 150  # noqa: DTZ001  (the zone is written behind it)
"""The export begins with the latest order; so many seconds lie between two."""

PEOPLE = 60_000
NO_EMAIL, CODE, OFF = 25, 12, 500
"""One order in so many has a phone alone, or a code for so many cents off the whole."""

STATUSES = (*("paid",) * 24, "partially_refunded", "refunded", "authorized", "pending", "voided")
THINGS = ("Mug - Blue", "Tea Towel", 'Plate "Moss"', "Candle, Large", "Gift wrap", "Rātā Bowl - Small / Grey")
TAGS = ("", "", "", "gift, autumn", "wholesale", "vip")
CODES = {
    "Victoria": "VIC", "New South Wales": "NSW", "Northern Territory": "NT", "Australian Capital Territory": "ACT",
    "Western Australia": "WA", "Tāmaki Makaurau": "AUK", "Northland": "NTL", "Otago": "OTA",
}  # fmt: skip


def rows(dice: words.Dice, orders: list[Order], start: int, invalid: float) -> tuple[list[str], int]:
    """(the lines of these orders as CSV, how many of them are invalid)."""
    columns = zip(dice.numbers(PEOPLE), dice.pick(STATUSES), dice.numbers(NO_EMAIL * CODE), strict=True)
    heads = [
        head(order, start + place, *chosen)
        for place, (order, chosen) in enumerate(zip(orders, columns, strict=True))
    ]
    kinds, chosen = dice.numbers(len(SPOILERS)), dice.chosen(invalid)
    for place in chosen:
        header, make = SPOILERS[kinds[place]]
        heads[place][header] = make(heads[place][header])
    made = []
    for order, first in zip(orders, heads, strict=True):
        further = {name: first[name] for name in ("Name", "Email", "Created at")}
        for place, one in enumerate(order.lines):
            made.append(written({**(further if place else first), **line(one)}))
    return made, len(chosen)


SPOILERS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("Email", lambda cell: cell.replace("@", " at ") or "none"),
    ("Created at", lambda cell: "yesterday"),
    ("Financial Status", lambda cell: "perhaps"),
)


def head(order: Order, number: int, person: int, status: str, dice: int) -> dict[str, str]:
    """The cells that an order has once."""
    store_type, store_name = order.scalars[5:7]
    lines = sum(cents(one.paid) for one in order.lines)
    off = 0 if dice % CODE else min(OFF, lines - 1)
    at = LATEST - timedelta(seconds=BETWEEN * number)
    return {
        **buyer(person, has_email=bool(dice % NO_EMAIL)),
        "Name": f"#{LATEST_NUMBER - number}", "Id": str(5_632_178_000_000 + LATEST_NUMBER - number), "Financial Status": status,
        "Fulfillment Status": "fulfilled", "Currency": "AUD", "Subtotal": money(lines - off), "Shipping": money(SHIPPING),
        "Taxes": money((lines - off) // 11), "Total": money(lines - off + SHIPPING), "Discount Code": "SPRING10" if off else "",
        "Discount Amount": money(off + sum(cents(one.discount) for one in order.lines)), "Shipping Method": "Standard",
        "Created at": f"{at} +1100", "Paid at": f"{at} +1100", "Fulfilled at": f"{at + timedelta(days=1)} +1100",
        "Payment Method": "Shopify Payments", "Payment Reference": f"c{number:011}.1", "Refunded Amount": "0.00",
        "Outstanding Balance": "0.00", "Location": store_name.strip('"') if store_type else "", "Tags": TAGS[dice % len(TAGS)],
        "Risk Level": "Low", "Source": "pos" if store_type else "web", "Tax 1 Name": "GST 10%",
        "Tax 1 Value": money((lines - off) // 11), "Payment ID": f"c{number:011}.1", "Payment References": f"c{number:011}.1",
    }  # fmt: skip


def buyer(person: int, *, has_email: bool) -> dict[str, str]:
    """Who ordered, the same at each order; the address is also where it is sent to."""
    first, last = person % len(words.FIRST_NAMES), person // len(words.FIRST_NAMES) % len(words.LAST_NAMES)
    country, state, city, code = words.PLACES[person % len(words.PLACES)]
    street = words.ADDRESSES[person % len(words.ADDRESSES)]
    phone = f"'+614{person:08}" if person % 3 or not has_email else ""
    address = {
        "Name": f"{words.FIRST_NAMES[first]} {words.LAST_NAMES[last]}", "Street": street, "Address1": street,
        "Company": "Holt & Daughters" if person % 9 == 0 else "", "City": city, "Zip": f"'{code}", "Province": CODES[state],
        "Country": "AU" if country == "Australia" else "NZ", "Phone": phone, "Province Name": state,
    }  # fmt: skip
    mail = f"{words.FIRST_SLUGS[first]}.{words.LAST_SLUGS[last]}{person}@{words.MAIL_HOSTS[person % 4]}"
    return {
        "Email": mail if has_email else "", "Phone": "" if has_email else phone, "Accepts Marketing": "yes" if person % 4 else "no",
        **{f"Billing {name}": cell for name, cell in address.items()},
        **{f"Shipping {name}": cell for name, cell in address.items()},
    }  # fmt: skip


def line(one: Line) -> dict[str, str]:
    """The cells of one line."""
    thing = THINGS[cents(one.full) % len(THINGS)]
    return {
        "Lineitem quantity": one.quantity, "Lineitem name": thing, "Lineitem price": one.full, "Lineitem sku": one.product,
        "Lineitem requires shipping": "true", "Lineitem taxable": "true", "Lineitem fulfillment status": "fulfilled",
        "Vendor": "Holt & Daughters", "Lineitem discount": one.discount or "0.00",
    }  # fmt: skip


def written(cells: Mapping[str, str]) -> str:
    """A row of CSV."""
    return ",".join([csv_cell(cells.get(name, "")) for name in HEADERS])
