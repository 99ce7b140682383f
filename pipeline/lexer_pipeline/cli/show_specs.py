"""What a person reads of the specifications."""

from collections.abc import Sequence

from rich.console import Console

from lexer_pipeline.cli.console import say, table
from lexer_pipeline.model import Specification


def specifications(console: Console, found: Sequence[Specification]) -> None:
    """The list of specifications."""
    table(console, ("specification", "record type", "area", "what it is"),
          [(spec.name, spec.record_type or "(none)", spec.area, spec.title) for spec in found])  # fmt: skip


def fields(console: Console, spec: Specification) -> None:
    """One specification with its fields."""
    say(console, f"{spec.name}: {spec.title}. Record type: {spec.record_type or 'none in the upload API'}.")
    say(console, f"The name: {spec.evidence}" if spec.evidence else "")
    rows = [
        (one.path, one.type, "yes" if one.required else "", one.rule, _example(one.example))
        for one in spec.fields
    ]
    table(console, ("field", "type", "required", "rule", "example"), rows)


def _example(value: object) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
