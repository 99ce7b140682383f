"""Work in threads comes in order, goes wrong where it is waited for, and ends with who asked for it."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.system import parallel
from lexer_pipeline.system.parallel import ahead, map_in_order, workers
from msgspec.structs import replace

from tests.prepare.helpers import KEEP_ALL, prepared


def numbers(most: int, made: list[int]) -> Iterator[int]:
    for number in range(most):
        made.append(number)
        yield number


def broken() -> Iterator[int]:
    yield 1
    raise ValueError("the second")


def test_what_is_made_ahead_comes_in_order_and_one_at_a_time() -> None:
    made: list[int] = []
    seen = []
    for one in ahead(numbers(5, made)):
        seen.append(one)
        assert len(made) <= one + 2
    assert seen == made == [0, 1, 2, 3, 4]


def test_as_many_are_made_ahead_as_may_be() -> None:
    made: list[int] = []
    seen = []
    for one in ahead(numbers(9, made), 3):
        seen.append(one)
        assert len(made) <= one + 4
    assert seen == made == list(range(9))
    assert list(ahead(iter("abc"), 0)) == ["a", "b", "c"]


def test_what_a_thread_takes_to_read_ahead_is_told() -> None:
    took: list[float] = []
    reading = parallel.Ahead(3, took.append)
    assert list(reading.of(iter(range(5)))) == list(range(5))
    assert len(took) >= 6
    assert min(took) >= 0
    assert reading.at_most(1).most == 1
    assert list(parallel.IN_TURN.of(iter("abc"))) == ["a", "b", "c"]


def test_what_goes_wrong_while_it_is_made_ahead_comes_behind_what_was_made_before() -> None:
    seen = []
    with pytest.raises(ValueError, match="the second"):
        for one in ahead(broken()):
            seen.append(one)
    assert seen == [1]


def test_nothing_is_made_any_more_once_nobody_wants_it() -> None:
    made: list[int] = []
    before = threading.active_count()
    coming = ahead(numbers(100, made))
    next(coming)
    coming.close()
    assert threading.active_count() == before
    assert len(made) <= 2


def test_work_on_several_at_a_time_keeps_their_order() -> None:
    assert list(map_in_order(lambda number: number * 2, range(40), 4)) == [number * 2 for number in range(40)]


def test_without_workers_each_piece_is_made_when_it_is_asked_for() -> None:
    made: list[int] = []
    done = map_in_order(lambda number: number * 2, numbers(9, made), 0)
    assert next(done) == 0
    assert made == [0]
    assert list(done) == [number * 2 for number in range(1, 9)]


def test_a_worker_is_for_each_core_but_the_one_that_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [workers(threads) for threads in (1, 2, 3, 99)] == [0, 1, 2, parallel.MOST]
    for cores, most in ((1, 0), (2, 1), (64, parallel.MOST)):
        monkeypatch.setattr(parallel, "cores", lambda cores=cores: cores)
        assert workers(None) == most


CUSTOMERS = "link.customer_id,first_name,employee_flag\n" + "".join(
    f"C{n},{'Mira' if n % 7 else ''},{'maybe' if n % 11 == 0 else 'yes'}\n" for n in range(60_000)
)
# The lines of an order stand apart, so what reads keys ahead is let go of before the rows are read.
LINES = "purchase_id,link.email,action_at,type,products[].price_paid,products[].quantity\n" + "".join(
    f"A-{n % 20_000},p{n % 20_000}@example.com,2024-03-06T10:15:00Z,ecommerce,{n}.50,1\n"
    for n in range(60_000)
)


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize(("table", "spec"), [(CUSTOMERS, "customer_record"), (LINES, "purchase")])
def test_as_many_threads_as_may_be_make_the_same_batch(
    tmp_path: Path, table: str, spec: str, threads: int
) -> None:
    (tmp_path / "in.csv").write_text(table)

    usual = prepared([tmp_path / "in.csv"], spec, tmp_path / "usual", KEEP_ALL)
    asked = prepared([tmp_path / "in.csv"], spec, tmp_path / "asked", replace(KEEP_ALL, threads=threads))

    assert Options(threads=threads).as_json() == {}
    assert asked.lines == usual.lines
    assert len(asked.lines) > 15_000
    assert asked.issues == usual.issues


def test_what_is_made_ahead_is_made_no_more_once_it_is_closed() -> None:
    made: list[int] = []
    coming = ahead(numbers(100_000, made), 5)
    next(coming)
    coming.close()
    count = len(made)
    time.sleep(0.05)
    assert len(made) == count <= 7
