"""What may mean something else than it says: each code, what it costs, and what to do about it.

A suspicion is found while a source is read, whatever says what is made of it: a preset, a mapping or `--spec` alone. One code
has one weight everywhere:

- issue: the record is rejected, unless the mapping says that the value is meant
- hold: the batch is written and not sent until a person accepts the code
- warning: sent, counted and named
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

ISSUE, HOLD, WARNING = "issue", "hold", "warning"
# So many lines are shown of each.
MOST_LINES = 5
# Of more than so many records, and of no fewer than so many, a suspicion that goes by its share holds.
SHARE, LEAST = 0.01, 3


@dataclass(frozen=True, slots=True)
class Suspicion:
    """One kind of suspicion: its weight, what was noticed, an example, and what to do.

    One that goes `by_share` holds a batch only above a share of its records; below it is counted and named.
    """

    weight: str
    meaning: str
    example: str
    remedy: str
    by_share: bool = False


SUSPICIONS: Mapping[str, Suspicion] = MappingProxyType({
    "clock_repeated": Suspicion(
        WARNING, "a time that the end of daylight saving makes twice was taken as the first of the two",
        "`2024-04-07 02:30:00` in Melbourne", "export times with their offset, as +10:00",
    ),
    "clock_skipped": Suspicion(
        WARNING, "a time that the start of daylight saving leaves out was read with the offset before it",
        "`2024-10-06 02:30:00` in Melbourne", "check `--timezone`, or export times with their offset",
    ),
    "does_not_add_up": Suspicion(
        HOLD, "the prices and adjustments of a record do not come to its own total",
        "lines of 20.00 and 5.00, a total of 30.00", "look at these orders: an amount may stand in a column that is not mapped",
        by_share=True,
    ),
    "not_reconciled": Suspicion(
        HOLD, "whether a record adds up could not be checked, since its total or an amount is missing or no number",
        "an order whose total is empty", "export the column of the total, or name it under reconcile in the mapping",
        by_share=True,
    ),
    "order_total_repeated": Suspicion(
        HOLD, "the lines of an order all have one price though they differ: it may be the total of the order",
        "two lines of one order, each with its total of 95.00", "map the column that holds what each line costs",
    ),
    "several_currencies": Suspicion(
        HOLD, "amounts of one column are in several currencies, and become bare numbers", "`AUD 12.50` beside `USD 8.20`",
        'let the currency field take them: currency = { column = "Paid", convert = ["currency"] }',
    ),
    "unit_price_as_total": Suspicion(
        HOLD, "the price of a line is that of one piece: another column holds quantity times price",
        "a quantity of 2, a price of 9.95, and 19.90 beside it",
        "map the other column, or write fields = [quantity, full_price] with line-total",
    ),
})  # fmt: skip


def is_suspicion(name: str) -> bool:
    """Whether a name is that of a suspicion, and not of a conversion, an issue or another warning."""
    return name in SUSPICIONS


@dataclass(frozen=True, slots=True)
class Sighting:
    """A suspicion as it was found in one column or field: how many times, and the first lines (of `source`, where that is told)."""

    code: str
    where: str
    count: int
    lines: tuple[int, ...] = ()
    source: str = ""

    @property
    def suspicion(self) -> Suspicion:
        """What the code means."""
        return SUSPICIONS[self.code]


@dataclass(slots=True)
class Sightings:
    """Adds up sightings; memory does not grow with the data, since there are few codes and columns."""

    _found: dict[tuple[str, str], Sighting] = field(default_factory=dict)

    def add(self, one: Sighting) -> None:
        """Count one more; lines count from the first source that has any."""
        known = self._found.get((one.code, one.where))
        if known is None:
            self._found[one.code, one.where] = Sighting(
                one.code, one.where, one.count, tuple(one.lines[:MOST_LINES]), one.source
            )
            return
        same = not known.lines or known.source == one.source
        lines = (*known.lines, *one.lines)[:MOST_LINES] if same else known.lines
        source = known.source if known.lines else one.source
        self._found[one.code, one.where] = Sighting(
            one.code, one.where, known.count + one.count, lines, source
        )

    def update(self, more: Iterable[Sighting]) -> None:
        """Count some more."""
        for one in more:
            self.add(one)

    def all(self) -> tuple[Sighting, ...]:
        """Those that were found, by weight and code."""
        order = (ISSUE, HOLD, WARNING)
        return tuple(
            sorted(
                self._found.values(),
                key=lambda one: (order.index(one.suspicion.weight), one.code, one.where),
            )
        )


def by_code(sightings: Iterable[Sighting]) -> dict[str, Sighting]:
    """The sightings of each code as one, whatever the column."""
    whole = Sightings()
    for one in sightings:
        whole.add(Sighting(one.code, "", one.count, one.lines, one.source))
    return {one.code: one for one in whole.all()}


def as_json(sightings: Iterable[Sighting]) -> dict[str, dict[str, Any]]:
    """The suspicions as manifests and `--json` have them: {code: {weight, count, lines}}."""
    return {
        code: {"weight": one.suspicion.weight, "count": one.count, "lines": sorted(one.lines)}
        for code, one in by_code(sightings).items()
    }


def from_json(said: Mapping[str, Mapping[str, Any]]) -> tuple[Sighting, ...]:
    """The suspicions that a manifest has; those of codes that there are no more are left out."""
    return tuple(
        Sighting(code, "", int(one["count"]), tuple(one["lines"]))
        for code, one in said.items()
        if is_suspicion(code)
    )
