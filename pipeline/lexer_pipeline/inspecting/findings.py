"""What the rows of a table say of the guesses about its columns, for one specification."""

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct, field

from lexer_pipeline.inspecting.amounts import Amounts, amounts_of
from lexer_pipeline.inspecting.keys import Key, key_of
from lexer_pipeline.inspecting.matching import PEOPLE, Guess, Match, fields_by_path, guesses
from lexer_pipeline.inspecting.order_amounts import BESIDE, totals_of_lines
from lexer_pipeline.inspecting.packed_cells import holds_several_codes, packed_lines
from lexer_pipeline.inspecting.people import NAMES, are_words, mixed_addresses, refused_people
from lexer_pipeline.inspecting.row_sample import differing
from lexer_pipeline.inspecting.tested_table import TestedTable
from lexer_pipeline.mapping.synonyms import OTHERS
from lexer_pipeline.model import Specification
from lexer_pipeline.specs.names import normalised
from lexer_pipeline.specs.paths import EACH, FieldPath

LINE = FieldPath(("products", EACH))
QUANTITY, PAID, FULL, DISCOUNT = (
    LINE / name for name in ("quantity", "price_paid", "full_price", "discount")
)
REFERENCE = LINE / "product_reference" / "id"
ACTION_AT = FieldPath(("action_at",))
GIVEN_BACK = re.compile(r"refund|return|rückgabe|erstattet|rembours|devol")
OF_PERSON = re.compile(r"join|signup|regist|optin|subscri|consent|unsub|birth|lastchanged|added")
CONSENT = ("email_subscribe", "sms_subscribe")
TIME_OF_CONSENT = re.compile(r"consent.*(time|stamp|at|date|on)$")
ANY_ARTICLE = frozenset({"article", "artikel", "item", "product", "référence", "referencia"})
# Names that say no more than that something is one of many.
SURE = 0.6


class Findings(Struct):
    """Columns that fill a field for sure (`pinned`) and guesses that are wrong (`refused`), each with the reason.

    `packed` is the column that holds all lines of an order in one cell.
    """

    key: Key = field(default_factory=lambda: Key(None, {}))
    amounts: Amounts = field(default_factory=Amounts)
    pinned: dict[FieldPath, tuple[int, str]] = field(default_factory=dict)
    refused: dict[Guess, str] = field(default_factory=dict)
    packed: int | None = None


def findings(table: TestedTable, specification: Specification) -> Findings:
    """Test the guesses for one specification on the rows of a table."""
    fields = fields_by_path(specification)
    scored = guesses(table.columns, specification)
    found = Findings()
    is_payment = PAID in fields
    found.refused |= dict(_others(scored, table, specification.record_type))
    found.refused |= dict(elsewhere(scored, table, specification.key))
    _people(
        table, scored, found, 0 if specification.key else _records(table, scored, specification), is_payment
    )
    if specification.key is not None:
        _key(table, scored, found, FieldPath.named(specification.key))
        key = found.key.column
        _people(table, scored, found, table.rows if key is None else table.columns[key].distinct, is_payment)
    if PAID in fields and not _is_packed(table, scored, found):
        _amounts(table, scored, found, has_full=FULL in fields)
    if found.key.column is not None:
        _once(table, scored, found)
    return found


def _others(
    scored: Sequence[Match], table: TestedTable, record_type: str | None
) -> Iterator[tuple[Guess, str]]:
    """Guesses that are of another kind of record: what was given back is no price of a purchase, and when somebody joined no sale."""
    filled = {normalised(column.called) for column in table.columns if column.filled}
    for one in scored:
        name = normalised(table.called(one.column))
        if (
            record_type == "purchase"
            and one.field in (PAID, ACTION_AT, QUANTITY, FULL)
            and GIVEN_BACK.search(name)
        ):
            yield (one.field, one.column), "by its name it is of what was given back"
        if (
            record_type in CONSENT
            and one.field == ACTION_AT
            and "consent" not in name
            and any(map(TIME_OF_CONSENT.search, filled))
        ):
            yield (one.field, one.column), "the time of the consent stands beside it"
        if one.field == ACTION_AT and name + "gmt" in filled:
            yield (one.field, one.column), "the same time stands beside it in UTC"
        if record_type in ("purchase", "return") and one.field == ACTION_AT and OF_PERSON.search(name):
            yield (one.field, one.column), "by its name it is of the person"
        if one.field == REFERENCE and _are_names(table, one.column, name in ANY_ARTICLE):
            yield (one.field, one.column), "its cells are words, not numbers of articles"
        if one.field == REFERENCE and holds_several_codes(table, one.column):
            yield (
                (one.field, one.column),
                "some of its cells hold several codes, and a line is of one article",
            )


def elsewhere(scored: Sequence[Match], table: TestedTable, key: str | None) -> Iterator[tuple[Guess, str]]:
    """Guesses that the form of documents speaks against: what stands beside the list of lines is of no line, and the other way round."""
    around = table.documents.around if table.documents is not None else ()
    for one in scored:
        if one.column in around and (
            one.field.is_within(LINE) or one.field == ACTION_AT or str(one.field) == key
        ):
            yield (one.field, one.column), "it is of the order around it"
        elif table.is_beside_lines(one.column) and one.field.is_within(LINE):
            yield (one.field, one.column), BESIDE
        elif table.is_of_line(one.column) and not one.field.is_within(LINE):
            yield (one.field, one.column), "it is of a line, not of the whole order"


def _are_names(table: TestedTable, column: int, may_be_names: bool) -> bool:
    """Whether a column says what articles are called; one that may by its name does, unless its cells have digits."""
    texts = [text for text in table.sample.column(column) if text]
    digits = sum(any(sign.isdigit() for sign in text) for text in texts)
    return are_words(table, column) or (may_be_names and 2 * digits <= len(texts))


def _records(table: TestedTable, scored: Sequence[Match], specification: Specification) -> int:
    """How many records a table without a key holds: of customers, as many as it has different names and numbers of people."""
    if specification.record_type != "customer_record":
        return table.rows
    told = [one.column for one in scored if one.by_name and one.field in (*NAMES, *PEOPLE)]
    return max((table.columns[place].distinct for place in told), default=0)


def _people(
    table: TestedTable, scored: Sequence[Match], found: Findings, records: int, is_payment: bool
) -> None:
    found.refused |= {
        (path, column): reason for path, column, reason in refused_people(table, scored, records, is_payment)
    }
    kept = [one for one in scored if (one.field, one.column) not in found.refused]
    found.refused |= {(path, column): reason for path, column, reason in mixed_addresses(table, kept)}


def _open(scored: Sequence[Match], found: Findings, *paths: FieldPath) -> list[int]:
    """The columns that could fill one of some fields, the surest first."""
    return [
        one.column for one in scored if one.field in paths and (one.field, one.column) not in found.refused
    ]


def _key(table: TestedTable, scored: Sequence[Match], found: Findings, path: FieldPath) -> None:
    people = [
        one.column for one in scored
        if one.field in PEOPLE and one.by_name and one.confidence >= SURE and (one.field, one.column) not in found.refused
    ]  # fmt: skip
    found.key = key_of(table, _open(scored, found, path), people, _open(scored, found, ACTION_AT))
    found.refused |= {(path, column): reason for column, reason in found.key.refused.items()}
    chosen = found.key.column
    if chosen is not None:
        how = next(one for one in scored if one.field == path and one.column == chosen)
        said = f"{how.reason}, filled in all rows" if table.is_full(chosen) and table.rows else how.reason
        found.pinned[path] = chosen, said
    documents = table.documents
    if documents is not None and (documents.repeated or chosen is None or not table.comes_back(chosen)):
        found.key = Key(documents.place, found.key.refused)


def _is_packed(table: TestedTable, scored: Sequence[Match], found: Findings) -> bool:
    """Whether a column packs the lines of an order, so that no other one is of a line."""
    if table.documents is not None:
        return False
    key = found.key.column
    found.packed = packed_lines(table, [] if key is None else table.sample.groups(key))
    if found.packed is None:
        return False
    found.refused |= {
        (one.field, one.column): f"the lines of an order are packed in {table.name(found.packed)}"
        for one in scored
        if one.field.is_within(LINE)
    }
    return True


def _amounts(table: TestedTable, scored: Sequence[Match], found: Findings, has_full: bool) -> None:
    found.refused |= {
        (DISCOUNT, one.column): "by its name it is of the parcel"
        for one in scored
        if one.field == DISCOUNT and one.owner in OTHERS
    }
    quantities, prices, less = (_open(scored, found, path) for path in (QUANTITY, PAID, DISCOUNT))
    if not has_full:
        prices = [*totals_of_lines(table, prices), *prices]
    amounts = amounts_of(table, found.key.column, quantities, prices, less)
    found.amounts = amounts
    found.refused |= {
        (one.field, one.column): amounts.refused[one.column]
        for one in scored
        if one.field in (PAID, FULL, DISCOUNT) and one.column in amounts.refused
    }
    for path, column in ((QUANTITY, amounts.quantity), (PAID, amounts.total), (DISCOUNT, amounts.discount)):
        if column is not None:
            found.pinned[path] = column, amounts.reason or _said(scored, path, column)
    if has_full and amounts.unit is not None:
        found.pinned[FULL] = amounts.unit, amounts.reason or "by its name it is of one piece"
    found.refused |= {(DISCOUNT, column): "it is of the whole order" for column in amounts.taken_off}
    found.refused |= {(PAID, column): "" for column in _open(scored, found, PAID) if column != amounts.total}


def _said(scored: Sequence[Match], path: FieldPath, column: int) -> str:
    return next(
        (one.reason for one in scored if one.field == path and one.column == column), "its amounts fit"
    )


def _once(table: TestedTable, scored: Sequence[Match], found: Findings) -> None:
    """Refuse for what stands once a record the columns that say several things in rows of one key; prefer filled ones."""
    key = found.key.column
    groups = table.sample.groups(key) if key is not None else []
    for one in scored:
        if EACH in one.field or one.column == key or (one.field, one.column) in found.refused:
            continue
        differ, several = differing(table.sample, groups, one.column)
        if differ > 0.05 * several:
            found.refused[one.field, one.column] = (
                f"it differs between the rows of one key ({differ:,} of {several:,} times)"
            )
    dates = _open(scored, found, ACTION_AT)
    full = [column for column in dates if _is_said(table, groups, column)]
    if dates and full and full[0] != dates[0]:
        found.refused |= {
            (ACTION_AT, column): "it is empty in some records" for column in dates[: dates.index(full[0])]
        }


def _is_said(table: TestedTable, groups: Sequence[Sequence[int]], column: int) -> bool:
    texts = table.sample.column(column)
    return all(any(texts[row] for row in group) for group in groups)
