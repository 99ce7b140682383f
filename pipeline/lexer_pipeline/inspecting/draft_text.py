"""The text of a drafted mapping: TOML that runs as it is, with what is left to a person in comments."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lexer_pipeline.inspecting.lacking import Lack
from lexer_pipeline.mapping.synonyms import is_secret
from lexer_pipeline.model import Field, Json, Specification
from lexer_pipeline.specs.paths import ANY, EACH, FieldPath

PRODUCTS = FieldPath(("products", EACH))
CUSTOM = FieldPath(("custom_fields", ANY))
LINK = FieldPath(("link",))


@dataclass(frozen=True, slots=True)
class Drafted:
    """One line of a draft; `value` is what TOML says of the field, `why_not` why it is but a comment."""

    field: FieldPath
    column: str
    confidence: float
    reason: str
    value: str
    notes: tuple[str, ...] = ()
    why_not: str = ""

    def as_json(self) -> dict[str, Json]:
        """The line as `map --json` prints it."""
        return {
            "field": str(self.field),
            "column": self.column,
            "confidence": self.confidence,
            "reason": self.reason,
        }


def toml(
    title: str, sheet: str | None, specification: Specification, fields: Mapping[FieldPath, Field], lines: Sequence[Drafted],
    lacks: Sequence[Lack], left: Mapping[str, str], again: Sequence[str],
) -> Iterator[str]:  # fmt: skip
    """The lines of the text: `left` are the columns that no line reads, `again` those that are called nearly as one before."""
    yield f"# A draft for {specification.name}. Look at each line; the number says how sure it is (1 is certain)."
    yield f"# The fields: lexer-pipeline specs {specification.record_type or specification.name}"
    yield f"title = {quoted(title)}"
    if sheet is not None:
        yield f"sheet = {quoted(sheet)}  # the one that is read, unless --sheet says otherwise"
    secret = [name for name in left if is_secret(name)]
    if secret:
        yield f"secret = [{', '.join(map(quoted, secret))}]  # never passed on, not even to rejects"
    yield "# Columns that are left out."
    if CUSTOM in fields:
        yield '# To keep one as it is, give it a field of your own: "custom_fields.tier" = "Tier"'
    yield "drop = ["
    for name in left:
        if name not in secret:
            near = f"the nearest field is {left[name]}" if left[name] else "no field is near"
            yield f"    {quoted(name)},  # {near}"
    for name in dict.fromkeys(again):
        yield f"    {quoted(name)},  # nearly the name of a column before it; look which of the two is meant"
    yield "]"
    yield ""
    yield "[[records]]"
    yield f'specification = "{specification.name}"'
    if any(line.field[:2] == PRODUCTS for line in lines):
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


def _lack(lack: Lack, fields: Mapping[FieldPath, Field]) -> Iterator[str]:
    """A required field that nothing fills, as a comment to be completed."""
    field = None if lack.field == LINK else fields.get(lack.field)
    if field is None:
        yield f"# {lack.field} is required, and no column says it: map one of its fields, as in"
        yield '# "link.customer_id" = "..."' if lack.field == LINK else f'# "{lack.field}" = "..."'
        return
    rule = f", {field.rule}" if field.rule else ""
    yield f'# {_key(lack.field)} = "..."  # required, {field.type}{rule}: a column, or {{ constant = "..." }}'


def _placeholder(specification: Specification) -> Iterator[str]:
    """A mapping must fill a field, so that one without any match fills one with nothing that a record keeps."""
    yield "# No column could be matched; replace this line."
    yield f'{_key(FieldPath.named(specification.fields[0].path).first)} = {{ constant = "" }}'


def _key(path: FieldPath) -> str:
    text = str(path)
    return text if re.fullmatch(r"[A-Za-z0-9_-]+", text) else quoted(text)


def quoted(text: str) -> str:
    """A TOML basic string (TOML 1.0): what JSON writes, with DEL escaped too."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
