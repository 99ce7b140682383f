"""A month of nightly exports with changes, overlaps, corrections, lost nights, kills and a dataset that changes; the service's log judges.

At the end of each night the service has the newest export of each order, no order was sent twice as it was, and all counts hold.
"""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lexer_pipeline.sandbox.server import Sandbox

from tests.changes.month import Destination, Orders, Service, Shop, write
from tests.drill.keyboard import Nursery
from tests.running import NO_KEY_RING

HOW = ("instead", "before", "after")
PARTS = ("records", "rejected", "continuations", "blank", "unchanged")


@pytest.fixture(scope="module")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    nursery = Nursery(tmp_path_factory.mktemp("nursery"))
    yield nursery
    nursery.close()


class Month:
    """One month, played and judged."""

    def __init__(self, seed: int, nursery: Nursery, root: Path, sandbox: Sandbox) -> None:
        self.chance = random.Random(f"month {seed}")
        self.nursery, self.root = nursery, root
        self.shop = Shop(self.chance)
        self.service = Service(sandbox, root / "sandbox")
        self.env = {
            "LEXER_UPLOAD_API_URL": sandbox.url, "LEXER_UPLOAD_API_TOKEN": sandbox.new_token(f"month {seed}"),
            "PYTHON_KEYRING_BACKEND": NO_KEY_RING, "NO_COLOR": "1",
        }  # fmt: skip
        self.there = {name: Destination() for name in ("first", "second")}
        self.dataset = "first"
        self.kills = 0

    def type(self, *words: str, die: bool = False) -> dict[str, Any]:
        order: dict[str, Any] = {"cwd": str(self.root), "env": self.env, "words": list(words)}
        if die:
            order["die"] = {
                "at": "change",
                "number": self.chance.randrange(1, 26),
                "how": self.chance.choice(HOW),
            }
        (found,) = self.nursery.ask([order])
        self.kills += found["code"] == -9
        assert found["code"] in (0, -9) if die else found["code"] == 0, found
        return found

    def making(self, path: Path, *words: str) -> list[str]:
        return [str(path), "--spec", "purchase", "--dataset", self.dataset, "--json", "--no-report", *words]

    def night(self, night: int) -> None:
        """What the shop exports is brought to the service, however the night goes; then both are the same."""
        full = self.chance.random() < 0.7 or night < 2
        export = self.shop.full() if full else self.shop.overlap(self.chance.randrange(1, 5))
        path = self.root / f"{'all' if full else 'recent'}-{night}.csv"
        rows = write(path, export, self.chance)
        to = self.there[self.dataset]
        to.newest.update(export)
        how = self.chance.choice(("run", "run", "killed", "killed", "two steps", "dropped", "full"))
        if how == "killed":
            self.killed(path, to, export)
        elif how == "two steps":
            self.two_steps(path, to, export, rows)
        elif how == "full":
            self.counted(json.loads(self.type("run", *self.making(path, "--full"))["out"]), export, rows)
            to.known = dict(export)
        else:
            if how == "dropped":
                self.dropped(path, to, export, rows)
            self.run(path, to, export, rows)
        if self.chance.random() < 0.3:
            self.correction(night, to)
        self.judged()

    def run(self, path: Path, to: Destination, export: Orders, rows: int) -> None:
        expected = to.new_in(export)
        answer = json.loads(self.type("run", *self.making(path, "--changed"))["out"])
        self.counted(answer, expected, rows)
        assert [one["state"] for one in answer["uploads"]] == ["sent"] * bool(expected)
        to.known.update(expected)

    def counted(self, answer: dict[str, Any], expected: Orders, rows: int) -> None:
        assert len(answer["batches"]) == bool(expected)
        for one in answer["batches"]:
            assert one["records"] == len(expected)
            assert one["rows"] == sum(one[name] for name in PARTS) == rows

    def killed(self, path: Path, to: Destination, export: Orders) -> None:
        """Killed twice at any change of the ledger, and run once more: each record went once."""
        expected, before = to.new_in(export), self.service.files(self.dataset)
        for _ in range(2):
            self.type("run", *self.making(path, "--changed"), die=True)
        self.type("run", *self.making(path, "--changed"))
        arrived = self.service.files(self.dataset)[len(before) :]
        assert sorted(one for file in arrived for one in file) == sorted(expected.items())
        to.known.update(expected)

    def two_steps(self, path: Path, to: Destination, export: Orders, rows: int) -> None:
        """Converted twice before it is sent: the second one makes nothing."""
        expected = to.new_in(export)
        self.counted(json.loads(self.type("convert", *self.making(path, "--changed"))["out"]), expected, rows)
        again = self.type("convert", *self.making(path, "--changed"))
        assert json.loads(again["out"]) == {"batches": []}
        self.type("upload", "--json", "--dataset", self.dataset)
        to.known.update(expected)

    def dropped(self, path: Path, to: Destination, export: Orders, rows: int) -> None:
        """Converted and taken out of the way: its records are made again."""
        answer = json.loads(self.type("convert", *self.making(path, "--changed"))["out"])
        self.counted(answer, to.new_in(export), rows)
        for one in answer["batches"]:
            self.type("drop", one["path"], "--json")

    def correction(self, night: int, to: Destination) -> None:
        """The last batch is corrected by an export of today: it holds what that one held, and what else is new."""
        batches = json.loads(self.type("status", "--json")["out"])["batches"]
        sent = [one for one in batches if one["state"] == "sent" and one["dataset"] == self.dataset]
        folders = {one["path"]: self.root / one["path"] for one in sent if not one["replaced_by"]}
        newest = [path for path, folder in folders.items() if self.is_last(folder)]
        if not newest:
            return
        corrected = self.held(folders[newest[-1]])
        self.shop.night(1, 2, 0)
        export = self.shop.full()
        rows = write(self.root / f"all-{night}-again.csv", export, self.chance)
        expected = to.new_in(export, list(corrected))
        making = self.making(self.root / f"all-{night}-again.csv", "--changed", "--replaces", newest[-1])
        answer = json.loads(self.type("run", *making)["out"])
        if expected == corrected:
            return  # it is the very same, and nothing is corrected
        self.counted(answer, expected, rows)
        for number in corrected:
            to.known.pop(number, None)
        to.known.update(expected)
        to.newest.update(export)

    def is_last(self, folder: Path) -> bool:
        last = self.service.files(self.dataset)[-1]
        return self.held(folder) == dict(last)

    def held(self, folder: Path) -> Orders:
        (file,) = (one for one in folder.glob("commerce_purchases*.json"))
        return {
            said["purchase_id"]: tuple(one["price_paid"] for one in said["products"])
            for said in map(json.loads, file.read_text().splitlines())
        }

    def judged(self) -> None:
        for name, to in self.there.items():
            assert self.service.state(name) == to.newest


def play(seed: int, nights: int, nursery: Nursery, root: Path) -> Month:
    with Sandbox(root / "sandbox", rate=100_000) as sandbox:
        month = Month(seed, nursery, root, sandbox)
        for night in range(nights):
            month.shop.night(
                30 if night == 0 else month.chance.randrange(0, 4),
                month.chance.randrange(0, 4),
                month.chance.randrange(0, 2),
            )
            if month.chance.random() < 0.1 and night:
                continue  # a night of which there is no export
            if night == nights * 2 // 3:
                month.dataset = "second"
            month.night(night)
    return month


def test_the_service_has_the_newest_of_each_order_after_each_night(nursery: Nursery, tmp_path: Path) -> None:
    assert play(1, 12, nursery, tmp_path).kills


@pytest.mark.drill
@pytest.mark.parametrize("seed", range(100, 112))
def test_months_of_any_kind(nursery: Nursery, tmp_path: Path, seed: int) -> None:
    play(seed, 31, nursery, tmp_path)
