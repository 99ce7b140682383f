"""The benchmark's data: the same bytes for the same seed, scale and share of invalid records."""

import argparse
import mmap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from bench import api_events, api_orders, customers, orders, shapes, shop_orders, workbook
from bench.cells import csv_cell
from bench.made import SEED, Made, facts, remember
from bench.words import Dice

BLOCK = 50_000
CUSTOMERS, ORDERS, PURCHASES = 1_000_000, 695_000, 500_000
API_ORDERS, API_EVENTS, SHOP_ORDERS, SHEET_ROWS = 100_000, 500_000, 139_000, 100_000
FILES = (
    "customers.csv",
    "order_lines.csv",
    "order_lines_shuffled.csv",
    "customers.ndjson",
    "purchases.ndjson",
    "customers.json",
    "api_orders.ndjson",
    "api_events.ndjson",
    "shop_orders.csv",
    "customers.xlsx",
    "customers.parquet",
)
SHAPES = tuple(shapes.MAKERS)


@dataclass(frozen=True, slots=True)
class Recipe:
    """How much to make, from which seed, how much of it invalid (a share from 0 to 1)."""

    scale: float = 1.0
    seed: int = SEED
    invalid: float = 0.01

    def blocks(self, name: str, count: int, size: int = BLOCK) -> Iterator[tuple[Dice, int]]:
        """(dice of a block, number of its first row), until `count * scale` rows are made."""
        total = max(1, round(count * self.scale))
        for block, start in enumerate(range(0, total, size)):
            yield Dice.of(self.seed, name, block, min(size, total - start)), start


def generate(folder: Path, recipe: Recipe, only: Sequence[str] = FILES) -> dict[str, Made]:
    """Write the named files into `folder`, and beside each what it holds."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = set(only)
    ordered = [name for name in (*FILES, *SHAPES) if name in wanted]
    for name in ordered:
        make = MAKERS.get(name, shape_csv)
        remember(folder, name, make(folder / name, recipe))
    return {name: facts(folder, name) for name in ordered}


def customers_csv(target: Path, recipe: Recipe) -> Made:
    """Customers with dotted headers; quotes, commas and line ends inside cells."""
    count = invalid = 0
    with target.open("w", encoding="utf-8", newline="") as file:
        for dice, start in recipe.blocks("customers", CUSTOMERS):
            table, bad = customers.columns(dice, start, recipe.invalid)
            if not start:
                file.write(",".join(table) + "\n")
            for name in ("address_1", "address_2"):
                quoted = {cell: csv_cell(cell) for cell in set(table[name])}
                table[name] = [quoted[cell] for cell in table[name]]
            file.write("\n".join(map(",".join, zip(*table.values(), strict=True))) + "\n")
            count, invalid = count + dice.count, invalid + bad
    return Made(count, count, invalid, target.stat().st_size)


def shape_csv(target: Path, recipe: Recipe) -> Made:
    """Customers in the shape that the name of the file says."""
    make, total = shapes.MAKERS[target.name]
    count = invalid = 0
    with target.open("w", encoding="utf-8", newline="") as file:
        for dice, start in recipe.blocks(target.name, total, shapes.BLOCK):
            table, bad = make(dice, start, recipe.invalid)
            if not start:
                file.write(",".join(table) + "\n")
            file.write("\n".join(shapes.lines(table)) + "\n")
            count, invalid = count + dice.count, invalid + bad
    return Made(count, count, invalid, target.stat().st_size)


def customers_xlsx(target: Path, recipe: Recipe) -> Made:
    """The same customers in a workbook, typed."""
    spoilt: list[int] = []
    count = workbook.write(target, customers.HEADERS, sheet_rows(recipe, spoilt))
    return Made(count, count, sum(spoilt), target.stat().st_size)


def sheet_rows(recipe: Recipe, spoilt: list[int]) -> Iterator[tuple[object, ...]]:
    """The rows of the workbook; how many of a block are invalid is put into `spoilt`."""
    for dice, start in recipe.blocks("customers", SHEET_ROWS):
        table, bad = customers.columns(dice, start, recipe.invalid)
        spoilt.append(bad)
        typed = [[workbook.typed(name, cell) for cell in cells] for name, cells in table.items()]
        yield from zip(*typed, strict=True)


def customers_parquet(target: Path, recipe: Recipe) -> Made:
    """The same customers as Parquet, typed, a block to a row group."""
    count = invalid = 0
    with pq.ParquetWriter(target, customers.SCHEMA) as writer:
        for dice, start in recipe.blocks("customers", CUSTOMERS):
            table, bad = customers.columns(dice, start, recipe.invalid)
            writer.write_table(pa.table(customers.typed(table), customers.SCHEMA))
            count, invalid = count + dice.count, invalid + bad
    return Made(count, count, invalid, target.stat().st_size)


def customer_documents(recipe: Recipe) -> Iterator[tuple[list[Any], int]]:
    """(a block of the same customers as documents, how many are invalid)."""
    for dice, start in recipe.blocks("customers", CUSTOMERS):
        table, bad = customers.columns(dice, start, recipe.invalid)
        yield customers.documents(table), bad


def purchase_documents(recipe: Recipe) -> Iterator[tuple[list[Any], int]]:
    """(a block of purchases as documents, how many are invalid)."""
    for dice, start in recipe.blocks("orders", PURCHASES):
        made, bad = orders.orders(dice, start, recipe.invalid)
        yield [orders.document(order) for order in made], bad


def write_documents(target: Path, blocks: Iterable[tuple[list[Any], int]], ends: tuple[bytes, ...]) -> Made:
    """Write documents with (opening, between, closing) around them."""
    opening, between, closing = ends
    count = invalid = 0
    with target.open("wb") as file:
        file.write(opening)
        for block, bad in blocks:
            file.write((between if count else b"") + between.join(map(orjson.dumps, block)))
            count, invalid = count + len(block), invalid + bad
        file.write(closing)
    return Made(count, count, invalid, target.stat().st_size)


def customers_ndjson(target: Path, recipe: Recipe) -> Made:
    """One customer a line."""
    return write_documents(target, customer_documents(recipe), (b"", b"\n", b"\n"))


def purchases_ndjson(target: Path, recipe: Recipe) -> Made:
    """One nested purchase a line."""
    return write_documents(target, purchase_documents(recipe), (b"", b"\n", b"\n"))


def api_orders_ndjson(target: Path, recipe: Recipe) -> Made:
    """Orders of an API, about three lines each, none of them invalid; and beside them the purchases that they are."""
    made = write_documents(target, api_documents(recipe), (b"", b"\n", b"\n"))
    api_orders.write_ready(target)
    return made


def api_documents(recipe: Recipe) -> Iterator[tuple[list[Any], int]]:
    """(a block of orders as an API answers them, none of them invalid)."""
    for dice, start in recipe.blocks("orders", API_ORDERS):
        yield [api_orders.document(order) for order in orders.orders(dice, start, 0)[0]], 0


def api_events_ndjson(target: Path, recipe: Recipe) -> Made:
    """One event a line, none of them invalid."""
    count = records = 0
    with target.open("wb") as file:
        for dice, start in recipe.blocks("events", API_EVENTS):
            made, kept = api_events.documents(dice, start)
            file.write(b"".join(orjson.dumps(one) + b"\n" for one in made))
            count, records = count + len(made), records + kept
    return Made(count, records, 0, target.stat().st_size)


def customers_json(target: Path, recipe: Recipe) -> Made:
    """The customers as one JSON array."""
    return write_documents(target, customer_documents(recipe), (b"[", b",", b"]\n"))


def order_lines_csv(target: Path, recipe: Recipe) -> Made:
    """Lines of orders, those of one order together."""
    count = records = invalid = 0
    with target.open("w", encoding="utf-8", newline="") as file:
        file.write(",".join(orders.HEADERS) + "\n")
        for dice, start in recipe.blocks("orders", ORDERS):
            made, bad = orders.orders(dice, start, recipe.invalid)
            rows = [row for order in made for row in orders.rows(order)]
            file.write("\n".join(rows) + "\n")
            count, records, invalid = count + len(rows), records + len(made), invalid + bad
    return Made(count, records, invalid, target.stat().st_size)


def shop_orders_csv(target: Path, recipe: Recipe) -> Made:
    """Lines of orders as a shop exports them, in 79 columns."""
    count = records = invalid = 0
    with target.open("w", encoding="utf-8", newline="") as file:
        file.write(",".join(shop_orders.HEADERS) + "\n")
        for dice, start in recipe.blocks("shop orders", SHOP_ORDERS):
            made = orders.orders(dice, start, 0)[0]
            rows, bad = shop_orders.rows(dice, made, start, recipe.invalid)
            file.write("\n".join(rows) + "\n")
            count, records, invalid = count + len(rows), records + len(made), invalid + bad
    return Made(count, records, invalid, target.stat().st_size)


def order_lines_shuffled_csv(target: Path, recipe: Recipe) -> Made:
    """The same lines, none where it was."""
    ordered = target.with_name(f"{target.name}.ordered")
    made = order_lines_csv(ordered, recipe)
    with ordered.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        # No cell of these lines holds a line end, so a line end always ends a row.
        ends = np.flatnonzero(np.frombuffer(data[:], dtype=np.uint8) == ord("\n")) + 1
        dice = Dice.of(recipe.seed, "shuffle", 0, made.rows)
        order = np.argsort(dice.array(1 << 53), kind="stable")
        spans = zip(ends[:-1][order].tolist(), ends[1:][order].tolist(), strict=True)
        with target.open("wb") as output:
            output.write(data[: int(ends[0])])
            while batch := list(islice(spans, BLOCK)):
                output.write(b"".join([data[start:end] for start, end in batch]))
    ordered.unlink()
    return made


MAKERS = {
    "customers.csv": customers_csv,
    "order_lines.csv": order_lines_csv,
    "order_lines_shuffled.csv": order_lines_shuffled_csv,
    "customers.ndjson": customers_ndjson,
    "purchases.ndjson": purchases_ndjson,
    "customers.json": customers_json,
    "api_orders.ndjson": api_orders_ndjson,
    "api_events.ndjson": api_events_ndjson,
    "shop_orders.csv": shop_orders_csv,
    "customers.xlsx": customers_xlsx,
    "customers.parquet": customers_parquet,
}


def main(words: Sequence[str] | None = None) -> int:
    """`python -m bench.generate FOLDER`."""
    parser = argparse.ArgumentParser(prog="python -m bench.generate", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--invalid", type=float, default=0.01, help="share of invalid records, 0 to 1")
    parser.add_argument("--only", nargs="+", choices=(*FILES, *SHAPES), metavar="FILE")
    parser.add_argument(
        "--shapes", action="store_true", help="tables of other shapes in place of the usual files"
    )
    given = parser.parse_args(words)
    only = given.only or (SHAPES if given.shapes else FILES)
    made = generate(given.folder, Recipe(given.scale, given.seed, given.invalid), only)
    for name, fact in made.items():
        print(f"{name}: {fact.rows} rows, {fact.records} records, {fact.invalid} invalid, {fact.bytes} bytes")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
