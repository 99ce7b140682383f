"""What a draft leaves to a person: the fields that a record needs and that the table does not decide."""

from collections.abc import Iterator, Sequence

from lexer_pipeline.inspecting.api_values import OPEN
from lexer_pipeline.inspecting.draft_text import LINK, Drafted
from lexer_pipeline.inspecting.drafting import Drafting
from lexer_pipeline.inspecting.findings import LINE, PAID
from lexer_pipeline.inspecting.lacking import Lack
from lexer_pipeline.inspecting.matching import PEOPLE
from lexer_pipeline.inspecting.phone_lines import is_phone
from lexer_pipeline.specs.paths import FieldPath

UNPACK = "Say under packed in the mapping how it is packed, or export the orders with a row for each line; where each line has a column of its own, take its parts with `part`"
STATUS = FieldPath(("status",))


def questions(lines: Sequence[Drafted], lacks: Sequence[Lack], drafting: Drafting) -> Iterator[str]:
    """One sentence for each field that lacks, the reasons why columns were not taken included."""
    packed = drafting.found.packed
    if packed is not None:
        yield f"{PAID}: {drafting.names[packed]} holds all lines of an order in one cell, so that no column says what a line cost. {UNPACK}"
    for lack in lacks:
        if packed is not None and lack.field.is_within(LINE):
            continue
        open_line = next((line for line in lines if line.why_not and line.field.general == lack.field), None)
        yield f"{lack.field}: {_asked(lack.field, open_line, drafting)}"
    for line in lines:
        # In another field a number that cannot be read is left out; a person who cannot be named makes no record.
        if is_phone(line) and line.field.is_within(LINK) and line.notes and "unless" not in line.value:
            yield f'{line.field}: of which country are the numbers of {line.column}? Say --country AU, or country = "AU" at the top'


def _asked(field: FieldPath, line: Drafted | None, drafting: Drafting) -> str:
    if line is not None and line.choices:
        said = f"{line.column} {line.why_not}" if line.why_not.startswith(("is ", "its ")) else line.why_not
        return f"{said}; take away the # of the line that is right"
    if line is not None and line.why_not.endswith(OPEN):
        return f"{line.why_not} Take away the # of the line that is right, and of that of {field}"
    if field == STATUS:
        return (
            "what did these people agree to? Say it in words of your own, or by a column; it is never guessed"
        )
    if field == LINK:
        return "which column names the person? " + _refused(drafting, PEOPLE, "None is a sure one")
    if drafting.specification.key == str(field):
        return "which column is the same on all rows of one record, and on no others? " + _refused(
            drafting, (field,), "None is known by its name"
        )
    if field == PAID or field.general == PAID:
        return "which column is what the line cost? " + _refused(drafting, (PAID,), "None is a sure one")
    if line is not None:
        return line.why_not
    return 'which column says it? Or is it always the same: { constant = "..." }'


def _refused(drafting: Drafting, fields: Sequence[FieldPath], otherwise: str) -> str:
    """Which columns were not taken, and why."""
    said = {
        drafting.names[column]: reason
        for (field, column), reason in drafting.found.refused.items()
        if field in fields and reason
    }
    return "; ".join(f"not {name}: {reason}" for name, reason in said.items()) or otherwise
