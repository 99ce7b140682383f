"""A draft of a mapping: which column probably fills which field, and how sure that is, as TOML that runs as it is."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from lexer_pipeline.inspecting.column_profile import ColumnProfile
from lexer_pipeline.inspecting.draft_conversions import conversions_of
from lexer_pipeline.inspecting.draft_text import PRODUCTS, Drafted, quoted, toml
from lexer_pipeline.inspecting.lacking import Lack, lacking
from lexer_pipeline.inspecting.matching import Match, fields_by_path, match, nearest, text_field
from lexer_pipeline.model import Field, Specification
from lexer_pipeline.specs.names import normalised
from lexer_pipeline.specs.paths import FieldPath

REFERENCE = PRODUCTS / "product_reference"
NAMES_OF_IDS = (
    ("upc", "upc|ean|gtin|barcode"),
    ("sku", "sku|artikel|article|itemcode|productcode"),
    ("product_id", ""),
)


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft of a mapping, and what it leaves to a person: `unmatched` columns, each with the nearest field."""

    text: str
    lines: tuple[Drafted, ...]
    unmatched: Mapping[str, str]
    missing: tuple[str, ...]


def draft(
    title: str, names: Sequence[str], columns: Sequence[ColumnProfile],
    specification: Specification, sheet: str | None = None,
) -> Draft:  # fmt: skip
    """Draft the mapping of a table (of a `sheet`) to a specification.

    `names` are those of the header as a mapping writes them: no two of them are the same.
    """
    fields = fields_by_path(specification)
    matches = _without_doubles(match(columns, specification), names)
    each_row = any(str(one.field) == specification.key for one in matches)
    lines = [_line(one, names, columns, fields) for one in matches]
    lines += _id_types(lines, fields)
    lines = [_comment(line, names, columns, fields) for line in lines]
    lacks = lacking(specification, [line.field for line in lines if not line.why_not])
    lines = [_left_out(line, lacks) for line in lines]
    lacks = tuple(lack for lack in lacks if not lack.within)
    lines = [replace(line, field=_numbered(line.field, each_row)) for line in lines]
    used = {normalised(line.column) for line in lines if line.column and not line.why_not}
    left = {
        name: str(nearest(name, list(fields)) or "")
        for name in dict.fromkeys(names)
        if normalised(name) not in used
    }
    again = [name for place, name in enumerate(names) if _is_again(place, names)]
    text = "".join(
        f"{line}\n" for line in toml(title, sheet, specification, fields, lines, lacks, left, again)
    )
    return Draft(
        text,
        tuple(line for line in lines if line.column and not line.why_not),
        left,
        tuple(str(one.field) for one in lacks),
    )


def _is_again(place: int, names: Sequence[str]) -> bool:
    """Whether an earlier column has the same name, or nearly."""
    return normalised(names[place]) in {normalised(name) for name in names[:place]}


def _without_doubles(matches: Sequence[Match], names: Sequence[str]) -> list[Match]:
    return [one for one in matches if normalised(names[one.column]) and not _is_again(one.column, names)]


def _line(
    one: Match, names: Sequence[str], columns: Sequence[ColumnProfile], fields: Mapping[FieldPath, Field]
) -> Drafted:
    """A match with the conversions that the values of its column need."""
    column, name = columns[one.column], names[one.column]
    field = fields.get(one.field.general) or text_field(one.field)
    steps, notes, why_not = conversions_of(column, field)
    source = quoted(name)
    value = f"{{ column = {source}, convert = [{', '.join(steps)}] }}" if steps else source
    return Drafted(one.field, name, one.confidence, one.reason, value, tuple(notes), why_not)


def _id_types(lines: Sequence[Drafted], fields: Mapping[FieldPath, Field]) -> list[Drafted]:
    """What kind of identifier a product is named by, from the name of the column."""
    target = REFERENCE / "id_type"
    found = next((line for line in lines if line.field == REFERENCE / "id"), None)
    if found is None or target not in fields or any(line.field == target for line in lines):
        return []
    name = normalised(found.column)
    kind = next(kind for kind, pattern in NAMES_OF_IDS if re.search(pattern, name))
    reason = f"{quoted(found.column)} sounds like it"
    return [Drafted(target, "", 0.8, reason, f'{{ constant = "{kind}" }}')]


def _comment(
    line: Drafted, names: Sequence[str], columns: Sequence[ColumnProfile], fields: Mapping[FieldPath, Field]
) -> Drafted:
    """A column that could hold any words is no choice for a field that takes a few."""
    field = fields.get(line.field.general)
    if line.column and field is not None and field.rule.startswith("one of:") and not line.why_not:
        column = columns[names.index(line.column)]
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


def _numbered(path: FieldPath, each_row: bool) -> FieldPath:
    """`products[]` has an item a row where rows have a key; any other list has its first item filled."""
    return path if each_row and path[:2] == PRODUCTS else path.first
