"""Lines of a draft beside those of matched columns: prices worked out, further links, consent."""

import re
from collections.abc import Callable, Iterator, Sequence

from msgspec.structs import replace

from lexer_pipeline.inspecting.api_values import in_cents
from lexer_pipeline.inspecting.draft_conversions import conversions_of
from lexer_pipeline.inspecting.draft_text import CUSTOM, LINK, Drafted, quoted
from lexer_pipeline.inspecting.drafting import Drafting
from lexer_pipeline.inspecting.findings import DISCOUNT, FULL, PAID, QUANTITY
from lexer_pipeline.inspecting.matching import PEOPLE, Match, guesses
from lexer_pipeline.inspecting.status_words import consent_words
from lexer_pipeline.mapping.synonyms import is_secret
from lexer_pipeline.specs.names import normalised
from lexer_pipeline.specs.paths import EACH, FieldPath

ADJUSTMENTS = FieldPath(("adjustments", EACH))
NONE = '{ absent = ["0", "0.0", "0.00", "0.000"] }'
STATUS = FieldPath(("status",))
UNLINKED = ("purchase", "return", "customer_record")
ARTICLE_NAMES = frozenset(
    normalised(word)
    for word in [
        "product name",
        "product title",
        "item name",
        "item title",
        "lineitem name",
        "article name",
        "item",
        "product",
        "title",
        "article",
        "menu item",
        "artikel",
        "artikelname",
        "bezeichnung",
        "produktname",
        "produkt",
        "désignation",
        "designation",
        "nom du produit",
        "article",
        "produit",
        "nombre del producto",
        "producto",
        "nome prodotto",
        "prodotto",
        "ticket type",
        "name of item",
        "description",
    ]
)
# What a person agreed to, or objected to.
CONSENT = re.compile(
    r"optout|optin(?!ip|time)|optedin|optedout|unsub|subscribed$|consent(?!time)|blacklist|blocklist|donot(?:e?mail|call|contact|sms|send|track)|accepts|suppress|newsletter"
    r"|marketingstatus|emailstatus|permission|werbung|einwilligung|abmeldung|désabonn|consentement"
)
# What is kept with when, how and why, since who objected must stay so.
OBJECTED = re.compile(r"optout|optedout|unsub|blacklist|blocklist|suppress|abmeldung|désabonn")
NO_CONSENT = re.compile(r"time|date|reason|campaign|terms|mode$|source|ip$")
# Where a person may object, which is the key to doing it.
LINKED = re.compile(r"link|url")


def worked_out(lines: Sequence[Drafted], drafting: Drafting) -> Iterator[Drafted]:
    """The price of the line, from quantity and the price of one piece."""
    amounts = drafting.found.amounts
    if PAID not in drafting.fields or amounts.total is not None:
        return
    full = next((line for line in lines if line.field == FULL), None)
    if amounts.unit is not None and full is not None:
        reason = amounts.reason or f"{drafting.names[amounts.unit]} is of one piece by its name"
        less = [DISCOUNT] if any(line.field == DISCOUNT and not line.why_not for line in lines) else []
        parts = ", ".join(quoted(str(path)) for path in (QUANTITY, FULL, *less))
        why_not = f"{full.column} {full.why_not}" if full.why_not else ""
        value = f'{{ fields = [{parts}], convert = ["line-total"] }}'
        yield Drafted(PAID, "", 0.9, reason, value, why_not=why_not)
    if amounts.open_price is not None:
        name = drafting.names[amounts.open_price]
        why_not = f"nothing tells whether {name} is of one piece or of the whole line"
        column = f'{{ column = {quoted(name)}, convert = ["money"] }}'
        parts = f"[{quoted(str(QUANTITY))}, {quoted(str(FULL))}]"
        if FULL in drafting.fields:
            yield Drafted(
                FULL, name, 0.5, "if it is of one piece, with the last line", column, why_not=why_not
            )
        worked = f'{{ fields = {parts}, convert = ["line-total"] }}'
        choices = (column, worked) if FULL in drafting.fields else (column,)
        yield Drafted(PAID, name, 0.5, "a price by its name", column, why_not=why_not, choices=choices)


def of_whole_orders(drafting: Drafting) -> Iterator[Drafted]:
    """The discounts of an order that no price of its lines has yet, as adjustments below zero."""
    number = drafting.fields.get(ADJUSTMENTS / "price_adjustment")
    if number is None:
        return
    for index, place in enumerate(drafting.found.amounts.taken_off):
        name = drafting.names[place]
        steps, notes, why_not = conversions_of(drafting.table.columns[place], number)
        off = ", ".join([*(steps or ['"money"']), NONE, '"absolute"', '"negate"'])
        item = FieldPath(ADJUSTMENTS.item(index))
        value = f"{{ column = {quoted(name)}, convert = [{off}] }}"
        reason = "without it the lines of an order do not come to its total"
        line = Drafted(item / "price_adjustment", name, 0.9, reason, value, tuple(notes), why_not)
        yield in_cents(line, place, drafting)
        if not why_not:
            yield Drafted(item / "reason", "", 0, "of the whole order", '{ constant = "Discount" }')


def further_links(
    lines: Sequence[Drafted], drafting: Drafting, line_of: Callable[[Match], Drafted]
) -> Iterator[Drafted]:
    """Columns that name the person where the column of the link is empty."""
    links = [line for line in lines if line.field.is_within(LINK) and line.column and not line.why_not]
    if len(links) != 1 or links[0].also:
        return
    first = links[0]
    taken = drafting.names.index(first.column)
    table = drafting.table
    if table.columns[taken].filled >= table.rows:
        return
    found = drafting.found
    for one in guesses(table.columns, drafting.specification):
        path = LINK / one.field.name
        is_open = (
            one.field in PEOPLE
            and one.by_name
            and (one.field, one.column) not in found.refused
            and path != first.field
        )
        if not is_open or not drafting.can_be_named(one.column) or not _fills(drafting, taken, one.column):
            continue
        line = line_of(replace(one, field=path))
        yield replace(
            line,
            value=_unless(line.value, str(first.field)),
            reason=f"{one.reason}, filled where {first.column} is empty",
        )
        return


def to_links(lines: Sequence[Drafted]) -> Iterator[Drafted]:
    """The person to whom a message went, where no other column names one."""
    if any(line.field.is_within(LINK) for line in lines):
        return
    for path, name in ((FieldPath(("to", "email")), "email"), (FieldPath(("to", "number")), "mobile")):
        for line in lines:
            if line.field == path:
                value = (
                    line.value
                    if name == "email"
                    else f'{{ column = {quoted(line.column)}, convert = ["phone"] }}'
                )
                yield replace(line, field=LINK / name, value=value)
                return


def of_campaign(lines: Sequence[Drafted], drafting: Drafting) -> Iterator[Drafted]:
    """The id of a message, where the export knows none but that of its campaign."""
    campaign = next((line for line in lines if line.field == ("campaign_id",)), None)
    for name in ("email_id", "sms_id"):
        path = FieldPath((name,))
        if campaign is not None and path in drafting.fields and all(line.field != path for line in lines):
            yield replace(campaign, field=path, confidence=0.6, reason="all messages of a campaign are one")


def leaves_out_unlinked(lines: Sequence[Drafted], drafting: Drafting) -> bool:
    """Whether some records name no one, as sales at a till do."""
    places = [
        drafting.names.index(line.column) for line in lines
        if line.field.is_within(LINK) and line.column and not line.why_not
    ]  # fmt: skip
    key, rows = drafting.found.key.column, drafting.table.sample.rows
    if not places or drafting.specification.record_type not in UNLINKED:
        return False
    groups = [[row] for row in range(len(rows))] if key is None else drafting.table.sample.groups(key)
    return any(not any(rows[row][place] for row in group for place in places) for group in groups)


def names_of_articles(lines: Sequence[Drafted], drafting: Drafting) -> Iterator[Drafted]:
    """The names of what was bought, which no field of a line takes: a list in the order of the lines."""
    if PAID not in drafting.fields or CUSTOM not in drafting.fields or drafting.found.key.column is None:
        return
    used = {name for line in lines if not line.why_not for name in line.columns}
    for place, name in enumerate(drafting.names):
        plain = normalised(drafting.called(place))
        is_name = plain in ARTICLE_NAMES or any(
            plain.removeprefix(owner) in ARTICLE_NAMES for owner in ("lineitem", "line", "order")
        )
        if (
            is_name
            and name not in used
            and drafting.can_be_named(place)
            and drafting.table.columns[place].filled
        ):
            path = FieldPath.named("custom_fields.products[]")
            yield Drafted(path, name, 0, "what was bought; no field of a line takes a name", quoted(name))
            return


def _unless(value: str, other: str) -> str:
    inner = value[2:-2] if value.startswith("{") else f"column = {value}"
    return f"{{ {inner}, unless = {quoted(other)} }}"


def _fills(drafting: Drafting, empty: int, other: int) -> bool:
    """Whether a column is filled in records where another one is empty."""
    rows, key = drafting.table.sample.rows, drafting.found.key.column
    if key is None:
        return any(row[other] and not row[empty] for row in rows)
    groups = drafting.table.sample.groups(key)
    return any(
        any(rows[one][other] for one in group) and not any(rows[one][empty] for one in group)
        for group in groups
    )


def with_consent(line: Drafted, place: int, drafting: Drafting) -> Drafted:
    """The line of the status of consent: taken only where each word of its column means one beyond doubt."""
    if line.field != STATUS or not line.column or not drafting.texts(place):
        return line
    found = consent_words(drafting.texts(place))
    known = drafting.fields[STATUS].rule.partition(";")[0].removeprefix("one of: ").split(", ")
    if found is None or not set(found.values()) <= set(known):
        return replace(line, why_not="not all of its words say beyond doubt what a person agreed to")
    if all(text in known for text in drafting.texts(place) if text):
        return line
    table = ", ".join(f"{quoted(word)} = {quoted(status)}" for word, status in found.items())
    return replace(
        line, value=f"{{ column = {quoted(line.column)}, convert = [{{ enum = {{ {table} }} }}] }}", notes=()
    )


def kept_consent(lines: Sequence[Drafted], drafting: Drafting) -> Iterator[Drafted]:
    """Columns that say what a customer agreed or objected to, kept as fields of your own, since no other field takes them."""
    if CUSTOM not in drafting.fields or drafting.specification.record_type != "customer_record":
        return
    used = {name for line in lines for name in line.columns if not line.why_not}
    for place, name in enumerate(drafting.names):
        texts = [text for text in drafting.texts(place) if text]
        is_status = (
            normalised(drafting.called(place)) in ("status", "emailstatus")
            and consent_words(texts) is not None
        )
        if (
            (is_consent(drafting.called(place)) or is_status)
            and name not in used
            and drafting.can_be_named(place)
        ):
            path = FieldPath.named(custom_name(name))
            yield Drafted(
                path, name, 0, "consent is never dropped; no field of a customer takes it", quoted(name)
            )


def is_consent(name: str) -> bool:
    """Whether a column says, by its name, what a person agreed or objected to."""
    plain = normalised(name)
    is_said = OBJECTED.search(plain) or not NO_CONSENT.search(plain)
    return bool(CONSENT.search(plain) and is_said and not LINKED.search(plain)) and not is_secret(name)


def custom_name(name: str) -> str:
    """The field of your own that is called like a column."""
    return f"custom_fields.{re.sub(r'[^a-z0-9]+', '_', name.casefold()).strip('_') or 'consent'}"
