"""What must hold for each record: its prices and adjustments come to its own total, to the cent.

Of amounts that prices may hold already, as taxes in some shops, each record tells by its total whether they come on top.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations

import numpy as np

from lexer_pipeline.chunks import cells
from lexer_pipeline.chunks.records import Records
from lexer_pipeline.kernels.arrays import Bools, Int64s, UInt8s
from lexer_pipeline.mapping.conversions.arithmetic import EXACT, exact
from lexer_pipeline.mapping.record_sums import MILLION, added_up, in_first_row, pulled_up, total_of

# What is added up.
SUMMED = ("products[].price_paid", "adjustments[].price_adjustment")
DOES_NOT_ADD_UP, NOT_RECONCILED = "does_not_add_up", "not_reconciled"
ADDS_UP, DIFFERS, UNKNOWN = range(3)
# A sum of more decimals than any coin has was worked out by the shop, and is rounded as its total is.
COIN = 3
CENT = 2


@dataclass(frozen=True, slots=True)
class Movable:
    """An amount that comes on top of the prices or is contained in them: the record's total says which.

    `amount` is the place of the column that holds it as an adjustment, `beside` are all columns of that adjustment, and
    `instead` those of the field that holds it where it is contained. `is_added` says what it is where no total tells.
    """

    amount: int
    beside: tuple[int, ...]
    instead: tuple[int, ...]
    is_added: bool


@dataclass(frozen=True, slots=True)
class Reconciling:
    """What is added up, by places of columns that a mapping makes: `summed` always, `movable` where the total says so."""

    total: int | None
    summed: tuple[int, ...]
    movable: tuple[Movable, ...]
    label: str

    def ways(self) -> Iterator[tuple[int, ...]]:
        """Which of the movable amounts are added, in each way to be tried: first as usual, then with ever more that are not."""
        usual = {at for at, one in enumerate(self.movable) if one.is_added}
        for count in range(len(self.movable) + 1):
            for other in combinations(range(len(self.movable)), count):
                yield tuple(sorted(usual.symmetric_difference(other)))


@dataclass(frozen=True, slots=True)
class Reconciled:
    """For each record whether it adds up (ADDS_UP, DIFFERS, UNKNOWN), and which movable amounts are added to its prices."""

    states: UInt8s
    added: Bools


def reconciled(what: Reconciling, texts: cells.Cells, rows: Records, once: Sequence[int]) -> Reconciled:
    """Compare what each record of a chunk comes to with its total; `once` are the columns that stand once a record."""
    texts = pulled_up(texts, once, rows)
    single = set(once)
    added = np.zeros((rows.records, len(what.movable)), np.bool_)
    added[:] = [one.is_added for one in what.movable]
    states = np.full(rows.records, UNKNOWN, np.uint8)
    if what.total is None or not rows.records:
        return Reconciled(states, added)
    told = texts.filled(what.total)[rows.firsts]
    sure = told.copy()

    def sums(place: int) -> Int64s:
        found, is_sure = in_first_row(texts, place, rows) if place in single else added_up(texts, place, rows)
        sure[:] &= is_sure
        return found

    total = sums(what.total)
    fixed = sum((sums(place) for place in what.summed), np.zeros(rows.records, np.int64))
    moved = [sums(one.amount) for one in what.movable]
    left = np.flatnonzero(sure)
    states[left] = DIFFERS
    for way in what.ways():
        if not len(left):
            break
        found = fixed[left] + sum((moved[at][left] for at in way), np.zeros(len(left), np.int64))
        fits = _is_close(found, total[left])
        states[left[fits]] = ADDS_UP
        added[left[fits]] = [at in way for at in range(len(what.movable))]
        left = left[~fits]
    for record in np.flatnonzero(told & ~sure).tolist():
        states[record], found_way = _decided(what, texts, rows, record, single)
        if found_way is not None:
            added[record] = [at in found_way for at in range(len(what.movable))]
    return Reconciled(states, added)


def _is_close(found: Int64s, total: Int64s) -> Bools:
    """Whether amounts in millionths are the same, those with more decimals than a coin has to the last one of the total."""
    unit = np.where(total % (MILLION // 10**CENT) == 0, MILLION // 10**CENT, MILLION // 10**COIN)
    unit = np.where(total % (MILLION // 10**COIN) == 0, unit, 0)
    is_worked_out = found % (MILLION // 10**COIN) != 0
    difference = np.abs(found - total)
    close: Bools = (difference == 0) | (is_worked_out & (2 * difference <= unit))
    return close


# ------------------------------------------------------------------------------------------ one record, as decimals


def _decided(
    what: Reconciling, texts: cells.Cells, rows: Records, record: int, once: set[int]
) -> tuple[int, tuple[int, ...] | None]:
    """The same for one record, whatever its numbers look like."""
    first, last = rows.firsts.item(record), rows.lasts.item(record)

    def said(place: int) -> list[str]:
        return [texts.text(row, place) for row in range(first, first + 1 if place in once else last)]

    total = exact(texts.text(first, what.total)) if what.total is not None else None
    fixed = total_of([text for place in what.summed for text in said(place)])
    moved = [total_of(said(one.amount)) for one in what.movable]
    known = [number for number in moved if number is not None]
    if total is None or fixed is None or len(known) < len(moved):
        return UNKNOWN, None
    for way in what.ways():
        found = fixed
        for at in way:
            found = EXACT.add(found, known[at])
        if is_close(found, total):
            return ADDS_UP, way
    return DIFFERS, None


def is_close(found: Decimal, total: Decimal) -> bool:
    """Whether a sum is a total: exactly, or one with more decimals than a coin has to the last decimal of the total."""
    difference = abs(EXACT.subtract(found, total))
    decimals = max(CENT, -_exponent(total))
    return not difference or (
        -_exponent(found) > COIN >= decimals and 2 * difference <= Decimal(1).scaleb(-decimals)
    )


def _exponent(number: Decimal) -> int:
    """The place of the last digit that is not 0."""
    exponent = number.normalize(EXACT).as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0
