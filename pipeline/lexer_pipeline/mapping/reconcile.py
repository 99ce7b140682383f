"""What must hold for each record: its prices and adjustments come to its own total, to the cent.

Of amounts that prices may hold already, as taxes in some shops, each record tells by its total whether they come on top.
Amounts that were each rounded may miss the total by the little that rounding leaves.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import combinations
from typing import TypeAlias

import numpy as np
from msgspec import Struct

from lexer_pipeline.chunks import cells
from lexer_pipeline.chunks.records import Records
from lexer_pipeline.kernels.arrays import Bools, Int64s, Integers, UInt8s
from lexer_pipeline.kernels.codes import MILLION, ROW_BLANK
from lexer_pipeline.mapping.conversions.arithmetic import EXACT
from lexer_pipeline.mapping.record_sums import added_up, in_first_row, plain, pulled_up, total_of
from lexer_pipeline.mapping.source_texts import told_apart

# What is added up.
PRICES = "products[].price_paid"
SUMMED = (PRICES, "adjustments[].price_adjustment")
DOES_NOT_ADD_UP, NOT_RECONCILED = "does_not_add_up", "not_reconciled"
ROUNDING_ADDED, DISCOUNT_WORKED_OUT = "rounding_added", "discount_worked_out"
ADDS_UP, DIFFERS, UNKNOWN = range(3)
# A sum of more decimals than any coin has was worked out by the shop, and is rounded as its total is.
COIN = 3
CENT = 2
POINT = ord(".")
# ISO 4217: currencies without a smaller unit.
WHOLE = frozenset(
    [
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "PYG",
        "RWF",
        "UGX",
        "UYI",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    ]
)
# Which of the movable amounts are added.
Way: TypeAlias = tuple[int, ...]


class Movable(Struct, frozen=True):
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
    """What is added up, by places of columns that a mapping makes: `summed` always, `movable` where the total says so.

    `rounding` are the places of the amount and the reason of an adjustment that is free for what rounding left, if there is one, and
    `discount` is the place of the field that says that there was one, with the reason, where its amount is not said.
    `ways` are all ways to add amounts that are to be tried, in their order.
    """

    total: int | None
    summed: tuple[int, ...]
    movable: tuple[Movable, ...]
    label: str
    currency: int | None = None
    rounding: tuple[int, ...] = ()
    discount: tuple[int, str] | None = None
    ways: tuple[Way, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "ways", tuple(_ways(self.movable)))

    @property
    def read(self) -> Iterator[int]:
        """The columns that are read."""
        yield from self.summed
        yield from (one.amount for one in self.movable)
        yield from (place for place in (self.total, self.currency) if place is not None)
        if self.discount is not None:
            yield self.discount[0]


def _ways(movable: Sequence[Movable]) -> Iterator[Way]:
    """Which of the movable amounts are added, in each way to be tried: first as usual, then with ever more that are not.

    Those that one field holds where they are contained are readings of one amount, of which one at the most is added.
    """
    usual = {at for at, one in enumerate(movable) if one.is_added}
    for count in range(len(movable) + 1):
        for other in combinations(range(len(movable)), count):
            way = tuple(sorted(usual.symmetric_difference(other)))
            fields = [place for at in way for place in movable[at].instead]
            if len(fields) == len(set(fields)):
                yield way


class Reconciled(Struct, frozen=True):
    """For each record whether it adds up (ADDS_UP, DIFFERS, UNKNOWN), and which movable amounts are added to its prices.

    `rests` tells for each which of `texts` is the amount that rounding left, or a discount that `is_discount`; the first is empty.
    """

    states: UInt8s
    added: Bools
    rests: Integers
    texts: tuple[str, ...]
    is_discount: Bools


def reconciled(what: Reconciling, texts: cells.Cells, rows: Records, once: Sequence[int]) -> Reconciled:
    """Compare what each record of a chunk comes to with its total; `once` are the columns that stand once a record.

    Where no way fits, the nearest is taken, and a rest that rounding explains is told; or, where a discount is named without its
    amount, what the prices are too much by as usual.
    """
    single, ways = set(once), what.ways
    texts = pulled_up(texts, sorted(single.intersection(what.read)), rows)
    is_added = np.array([[at in way for at in range(len(what.movable))] for way in ways], np.bool_)
    states, chosen = np.full(rows.records, UNKNOWN, np.uint8), np.zeros(rows.records, np.intp)
    is_discount = np.zeros(rows.records, np.bool_)
    if what.total is None or not rows.records:
        return Reconciled(states, is_added[chosen], chosen, ("",), is_discount)
    told = _told(what.total, texts, rows, single)
    rests, usual, sure = _nearest(what, what.total, ways, texts, rows, single, told, chosen)
    states[told & sure] = ADDS_UP
    further = {}
    for record in np.flatnonzero(told & ~sure).tolist():
        found = _decided(what, ways, texts, rows, record, single)
        if found is not None:
            states[record], (chosen[record], *further[record]) = ADDS_UP, found
    slack = _slack(what, what.total, is_added[chosen], texts, rows, single)
    misses = told & sure & (rests != 0)
    # A rest too small for a discount is one of the usual way: in any other an amount would be left out to get near.
    may_be_discount = _names_discount(what, texts, rows)
    is_rounded = misses & (2 * np.abs(rests) <= slack) & ~(may_be_discount & (chosen != 0))
    is_discount = misses & ~is_rounded & may_be_discount & (usual < 0)
    chosen[is_discount], rests[is_discount] = 0, usual[is_discount]
    states[misses & ~is_rounded & ~is_discount] = DIFFERS
    different, numbers = np.unique(rests[is_rounded | is_discount], return_inverse=True)
    said = ["", *(plain(Decimal(rest).scaleb(-6, EXACT)) for rest in different.tolist())]
    which = np.zeros(rows.records, np.intp)
    which[is_rounded | is_discount] = numbers + 1
    for record, (rest, as_usual) in further.items():
        is_small = 2 * abs(rest) * MILLION <= slack.item(record) and not (
            may_be_discount[record] and chosen[record]
        )
        if rest and not is_small and may_be_discount[record] and as_usual < 0:
            chosen[record], is_discount[record] = 0, True
        elif rest and not is_small:
            states[record] = DIFFERS
        if rest and states[record] != DIFFERS:
            which[record] = len(said)
            said.append(plain(as_usual if is_discount[record] else rest))
    return Reconciled(states, is_added[chosen], which, tuple(said), is_discount)


def _names_discount(what: Reconciling, texts: cells.Cells, rows: Records) -> Bools:
    """Which records name a discount without its amount."""
    if what.discount is None or not what.rounding:
        return np.zeros(rows.records, np.bool_)
    named: Bools = np.logical_or.reduceat(texts.filled(what.discount[0]), rows.firsts)
    return named


def _told(total: int, texts: cells.Cells, rows: Records, once: set[int]) -> Bools:
    """Which records say their total: where each line says its own, in all of them."""
    filled = texts.filled(total)
    if total in once:
        return filled[rows.firsts]
    told: Bools = np.logical_and.reduceat(filled | (rows.faults == ROW_BLANK), rows.firsts)
    return told


def _nearest(
    what: Reconciling, total: int, ways: Sequence[Way], texts: cells.Cells, rows: Records, once: set[int], told: Bools,
    chosen: Integers,
) -> tuple[Int64s, Int64s, Bools]:  # fmt: skip
    """What is left of each total in the way that comes nearest to it, and as usual, and for which records that is certain; sets the ways."""
    sure = np.ones(rows.records, np.bool_)

    def sums(place: int) -> Int64s:
        found, is_sure = in_first_row(texts, place, rows) if place in once else added_up(texts, place, rows)
        sure[:] &= is_sure
        return found

    totals = sums(total)
    fixed = sum((sums(place) for place in what.summed), np.zeros(rows.records, np.int64))
    moved = [sums(one.amount) for one in what.movable]
    rests = np.full(rows.records, np.iinfo(np.int64).max)
    usual = rests.copy()
    left = np.flatnonzero(sure & told)
    for number, way in enumerate(ways):
        if not len(left):
            break
        found = fixed[left] + sum((moved[at][left] for at in way), np.zeros(len(left), np.int64))
        rest = np.where(_is_close(found, totals[left]), 0, totals[left] - found)
        if not number:
            usual[left] = rest
        is_nearer = np.abs(rest) < np.abs(rests[left])
        rests[left[is_nearer]], chosen[left[is_nearer]] = rest[is_nearer], number
        left = left[rest != 0]
    return rests, usual, sure


def _slack(
    what: Reconciling, total: int, is_added: Bools, texts: cells.Cells, rows: Records, once: set[int]
) -> Int64s:
    """In millionths, twice what rounding may leave of each record: half a unit of its total for each amount, one at the least."""
    count = np.zeros(rows.records, np.int64)
    if not what.rounding:
        return count
    always = np.ones(rows.records, np.bool_)
    moved = [(one.amount, is_added[:, at]) for at, one in enumerate(what.movable)]
    for place, counts in [*((place, always) for place in what.summed), *moved]:
        filled = texts.filled(place)
        number = (
            filled[rows.firsts] if place in once else np.add.reduceat(filled, rows.firsts, dtype=np.int64)
        )
        count += np.where(counts, number, 0)
    decimals = np.full(rows.records, CENT)
    if what.currency is not None:
        numbers, said = told_apart(texts, (what.currency,), rows.firsts)
        decimals[np.array([text.upper() in WHOLE for (text,) in said], np.bool_)[numbers]] = 0
    ends, signs = texts.ends[total :: texts.columns][rows.firsts], np.frombuffer(texts.data, np.uint8)
    starts = texts.starts[total :: texts.columns][rows.firsts]
    for places in (CENT, COIN):
        is_point = (ends - starts > places) & (signs[np.maximum(ends - places - 1, 0)] == POINT)
        decimals[is_point] = places
    slack: Int64s = np.maximum(count, 2) * 10 ** (6 - decimals)
    return slack


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
    what: Reconciling, ways: Sequence[Way], texts: cells.Cells, rows: Records, record: int, once: set[int]
) -> tuple[int, Decimal, Decimal] | None:
    """The same for one record, whatever its numbers look like: the number of its way, what is left, and what is left as usual."""
    first, last = rows.firsts.item(record), rows.lasts.item(record)

    def said(place: int) -> list[str]:
        return [texts.text(row, place) for row in range(first, first + 1 if place in once else last)]

    total = total_of(said(what.total)) if what.total is not None else None
    fixed = total_of([text for place in what.summed for text in said(place)])
    moved = [total_of(said(one.amount)) for one in what.movable]
    known = [number for number in moved if number is not None]
    if total is None or fixed is None or len(known) < len(moved):
        return None
    rests = []
    for way in ways:
        found = fixed
        for at in way:
            found = EXACT.add(found, known[at])
        rests.append(Decimal(0) if is_close(found, total) else EXACT.subtract(total, found))
    nearest = min(range(len(ways)), key=lambda number: abs(rests[number]))
    return nearest, rests[nearest], rests[0]


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
