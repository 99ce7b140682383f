"""The sign of a number, changed without touching its digits."""

import re
from collections.abc import Callable
from functools import partial

from lexer_pipeline.kernels import codes
from lexer_pipeline.mapping.conversions import arguments
from lexer_pipeline.mapping.conversions.outcome import Conversion, Vectorised, changed
from lexer_pipeline.specs import values
from lexer_pipeline.specs.values import Converted, Unconvertible


def negate(argument: object) -> Conversion:
    """A number gets the other sign and keeps its digits, as the amounts of returns need."""
    arguments.no_argument("negate", argument)
    return Vectorised(partial(_signed, _flipped, "sign_flipped"), codes.TO_NEGATED)


def absolute(argument: object) -> Conversion:
    """A number loses its minus sign and keeps its digits."""
    arguments.no_argument("absolute", argument)
    return Vectorised(partial(_signed, _bare, "sign_dropped"), codes.TO_ABSOLUTE)


def _signed(sign: Callable[[str], str], name: str, text: str) -> Converted | Unconvertible:
    number = values.number(text.strip())
    if isinstance(number, Unconvertible):
        return number
    return changed(text, sign(number.text), name)


def _flipped(number: str) -> str:
    """The other sign; a zero has none."""
    bare = number.removeprefix("-")
    return bare if bare != number or _is_zero(number) else f"-{number}"


def _bare(number: str) -> str:
    return number.removeprefix("-")


def _is_zero(number: str) -> bool:
    return not re.split("[eE]", number)[0].strip("-0.")
