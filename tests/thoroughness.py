"""How much of a sweep is run: a spread part of it in `make test`, all of it in `make drill`.

A test says both where it is defined, so that its claim has one body and one name. Hypothesis takes the number of its
examples when a test is decorated: `tests/conftest.py` says before any test is read whether drills were asked for.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Any, ParamSpec, TypeVar

import pytest
from hypothesis import settings

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

_is_drill = False


def drills(asked_for: bool) -> None:
    """Whether drills are run: said once, before the tests are read."""
    global _is_drill
    _is_drill = asked_for


def also_drilled(test: Callable[P, R]) -> Callable[P, R]:
    """A part of `make test` that does more as a drill."""
    return pytest.mark.drill(test) if _is_drill else test


def many(usual: T, drill: T) -> T:
    """So many, or these, in `make test`; so many, or those, as a drill."""
    return drill if _is_drill else usual


def with_examples(usual: int, drill: int, **more: Any) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A property of so many examples in `make test`, and of so many as a drill."""

    def decorated(test: Callable[P, R]) -> Callable[P, R]:
        return also_drilled(settings(max_examples=many(usual, drill), **more)(test))

    return decorated


def sweep(values: Sequence[Any], usual: Collection[Any]) -> list[Any]:
    """All values of a parameter, or of several as tuples; those that are not usual are drills."""
    assert all(one in values for one in usual)
    return [
        one
        if one in usual
        else pytest.param(*(one if isinstance(one, tuple) else (one,)), marks=pytest.mark.drill)
        for one in values
    ]
