"""What was paid after discounts: the column that says it, and the discounts of an order that its lines do not have yet."""

import re
from collections.abc import Sequence
from decimal import Decimal
from itertools import combinations

from lexer_pipeline.inspecting.order_sums import CENT, LEAST, LESS, order_sum
from lexer_pipeline.inspecting.tested_table import TestedTable
from lexer_pipeline.specs.names import normalised

DISCOUNT = re.compile(rf"{LESS.pattern}|promotion")
MOST_DISCOUNTS = 3


def discounts(table: TestedTable) -> list[int]:
    """Columns that are called discounts and say some."""
    return [
        place for place in range(len(table.columns))
        if table.is_amount(place) and DISCOUNT.search(normalised(table.called(place))) and any(table.numbers(place))
    ]  # fmt: skip


def after_discounts(table: TestedTable, before: int, priced: Sequence[int]) -> int | None:
    """The one of some columns that is (nearly) always an amount less discounts; None where none is, or no row has a discount."""
    found = discounts(table)[: 2 * MOST_DISCOUNTS]
    for size in range(1, MOST_DISCOUNTS + 1):
        for less in combinations(found, size):
            for place in priced:
                if place != before and _is_less(table, before, place, less):
                    return place
    return None


def _is_less(table: TestedTable, before: int, place: int, less: Sequence[int]) -> bool:
    tested = fits = 0
    taken = [table.numbers(one) for one in less]
    for row, (full, paid) in enumerate(zip(table.numbers(before), table.numbers(place), strict=True)):
        off = sum((abs(numbers[row] or Decimal()) for numbers in taken), Decimal())
        if full is not None and paid is not None and off:
            tested += 1
            fits += abs(full - off - paid) <= CENT
    return tested > 0 and fits >= LEAST * tested


def taken_off(
    table: TestedTable, groups: Sequence[Sequence[int]], lines: Sequence[Decimal | None], price: int
) -> tuple[int, ...]:
    """The discounts of an order without which its lines do not come to its total."""
    _, *others = order_sum(table, groups, lines, price) or (price,)
    return tuple(place for place in others if LESS.search(normalised(table.called(place))))
