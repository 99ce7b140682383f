"""Patterns that few runs ask for, compiled when one does: to compile a long one takes as long as to read a thousand rows."""

import re
from collections.abc import Callable
from functools import cache
from typing import AnyStr


def lazily(pattern: AnyStr, flags: int = 0) -> Callable[[], re.Pattern[AnyStr]]:
    """Gives the pattern, compiled once."""
    return cache(lambda: re.compile(pattern, flags))
