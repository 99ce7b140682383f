"""A draft of a mapping: which column probably fills which field, and how sure that is, as TOML that runs as it is."""

import re
from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from lexer_pipeline.inspecting.api_values import in_cents, with_gid
from lexer_pipeline.inspecting.constants import constants
from lexer_pipeline.inspecting.dated_lines import dated
from lexer_pipeline.inspecting.document_drop import collapsed
from lexer_pipeline.inspecting.draft_conversions import conversions_of
from lexer_pipeline.inspecting.draft_text import PRODUCTS, DocumentPage, Drafted, Page, quoted, toml
from lexer_pipeline.inspecting.drafting import Drafting
from lexer_pipeline.inspecting.findings import DISCOUNT, PAID, findings
from lexer_pipeline.inspecting.further_lines import (
    further_links,
    kept_consent,
    leaves_out_unlinked,
    names_of_articles,
    of_campaign,
    of_whole_orders,
    to_links,
    with_consent,
    worked_out,
)
from lexer_pipeline.inspecting.lacking import Lack, lacking
from lexer_pipeline.inspecting.matching import Match, fields_by_path, match, text_field
from lexer_pipeline.inspecting.nearest import nearest
from lexer_pipeline.inspecting.phone_lines import read_as_phone, wants_country
from lexer_pipeline.inspecting.questions import questions
from lexer_pipeline.inspecting.status_words import SkipProposal, skips_of, without
from lexer_pipeline.inspecting.tested_table import TestedTable
from lexer_pipeline.model import Specification
from lexer_pipeline.specs.names import normalised
from lexer_pipeline.specs.paths import FieldPath

ZIP, POSTCODE = FieldPath(("zip",)), FieldPath(("postcode",))
NAMES = FieldPath(("custom_fields", "products"))
REFERENCE = PRODUCTS / "product_reference"
NAMES_OF_IDS = (
    ("upc", "upc|ean|gtin|barcode"),
    ("sku", "sku|artikel|article|itemcode|productcode"),
    ("product_id", ""),
)
# The normalised name of a column that says the country of its row.
COUNTRY = re.compile("country(code|region)?$")


class Draft(Struct, frozen=True):
    """A draft of a mapping, and what it leaves to a person: `unmatched` columns, each with the nearest field, and `questions`."""

    text: str
    lines: tuple[Drafted, ...]
    unmatched: Mapping[str, str]
    missing: tuple[str, ...]
    questions: tuple[str, ...]


def draft(
    title: str, names: Sequence[str], table: TestedTable, specification: Specification, sheet: str | None = None,
    documents: DocumentPage | None = None,
) -> Draft:  # fmt: skip
    """Draft the mapping of a table (of a `sheet`), or of `documents` that are one, to a specification.

    `names` are those of the header as a mapping writes them: no two of them are the same.
    """
    fields = fields_by_path(specification)
    skips = [one for one in skips_of(table, specification) if one.column in names]
    table = without(table, skips)
    drafting = Drafting(table, names, specification, fields, findings(table, specification))
    lines = _all_lines(drafting)
    lacks = lacking(specification, [line.field for line in lines if not line.why_not])
    lines = [_left_out(line, lacks) for line in lines]
    lacks = tuple(lack for lack in lacks if not lack.within)
    asked = tuple(questions(lines, lacks, drafting))
    each_row = drafting.found.key.column is not None
    lines = [_numbered(line, each_row) for line in lines]
    left = _left(drafting, lines, skips)
    again = [name for place, name in enumerate(names) if drafting.is_again(place)]
    dropped = {name: word for name, (_, word) in left.items()}
    if documents is not None:
        dropped = collapsed(
            dropped,
            [*(name for line in lines for name in line.columns), *(one.column for one in skips)],
            documents.lists,
        )
        if drafting.is_keyed:
            documents = replace(documents, key=specification.key or "")
    page = Page(
        title, specification, fields, lines, lacks, dropped, again, skips, asked,
        drafting.found.key.continues, sheet, wants_country(lines), leaves_out_unlinked(lines, drafting), documents,
    )  # fmt: skip
    return Draft(
        "".join(f"{line}\n" for line in toml(page)),
        tuple(line for line in lines if line.column and not line.why_not),
        {name: near for name, (near, _) in left.items()},
        tuple(str(one.field) for one in lacks),
        asked,
    )


def _all_lines(drafting: Drafting) -> list[Drafted]:
    """Each field that a column fills, and what no column fills alone."""
    found = drafting.found
    matches = match(drafting.table.columns, drafting.specification, found.pinned, found.refused)
    lines = [_line(one, drafting) for one in matches if drafting.can_be_named(one.column)]
    lines += further_links(lines, drafting, lambda one: _line(one, drafting))
    lines = [
        replace(line, field=POSTCODE)
        if line.field == ZIP and all(other.field != POSTCODE for other in lines)
        else line
        for line in lines
    ]
    lines += to_links(lines)
    lines += of_campaign(lines, drafting)
    lines += worked_out(lines, drafting)
    lines += of_whole_orders(drafting)
    lines += _id_types(lines, drafting)
    lines += kept_consent(lines, drafting)
    lines += names_of_articles(lines, drafting)
    lines += constants(lines, drafting)
    places = {path: place for place, path in enumerate(drafting.fields)}
    return sorted(lines, key=lambda line: places.get(line.field.general, len(places)))


def _line(one: Match, drafting: Drafting) -> Drafted:
    """A match with the conversions that the values of its column need."""
    column, name = drafting.table.columns[one.column], drafting.names[one.column]
    field = drafting.fields.get(one.field.general) or text_field(one.field)
    steps, notes, why_not = conversions_of(column, field)
    if one.field == DISCOUNT and any(shape.startswith(("-", "(")) for shape, _ in column.shapes):
        steps = [*(steps or ['"money"']), '"absolute"']
    source = quoted(name)
    value = f"{{ column = {source}, convert = [{', '.join(steps)}] }}" if steps else source
    line = Drafted(one.field, name, one.confidence, one.reason, value, tuple(notes), why_not)
    if one.field == PAID:
        line = replace(line, notes=(*line.notes, *drafting.found.amounts.notes))
    for step in (dated, with_consent, read_as_phone, with_gid, in_cents, _comment):
        line = step(line, one.column, drafting)
    return line


def _id_types(lines: Sequence[Drafted], drafting: Drafting) -> list[Drafted]:
    """What kind of identifier a product is named by, from the name of the column."""
    target = REFERENCE / "id_type"
    found = next((line for line in lines if line.field == REFERENCE / "id"), None)
    if found is None or target not in drafting.fields or any(line.field == target for line in lines):
        return []
    name = normalised(drafting.called_as(found.column))
    kind = next(kind for kind, pattern in NAMES_OF_IDS if re.search(pattern, name))
    reason = f"{quoted(found.column)} sounds like it"
    return [Drafted(target, "", 0.8, reason, f'{{ constant = "{kind}" }}')]


def _comment(line: Drafted, place: int, drafting: Drafting) -> Drafted:
    """A column that could hold any words is no choice for a field that takes a few."""
    field = drafting.fields.get(line.field.general)
    if (
        field is not None
        and field.rule.startswith("one of:")
        and not line.why_not
        and "enum" not in line.value
    ):
        column = drafting.table.columns[place]
        if column.distinct > 20 or column.is_more:
            return replace(line, why_not=f"{field.rule.partition(';')[0]}; translate its words with enum")
        return replace(line, notes=(*line.notes, f"must be {field.rule.partition(';')[0]}"))
    return line


def _left_out(line: Drafted, lacks: Sequence[Lack]) -> Drafted:
    """A line of an object that is not required, and that without more fields would make the record invalid."""
    for lack in lacks:
        if lack.within and line.field.general.is_within(lack.within) and not line.why_not:
            return replace(line, why_not=f"{lack.within} needs {lack.field} too")
    return line


def _numbered(line: Drafted, each_row: bool) -> Drafted:
    """`products[]` has an item a row where rows have a key; any other list has its first item filled."""
    if each_row and line.field[:2] in (PRODUCTS, NAMES):
        return line
    # A value that is worked out names fields; any other names a column, which is called as it is called.
    names_fields = line.value.startswith("{ fields = [")
    value = line.value.replace('"products[].', '"products[0].') if names_fields else line.value
    return replace(line, field=line.field.first, value=value)


def _left(
    drafting: Drafting, lines: Sequence[Drafted], skips: Sequence[SkipProposal]
) -> dict[str, tuple[str, str]]:
    """The columns that nothing reads: the nearest field of each, and a word on why it is left out."""
    used = {normalised(name) for line in lines if not line.why_not for name in line.columns}
    used |= {normalised(one.column) for one in skips if one.is_sure}
    proposed = {
        normalised(name): line.field for line in reversed(lines) if line.why_not for name in line.columns
    }
    reasons = {
        column: (field, why) for (field, column), why in reversed(drafting.found.refused.items()) if why
    }
    left: dict[str, tuple[str, str]] = {}
    for place, name in enumerate(drafting.names):
        if normalised(name) in used or name in left:
            continue
        near = str(nearest(drafting.called(place), list(drafting.fields)) or "")
        word = f"the nearest field is {near}" if near else "no field is near"
        if normalised(name) in proposed:
            word = (
                f"until you take away the # before {proposed[normalised(name)]} below; it may stay here then"
            )
        elif place in reasons:
            word = f"not {reasons[place][0]}: {reasons[place][1]}"
        left[name] = (near, word)
    return left
