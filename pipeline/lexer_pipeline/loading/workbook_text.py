"""The cells of a sheet as a person would write them, and as cells of CSV."""

import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

# Whole numbers up to here are exact in the 64-bit floats of a spreadsheet (IEEE 754).
EXACT = 1 << 53
NEEDS_QUOTES = re.compile(r'[",\r\n]|^[ \t]|[ \t]$')
# What a line may hold of which some cell needs quotes, beside a comma.
ODD = re.compile(r'["\r\n\t]|^ | $| ,|, ')


def text_of(value: Any) -> str:
    """A value of a cell as a person would write it.

    A spreadsheet shows fifteen digits. A whole number that is too large to be exact keeps its exponent, so that
    it cannot pass for an id.
    """
    if isinstance(value, float):
        if value.is_integer():
            return str(int(value)) if abs(value) <= EXACT else repr(value)
        return f"{Decimal(f'{value:.15g}'):f}"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds" if value.microsecond else "seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return _duration(value)
    return str(value)


def _duration(value: timedelta) -> str:
    seconds = round(value.total_seconds())
    minutes, seconds = divmod(abs(seconds), 60)
    sign = "-" if value < timedelta() else ""
    return f"{sign}{minutes // 60}:{minutes % 60:02}:{seconds:02}"


def line_of(cells: Sequence[str]) -> str:
    """A line of CSV, without its line break."""
    line = ",".join(cells)
    # Hardly any line has a cell that needs quotes; to ask each cell takes as long as all else.
    if line.count(",") < len(cells) and not ODD.search(line):
        return line
    needs_quotes = NEEDS_QUOTES.search
    return ",".join(['"' + cell.replace('"', '""') + '"' if needs_quotes(cell) else cell for cell in cells])
