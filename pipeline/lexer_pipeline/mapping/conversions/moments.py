"""A day, a time of day and an offset out of what a pattern found in a text."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial

from msgspec import Struct

from lexer_pipeline.mapping.conversions import zones

# Python and POSIX strptime: 69 to 99 are of the twentieth century.
PIVOT = 68
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# A spreadsheet's day 0 in the 1900 date system. It takes 1900 for a leap year, so days before 61 are one off.
SPREADSHEET_EPOCH = date(1899, 12, 30)
FIRST_SOUND_SERIAL, LAST_SERIAL = 61, 2_958_465
UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SERIAL = re.compile(r"([0-9]{1,7})(?:[.,]([0-9]{1,15}))?")
UNIX_SECONDS = re.compile(r"(-?[0-9]{1,12})(?:\.([0-9]{1,9}))?")
UNIX_MILLISECONDS = re.compile(r"-?[0-9]{1,15}")


class Moment(Struct, frozen=True):
    """A day with, where they were written, a time of day (10:15:00.5) and an offset (Z, +11:00)."""

    day: date
    clock: str = ""
    offset: str = ""
    short_year: bool = False


Read = Callable[[str, int], Moment | None]


def by_pattern(pattern: re.Pattern[str]) -> Read:
    """A reader of texts that match `pattern` whole; its groups are named after strptime's directives."""
    return partial(_matched, pattern)


def _matched(pattern: re.Pattern[str], text: str, pivot: int) -> Moment | None:
    match = pattern.fullmatch(text)
    return of_parts(match.groupdict(), pivot) if match else None


def of_parts(parts: dict[str, str | None], pivot: int) -> Moment | None:
    """The moment that the parts make; None where the calendar or the clock has none such."""
    day, clock = _day(parts, pivot), _clock(parts)
    shown = parts.get("z")
    offset = zones.offset_text(shown) if shown else ""
    if day is None or clock is None or offset is None:
        return None
    return Moment(day, clock, offset, short_year=bool(parts.get("y")))


def _day(parts: dict[str, str | None], pivot: int) -> date | None:
    short = parts.get("y")
    year = int(short or parts.get("Y") or 0)
    if short:
        year += 2000 if year <= pivot else 1900
    name = parts.get("b")
    month = MONTHS.index(name[:3].lower()) + 1 if name else int(parts.get("m") or 0)
    try:
        day = date(year, month, int(parts.get("d") or 0))
    except ValueError:
        return None
    weekday = parts.get("a")
    return day if not weekday or WEEKDAYS[day.weekday()] == weekday[:3].lower() else None


def _clock(parts: dict[str, str | None]) -> str | None:
    """The time of day; empty where none was written, None where there is no such time."""
    if not parts.get("H"):
        return ""
    hour, minute, second = int(parts["H"] or 0), int(parts.get("M") or 0), int(parts.get("S") or 0)
    half = parts.get("p")
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half in "Pp" else 0)
    if hour > 23 or minute > 59 or second > 59:
        return None
    fraction = parts.get("f")
    return f"{hour:02}:{minute:02}:{second:02}" + (f".{fraction}" if fraction else "")


def by_serial(first: int, last: int) -> Read:
    """A reader of a spreadsheet's day numbers from `first` to `last`, the time of day to the second."""
    return partial(_serial, first, last)


def _serial(first: int, last: int, text: str, _pivot: int) -> Moment | None:
    match = SERIAL.fullmatch(text)
    if not match or not first <= int(match[1]) <= last:
        return None
    day, fraction = SPREADSHEET_EPOCH + timedelta(days=int(match[1])), match[2]
    if not fraction or not int(fraction):
        return Moment(day)
    scale = 10 ** len(fraction)
    seconds = (int(fraction) * 86_400 * 2 + scale) // (2 * scale)
    if seconds == 86_400:
        day, seconds = day + timedelta(days=1), 0
    return Moment(day, f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}")


def unix_seconds(text: str, _pivot: int) -> Moment | None:
    """Seconds since 1970 in UTC."""
    match = UNIX_SECONDS.fullmatch(text)
    if not match or (match[2] and text.startswith("-")):
        return None
    return since_1970(int(match[1]), match[2] or "")


def unix_milliseconds(text: str, _pivot: int) -> Moment | None:
    """Milliseconds since 1970 in UTC."""
    if not UNIX_MILLISECONDS.fullmatch(text):
        return None
    seconds, rest = divmod(int(text), 1000)
    return since_1970(seconds, f"{rest:03}" if rest else "")


def since_1970(seconds: int, fraction: str) -> Moment | None:
    """The moment so many seconds after 1970 in UTC, with digits of a fraction of one; None where the calendar has none such."""
    try:
        moment = UNIX_EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        return None
    clock = moment.isoformat()[11:19] + (f".{fraction}" if fraction else "")
    return Moment(moment.date(), clock, "Z")
