"""What the tests of conversions share: how to run one over a column and how to see a refusal."""

from collections.abc import Iterable

import pytest
from lexer_pipeline.errors import UsageError
from lexer_pipeline.mapping.conversions import (
    Conversion,
    Converted,
    NeedsColumn,
    Unconvertible,
    compile_conversion,
)


def settled(name: str, argument: object, column: Iterable[str]) -> Conversion:
    """The conversion after it has seen its column, where it needs to."""
    found = compile_conversion(name, argument)
    if not isinstance(found, NeedsColumn):
        return found
    found.look(column)
    return found.decide()


def results(name: str, argument: object, *column: str) -> list[str | None]:
    """What a column becomes; None for a cell that failed."""
    convert = settled(name, argument, column)
    return [done.text if isinstance(done := convert(text), Converted) else None for text in column]


def result(name: str, argument: object, text: str) -> str | None:
    return results(name, argument, text)[0]


def names(name: str, argument: object, text: str) -> tuple[str, ...]:
    """What is said to have been done to a text."""
    done = settled(name, argument, [text])(text)
    assert isinstance(done, Converted)
    return done.conversions


def failure(name: str, argument: object, text: str) -> Unconvertible:
    failed = settled(name, argument, [text])(text)
    assert isinstance(failed, Unconvertible)
    return failed


def refusal(name: str, argument: object, *column: str) -> UsageError:
    """The refusal of a whole column, or of an argument."""
    with pytest.raises(UsageError) as caught:
        settled(name, argument, column)
    return caught.value
