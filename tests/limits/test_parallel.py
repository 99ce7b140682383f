"""Work in threads comes in order, goes wrong where it is waited for, and ends with who asked for it."""

import threading
from collections.abc import Iterator

import pytest
from lexer_pipeline.system.parallel import ahead, map_in_order


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
