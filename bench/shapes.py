"""The second generator: customers again, as many short rows, few long ones, quoted text, and a wide table."""

from collections.abc import Callable

from bench import customers, words
from bench.cells import csv_cell

SHORT, LONG, QUOTED, WIDE = 3_000_000, 20_000, 400_000, 80_000
"""Rows at scale 1."""

COLUMNS = 300
BLOCK = 5_000
"""Rows made at once: some of them are long."""

REMARKS = (
    "Asked for the blue one", 'Said "not before noon", twice', "Line one\nline two", "Prefers, where it can be had, the large box",
    'Wrote: "leave it\nat the door"', "Höfliche Kundin", "小雪さんへ", "Nothing more to say", 'The "Old" Brewery, gate 2',
    "Called back\n\nand called again",
)  # fmt: skip
PLAIN = tuple(remark for remark in REMARKS if not any(mark in remark for mark in '",\n'))
MARKED = tuple(remark for remark in REMARKS if remark not in PLAIN)
WORDS = (
    "Bestellung",
    "parcel",
    "returned",
    "Wednesday",
    "voucher",
    "gift",
    "Kāpiti",
    "receipt",
    "counter",
    "blue",
)


def short(dice: words.Dice, start: int, invalid: float) -> tuple[customers.Columns, int]:
    """Three columns."""
    firsts, lasts = dice.numbers(len(words.FIRST_NAMES)), dice.numbers(len(words.LAST_NAMES))
    table = {
        "link.email": [one.lower() for one in customers.emails(dice, start, firsts, lasts)],
        "customer_id": [f"C{start + offset:09}" for offset in range(dice.count)],
        "first_name": [words.FIRST_NAMES[index] for index in firsts],
    }
    chosen = dice.chosen(invalid)
    for row in chosen:
        table["link.email"][row] = table["link.email"][row].replace("@", " at ")
    return table, len(chosen)


def long(dice: words.Dice, start: int, invalid: float) -> tuple[customers.Columns, int]:
    """Three columns, and two of texts of three to nine kilobytes."""
    table, bad = short(dice, start, invalid)
    for name in ("custom_fields.notes", "custom_fields.letters"):
        lengths = [6 + number for number in dice.numbers(13)]
        firsts = dice.numbers(len(PARAGRAPHS))
        table[name] = [letter(first, length) for first, length in zip(firsts, lengths, strict=True)]
    return table, bad


def letter(first: int, length: int) -> str:
    """So many paragraphs, a line break between two."""
    return "\n".join([PARAGRAPHS[(first + 7 * place) % len(PARAGRAPHS)] for place in range(length)])


def paragraph(number: int) -> str:
    """Half a kilobyte of text, with a remark that has to be quoted."""
    told = [
        f"{WORDS[(number + place) % 10]} {WORDS[(number + 3 * place) % 10]} {number * place}"
        for place in range(25)
    ]
    return f"{MARKED[number % len(MARKED)]}: {' '.join(told)}."


def quoted(dice: words.Dice, start: int, invalid: float) -> tuple[customers.Columns, int]:
    """Three columns, and eight of text of which most has to be quoted."""
    table, bad = short(dice, start, invalid)
    for number in range(8):
        table[f"custom_fields.remark_{number}"] = dice.pick((*MARKED * 4, *PLAIN, ""))
    return table, bad


def wide(dice: words.Dice, start: int, invalid: float) -> tuple[customers.Columns, int]:
    """The columns of a customer, and so many more that there are 300."""
    table, bad = customers.columns(dice, start, invalid)
    for number in range(COLUMNS - len(table)):
        table[f"Attribute {number:03}"] = [ATTRIBUTES[number % 4](one) for one in dice.numbers(1_000)]
    return table, bad


PARAGRAPHS = [paragraph(number) for number in range(500)]
ATTRIBUTES: tuple[Callable[[int], str], ...] = (
    str,
    lambda number: "yes" if number % 2 else "no",
    lambda number: f"{number}.50" if number % 3 else "",
    lambda number: WORDS[number % 10] if number % 7 == 0 else "",
)
MAKERS = {
    "short_rows.csv": (short, SHORT), "long_rows.csv": (long, LONG), "quoted_text.csv": (quoted, QUOTED),
    "wide_table.csv": (wide, WIDE),
}  # fmt: skip


def lines(table: customers.Columns) -> list[str]:
    """The rows of a block as CSV."""
    columns = []
    for cells in table.values():
        written = {cell: csv_cell(cell) for cell in set(cells)}
        columns.append([written[cell] for cell in cells])
    return list(map(",".join, zip(*columns, strict=True)))
