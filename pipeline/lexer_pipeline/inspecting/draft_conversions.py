"""The conversions that the values of a column need to become a field, as TOML says them."""

import re

from lexer_pipeline.inspecting import semantic_types
from lexer_pipeline.inspecting.column_profile import ColumnProfile, date_trouble
from lexer_pipeline.model import Field
from lexer_pipeline.specs.paths import FieldPath

# Fields whose text is an identifier: what a spreadsheet does to one is refused or undone.
IDENTIFIER = re.compile(r"(.*[._])?(id|sku|upc|postcode|zip|mobile)", re.DOTALL)
# The form of moments that are counted since 1970.
EPOCH = "epoch"
SERIALS = (
    (EPOCH, re.compile(r"9{10}(\.9+)?|9{13}|9{16}|9{19}")),
    ("yyyymmdd", re.compile("9{8}")),
    ("excel", re.compile(r"9{5}(\.9+)?")),
)
BELOW_ZERO = re.compile("at most (0|-1)")


def conversions_of(column: ColumnProfile, field: Field) -> tuple[list[str], list[str], str]:
    """The conversions, what a person should know of them, and why they cannot be told."""
    notes = []
    if 0 < column.count(semantic_types.NOTHING) < column.filled:
        notes.append('words for nothing are among its cells: convert = [{ absent = ["NULL", "-"] }, ...]')
    steps: list[str] = []
    why_not = ""
    if field.type in ("date", "date-time") and column.filled:
        forms, why_not = forms_of(column, field)
        steps = [date_step(forms[0])] if forms and not why_not else []
    elif field.type in ("number", "integer"):
        steps, why_not = _money(column)
        if BELOW_ZERO.search(field.rule) and not any(
            shape.startswith(("-", "(")) for shape, _ in column.shapes
        ):
            steps, notes = (
                [*(steps or ['{ money = "." }']), '"negate"'],
                [*notes, "must not be above zero here"],
            )
    elif FieldPath.named(field.path).name == "currency" and [shape for shape, _ in column.shapes] == ["aaa"]:
        steps = ['"upper"']
    elif column.count(semantic_types.APOSTROPHE, semantic_types.SCIENTIFIC):
        is_id = IDENTIFIER.fullmatch(FieldPath.named(field.path).name) is not None
        steps = (
            ['"id"'] if is_id else ['"strip-apostrophe"'] if column.count(semantic_types.APOSTROPHE) else []
        )
    return steps, notes, why_not


def date_step(form: str) -> str:
    """The conversion that reads dates of a form."""
    return f'"{EPOCH}"' if form == EPOCH else f'{{ date = "{form}" }}'


def forms_of(column: ColumnProfile, field: Field) -> tuple[tuple[str, ...], str]:
    """The form of a column's dates; several, and why, where a person must choose; none where they need no conversion."""
    if column.share(semantic_types.NUMBER) > 0.5:
        top = column.shapes[0][0]
        name = next((name for name, pattern in SERIALS if pattern.fullmatch(top)), "")
        return ((name,), "") if name else ((), "its numbers are no dates that are known")
    readings = column.readings(*semantic_types.DATES)
    if trouble := date_trouble(column):
        names = tuple(sorted({name for names in readings for name in names}))
        return names, trouble.partition(";")[0]
    votes: dict[str, int] = {}
    sure = {names[0] for names in readings if len(names) == 1}
    for names, count in readings.items():
        name = next((name for name in names if name in sure), names[0])
        votes[name] = votes.get(name, 0) + count
    best = sorted(votes, key=lambda name: -votes[name])
    if len(best) > 1 and votes[best[0]] == votes[best[1]]:
        return tuple(best[:2]), f"its cells mix the forms {best[0]} and {best[1]}"
    if field.type == "date" and list(column.kinds) == [semantic_types.ISO_DATE]:
        return (), ""
    return tuple(best[:1]), ""


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
