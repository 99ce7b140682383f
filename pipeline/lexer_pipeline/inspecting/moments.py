"""A day, a time of day and a time zone that stand in columns of their own, put together."""

import re
from collections import Counter

from msgspec import Struct

from lexer_pipeline.inspecting import semantic_types
from lexer_pipeline.inspecting.tested_table import TestedTable
from lexer_pipeline.mapping.conversions.zones import zone_of
from lexer_pipeline.specs.names import normalised

TIME = re.compile(r"time|zeit|uhrzeit|heure|hora|ora")
ZONE = re.compile(r"time ?zone|^tz$|zeitzone|fuseau|zona ?horaria|fuso")
DAY = re.compile(r"date|datum|fecha|data|day|tag|jour")
# What may stand beside the word for the time of a sale.
PLAIN = ("", "order", "sale", "transaction", "purchase", "receipt", "of", "ofday", "verkaufs", "bestell")
LEAST = 0.95


class Clock(Struct, frozen=True):
    """The columns of the time and of the zone that belong to a column of days; `zone` is None where there is none."""

    time: int
    zone: int | None

    @property
    def places(self) -> tuple[int, ...]:
        """Both columns, or that of the time alone."""
        return (self.time,) if self.zone is None else (self.time, self.zone)


def clock_of(table: TestedTable, day: int) -> Clock | None:
    """The time beside a day, if the day has none itself."""
    column = table.columns[day]
    if column.share(semantic_types.DATE, semantic_types.ISO_DATE) < LEAST:
        return None
    stem = DAY.sub("", normalised(column.called))
    times = [
        place for place in range(len(table.columns))
        if place != day and TIME.search(normalised(table.called(place))) and _are_times(table, day, place)
    ]  # fmt: skip
    stems = {place: TIME.sub("", normalised(table.called(place))) for place in times}
    alike = [place for place in times if stems[place] == stem]
    plain = [place for place in times if stems[place] in PLAIN]
    found = next(iter([*alike, *plain]), None)
    return Clock(found, _zone(table)) if found is not None else None


def _are_times(table: TestedTable, day: int, place: int) -> bool:
    """Whether a column says times of day, so that with the day before it each is a date-time that can be read."""
    rows = [row for row in table.sample.rows if row[day] and row[place]]
    looks = Counter(semantic_types.look_at(f"{row[day]} {row[place]}").kind for row in rows)
    are_read = looks[semantic_types.DATE_TIME] + looks[semantic_types.ISO_DATE_TIME]
    return bool(rows) and are_read >= LEAST * len(rows)


def _zone(table: TestedTable) -> int | None:
    """The column of names of time zones, all of which are known."""
    for place in range(len(table.columns)):
        if ZONE.search(table.called(place).casefold()):
            texts = {text for text in table.sample.column(place) if text}
            if texts and all(zone_of(text) is not None for text in texts):
                return place
    return None
