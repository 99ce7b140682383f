"""Quantity, price of one and price of the line, told apart by multiplying; totals of the order told from those of a line."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import combinations, permutations

from msgspec import Struct, field
from msgspec.structs import replace

from lexer_pipeline.inspecting.column_profile import ColumnProfile
from lexer_pipeline.inspecting.discounts import MOST_DISCOUNTS, after_discounts, discounts, taken_off
from lexer_pipeline.inspecting.order_amounts import LINE, ORDER, QUALIFIED, articles, of_order, plain_name
from lexer_pipeline.inspecting.order_sums import line_sums, order_sum
from lexer_pipeline.inspecting.tested_table import TestedTable
from lexer_pipeline.specs.names import normalised

# What columns of amounts are called; a name is looked at without case, spaces and punctuation.
PRICE = re.compile(
    r"price|preis|prix|precio|prezzo|total|amount|betrag|summe|montant|importe|sales|paid|soldfor|revenue|umsatz|gross|net$|sum$|brutto|netto"
)
NO_PRICE = re.compile(
    r"tax|vat|mwst|gst|steuer|tva|iva$|ship|freight|versand|porto|fee|rate|refund|discount|rabatt|remise|descuento|sconto|tip|balance"
    r"|cost|gift|commission|promo|deposit|weight|converted|compare|rrp|msrp|uvp|outstanding|credit|spent|orders|lifetime|currency|point"
)
UNIT = re.compile(
    r"unit|each|^lineitembaseprice$|einzel|stück|stueck|unitaire|unitario|perpiece|perticket|priceper|lineitemprice|originalprice"
)
BEFORE = re.compile(r"before|gross|list|brutto")
HALF = Decimal("0.005")
MOST_ROWS = 150
LEAST = 0.95
MOST_COLUMNS = 12


class Amounts(Struct, frozen=True):
    """The columns of a line's amounts; `refused` are columns that are none, with the reason.

    `open_price` is a price of which nothing tells whether it is of one piece or of the line, `taken_off` are discounts of the
    whole order that no price has yet.
    """

    quantity: int | None = None
    unit: int | None = None
    total: int | None = None
    discount: int | None = None
    reason: str = ""
    notes: tuple[str, ...] = ()
    open_price: int | None = None
    refused: dict[int, str] = field(default_factory=dict)
    taken_off: tuple[int, ...] = ()


def amounts_of(
    table: TestedTable,
    key: int | None,
    quantities: Sequence[int],
    prices: Sequence[int],
    less_by_name: Sequence[int],
) -> Amounts:
    """Which columns are quantity, price of one and price of the line; the columns given are guesses by name, the best first."""
    groups = table.sample.groups(key) if key is not None else []
    of_orders = {
        place: reason
        for place in _amounts(table)
        if place not in quantities and (reason := of_order(table, groups, place))
    }
    priced = [
        place for place in _priced(table) if place not in quantities and not table.is_beside_lines(place)
    ]
    named = [place for place in prices if place not in of_orders]
    if not named:
        # What is priced in the list of lines is of a line, whatever it is called.
        named = [place for place in priced if table.is_of_line(place)]
    less = next((place for place in less_by_name if place not in of_orders), None)
    quantity = next((place for place in quantities if _is_count(table, place)), None)
    counts = [quantity] if quantity is not None else _counts(table, [*priced, *of_orders])
    lines = {row for group in groups if len(group) > 1 for row in group}
    found = _multiplied(table, Multiplied(counts, priced, named, quantity is not None), lines, of_orders)
    if found is None:
        of_lines = [place for place in priced if place not in of_orders]
        before = {place: after_discounts(table, place, of_lines) for place in named}
        named = list(dict.fromkeys(place if paid is None else paid for place, paid in before.items()))
        found = _by_name(table, groups, quantity, named, less)
        of_orders |= {
            place: f"it is before discounts; {table.name(paid)} is after them"
            for place, paid in before.items()
            if paid is not None
        }
    spoken = (found.unit, found.total)
    refused = {place: why for place, why in of_orders.items() if place not in spoken}
    return _less_of_order(table, groups, replace(found, refused=refused))


def _less_of_order(table: TestedTable, groups: Sequence[Sequence[int]], found: Amounts) -> Amounts:
    """The amounts with the discounts of whole orders; what is taken off so is taken off no line."""
    price = found.unit if found.total is None else found.total
    if price is None:
        return found
    off = taken_off(table, groups, _lines(table, found), price)
    if found.unit is not None and found.discount in off:
        return found
    return replace(found, taken_off=off, discount=None if found.discount in off else found.discount)


def _lines(table: TestedTable, found: Amounts) -> list[Decimal | None]:
    """What each line costs by the amounts that were found."""
    if found.total is not None:
        return table.numbers(found.total)
    if found.unit is None or found.quantity is None:
        return [None] * len(table.sample.rows)
    less = () if found.discount is None else (found.discount,)
    full = line_sums(table, found.quantity, found.unit, is_unit=True)
    return [None if one is None else one - _sum(table, less, row) for row, one in enumerate(full)]


def _by_article(table: TestedTable, quantity: int, price: int) -> bool | None:
    """Whether articles cost the same whatever the number of pieces (True), or as much more as there are pieces (False)."""
    counts, prices = table.numbers(quantity), table.numbers(price)
    for place in articles(table):
        told: dict[str, set[tuple[Decimal, Decimal]]] = defaultdict(set)
        for text, count, each in zip(table.sample.column(place), counts, prices, strict=True):
            if text and count and each:
                told[text].add((abs(count), abs(each)))
        several = [some for some in told.values() if len({count for count, _ in some}) > 1]
        same = sum(len({each for _, each in some}) == 1 for some in several)
        grows = sum(len({round(each / count, 2) for count, each in some}) == 1 for some in several)
        if bool(same) != bool(grows) and same + grows >= LEAST * len(several):
            return same > 0
    return None


def _amounts(table: TestedTable) -> list[int]:
    return [place for place in range(len(table.columns)) if table.is_amount(place)]


def is_priced(column: ColumnProfile) -> bool:
    """Whether a column is called a price, and nothing else."""
    name = QUALIFIED.sub("", normalised(column.called))
    return bool(PRICE.search(name)) and not NO_PRICE.search(name)


def _priced(table: TestedTable) -> list[int]:
    """Columns of amounts whose name does not say that they are something else."""
    found = [place for place in _amounts(table) if not NO_PRICE.search(plain_name(table, place))]
    named = [place for place in found if PRICE.search(plain_name(table, place))]
    return (named or found)[:MOST_COLUMNS]


def _is_count(table: TestedTable, place: int) -> bool:
    """Whether a column holds whole numbers, some of them."""
    numbers = [one for one in table.numbers(place) if one is not None]
    if not table.sample.rows or not table.columns[place].filled:
        return table.columns[place].filled == 0 and not table.rows
    return bool(numbers) and all(one == one.to_integral_value() for one in numbers)


def _counts(table: TestedTable, known: Sequence[int]) -> list[int]:
    """Columns that could be quantities though their name does not say so."""
    return [
        place for place in _amounts(table)
        if place not in known and _is_count(table, place) and max(_filled(table, place), default=0) > 1
        and max(_filled(table, place)) < 10_000
    ]  # fmt: skip


def _filled(table: TestedTable, place: int) -> list[Decimal]:
    return [one for one in table.numbers(place) if one is not None]


# ------------------------------------------------------------------------------------------- by multiplying


class Multiplied(Struct, frozen=True):
    """The columns that are multiplied: `counts` are quantities, by their name if `is_named`; `named` are prices by their name."""

    counts: Sequence[int]
    priced: Sequence[int]
    named: Sequence[int]
    is_named: bool


def _multiplied(
    table: TestedTable, columns: Multiplied, lines: Collection[int], of_orders: Collection[int]
) -> Amounts | None:
    """Quantity, price of one and price of the line that fit on all rows, some of them with a quantity above 1."""
    best: tuple[tuple[int, ...], Amounts] | None = None
    less_of_lines = [place for place in discounts(table) if place not in of_orders][: MOST_COLUMNS // 2]
    for quantity in columns.counts:
        rows = _tested_rows(table.numbers(quantity))
        number = sum(abs(table.numbers(quantity)[row] or Decimal()) > 1 for row in rows)
        if number < (1 if columns.is_named else 3):
            continue
        for unit, total in permutations(columns.priced, 2):
            for less in _fitting(table, rows, (quantity, unit, total), less_of_lines, lines):
                rank = _rank(table, columns.named, unit, total, less)
                if best is None or rank > best[0]:
                    best = rank, _found(table, (quantity, unit, total), less, number)
    return best[1] if best else None


def _tested_rows(counts: Sequence[Decimal | None]) -> list[int]:
    """Rows of several pieces, and some of one."""
    several = [row for row, count in enumerate(counts) if count is not None and abs(count) > 1]
    single = [row for row, count in enumerate(counts) if count is not None and abs(count) == 1]
    return several[:MOST_ROWS] + single[:MOST_ROWS]


def _rank(
    table: TestedTable, named: Sequence[int], unit: int, total: int, less: Sequence[int]
) -> tuple[int, ...]:
    """How well columns that fit are called what they would be."""
    last = plain_name(table, total)
    of_line = not ORDER.search(last) or bool(LINE.search(last))
    of_orders = any(ORDER.search(plain_name(table, place)) for place in less)
    return (
        not BEFORE.search(normalised(table.called(total))), of_line, total in named, bool(UNIT.search(plain_name(table, unit))),
        unit in named, not of_orders, -len(less), -unit, -total,
    )  # fmt: skip


def _found(table: TestedTable, columns: tuple[int, int, int], less: Sequence[int], rows: int) -> Amounts:
    quantity, unit, total = columns
    minus = "".join(f" - {table.name(one)}" for one in less)
    where = f"the {rows:,} rows" if rows > 1 else "the one row"
    reason = f"{table.name(quantity)} x {table.name(unit)}{minus} is {table.name(total)} on {where} with more than one piece"
    return Amounts(quantity, unit, total, less[0] if len(less) == 1 else None, reason)


def _fitting(
    table: TestedTable,
    rows: Sequence[int],
    columns: tuple[int, int, int],
    less_of_lines: Sequence[int],
    lines: Collection[int],
) -> Iterator[tuple[int, ...]]:
    """Each choice of discounts with which quantity times price is the total, on all rows and on those of several `lines`."""
    count, unit, total = (table.numbers(place) for place in columns)
    tested = [
        (row, c, u, t) for row in rows
        if (c := count[row]) is not None and (u := unit[row]) and (t := total[row]) is not None
    ]  # fmt: skip
    if not any(abs(c) > 1 for _, c, _, _ in tested):
        return
    usable = [place for place in less_of_lines if place not in columns]
    for size in range(MOST_DISCOUNTS + 1):
        for less in combinations(usable, size):
            if size and not all(any(table.numbers(place)[row] for row, *_ in tested) for place in less):
                continue
            if _fits(table, tested, less) and _fits(table, [one for one in tested if one[0] in lines], less):
                yield less


def _fits(
    table: TestedTable, tested: Sequence[tuple[int, Decimal, Decimal, Decimal]], less: Sequence[int]
) -> bool:
    missed = 0
    for row, count, unit, total in tested:
        missed += abs(abs(count) * unit - _sum(table, less, row) - abs(total)) > HALF * abs(count) + HALF
        if missed > (1 - LEAST) * len(tested):
            return False
    return True


def _sum(table: TestedTable, places: Iterable[int], row: int) -> Decimal:
    return sum((abs(table.numbers(place)[row] or Decimal()) for place in places), Decimal())


# ------------------------------------------------------------------------------------------------- by name


def _by_name(
    table: TestedTable,
    groups: Sequence[Sequence[int]],
    quantity: int | None,
    named: Sequence[int],
    less: int | None,
) -> Amounts:
    """The price by its name, where no second column tells what it is the price of."""
    several = quantity is not None and any(abs(count) > 1 for count in _filled(table, quantity))
    if quantity is not None and several:
        for one in named:
            if (found := _by_orders(table, groups, quantity, one)) is not None:
                return replace(found, discount=less)
    line = next((one for one in named if LINE.search(plain_name(table, one))), None)
    unit = next((one for one in named if UNIT.search(plain_name(table, one))), None)
    place = next(iter(named), None)
    if line is not None or quantity is None or place is None:
        return Amounts(quantity, None, place if line is None else line, less)
    if unit is not None:
        return Amounts(quantity, unit, None, less)
    if ORDER.search(plain_name(table, place)):
        return Amounts(quantity, None, place, less)
    name = table.name(place)
    if not several:
        note = f"no row has more than one piece, so that nothing tells whether {name} is of one piece or of the line; it is read as of the line"
        return Amounts(quantity, None, place, less, notes=(note,))
    if (by_article := _by_article(table, quantity, place)) is not None:
        how = "is the same whatever" if by_article else "grows with"
        reason = f"a price by its name; that of an article {how} the number of pieces"
        return Amounts(quantity, place if by_article else None, None if by_article else place, less, reason)
    return Amounts(quantity, discount=less, open_price=place)


def _by_orders(
    table: TestedTable, groups: Sequence[Sequence[int]], quantity: int, place: int
) -> Amounts | None:
    """What a price is of, by the total that the orders add up to with it; None where they do with both readings, or with none."""
    of_one, of_line = (
        order_sum(table, groups, line_sums(table, quantity, place, is_unit), place)
        for is_unit in (True, False)
    )
    if bool(of_one) == bool(of_line):
        return None
    total = table.name((of_one or of_line or (place,))[0])
    reason = f"a price by its name; as {'that of one piece' if of_one else 'that of the line'} the orders add up to {total}"
    return Amounts(quantity, place if of_one else None, None if of_one else place, reason=reason)
