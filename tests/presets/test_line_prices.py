"""Prices of lines that are something else, and honest ones that look like it."""

from contextlib import nullcontext
from pathlib import Path

import pytest
from lexer_pipeline import Options, validate

from tests.prepare.helpers import in_plain_python

OURS = ("unit_price_as_total", "order_total_repeated")
MAPPING = """
[[records]]
specification = "commerce_purchases"
[records.fields]
purchase_id = "Order"
"link.email" = { constant = "ann@example.com" }
action_at = { constant = "2024-03-06T10:15:00Z" }
type = { constant = "ecommerce" }
"products[].product_reference.id" = "Item"
"products[].product_reference.id_type" = { constant = "sku" }
"products[].quantity" = "Qty"
"products[].price_paid" = { column = "Price", convert = ["money"] }
"""


PLAIN = (
    "purchase_id,products[].product_reference.id,products[].quantity,products[].price_paid,custom_fields.line,custom_fields.total,"
    "products[].product_reference.id_type,link.email,action_at,type\n"
)


def codes(*rows: str) -> list[tuple[str, tuple[int, ...]]]:
    Path("own.toml").write_text(MAPPING, "utf-8")
    Path("orders.csv").write_text(
        "Order,Item,Qty,Price,Line,Total\n" + "".join(f"{row}\n" for row in rows), "utf-8"
    )
    report = validate(["orders.csv"], None, Options(mapping="own.toml", ignore_unknown=True))
    found = [(one.code, one.lines) for one in report.sources[0].suspicions if one.code in OURS]
    assert found == plain(*rows)
    return found


def plain(*rows: str) -> list[tuple[str, tuple[int, ...]]]:
    """The same in the columns of the specification, whose prices are bare numbers, with kernels and without."""
    further = "sku,ann@example.com,2024-03-06T10:15:00Z,ecommerce"
    lines = [f"{row.replace('$', '')},{further}\n" for row in rows]
    Path("plain.csv").write_text(PLAIN + "".join(lines), "utf-8")
    found = []
    for setting in (nullcontext, in_plain_python):
        with setting():
            report = validate(["plain.csv"], "purchase")
        found.append([(one.code, one.lines) for one in report.sources[0].suspicions if one.code in OURS])
    assert found[0] == found[1]
    return found[0]


@pytest.mark.parametrize(
    "rows",
    [
        ["A,1,2,9.95,19.90,", "B,2,3,5.00,15.00,", "C,1,1,9.95,9.95,", "D,3,2,7.00,14.00,"],
        ["A,1,2,$9.95,$19.90,", "B,2,3,$5.00,$15.00,", "C,1,1,$9.95,$9.95,", "D,3,2,$7.00,$14.00,"],
    ],
)  # fmt: skip
def test_a_unit_price_where_the_price_of_a_line_belongs_holds(rows: list[str], folder: Path) -> None:
    assert [("unit_price_as_total", (2, 3, 5))] == codes(*rows)


def test_the_total_of_an_order_on_each_of_its_lines_holds(folder: Path) -> None:
    rows = [
        f"{order},{item},1,{total},,{total}"
        for order, total in (("A", 95), ("B", 30), ("C", 41))
        for item in (1, 2)
    ]

    assert [("order_total_repeated", (2, 4, 6))] == codes(*rows, "D,1,1,12,,12")


@pytest.mark.parametrize(
    "rows",
    [
        # What the lines cost, and the price of one beside it.
        ["A,1,2,19.90,9.95,", "B,2,3,15.00,5.00,", "D,3,2,14.00,7.00,"],
        # One piece each.
        ["A,1,1,19.90,19.90,", "B,2,1,15.00,15.00,", "D,3,1,14.00,14.00,"],
        # Nothing but a price of one, or too few lines to tell.
        ["A,1,2,9.95,19.90,", "B,2,3,5.00,15.00,"],
        # A shop with one price for all.
        ["A,1,1,5,,10", "A,2,1,5,,10", "B,1,1,5,,10", "B,2,1,5,,10", "C,1,1,5,,10", "C,3,1,5,,10"],
        # Three equal articles, rung up one by one.
        ["A,1,1,5,,10", "A,1,1,5,,10", "B,2,1,7,,14", "B,2,1,7,,14", "C,3,1,9,,18", "C,3,1,9,,18"],
        # Lines of one price in some orders.
        ["A,1,1,5,,10", "A,2,1,5,,10", "B,1,1,7,,14", "B,2,1,7,,14", "C,3,1,9,,18", "C,2,1,9,,18", "D,1,1,4,,9", "D,2,1,5,,9"],
    ],
)  # fmt: skip
def test_honest_prices_hold_nothing(rows: list[str], folder: Path) -> None:
    assert [] == codes(*rows)
