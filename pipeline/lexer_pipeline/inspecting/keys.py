"""Which column says what rows make one record, tested on the rows."""

from collections.abc import Sequence

from msgspec import Struct

from lexer_pipeline.inspecting.row_sample import differing
from lexer_pipeline.inspecting.tested_table import TestedTable

# A few rows that say otherwise are dirt in the data; more of them say that the guess is wrong.
MOST_DIFFERING = 0.05
# So many rows at least have digits in a column of numbers of orders.
LEAST_DIGITS = 0.9


class Key(Struct, frozen=True):
    """The column of a key, if any; `refused` are columns that are none, with the reason.

    `continues` says that rows without a key go on with the row before them.
    """

    column: int | None
    refused: dict[int, str]
    continues: bool = False


def key_of(
    table: TestedTable, candidates: Sequence[int], people: Sequence[int], moments: Sequence[int]
) -> Key:
    """The first of the candidates that the rows agree with: filled, and of one person and one time."""
    refused = {
        column: reason for column in candidates if (reason := _is_none(table, column, people, moments))
    }
    left = [column for column in candidates if column not in refused]
    for column in left:
        if table.is_full(column) or not table.rows:
            return Key(column, refused)
    for column in left:
        if _continues(table, column, [*people, *moments]):
            return Key(column, refused, continues=True)
        filled = table.columns[column].filled
        refused[column] = f"it is filled in {filled:,} of {table.rows:,} rows only"
    return Key(None, refused)


def _is_none(table: TestedTable, column: int, people: Sequence[int], moments: Sequence[int]) -> str:
    """Why a column cannot be the key; empty where nothing speaks against it."""
    texts = [text for text in table.sample.column(column) if text]
    if not texts:
        return "it is empty" if table.rows else ""
    if sum(any(sign.isdigit() for sign in text) for text in texts) < LEAST_DIGITS * len(texts):
        return "its cells are words, not numbers of orders"
    groups = table.sample.groups(column)
    for others in ([one] for one in people if one != column):
        if reason := _differs(table, groups, others):
            return reason
    return _differs(table, groups, [one for one in moments if one != column])


def _differs(table: TestedTable, groups: Sequence[Sequence[int]], others: Sequence[int]) -> str:
    """How the rows of one key differ in each of the other columns; empty where they agree in one of them."""
    found = []
    for other in others:
        differ, several = differing(table.sample, groups, other)
        if differ <= MOST_DIFFERING * several:
            return ""
        found.append((differ, several, table.name(other)))
    if not found:
        return ""
    differ, several, name = min(found)
    return f"rows that share it differ in {name} ({differ:,} of {several:,} times)"


def _continues(table: TestedTable, key: int, once: Sequence[int]) -> bool:
    """Whether rows without a key are further lines of the row before: they say nothing of what stands once, but something."""
    rows = table.sample.rows
    without = [row for row in rows if not row[key] and any(row)]
    if not without or not rows[0][key] or not once:
        return False
    return all(not any(row[one] for one in once) and sum(map(bool, row)) >= 2 for row in without)
