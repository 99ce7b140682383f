"""What may mean something else than it says: each code, what it costs, and what to do about it.

A suspicion is found while a source is read, whatever says what is made of it: a preset, a mapping or `--spec` alone. One code
has one weight everywhere:

- issue: the record is rejected, unless the mapping says that the value is meant
- hold: the batch is written and not sent until a person accepts the code
- warning: sent, counted and named
"""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any

from msgspec import Struct, field

ISSUE, HOLD, WARNING = "issue", "hold", "warning"
# So many lines are shown of each.
MOST_LINES = 5
# Of more than so many records, and of no fewer than so many, a suspicion that goes by its share holds.
SHARE, LEAST = 0.01, 3


class Suspicion(Struct, frozen=True):
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
    "digits_lost": Suspicion(
        ISSUE, "a link or a key is a number of which a spreadsheet kept the first digits alone", "`5.61235E+12`",
        "format the column as text in the spreadsheet, and export it again",
    ),
    "digits_lost_in_field": Suspicion(
        WARNING, "another field of a table held such a number, and was left out", "`5.61235E+12`",
        "format the column as text in the spreadsheet, and export it again",
    ),
    "does_not_add_up": Suspicion(
        HOLD, "the prices and adjustments of a record do not come to its own total",
        "lines of 20.00 and 5.00, a total of 30.00", "look at these orders: an amount may stand in a column that is not mapped",
        by_share=True,
    ),
    "double_encoded": Suspicion(
        WARNING, "a text was read in another encoding than it was written in, before it came here", "`JosÃ©` for José",
        'export it again as UTF-8, or repair it in a mapping with `convert = ["fix-encoding"]`',
    ),
    "error_cell": Suspicion(
        WARNING, "a field of a table held the error of a spreadsheet, and was left out", "`#N/A`, `#REF!`, `####`",
        "fix it in the spreadsheet, and export it again",
    ),
    "field_emptied": Suspicion(
        WARNING, "a field that was filled in most records of the last deliveries of its kind is empty in nearly all of these",
        "an export without its column of e-mail addresses", "look whether the export lacks a column, or calls it otherwise",
    ),
    "html_entity": Suspicion(
        WARNING, "a text holds a sign as web pages write it", "`Tom &amp; Jo`, `O&#039;Connor`",
        'repair it in a mapping with `convert = ["unescape"]`',
    ),
    "invisible_sign": Suspicion(
        WARNING, "a text holds a sign that nobody sees, such as a zero width space, a mark of the direction of writing, a byte order mark "
        "or a soft hyphen (U+FEFF, U+200B to U+200F, U+202A to U+202E, U+2060, U+00AD)",
        "a name with U+200B behind it", "look where it comes from; from ids, e-mail addresses, postcodes, numbers and dates it is taken off",
    ),
    "key_repeated": Suspicion(
        HOLD, "an order or a return has the id of another one that came before it; Lexer keeps one of them",
        "`purchase_id` A-1 in two documents", 'give each an id of its own, take out what is there twice, or let a mapping send the last one: `repeated = "last"`',
    ),
    "line_repeated": Suspicion(
        WARNING, "the one line of an order stands twice in it, side by side", "a till that rang one article twice, or a join that doubled rows",
        "check that it was bought twice, and export without doubled rows where it was not",
    ),
    "line_without_product": Suspicion(
        WARNING, "a line names no product by a number, so nobody can tell from it what was bought",
        "a Shopify line without a SKU", "give each product a SKU in the shop; its name is among the custom fields",
    ),
    "mobile_not_a_number": Suspicion(
        WARNING, "a mobile that cannot be a phone number was sent as it is", "`call after five`",
        'write digits with the country code, as in 61491570156, or let a mapping read it: `convert = ["phone"]`',
    ),
    "not_reconciled": Suspicion(
        HOLD, "whether a record adds up could not be checked, since its total or an amount is missing or no number",
        "an order whose total is empty", "export the column of the total, or name it under reconcile in the mapping",
        by_share=True,
    ),
    "order_in_two_sources": Suspicion(
        WARNING, "an order or a return stands in several sources of the run, and was made one of what they say",
        "exports of two months that overlap by a day", "look at one of them; nothing needs to be done where they fit together",
    ),
    "order_total_repeated": Suspicion(
        HOLD, "the lines of an order all have one price though they differ: it may be the total of the order",
        "two lines of one order, each with its total of 95.00", "map the column that holds what each line costs",
    ),
    "orders_repeated": Suspicion(
        HOLD, "all lines of an order are there twice, or the one line of nearly every order, so it would count twice what was bought",
        "an export that was pasted below itself, or a join that doubled rows", "take out the rows that are there twice",
    ),
    "phone_unreadable": Suspicion(
        WARNING, "a phone number that does not exist, or several in one cell, was left out of a field that may be empty",
        "`0412 345 678 / 0413 222 333`", "leave one number that exists in the cell",
    ),
    "phone_without_country": Suspicion(
        WARNING, "a phone number without a country code, in a row that says no country, was left out",
        "`0412 345 678`", 'add `--country AU`, or write `country = "AU"` in the mapping',
    ),
    "placeholder": Suspicion(
        ISSUE, "a link or a key is a word that stands for nothing, so that strangers would become one",
        "`NULL`, `N/A`, `-`, `0`, `noemail@example.com`",
        'leave it empty; where it is meant, write `placeholders = { not = ["0"] }` in the mapping',
    ),
    "record_repeated": Suspicion(
        WARNING, "a product or a customer has the reference or the link of another one that came before it; Lexer keeps one of them",
        "variants of one SKU", 'give each its own, take out what is there twice, or let a mapping send the last one: `repeated = "last"`',
    ),
    "replacement_character": Suspicion(
        WARNING, "a text holds U+FFFD, which stands where a sign was lost", "`Jos�`", "export it again as UTF-8",
    ),
    "several_addresses": Suspicion(
        ISSUE, "a cell holds more than one e-mail address", "`mira@example.com; teo@example.com`",
        "leave one of them, or make a row of each",
    ),
    "several_currencies": Suspicion(
        HOLD, "amounts of one column are in several currencies, and become bare numbers", "`AUD 12.50` beside `USD 8.20`",
        'let the currency field take them: currency = { column = "Paid", convert = ["currency"] }',
    ),
    "shared_link": Suspicion(
        HOLD, "one link stands for several people, who would become one", "`customer_id` 0 for all guests of a shop",
        "leave the link empty where it names nobody", by_share=True,
    ),
    "size_unlike_before": Suspicion(
        WARNING, "ten times fewer rows came than in the last deliveries of its kind, or ten times more",
        "200 orders after nights of 20,000", "look whether the export is whole, and of the days that are meant",
    ),
    "spreadsheet_error": Suspicion(
        ISSUE, "a link or a key is the error of a spreadsheet", "`#N/A`, `#REF!`, `####`",
        "fix it in the spreadsheet, and export it again",
    ),
    "swallowed_rows": Suspicion(
        ISSUE, "a quoted cell holds two lines or more with as many delimiters as a row: a stray quote took in the rows after it",
        "a cell `Rose Cottage`, behind it two whole customers, and only then a quote",
        "take the stray quote out of the source, or write it twice, and convert it again",
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


def not_holding(code: str) -> str:
    """Why a code holds no batch, and what may be meant; empty where it does."""
    holding = [name for name, one in SUSPICIONS.items() if one.weight == HOLD]
    if code in holding:
        return ""
    if code in SUSPICIONS:
        return (
            "Its records are rejected." if SUSPICIONS[code].weight == ISSUE else "What it warns of is sent."
        )
    near = nearest_holding(code)
    return f"Did you mean {near}?" if near else f"These hold a batch: {', '.join(holding)}."


def nearest_holding(code: str) -> str:
    """The code that holds a batch and is meant by one that does not exist; empty where none is near."""
    holding = [name for name, one in SUSPICIONS.items() if one.weight == HOLD]
    return next(iter(get_close_matches(code, holding, 1)), "") if code not in SUSPICIONS else ""


class Sighting(Struct, frozen=True):
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


class Sightings(Struct):
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
        lines = tuple(sorted((*known.lines, *one.lines))[:MOST_LINES]) if same else known.lines
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
