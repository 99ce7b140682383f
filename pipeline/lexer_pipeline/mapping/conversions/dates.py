"""Dates as people write them become RFC 3339, one form for a whole column."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from datetime import date as calendar_day
from functools import partial
from itertools import compress
from types import MappingProxyType
from typing import Self

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from lexer_pipeline.errors import UsageError
from lexer_pipeline.kernels import codes, dispatch
from lexer_pipeline.kernels.arrays import Bools, Int32s, UInt8s
from lexer_pipeline.mapping.conversions import arguments, zones
from lexer_pipeline.mapping.conversions.forms import FAMILIES, Form, form_of
from lexer_pipeline.mapping.conversions.moments import PIVOT, Moment
from lexer_pipeline.mapping.conversions.outcome import Conversion, Decided, NeedsColumn, Vectorised
from lexer_pipeline.mapping.conversions.tally import Tally, counted, repeated
from lexer_pipeline.specs.values import Converted, Unconvertible, clock_warning, is_date

# Between the texts that date-time-zone joins.
UNIT_SEPARATOR = "\x1f"
SETTINGS = ("format", "zone", "to", "pivot", "latest")
# In the name of a form, or in what spells it out.
SHORT_YEAR = re.compile(r"(?<!y)yy$|%y|%D")
WANTED = 'a format, a list of formats, or a table such as { format = "dd/mm/yyyy", zone = "Europe/Paris" }'


# The forms that the kernel reads: which number stands first (year, day or month), and what follows it.
YEAR_FIRST, DAY_FIRST, MONTH_FIRST = range(3)
IN_KERNEL: Mapping[str, tuple[int, str]] = MappingProxyType({
    "yyyy-mm-dd": (YEAR_FIRST, "-"), "yyyy/mm/dd": (YEAR_FIRST, "/"), "dd/mm/yyyy": (DAY_FIRST, "/"),
    "dd-mm-yyyy": (DAY_FIRST, "-"), "dd.mm.yyyy": (DAY_FIRST, "."), "mm/dd/yyyy": (MONTH_FIRST, "/"),
    "mm-dd-yyyy": (MONTH_FIRST, "-"),
})  # fmt: skip
NO_ZONE, IN_UTC, OTHER_ZONE = range(3)


class Plan(Struct, frozen=True):
    """What a date becomes: `to` is date or date-time; `zone` is where a clock without offset hangs.

    `pivot` is the last two-digit year that is read as 20xx, and `latest` the last day that it can lead to.
    """

    to: str = "date-time"
    zone: tzinfo | None = None
    pivot: int = PIVOT
    latest: calendar_day | None = None


def date(argument: object) -> Conversion | NeedsColumn:
    """A date or date-time in any usual form becomes RFC 3339; the form is worked out over the column or given."""
    return _compiled("date", argument, _whole)


def date_time_zone(argument: object) -> Conversion | NeedsColumn:
    """A date, a time and the name of a time zone, joined by the sign U+001F, become one RFC 3339 date-time."""
    return _compiled("date-time-zone", argument, _split)


# The date and time in a text, and the plan for it, or why there is none.
Split = Callable[[str, Plan], tuple[str, Plan | Unconvertible]]


def _whole(text: str, plan: Plan) -> tuple[str, Plan | Unconvertible]:
    return text.strip(), plan


def _split(text: str, plan: Plan) -> tuple[str, Plan | Unconvertible]:
    """The zone stands beside the date and the time."""
    parts = [part.strip() for part in text.split(UNIT_SEPARATOR)]
    words = " ".join(part for part in parts[:2] if part)
    if len(parts) > 3:
        message = "has more parts than a date, a time and a zone; name only these columns"
        return words, Unconvertible("format", "date, time and zone", message)
    if len(parts) < 3 or not parts[2]:
        return words, plan
    zone = zones.zone_of(parts[2])
    if zone is None:
        message = "names a time zone that is not known; write it as Australia/Melbourne or +10:00"
        return words, Unconvertible("format", "time zone", message)
    return words, replace(plan, zone=zone)


def _compiled(name: str, argument: object, split: Split) -> Conversion | NeedsColumn:
    if arguments.is_absent(argument):
        return DateColumn(name, Plan(), split)
    if isinstance(argument, str | list | tuple):
        argument = {"format": argument}
    table = arguments.table_argument(name, argument, SETTINGS, WANTED)
    pivot = _pivot(name, table.get("pivot", PIVOT))
    plan = Plan(
        target_said(name, table.get("to", "date-time")), zone_said(name, table.get("zone")), pivot,
        _latest(name, table.get("latest")),
    )  # fmt: skip
    asked = table.get("format")
    if asked is None:
        return DateColumn(name, plan, split)
    return _with_forms(_forms(name, asked), plan, split)


def target_said(name: str, asked: object) -> str:
    """What a mapping says that a date is to become."""
    if asked not in ("date", "date-time"):
        raise arguments.refused(name, 'to = "date" or to = "date-time"')
    return str(asked)


def zone_said(name: str, asked: object) -> tzinfo | None:
    """The time zone that a mapping names, if any."""
    if asked is None or isinstance(asked, tzinfo):
        return asked
    found = zones.zone_of(asked) if isinstance(asked, str) else None
    if found is None:
        raise arguments.refused(name, "a time zone that exists", "Write a name such as Australia/Melbourne.")
    return found


def _pivot(name: str, pivot: object) -> int:
    if not isinstance(pivot, int) or isinstance(pivot, bool) or not 0 <= pivot <= 99:
        raise arguments.refused(name, "a pivot from 0 to 99: the last two-digit year that means 20xx")
    return pivot


def _latest(name: str, asked: object) -> calendar_day | None:
    if asked is None or isinstance(asked, calendar_day):
        return asked
    if not isinstance(asked, str) or not is_date(asked):
        raise arguments.refused(name, 'a day, as in latest = "2024-03-06"')
    return calendar_day.fromisoformat(asked)


def _forms(name: str, asked: object) -> tuple[Form, ...]:
    return tuple(form_of(text) for text in arguments.texts_argument(name, asked, WANTED))


def _with_forms(forms: Sequence[Form], plan: Plan, split: Split) -> Conversion:
    convert = partial(_convert, forms, plan, split)
    known = IN_KERNEL.get(forms[0].name)
    if known is None or len(forms) > 1 or split is not _whole:
        return convert
    order, separator = known
    zone = NO_ZONE if plan.zone is None else IN_UTC if plan.zone is UTC else OTHER_ZONE
    return Vectorised(convert, codes.TO_DATE, bytes([order, ord(separator), plan.to == "date", zone]))


def _convert(forms: Sequence[Form], plan: Plan, split: Split, text: str) -> Converted | Unconvertible:
    words, told = split(text, plan)
    if isinstance(told, Unconvertible):
        return told
    read = (form.read(words, told.pivot) for form in forms)
    moments = {found for moment in read if moment and (found := _in_time(moment, told))}
    names = " or ".join(form.name for form in forms)
    if not moments:
        time = ", with a time behind it or without" if all(form.takes_clock for form in forms) else ""
        message = (
            f"is not a date in the form {names}{time}; fix it, or name the form that it has, as in dd/mm/yyyy"
        )
        return Unconvertible("format", f"date {names}", message)
    if len(moments) > 1:
        message = f"fits several of the forms {names} and means different times; name one form"
        return Unconvertible("format", f"date {names}", message)
    done = _written(moments.pop(), text, told)
    return done or Unconvertible(
        "range", "calendar", "is a time that the calendar does not have in that zone; fix it"
    )


def _in_time(moment: Moment, plan: Plan) -> Moment | None:
    """The moment a century before, where its year has two digits and it would lie behind the latest day."""
    if not moment.short_year or plan.latest is None or moment.day <= plan.latest:
        return moment
    try:
        return replace(moment, day=moment.day.replace(year=moment.day.year - 100))
    except ValueError:
        # 1900 was no leap year.
        return None


def completes_years(conversion: Conversion) -> bool:
    """Whether a conversion reads dates whose years have two digits."""
    one = conversion.one if isinstance(conversion, Vectorised) else conversion
    forms: Sequence[Form] = one.args[0] if isinstance(one, partial) and one.func is _convert else ()
    return any(SHORT_YEAR.search(form.name) for form in forms)


def _unknown(_text: str) -> Unconvertible:
    """What every cell hears of a column in which not one is a date."""
    return Unconvertible(
        "format", "date", "is not a date in any form that is known; give the form in the mapping"
    )


def _written(moment: Moment, text: str, plan: Plan) -> Converted | None:
    """The moment as RFC 3339; None where the zone would carry it out of the calendar."""
    names = ["year_completed"] if moment.short_year else []
    try:
        written, told = day_of(moment, plan) if plan.to == "date" else _date_time(moment, plan)
    except (OverflowError, ValueError):
        return None
    names += told
    if not names or not (written.startswith(text) or text.startswith(written)):
        names.insert(0, "date_rewritten")
    return Converted(written, tuple(names) if written != text else ())


def day_of(moment: Moment, plan: Plan) -> tuple[str, list[str]]:
    """The day on which the moment fell: in the zone where one is named and the moment is exact, else as written."""
    names = ["clock_dropped"] if moment.clock else []
    if not moment.offset or plan.zone is None:
        return moment.day.isoformat(), names
    offset = moment.offset.replace("Z", "+00:00")
    exact = datetime.fromisoformat(f"{moment.day.isoformat()}T{moment.clock[:8]}{offset}")
    return exact.astimezone(plan.zone).date().isoformat(), [*names, "time_zone_applied"]


def _date_time(moment: Moment, plan: Plan) -> tuple[str, list[str]]:
    names = [] if moment.clock else ["date_midnight"]
    local = f"{moment.day.isoformat()}T{moment.clock or '00:00:00'}"
    if moment.offset or plan.zone is None:
        return local + moment.offset, names
    clock = datetime.fromisoformat(local[:19])
    first = clock.replace(tzinfo=plan.zone, fold=0).utcoffset()
    second = clock.replace(tzinfo=plan.zone, fold=1).utcoffset()
    if first is None or second is None:
        raise ValueError
    names.append("time_zone_applied")
    if first != second:
        names.append(clock_warning(first, second))
    return local + zones.written(first), names


@dataclass(slots=True)
class DateColumn(NeedsColumn):
    """Finds the one form of a column of dates by counting, for each family of forms, what fits."""

    conversion: str
    plan: Plan
    split: Split
    tallies: list[Tally] = field(default_factory=lambda: [Tally() for _ in FAMILIES])
    likely: int = 0

    def look(self, texts: Iterable[str]) -> None:
        """Take in some cells."""
        for text, cells in repeated(texts):
            words, _ = self.split(text, self.plan)
            self._count(words, cells)

    def count(self, data: bytes, starts: Int32s, ends: Int32s, flags: UInt8s) -> Bools:
        """Take in dates in numbers whose year has four digits."""
        if self.split is not _whole:
            return np.ones(len(starts), np.bool_)
        counts, doubt = dispatch.tally_dates(data, starts, ends, flags)
        for at, family in enumerate(FAMILIES):
            if family[0].name in codes.DATE_FAMILIES:
                found = codes.DATE_FAMILIES.index(family[0].name)
                self.tallies[at].add_counts(counts[found].tolist())
        return doubt

    def _count(self, words: str, cells: int) -> None:
        """No text fits two families, so the one that fitted last is tried first."""
        for at in (self.likely, *range(len(FAMILIES))):
            readings = [form.read(words, self.plan.pivot) for form in FAMILIES[at]]
            if any(readings):
                self.tallies[at].add(readings[0], readings[-1], cells)
                self.likely = at
                return

    def join(self, more: Self) -> None:
        """Take in what was counted of other cells of the column."""
        for own, other in zip(self.tallies, more.tallies, strict=True):
            own.join(other)

    def readings(self) -> Decided:
        """The form that fits most cells, or two that read all of them alike.

        UsageError where forms of two families fit equally many, or days and months can be swapped.
        """
        counts = [tally.fitting for tally in self.tallies]
        most = max(counts)
        if not most:
            return ()
        best = [at for at, count in enumerate(counts) if count == most]
        names = [FAMILIES[at][0].name for at in best]
        if len(best) > 1:
            said = " and ".join(f"{counted(most)} of the form {name}" for name in names)
            raise UsageError(f"mixes forms of dates: {said}", self._remedy(names))
        first, second = FAMILIES[best[0]][0], FAMILIES[best[0]][-1]
        remedy = self._remedy([first.name, second.name])
        holds = self.tallies[best[0]].fitting_readings(first.name, second.name, remedy)
        return tuple(dict.fromkeys(compress((first.name, second.name), holds)))

    def by(self, decided: Decided) -> Conversion:
        """Dates in the form that was decided; of two, a date that they read differently is refused."""
        if not decided:
            return _unknown
        known = {form.name: form for family in FAMILIES for form in family}
        if not set(decided) <= known.keys():
            raise UsageError("there is no such form of dates", f"Known are: {', '.join(known)}.")
        return _with_forms([known[name] for name in decided], self.plan, self.split)

    def _remedy(self, names: Sequence[str]) -> str:
        written = " or ".join(f'format = "{name}"' for name in names)
        return f"Say which it is: {self.conversion} with {written}."
