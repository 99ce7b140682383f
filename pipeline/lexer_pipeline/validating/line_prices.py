"""Prices of lines that are something else: that of one piece, or the total of the order on each of its lines."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from msgspec import Struct, field

from lexer_pipeline.chunks import cells
from lexer_pipeline.chunks.records import Records
from lexer_pipeline.chunks.results import Checked
from lexer_pipeline.kernels import dispatch
from lexer_pipeline.kernels.arrays import Bools, Int64s, Integers
from lexer_pipeline.kernels.codes import MILLION
from lexer_pipeline.suspicions import MOST_LINES, Sighting

UNIT_PRICE, REPEATED = "unit_price_as_total", "order_total_repeated"
# What lines and orders must show, and how many of them.
NEARLY_ALL, FEWEST = 0.95, 3
# The product of two amounts stays within 64 bits.
MOST_PIECES, DEAREST = 100_000, 10_000_000
DOLLAR = ord("$")
# Where the columns of a line stand, by what they say.
Places = Mapping[str, int]
# So many rows of a table without a mapping are looked at: what a column means is the same in all of them.
ENOUGH = 1 << 14


def line_places(columns: Mapping[str, int]) -> Places:
    """Of columns by the paths of their fields those of a line's price, quantity and product; none where it has no price."""
    wanted = ("products[].price_paid", "products[].quantity", "products[].product_reference.id")
    there = {name.rpartition(".")[2]: columns[name] for name in wanted if name in columns}
    return there if "price_paid" in there else {}


class Told(Struct):
    """Of how many that could show it how many do, and how many deny it; first lines, and two at the most of the values."""

    asked: int = 0
    shown: int = 0
    denied: int = 0
    lines: list[int] = field(default_factory=list)
    values: set[int] = field(default_factory=set)

    def add(self, shown: Bools, lines: Integers, values: Int64s, denied: int = 0) -> None:
        self.asked += len(shown)
        self.shown += int(shown.sum())
        self.denied += denied
        self.lines = sorted([*self.lines, *lines[shown][:MOST_LINES].tolist()])[:MOST_LINES]
        self.values = set(sorted({*self.values, *np.unique(values[shown])[:2].tolist()})[:2])

    def join(self, more: "Told") -> None:
        """Take in what was told of the rows that follow."""
        self.asked += more.asked
        self.shown += more.shown
        self.denied += more.denied
        self.lines = sorted([*self.lines, *more.lines])[:MOST_LINES]
        self.values = set(sorted(self.values | more.values)[:2])

    def is_so(self) -> bool:
        """Whether nearly all show it, though their values differ."""
        return self.shown >= max(FEWEST, NEARLY_ALL * self.asked) and len(self.values) > 1


class LinePrices(Struct):
    """Counts, for prices that are taken from a column as they are; it remembers no line beyond the first few."""

    by_column: dict[str, Told] = field(default_factory=dict)
    rows: int = 0
    repeated: Told = field(default_factory=Told)
    label: str = ""

    def add(self, more: "LinePrices") -> None:
        """Take in what was noted of the rows that follow."""
        self.label = more.label or self.label
        self.rows += more.rows
        self.repeated.join(more.repeated)
        for name, told in more.by_column.items():
            self.by_column.setdefault(name, Told()).join(told)

    def note(
        self, names: Sequence[str], source: cells.Cells, price: tuple[str, Int64s, Bools], pieces: tuple[Int64s, Bools],
        products: Int64s, rows: Records,
    ) -> None:  # fmt: skip
        """Take in the prices and pieces of all rows, each with where it is certain, and numbers for their products."""
        self.label, paid, is_paid = price
        count, is_count = pieces
        self._note_orders(paid, is_paid, count, products, rows)
        several = np.flatnonzero(is_paid & is_count & (count > MILLION) & (paid > 0))
        several = several[(paid[several] <= DEAREST * MILLION) & (count[several] <= MOST_PIECES * MILLION)]
        self.rows += len(several)
        whole = paid[several] * (count[several] // MILLION)
        for column, name in enumerate(names):
            found, sure = plain_amounts(source, column, several)
            told = self.by_column.setdefault(name, Told())
            equal = int((found[sure] == paid[several][sure]).sum())
            told.add(found[sure] == whole[sure], rows.lines[several[sure]], found[sure], equal)

    def _note_orders(
        self, paid: Int64s, is_paid: Bools, count: Int64s, products: Int64s, rows: Records
    ) -> None:
        """Orders of several lines that differ, all with one price."""
        firsts = rows.firsts
        if not len(firsts):
            return

        def differ(values: Int64s) -> Bools:
            return np.asarray(np.minimum.reduceat(values, firsts) != np.maximum.reduceat(values, firsts))

        several = (
            (rows.lasts - firsts > 1)
            & np.logical_and.reduceat(is_paid, firsts)
            & (np.minimum.reduceat(paid, firsts) > 0)
        )
        several &= differ(products) | differ(count)
        self.repeated.add((~differ(paid))[several], rows.lines[firsts[several]], paid[firsts[several]])

    def found(self) -> Iterable[Sighting]:
        """The columns of prices that are something else."""
        for told in self.by_column.values():
            if told.is_so() and not told.denied and told.asked >= NEARLY_ALL * self.rows:
                yield Sighting(UNIT_PRICE, self.label, told.shown, tuple(told.lines))
                break
        if self.repeated.is_so():
            yield Sighting(REPEATED, self.label, self.repeated.shown, tuple(self.repeated.lines))


def plain_amounts(texts: cells.Cells, column: int, rows: Integers) -> tuple[Int64s, Bools]:
    """The amounts of some rows in millionths, a dollar sign before them at most, and where a cell certainly is one."""
    at = rows * texts.columns + column
    starts, ends = texts.starts[at], texts.ends[at]
    signs = np.frombuffer(texts.data, np.uint8)
    filled = ends > starts
    if len(signs):
        starts = starts + (filled & (signs[np.minimum(starts, len(signs) - 1)] == DOLLAR)).astype(np.int32)
    amounts, doubt = dispatch.exact_amounts(texts.data, starts, ends, texts.flags[at])
    return amounts, filled & ~doubt


def note_prices(
    seen: LinePrices, names: Sequence[str], source: cells.Cells, made: cells.Cells, places: Places, label: str,
    rows: Records,
) -> None:  # fmt: skip
    """Note the prices of a chunk; `places` are those of the columns made that hold what a line costs, how many, and of what."""
    every = np.arange(made.rows)
    paid, is_paid = plain_amounts(made, places["price_paid"], every)
    count, is_count = np.zeros(made.rows, np.int64), np.zeros(made.rows, np.bool_)
    if "quantity" in places:
        count, is_count = plain_amounts(made, places["quantity"], every)
    products = np.zeros(made.rows, np.int64)
    if "id" in places:
        at = every * made.columns + places["id"]
        products, _ = dispatch.distinct(made.data, made.starts[at], made.ends[at], made.flags[at])
    seen.note(names, source, (label, paid, is_paid), (count, is_count), products, rows)


class TablePrices:
    """Watches the prices of a table whose columns are fields already, in as many of its first rows as are `ENOUGH`."""

    def __init__(self, names: Sequence[str], places: Places) -> None:
        self._names = names
        self._places = places
        self.prices = LinePrices()
        self.rows = 0

    def look(self, checked: Checked) -> None:
        """Take in one more chunk."""
        chunk = checked.shaped.chunk
        if self.rows >= ENOUGH or not isinstance(chunk, Records):
            return
        rows = chunk.in_cells()
        texts = cells.of_rows(rows)
        self.rows += texts.rows
        label = self._names[self._places["price_paid"]]
        note_prices(self.prices, self._names, texts, texts, self._places, label, rows)

    def join(self, more: "TablePrices") -> None:
        """Take in what was seen of other records of the source."""
        self.prices.add(more.prices)
        self.rows += more.rows

    def found(self) -> Iterable[Sighting]:
        """The columns of prices that are something else."""
        return self.prices.found()
