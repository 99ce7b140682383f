"""A draft of a mapping: which column probably fills which field, and how sure that is, as TOML that runs as it is."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lexer_pipeline.inspecting import semantic_types
from lexer_pipeline.inspecting.column_profile import ColumnProfile, date_trouble
from lexer_pipeline.inspecting.matching import Lack, Match, lacking, match, nearest
from lexer_pipeline.inspecting.synonyms import is_secret
from lexer_pipeline.mapping.file import normalised
from lexer_pipeline.model import Field, Specification

# Fields whose text is an identifier: what a spreadsheet does to one is refused or undone.
IDENTIFIER = re.compile(r"(^|[._\]])(id|sku|upc|postcode|zip|mobile|\w+_id)$")
WITHIN = re.compile(r"\[\]")
SERIALS = (
    ("unix-ms", re.compile("9{13}")),
    ("unix", re.compile("9{10}")),
    ("excel", re.compile(r"9{5}(\.9+)?")),
)
BELOW_ZERO = re.compile("at most (0|-1)")
NAMES_OF_IDS = (
    ("upc", "upc|ean|gtin|barcode"),
    ("sku", "sku|artikel|article|itemcode|productcode"),
    ("product_id", ""),
)


@dataclass(frozen=True, slots=True)
class Drafted:
    """One line of a draft; `value` is what TOML says of the field, `why_not` why it is but a comment."""

    field: str
    column: str
    confidence: float
    reason: str
    value: str
    notes: tuple[str, ...] = ()
    why_not: str = ""

    def as_json(self) -> dict[str, Any]:
        """The line as `map --json` prints it."""
        return {
            "field": self.field,
            "column": self.column,
            "confidence": self.confidence,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft of a mapping, and what it leaves to a person: `unmatched` columns, each with the nearest field."""

    text: str
    lines: tuple[Drafted, ...]
    unmatched: Mapping[str, str]
    missing: tuple[str, ...]


def draft(
    title: str, names: Sequence[str], distinct: Sequence[str], columns: Sequence[ColumnProfile],
    specification: Specification,
) -> Draft:  # fmt: skip
    """Draft the mapping of a table to a specification.

    `names` is the header, `distinct` the same with names that stand twice told apart.
    """
    fields = {field.path: field for field in specification.fields}
    matches = _without_doubles(match(columns, specification), names)
    each_row = any(one.field == specification.key for one in matches)
    lines = [_line(one, names, columns, fields) for one in matches]
    lines += _id_types(lines, fields)
    lines = [_comment(line, names, columns, fields) for line in lines]
    lacks = lacking(specification, [line.field for line in lines if not line.why_not])
    lines = [_left_out(line, lacks) for line in lines]
    lacks = tuple(lack for lack in lacks if not lack.within)
    lines = [replace(line, field=_numbered(line.field, each_row)) for line in lines]
    used = {normalised(line.column) for line in lines if line.column and not line.why_not}
    left = {
        name: nearest(name, list(fields)) for name in dict.fromkeys(names) if normalised(name) not in used
    }
    again = [
        one for place, name in enumerate(names) if _is_again(place, names) for one in (name, distinct[place])
    ]
    text = "".join(f"{line}\n" for line in _toml(title, specification, fields, lines, lacks, left, again))
    return Draft(
        text,
        tuple(line for line in lines if line.column and not line.why_not),
        left,
        tuple(one.field for one in lacks),
    )


def _is_again(place: int, names: Sequence[str]) -> bool:
    """Whether an earlier column has the same name, so that no mapping can reach this one."""
    return normalised(names[place]) in {normalised(name) for name in names[:place]}


def _without_doubles(matches: Sequence[Match], names: Sequence[str]) -> list[Match]:
    return [one for one in matches if normalised(names[one.column]) and not _is_again(one.column, names)]


def _line(
    one: Match, names: Sequence[str], columns: Sequence[ColumnProfile], fields: Mapping[str, Field]
) -> Drafted:
    """A match with the conversions that the values of its column need."""
    column, name = columns[one.column], names[one.column]
    field = fields.get(_each(one.field)) or Field(one.field, "string", False, "", "", None)
    steps, notes, why_not = _conversions(column, field)
    quoted = _quoted(name)
    value = f"{{ column = {quoted}, convert = [{', '.join(steps)}] }}" if steps else quoted
    return Drafted(one.field, name, one.confidence, one.reason, value, tuple(notes), why_not)


def _conversions(column: ColumnProfile, field: Field) -> tuple[list[str], list[str], str]:
    """The conversions, what a person should know of them, and why they cannot be told."""
    notes = []
    if 0 < column.count(semantic_types.NOTHING) < column.filled:
        notes.append('words for nothing are among its cells: convert = [{ absent = ["NULL", "-"] }, ...]')
    steps: list[str] = []
    why_not = ""
    if field.type in ("date", "date-time") and column.filled:
        steps, why_not = _date(column, field)
    elif field.type in ("number", "integer"):
        steps, why_not = _money(column)
        if BELOW_ZERO.search(field.rule) and not any(
            shape.startswith(("-", "(")) for shape, _ in column.shapes
        ):
            steps, notes = (
                [*(steps or ['{ money = "." }']), '"negate"'],
                [*notes, "must not be above zero here"],
            )
    elif column.count(semantic_types.APOSTROPHE, semantic_types.SCIENTIFIC):
        is_id = IDENTIFIER.search(field.path) is not None
        steps = (
            ['"id"'] if is_id else ['"strip-apostrophe"'] if column.count(semantic_types.APOSTROPHE) else []
        )
    if field.path.endswith("mobile"):
        notes.append('where numbers lack the country code: convert = [{ phone = "AU" }], with your country')
    return steps, notes, why_not


def _date(column: ColumnProfile, field: Field) -> tuple[list[str], str]:
    if column.share(semantic_types.NUMBER) > 0.5:
        top = column.shapes[0][0]
        name = next((name for name, pattern in SERIALS if pattern.fullmatch(top)), "")
        return ([f'{{ date = "{name}" }}'], "") if name else ([], "its numbers are no dates that are known")
    readings = column.readings(*semantic_types.DATES)
    if trouble := date_trouble(column):
        ways = " or ".join(
            f'{{ date = "{name}" }}' for name in sorted({name for names in readings for name in names})
        )
        return [], f"{trouble.partition(';')[0]}; choose {ways}"
    votes: dict[str, int] = {}
    sure = {names[0] for names in readings if len(names) == 1}
    for names, count in readings.items():
        name = next((name for name in names if name in sure), names[0])
        votes[name] = votes.get(name, 0) + count
    best = sorted(votes, key=lambda name: -votes[name])
    if len(best) > 1 and votes[best[0]] == votes[best[1]]:
        return [], f"its cells mix the forms {best[0]} and {best[1]}; choose {{ date = [...] }}"
    if field.type == "date" and list(column.kinds) == [semantic_types.ISO_DATE]:
        return [], ""
    return [f'{{ date = "{best[0]}" }}'], ""


def _money(column: ColumnProfile) -> tuple[list[str], str]:
    if not column.count(semantic_types.MONEY):
        return [], ""
    readings = column.readings(semantic_types.MONEY, semantic_types.NUMBER)
    point, comma = readings.get((".",), 0), readings.get((",",), 0)
    if point and comma:
        return (
            [],
            f"its amounts contradict each other: {point:,} with a decimal point, {comma:,} with a comma",
        )
    if not point and not comma and readings:
        return [], 'its amounts do not show the decimal mark; choose { money = "." } or { money = "," }'
    return [f'{{ money = "{"," if comma else "."}" }}'], ""


def _id_types(lines: Sequence[Drafted], fields: Mapping[str, Field]) -> list[Drafted]:
    """What kind of identifier a product is named by, from the name of the column."""
    target = "products[].product_reference.id_type"
    found = next((line for line in lines if line.field == target.removesuffix("_type")), None)
    if found is None or target not in fields or any(line.field == target for line in lines):
        return []
    name = normalised(found.column)
    kind = next(kind for kind, pattern in NAMES_OF_IDS if re.search(pattern, name))
    reason = f"{_quoted(found.column)} sounds like it"
    return [Drafted(target, "", 0.8, reason, f'{{ constant = "{kind}" }}')]


def _comment(
    line: Drafted, names: Sequence[str], columns: Sequence[ColumnProfile], fields: Mapping[str, Field]
) -> Drafted:
    """A column that could hold any words is no choice for a field that takes a few."""
    field = fields.get(_each(line.field))
    if line.column and field is not None and field.rule.startswith("one of:") and not line.why_not:
        column = columns[names.index(line.column)]
        if column.distinct > 20 or column.is_more:
            return replace(line, why_not=f"{field.rule.partition(';')[0]}; translate its words with enum")
        return replace(line, notes=(*line.notes, f"must be {field.rule.partition(';')[0]}"))
    return line


def _left_out(line: Drafted, lacks: Sequence[Lack]) -> Drafted:
    """A line of an object that is not required, and that without more fields would make the record invalid."""
    for lack in lacks:
        if lack.within and _each(line.field).startswith(f"{lack.within}.") and not line.why_not:
            return replace(line, why_not=f"{lack.within} needs {lack.field} too")
    return line


def _each(path: str) -> str:
    return re.sub(r"\[[0-9]+\]", "[]", path)


def _numbered(path: str, each_row: bool) -> str:
    """`products[]` has an item a row where rows have a key; any other list has its first item filled."""
    return path if each_row and path.startswith("products[]") else WITHIN.sub("[0]", path)


# ------------------------------------------------------------------------------------------------ the text


def _toml(
    title: str, specification: Specification, fields: Mapping[str, Field], lines: Sequence[Drafted],
    lacks: Sequence[Lack], left: Mapping[str, str], again: Sequence[str],
) -> Iterator[str]:  # fmt: skip
    yield f"# A draft for {specification.name}. Look at each line; the number says how sure it is (1 is certain)."
    yield f"# The fields: lexer-pipeline specs {specification.record_type or specification.name}"
    yield f"title = {_quoted(title)}"
    secret = [name for name in left if is_secret(name)]
    if secret:
        yield f"secret = [{', '.join(map(_listed, secret))}]  # never passed on, not even to rejects"
    yield "# Columns that are left out."
    if "custom_fields.*" in fields:
        yield '# To keep one as it is, give it a field of your own: "custom_fields.tier" = "Tier"'
    yield "drop = ["
    for name in left:
        if name not in secret:
            near = f"the nearest field is {left[name]}" if left[name] else "no field is near"
            yield f"    {_listed(name)},  # {near}"
    for name in dict.fromkeys(again):
        yield f"    {_listed(name)},  # a second column of this name; only the first is read"
    yield "]"
    yield ""
    yield "[[records]]"
    yield f'specification = "{specification.name}"'
    if any(line.field.startswith("products[]") for line in lines):
        yield '# differ = "first"  # where the rows of one record say different things, the first wins'
    yield ""
    yield "[records.fields]"
    yield from _lines(lines)
    for lack in lacks:
        yield from _lack(lack, fields)
    if not any(not line.why_not for line in lines):
        yield from _placeholder(specification)


def _lines(lines: Sequence[Drafted]) -> Iterator[str]:
    for line in lines:
        for note in line.notes:
            yield f"# {line.field}: {note}"
        mark = "# " if line.why_not else ""
        why = f"; not yet: {line.why_not}" if line.why_not else ""
        yield f"{mark}{_key(line.field)} = {line.value}  # {line.confidence:.2f}: {line.reason}{why}"


def _lack(lack: Lack, fields: Mapping[str, Field]) -> Iterator[str]:
    """A required field that nothing fills, as a comment to be completed."""
    if lack.field == "link" or lack.field not in fields:
        yield f"# {lack.field} is required, and no column says it: map one of its fields, as in"
        yield '# "link.customer_id" = "..."' if lack.field == "link" else f'# "{lack.field}" = "..."'
        return
    field = fields[lack.field]
    rule = f", {field.rule}" if field.rule else ""
    yield f'# {_key(lack.field)} = "..."  # required, {field.type}{rule}: a column, or {{ constant = "..." }}'


def _placeholder(specification: Specification) -> Iterator[str]:
    """A mapping must fill a field, so that one without any match fills one with nothing that a record keeps."""
    yield "# No column could be matched; replace this line."
    yield f'{_key(_numbered(specification.fields[0].path, False))} = {{ constant = "" }}'


def _key(path: str) -> str:
    return path if re.fullmatch(r"[A-Za-z0-9_-]+", path) else _quoted(path)


def _listed(name: str) -> str:
    """A column in a list, where `#` would stand for any number; names are compared without punctuation."""
    return _quoted(name.replace("#", ""))


def _quoted(text: str) -> str:
    """A TOML basic string (TOML 1.0): what JSON writes, with DEL escaped too."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
