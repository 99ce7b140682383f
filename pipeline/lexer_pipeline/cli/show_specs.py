"""What a person reads of the specifications."""

import re
from collections.abc import Sequence

from rich.console import Console

from lexer_pipeline.cli.console import say, table
from lexer_pipeline.model import Field, Specification
from lexer_pipeline.specs.fields import required_parents
from lexer_pipeline.specs.paths import FieldPath


def specifications(console: Console, found: Sequence[Specification]) -> None:
    """The list of specifications."""
    table(console, ("specification", "record type", "area", "what it is"),
          [(spec.name, spec.record_type or "(none)", spec.area, spec.title) for spec in found])  # fmt: skip


def fields(console: Console, spec: Specification) -> None:
    """One specification with its fields."""
    say(console, f"{spec.name}: {spec.title}. Record type: {spec.record_type or 'none in the upload API'}.")
    say(console, f"The name: {spec.evidence}" if spec.evidence else "")
    parents = {one.path: one for one in required_parents(spec.schema)}
    rows = []
    for one in spec.fields:
        # An object or a list stands before the first of its fields.
        if parent := parents.pop(re.split(r"(?<=\[\])|\.", one.path)[0], None):
            rows.append(_row(parent))
        rows.append(_row(one))
    table(console, ("field", "type", "required", "rule", "example"), rows)


def _row(one: Field) -> tuple[str, ...]:
    needed = f"in {FieldPath.named(one.within).name}" if one.within else "yes" if one.required else ""
    return one.path, one.type, needed, one.rule, _example(one.example)


def _example(value: object) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
