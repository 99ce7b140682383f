"""How numbers and dates are spread: a few bins with round edges, those at both ends open, so that no edge is a value."""

import math
import re
from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import TypeAlias

# What a bar stands for, and how many values.
Bar: TypeAlias = tuple[str, int]

# Of fewer values no chart is made, and one is made only where nearly all values can be read so.
FEWEST, NEARLY = 10, 0.9
WIDEST = 12
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,8})(?:\.[0-9]{1,6})?", re.ASCII)
DAY = re.compile(r"([12][0-9]{3})-([01][0-9])-([0-3][0-9])(?:[T ].*)?", re.ASCII)
# The share at each end that lies outside, so that one odd value does not stretch the rest to nothing.
TAIL = 0.02
DAYS_SHOWN, MONTHS_SHOWN, YEARS_SHOWN = 45, 36, 40


def of_numbers(counts: Mapping[str, int]) -> tuple[Bar, ...]:
    """Numbers in bins of a round width; none where the values are few or hardly numbers."""
    read = sorted((float(text), count) for text, count in counts.items() if NUMBER.fullmatch(text))
    if not _suffice(sum(count for _, count in read), counts):
        return ()
    low, high = _inner(read)
    step = _round_up((high - low) / (WIDEST - 2) or abs(low) or 1.0)
    is_whole = all("." not in text for text in counts)
    step = max(step, 1.0) if is_whole else step
    first, last = math.floor(low / step), math.floor(high / step)
    found = Counter[int]()
    for number, count in read:
        found[min(max(math.floor(number / step), first - 1), last + 1)] += count
    return tuple(
        (_between(place, first, last, step, is_whole), found[place])
        for place in range(first - 1, last + 2)
        if first <= place <= last or found[place]
    )


def of_dates(counts: Mapping[str, int]) -> tuple[Bar, ...]:
    """Dates that begin as ISO 8601 by day, month or year; none where the values are few or hardly dates."""
    read = sorted(
        (date(int(found[1]), int(found[2]), int(found[3])).toordinal(), count)
        for text, count in counts.items()
        if (found := DAY.fullmatch(text)) and _is_day(found)
    )
    if not _suffice(sum(count for _, count in read), counts):
        return ()
    low, high = (date.fromordinal(int(day)) for day in _inner(read))
    unit = _unit(low, high)
    names = _names(low, high, unit)
    counted = Counter[str]()
    for day, count in read:
        name = str(date.fromordinal(day))[:unit]
        counted["before" if name < names[0] else "after" if name > names[-1] else name] += count
    more = "0s" if unit == 3 else ""
    before, after = (
        (f"before {names[0]}{more[:1]}", counted["before"]),
        (f"after {names[-1]}{more}", counted["after"]),
    )
    between = [(f"{name}{more}", counted[name]) for name in names]
    return (*((before,) if before[1] else ()), *between, *((after,) if after[1] else ()))


def _is_day(found: re.Match[str]) -> bool:
    year, month, day = (int(one) for one in found.groups()[:3])
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 1 <= month <= 12 and 1 <= day <= (31, 28 + leap, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]


def _suffice(read: int, counts: Mapping[str, int]) -> bool:
    return read >= FEWEST and read >= NEARLY * sum(counts.values())


def _inner(read: list[tuple[float, int]] | list[tuple[int, int]]) -> tuple[float, float]:
    """The values behind which both tails begin; `read` is in order."""
    total = sum(count for _, count in read)
    seen, low, high = 0, None, read[-1][0]
    for value, count in read:
        seen += count
        if low is None and seen > TAIL * total:
            low = value
        if seen >= (1 - TAIL) * total:
            high = value
            break
    return (read[0][0] if low is None else low), high


def _round_up(width: float) -> float:
    """The next of 1, 2, 5, 10, 20, 50 and so on."""
    power = 10.0 ** math.floor(math.log10(width))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= width * (1 - 1e-9))


def _between(place: int, first: int, last: int, step: float, is_whole: bool) -> str:
    if place < first:
        return f"below {_shown(first * step)}"
    if place > last:
        return f"{_shown((last + 1) * step)} and more"
    if step == 1 and is_whole:
        return _shown(place)
    return f"{_shown(place * step)} to {_shown((place + 1) * step)}"


def _shown(edge: float) -> str:
    return f"{edge + 0.0:,.6f}".rstrip("0").rstrip(".")


def _unit(low: date, high: date) -> int:
    """How many signs of a date a bin is called by: those of a day, a month, a year or ten years."""
    if (high - low).days <= DAYS_SHOWN:
        return 10
    if (high.year - low.year) * 12 + high.month - low.month <= MONTHS_SHOWN:
        return 7
    return 4 if high.year - low.year <= YEARS_SHOWN else 3


def _names(low: date, high: date, unit: int) -> list[str]:
    """All days, months, years or tens of them from one to the other, so that a gap is seen."""
    if unit in (3, 4):
        step = 10 ** (4 - unit)
        return [f"{year:0{unit}}" for year in range(low.year // step, high.year // step + 1)]
    if unit == 7:
        months = range(low.year * 12 + low.month - 1, high.year * 12 + high.month)
        return [f"{month // 12:04}-{month % 12 + 1:02}" for month in months]
    return [str(date.fromordinal(day)) for day in range(low.toordinal(), high.toordinal() + 1)]
