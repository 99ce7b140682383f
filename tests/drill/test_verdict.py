"""The judge of deliveries sees each breach of a promise, and nothing in a month that went well."""

from collections.abc import Sequence
from typing import Any

import pytest

from tests.drill.oracle import Expectation
from tests.drill.verdict import Deliveries, judge, uploads_of

ONE, TWO, FIXED, TORN = "11", "22", "33", "44"
MONDAY, TUESDAY, AGAIN = (
    "commerce_products-20261102-a",
    "commerce_products-20261103-a",
    "commerce_products-20261102-b",
)
Line = tuple[str, str, str, str]
GOOD: list[Line] = [
    (MONDAY, "d1", "product", ONE),
    (TUESDAY, "d1", "product", TWO),
    (AGAIN, "d1", "product", FIXED),
]


@pytest.fixture(autouse=True)
def calm() -> None:
    """These tests need no sandbox."""


def wanted() -> Expectation:
    """Two nights of one shop, the first of them corrected after the second."""
    return Expectation(
        times={(0, "d1", md5): (1, 1) for md5 in (ONE, TWO, FIXED)},
        types=dict.fromkeys((ONE, TWO, FIXED), "product"),
        replaces={(ONE, FIXED)},
        chains=[(0, "d1", [(ONE,), (TWO,), (FIXED,)])],
        in_use={(0, "d1"): {TWO, FIXED}},
        deliveries=3,
    )


def verdict(lines: Sequence[Line], overlapping: bool = False, **more: Any) -> Deliveries:
    """What the judge says of files that were stored one after another; where they overlap, all begin before one ends."""
    begun, ended, known = [], [], []
    for number, (name, dataset, record_type, md5) in enumerate(lines, 1):
        known.append({"id": number, "dataset": dataset or None, "record_type": record_type or None})
        begun.append(
            [
                {"kind": "granted", "upload": number, "filename": f"{name}.json"},
                {"kind": "begun", "upload": number, "filename": f"{name}.json"},
            ]
        )
        ended.append([{"kind": "stored", "upload": number, "md5": md5}] if md5 else [])
    some = (
        [*begun, *ended] if overlapping else [two for pair in zip(begun, ended, strict=True) for two in pair]
    )
    log = [{**event, "id": at} for at, event in enumerate((event for part in some for event in part), 1)]
    return judge(uploads_of(0, log, known), wanted(), **more)


def changed(at: int, line: Line) -> list[Line]:
    return [line if number == at else other for number, other in enumerate(GOOD)]


def test_a_month_that_went_well_has_no_breach() -> None:
    assert verdict(GOOD) == Deliveries(deliveries=3, stored=3)


@pytest.mark.parametrize(
    ("lines", "broken"),
    [
        pytest.param(GOOD[:2], {"lost": 1, "replaced": 1}, id="a correction that never came"),
        pytest.param(changed(1, (TUESDAY, "d1", "product", "")), {"lost": 1}, id="begun and not stored"),
        pytest.param(changed(1, (TUESDAY, "d1", "product", TORN)), {"lost": 2}, id="stored as it was not prepared"),
        pytest.param([*GOOD, GOOD[1]], {"twice": 1}, id="stored under two ids"),
        pytest.param(
            [*GOOD, ("commerce_products_02-20261103-a", "d1", "product", TWO)], {"twice": 1}, id="sent under two names"
        ),
        pytest.param(
            changed(1, ("commerce_products-20261102-c", "d1", "product", TWO)), {"replaced": 3},
            id="the next night under the name of the first",
        ),
        pytest.param(
            changed(2, ("commerce_products-20261103-b", "d1", "product", FIXED)), {"replaced": 3},
            id="a correction in place of the wrong one",
        ),
        pytest.param(
            changed(2, ("commerce_products_02-20261102-a", "d1", "product", FIXED)), {"replaced": 1},
            id="a correction in place of none",
        ),
        pytest.param(changed(1, (MONDAY, "d1", "product", TWO)), {"replaced": 3}, id="two contents under one name"),
        pytest.param(
            changed(1, (TUESDAY, "d2", "product", TWO)), {"misrouted": 1, "lost": 1, "replaced": 1}, id="another dataset"
        ),
        pytest.param(changed(1, (TUESDAY, "d1", "purchase", TWO)), {"misrouted": 1}, id="another record type"),
        pytest.param([*GOOD, (TUESDAY, "d2", "product", "")], {"misrouted": 1}, id="only begun, but elsewhere"),
        pytest.param([GOOD[1], GOOD[0], GOOD[2]], {"disorder": 1}, id="the second night first"),
    ],
)  # fmt: skip
def test_each_breach_is_seen(lines: list[Line], broken: dict[str, int]) -> None:
    found = verdict(lines)

    figures = ("lost", "twice", "replaced", "misrouted", "disorder")
    assert {name: getattr(found, name) for name in figures if getattr(found, name)} == broken, found.why


def test_a_night_that_leaves_before_the_one_before_arrived_is_out_of_order() -> None:
    assert verdict(GOOD, overlapping=True).disorder == 2


def test_what_a_person_sent_out_of_order_is_none() -> None:
    assert verdict([GOOD[1], GOOD[0], GOOD[2]], settled={ONE}).disorder == 0


def test_what_is_said_to_be_sent_must_be_there() -> None:
    assert verdict(GOOD, told={(0, "1"), (0, "3")}).lost == 0
    assert verdict(GOOD, told={(0, "9")}).lost == 1
