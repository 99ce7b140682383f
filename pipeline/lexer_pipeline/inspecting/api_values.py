"""The lines of a draft for values as APIs write them: global ids, and amounts in the smallest unit of their currency."""

import re

from msgspec.structs import replace

from lexer_pipeline.inspecting.draft_text import Drafted, quoted
from lexer_pipeline.inspecting.drafting import Drafting
from lexer_pipeline.inspecting.matching import text_field
from lexer_pipeline.mapping.document_paths import steps_of
from lexer_pipeline.specs.names import normalised

GID = re.compile(r"gid://[^/]+/[^/]+/.+")
CURRENCY = re.compile(r"currency(code|iso)?$")
# Keys of amounts that some APIs count in cents, and those that say so.
MAY_BE = re.compile(r"amount|money")
SURELY = re.compile(r"cents|centamount|minorunit|inminor")
OPEN = "is a whole number beside a currency: cents, or units?"


def with_gid(line: Drafted, place: int, drafting: Drafting) -> Drafted:
    """The line of a global id, of which the number at its end is taken."""
    texts = [text for text in drafting.texts(place) if text]
    if not texts or not all(GID.fullmatch(text) for text in texts):
        return line
    return replace(line, value=f'{{ column = {quoted(line.column)}, convert = ["gid"] }}')


def in_cents(line: Drafted, place: int, drafting: Drafting) -> Drafted:
    """The line of an amount that is a whole number beside a currency: a question, unless its key says that it is in cents."""
    field = drafting.fields.get(line.field.general) or text_field(line.field)
    documents = drafting.table.documents
    if documents is None or place not in documents.whole or field.type != "number":
        return line
    keys = "".join(normalised(step) for step in steps_of(line.column)[-2:] if isinstance(step, str))
    currency = _currency(line.column, drafting)
    if not currency or not (SURELY.search(keys) or MAY_BE.search(keys)):
        return line
    said = f"{{ currency = {quoted(currency)} }}"
    cents = line.value.replace("convert = [", f"convert = [{{ cents = {said} }}, ") if "convert" in line.value else (
        f"{{ column = {quoted(line.column)}, convert = [{{ cents = {said} }}] }}"
    )  # fmt: skip
    cents = cents.replace('{ money = "." }, ', "").replace('"money", ', "")
    if SURELY.search(keys):
        return replace(line, value=cents)
    return replace(line, choices=(cents, line.value), why_not=OPEN)


def _currency(path: str, drafting: Drafting) -> str:
    """The column of the currency of an amount: the one beside it, else the nearest outside."""
    steps = steps_of(path)
    known = {
        steps_of(name): name for place, name in enumerate(drafting.names) if CURRENCY.search(normalised(drafting.called(place)))
    }  # fmt: skip
    for size in range(len(steps) - 1, -1, -1):
        beside = [
            name for other, name in known.items() if other[:size] == steps[:size] and len(other) <= size + 2
        ]
        if beside:
            return min(beside, key=len)
    return ""
