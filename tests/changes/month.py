"""A month of nightly exports of a shop, what of each is new or changed by a model that only counts, and what the service got."""

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lexer_pipeline.sandbox.server import Sandbox

HEAD = "purchase_id,link.email,action_at,type,products[].price_paid,products.quantity\n"
STORED = ("loaded", "waits for a person", "stored")
# What an order says, as the amounts of its lines; by its number.
Orders = dict[str, tuple[int, ...]]


@dataclass
class Shop:
    """The truth of one shop, which changes from night to night."""

    chance: random.Random
    orders: Orders = field(default_factory=dict)
    recent: list[set[str]] = field(default_factory=list)
    made: int = 0

    def night(self, new: int, changed: int, gone: int) -> None:
        """Some orders come, some change, some vanish."""
        touched = set()
        for number in self.chance.sample(sorted(self.orders), min(changed, len(self.orders))):
            self.orders[number] = self._lines()
            touched.add(number)
        for number in self.chance.sample(sorted(self.orders), min(gone, len(self.orders))):
            del self.orders[number]
        for _ in range(new):
            self.made += 1
            number = f"N-{self.made}"
            self.orders[number] = self._lines()
            touched.add(number)
        self.recent.append(touched)

    def _lines(self) -> tuple[int, ...]:
        return tuple(sorted(self.chance.sample(range(1, 9), self.chance.randrange(1, 4))))

    def full(self) -> Orders:
        """All orders."""
        return dict(self.orders)

    def overlap(self, nights: int) -> Orders:
        """The orders of the last nights."""
        some = set().union(*self.recent[-nights:])
        return {number: lines for number, lines in self.orders.items() if number in some}


def write(path: Path, orders: Orders, chance: random.Random) -> int:
    """An export, in any order; how many rows it has."""
    numbers = list(orders)
    chance.shuffle(numbers)
    rows = [
        f"{number},{number.lower()}@example.com,2024-03-06T10:15:00Z,ecommerce,{price},1\n"
        for number in numbers
        for price in orders[number]
    ]
    path.write_text(HEAD + "".join(rows))
    return len(rows)


def in_file(text: str) -> Iterator[tuple[str, tuple[int, ...]]]:
    """What the lines of a file of NDJSON say."""
    for line in text.splitlines():
        said = json.loads(line)
        yield said["purchase_id"], tuple(one["price_paid"] for one in said["products"])


@dataclass
class Destination:
    """What stands at one dataset by the model, and by the service."""

    known: Orders = field(default_factory=dict)
    newest: Orders = field(default_factory=dict)

    def new_in(self, export: Orders, corrected: Sequence[str] = ()) -> Orders:
        """What of an export is to be sent."""
        return {
            number: lines
            for number, lines in export.items()
            if number in corrected or self.known.get(number) != lines
        }


class Service:
    """The log of a sandbox, by dataset."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self._sandbox = sandbox
        self._objects = folder / "objects"

    def files(self, dataset: str) -> list[list[tuple[str, tuple[int, ...]]]]:
        """What was stored for a dataset, file after file in the order in which they arrived."""
        found = [one for one in self._sandbox.uploads() if one["stored_at"] and one["dataset"] == dataset]
        found.sort(key=lambda one: (str(one["stored_at"]), _number(one)))
        return [list(in_file(self._object(one).read_text())) for one in found]

    def _object(self, upload: dict[str, Any]) -> Path:
        (path,) = self._objects.glob(f"**/{upload['id']}/{upload['filename']}")
        return path

    def state(self, dataset: str) -> Orders:
        """What the service has of each order: what came last."""
        return {number: lines for file in self.files(dataset) for number, lines in file}


def _number(upload: dict[str, Any]) -> int:
    return int(upload["id"])
