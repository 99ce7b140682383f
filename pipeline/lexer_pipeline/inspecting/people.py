"""Which columns cannot name the person of a record: the sender's own, somebody else's, numbers of orders, words."""

from collections.abc import Collection, Iterator

from msgspec.structs import replace

from lexer_pipeline.inspecting.column_roles import OTHER, SELLER, is_from, is_to, role_of
from lexer_pipeline.inspecting.matching import PEOPLE, Match
from lexer_pipeline.inspecting.tested_table import TestedTable
from lexer_pipeline.specs.names import normalised
from lexer_pipeline.specs.paths import FieldPath

# Fields that say who a person is; with the address, what must come from one person's columns.
NAMES = tuple(FieldPath((name,)) for name in ("first_name", "last_name", "gender", "date_of_birth"))
ADDRESS = tuple(
    FieldPath((name,)) for name in ("address_1", "address_2", "city", "state", "postcode", "zip", "country")
)
PERSONAL = (*PEOPLE, *NAMES, *ADDRESS)
# So many records at least, all with one address, are one sender's and not one person's.
LEAST_RECORDS = 3


def refused_people(
    table: TestedTable, scored: Collection[Match], records: int, is_payment: bool
) -> Iterator[tuple[FieldPath, int, str]]:
    """Guesses for fields of a person that cannot be right, and why.

    `records` says how many records the table is known to hold; in payments the money comes from the person.
    """
    for one in scored:
        if one.field in PERSONAL and (reason := _refused(table, one, records, is_payment)):
            yield one.field, one.column, reason


def mixed_addresses(table: TestedTable, scored: Collection[Match]) -> Iterator[tuple[FieldPath, int, str]]:
    """Parts of an address that another one has more of, since parts of two make an address that nobody has."""
    parts = [one for one in scored if one.field in ADDRESS and one.by_name]
    parts = [replace(one, owner=_owner(table, one, parts)) for one in parts]
    owners = {one.owner: {other.field for other in parts if other.owner == one.owner} for one in parts}
    if len(owners) > 1:
        best = max(owners, key=lambda owner: (len(owners[owner]), not owner, owner))
        for one in parts:
            if one.owner != best:
                yield one.field, one.column, "it is a part of another address than the other columns"


def _owner(table: TestedTable, part: Match, parts: Collection[Match]) -> str:
    """Whose a part is: a word for a field may begin as other parts do (Mailing Street, beside Mailing City)."""
    name = normalised(table.called(part.column))
    return part.owner or next((one.owner for one in parts if one.owner and name.startswith(one.owner)), "")


def _refused(table: TestedTable, one: Match, records: int, is_payment: bool) -> str:
    column = table.columns[one.column]
    role = role_of(column.called)
    if role is SELLER:
        return "by its name it is the sender's own or a colleague's"
    if role is OTHER:
        return "by its name it may be somebody else's"
    if one.field not in PEOPLE:
        return ""
    if is_to(column.called) or (is_from(column.called) and not is_payment):
        return "by its name it is one end of messages or payments, of which the other may be your own"
    if (
        column.distinct == 1
        and not column.is_more
        and records >= LEAST_RECORDS
        and column.filled >= LEAST_RECORDS
    ):
        return "it has one value in all rows, so it is the sender's own"
    if not column.filled and table.rows:
        return "it is empty"
    if one.field == ("customer_id",) and are_words(table, one.column):
        return "its cells are words, not numbers of people"
    return ""


def are_words(table: TestedTable, place: int) -> bool:
    """Whether a column mostly says words, where a number or a code is wanted."""
    texts = [text for text in table.sample.column(place) if text]
    return 2 * sum(" " in text and not any(sign.isdigit() for sign in text) for text in texts) > len(texts)
