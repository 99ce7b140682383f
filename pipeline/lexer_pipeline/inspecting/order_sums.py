"""Whether the lines of each order add up to its total, and with which of its other amounts."""

import re
from collections.abc import Sequence
from decimal import Decimal
from itertools import combinations

from lexer_pipeline.inspecting.tested_table import TestedTable
from lexer_pipeline.specs.names import normalised

TOTAL = re.compile(r"total|gesamt|summe|grand|amount|betrag|montant|importe|paid")
EXTRA = re.compile(
    r"ship|freight|versand|porto|livraison|envío|envio|spedizione|tax|vat|mwst|gst|steuer|tva|discount|rabatt|remise|fee|tip"
)
LESS = re.compile(r"discount|rabatt|remise|descuento|sconto")
NO_TOTAL = re.compile(r"refund|outstanding|tax|ship|discount|fee|rate|quantity|qty|spent|items")
CENT = Decimal("0.01")
LEAST = 0.95
MOST_EXTRAS, MOST_TOGETHER = 6, 3


def line_sums(table: TestedTable, quantity: int, price: int, is_unit: bool) -> list[Decimal | None]:
    """What each row of the sample costs."""
    counts, prices = table.numbers(quantity), table.numbers(price)
    return [
        None if price is None or count is None else price * count if is_unit else price
        for count, price in zip(counts, prices, strict=True)
    ]


def order_sum(
    table: TestedTable, groups: Sequence[Sequence[int]], lines: Sequence[Decimal | None], price: int
) -> tuple[int, ...] | None:
    """A total (that is not the price itself), and the fewest other amounts of the order with which the lines come to it in (nearly) every order.

    None where no column is such a total, or where the lines of all orders are alike, so that nothing is shown.
    """
    orders = [group for group in groups if all(lines[row] is not None for row in group)]
    sums = [sum((lines[row] or Decimal() for row in group), Decimal()) for group in orders]
    if not orders:
        return None
    totals = [
        place for place in _named(table, TOTAL)
        if place != price and not NO_TOTAL.search(normalised(table.called(place)))
    ]  # fmt: skip
    extras = [place for place in _named(table, EXTRA) if any(table.numbers(place))][:MOST_EXTRAS]
    for size in range(min(MOST_TOGETHER, len(extras)) + 1):
        for some in combinations(extras, size):
            for total in totals:
                if _fits(table, orders, sums, total, some):
                    return (total, *some)
    return None


def _named(table: TestedTable, pattern: re.Pattern[str]) -> list[int]:
    return [
        place for place in range(len(table.columns))
        if pattern.search(normalised(table.called(place))) and table.is_amount(place)
    ]  # fmt: skip


def _fits(
    table: TestedTable,
    orders: Sequence[Sequence[int]],
    sums: Sequence[Decimal],
    total: int,
    extras: Sequence[int],
) -> bool:
    tested = fits = 0
    for rows, lines in zip(orders, sums, strict=True):
        said = _first(table, rows, total)
        if said is None:
            continue
        tested += 1
        fits += abs(lines + sum((_signed(table, rows, one) for one in extras), Decimal()) - said) <= CENT
    return tested > 0 and fits >= LEAST * tested


def _signed(table: TestedTable, rows: Sequence[int], place: int) -> Decimal:
    """An amount of an order with its sign: what is taken off is below zero, however it is written."""
    found = _first(table, rows, place) or Decimal()
    return -abs(found) if LESS.search(normalised(table.called(place))) else found


def _first(table: TestedTable, rows: Sequence[int], place: int) -> Decimal | None:
    numbers = table.numbers(place)
    return next((found for row in rows if (found := numbers[row]) is not None), None)
