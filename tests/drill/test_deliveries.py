"""Months of two shops under kills and faults, judged from the services' logs; the same months by a naive script."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.drill.company import company
from tests.drill.month import Month
from tests.drill.verdict import Deliveries, table
from tests.drill.world import DELIVERIES, Worlds
from tests.thoroughness import sweep

FEW = 14  # deliveries of a short month
# Kills beside a second service; faults in two folders; kills, two folders and other datasets; both; expiry; a quiet month.
SEEDS = (1, 7, 34, 29, 33, 13)
SOME = (34, 29, 33)
FIRST, LAST = map(int, os.environ.get("SEEDS", "1000:1249").split(":"))
BLOCK = 10
PROMISES = ("lost", "twice", "replaced", "misrouted", "disorder")


@pytest.fixture(autouse=True)
def calm() -> None:
    """These tests have sandboxes of their own."""


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worlds]:
    with Worlds(tmp_path_factory.mktemp("worlds")) as worlds:
        yield worlds


@pytest.mark.parametrize("seed", sweep(SEEDS, SOME))
def test_a_month_of_deliveries_keeps_every_promise(worlds: Worlds, seed: int) -> None:
    found = worlds.play(seed, deliveries=FEW)

    assert found.broken == 0, "\n".join([f"seed {seed}, {company(seed)}", *found.why])
    assert found.stored > 0


def test_a_naive_script_breaks_every_promise_in_such_months(worlds: Worlds) -> None:
    found = sum((worlds.play(seed, naive=True, deliveries=FEW) for seed in (1, 13, 25)), Deliveries())

    assert all(getattr(found, promise) for promise in PROMISES), found


def test_a_script_is_a_function_of_its_seed() -> None:
    assert Month(3).draw(FEW).steps == Month(3).draw(FEW).steps


@pytest.fixture(scope="module")
def total() -> Iterator[list[Deliveries]]:
    """The figures of all blocks, shown at the end."""
    found: list[Deliveries] = []
    yield found
    print(
        f"\n\nMonths {FIRST} to {LAST}, judged from the services' logs:\n{table({'all': sum(found, Deliveries())})}\n"
    )


@pytest.mark.drill
@pytest.mark.parametrize("first", range(FIRST, LAST + 1, BLOCK))
def test_the_long_drill_of_deliveries(first: int, tmp_path: Path, total: list[Deliveries]) -> None:
    tls = (first - FIRST) // BLOCK % 5 == 0
    found = Deliveries()
    with Worlds(tmp_path, tls) as worlds:
        for seed in range(first, min(first + BLOCK, LAST + 1)):
            one = worlds.play(seed, deliveries=DELIVERIES)
            print("".join(f"\nseed {seed}: {line}" for line in one.why), end="")
            found += one
    total.append(found)
    print(f"\n{table({f'{first} over TLS' if tls else str(first): found})}")
    assert found.broken == 0, "\n".join(found.why)
