"""Invented customers: one block of columns as text, and the same block as documents."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import pyarrow as pa

from bench import words

HEADERS = (
    "link.email", "email", "mobile", "customer_id", "first_name", "last_name", "gender", "date_of_birth", "country",
    "state", "city", "postcode", "address_1", "address_2", "employee_flag", "custom_fields.tier", "custom_fields.points",
)  # fmt: skip
BAD_KINDS = 4
BAD_DAY, BAD_FLAG = "31/02/1990", "maybe"
FLAGS = {"true": True, "false": False}
Columns = dict[str, list[str]]


def columns(dice: words.Dice, start: int, invalid: float) -> tuple[Columns, int]:
    """(a column of cells for each header, how many rows are invalid); an empty cell is an absent field."""
    firsts, lasts = dice.numbers(len(words.FIRST_NAMES)), dice.numbers(len(words.LAST_NAMES))
    places = dice.pick(words.PLACES)
    addresses = emails(dice, start, firsts, lasts)
    table: Columns = {
        "link.email": addresses,
        "email": [address if keep else "" for address, keep in zip(addresses, dice.numbers(2), strict=True)],
        "mobile": [f"614{number:08}" if number % 5 else "" for number in dice.numbers(100_000_000)],
        "customer_id": [f"C{start + offset:09}" for offset in range(dice.count)],
        "first_name": [words.FIRST_NAMES[index] for index in firsts],
        "last_name": [words.LAST_NAMES[index] for index in lasts],
        "gender": dice.pick(words.GENDERS),
        "date_of_birth": dice.pick(words.BIRTHDAYS),
        "country": [place[0] for place in places],
        "state": [place[1] for place in places],
        "city": [place[2] for place in places],
        "postcode": [place[3] for place in places],
        "address_1": dice.pick(words.ADDRESSES),
        "address_2": dice.pick(words.SECOND_LINES),
        "employee_flag": dice.pick(words.FLAGS),
        "custom_fields.tier": dice.pick(words.TIERS),
        "custom_fields.points": [str(number) for number in dice.numbers(20_000)],
    }
    return table, spoil(dice, table, invalid)


def emails(dice: words.Dice, start: int, firsts: list[int], lasts: list[int]) -> list[str]:
    """One address for each row, all different; one in fifty is not in lower case."""
    hosts = dice.pick(words.MAIL_HOSTS)
    capital = dice.numbers(50)
    made = []
    for offset, (first, last, host) in enumerate(zip(firsts, lasts, hosts, strict=True)):
        local = f"{words.FIRST_SLUGS[first]}.{words.LAST_SLUGS[last]}{start + offset}"
        made.append(f"{local if capital[offset] else local.title()}@{host}")
    return made


def spoil(dice: words.Dice, table: Columns, invalid: float) -> int:
    """Make a share of the rows invalid, in four ways, and say how many."""
    kinds = dice.numbers(BAD_KINDS)
    chosen = dice.chosen(invalid)
    for row in chosen:
        column, make = SPOILERS[kinds[row]]
        table[column][row] = make(table[column][row])
    return len(chosen)


SPOILERS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("link.email", lambda cell: cell.replace("@", " at ")),
    ("link.email", lambda cell: ""),
    ("date_of_birth", lambda cell: BAD_DAY),
    ("employee_flag", lambda cell: BAD_FLAG),
)


TYPES = {"date_of_birth": pa.date32(), "employee_flag": pa.bool_(), "custom_fields.points": pa.int64()}
SCHEMA = pa.schema([(name, TYPES.get(name, pa.string())) for name in HEADERS])


def typed(table: Columns) -> dict[str, list[Any]]:
    """The columns with types, null where the cell is empty; where no type has room for a fault, the link is what lacks."""
    made: dict[str, list[Any]] = {name: [cell or None for cell in cells] for name, cells in table.items()}
    made["employee_flag"] = [FLAGS.get(cell) for cell in table["employee_flag"]]
    made["custom_fields.points"] = [int(cell) for cell in table["custom_fields.points"]]
    for row, (day, flag) in enumerate(zip(table["date_of_birth"], table["employee_flag"], strict=True)):
        if day == BAD_DAY or flag == BAD_FLAG:
            made["link.email"][row] = None
        made["date_of_birth"][row] = date.fromisoformat(day) if day not in ("", BAD_DAY) else None
    return made


def documents(table: Columns) -> list[Mapping[str, Any]]:
    """The same customers as documents: typed, nested, absent or null where the cell is empty."""
    headers = list(table)
    return [document(dict(zip(headers, row, strict=True))) for row in zip(*table.values(), strict=True)]


def document(cells: dict[str, str]) -> Mapping[str, Any]:
    """One row as a document."""
    link = cells.pop("link.email")
    flag = cells.pop("employee_flag")
    tier, points = cells.pop("custom_fields.tier"), cells.pop("custom_fields.points")
    record: dict[str, Any] = {"link": {"email": link}} if link else {}
    record |= {name: cell for name, cell in cells.items() if cell}
    if points.endswith("7") and "address_2" not in record:
        record["address_2"] = None
    if flag:
        record["employee_flag"] = FLAGS.get(flag, flag)
    custom: dict[str, Any] = {"tier": tier} if tier else {}
    record["custom_fields"] = custom | {"points": int(points)}
    return record
