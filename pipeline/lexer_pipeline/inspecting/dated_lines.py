"""The line of a draft for the time of what happened: a day joined with the time and the zone beside it."""

from msgspec.structs import replace

from lexer_pipeline.inspecting.column_roles import words_of
from lexer_pipeline.inspecting.draft_conversions import EPOCH, date_step, forms_of
from lexer_pipeline.inspecting.draft_text import Drafted, quoted
from lexer_pipeline.inspecting.drafting import Drafting
from lexer_pipeline.inspecting.matching import text_field
from lexer_pipeline.inspecting.moments import Clock, clock_of

IN_UTC = frozenset({"utc", "gmt"})


def dated(line: Drafted, place: int, drafting: Drafting) -> Drafted:
    """The line of a date-time with all that the table says of it; several to choose from where its form is open."""
    field = drafting.fields.get(line.field.general) or text_field(line.field)
    if field.type not in ("date", "date-time") or not drafting.table.columns[place].filled:
        return line
    forms, why_not = forms_of(drafting.table.columns[place], field)
    clock = clock_of(drafting.table, place) if field.type == "date-time" else None
    if clock is not None and not all(map(drafting.can_be_named, clock.places)):
        clock = None
    in_utc = field.type == "date-time" and bool(IN_UTC & {*words_of(drafting.called_as(line.column))})
    if not forms or (clock is None and not in_utc and not why_not):
        return line
    values = tuple(_value(line.column, form, clock, in_utc, drafting) for form in forms)
    if clock is None:
        return replace(line, value=values[0], choices=values if why_not else ())
    also = tuple(drafting.names[place] for place in clock.places)
    reason = f"{line.reason}; the time stands beside it"
    return replace(line, value=values[0], choices=values if why_not else (), also=also, reason=reason)


def _value(column: str, form: str, clock: Clock | None, in_utc: bool, drafting: Drafting) -> str:
    if form == EPOCH:
        return f"{{ column = {quoted(column)}, convert = [{date_step(form)}] }}"
    how = f'{{ format = {quoted(form)}, zone = "UTC" }}' if in_utc else quoted(form)
    if clock is None:
        return f"{{ column = {quoted(column)}, convert = [{{ date = {how} }}] }}"
    parts = [column, *(drafting.names[place] for place in clock.places)]
    sign = "\x1f" if clock.zone is not None else " "
    conversion = "date-time-zone" if clock.zone is not None else "date"
    template = quoted(sign.join(f"{{{part}}}" for part in parts))
    return f"{{ template = {template}, convert = [{{ {conversion} = {how} }}] }}"
