"""What a person reads of what two exports differ in."""

import json
from collections.abc import Sequence

from msgspec.structs import replace
from rich.console import Console

from lexer_pipeline.cli.console import say, table
from lexer_pipeline.comparing.difference import ComparedSide, Difference, ExampleRecord
from lexer_pipeline.model import Json
from lexer_pipeline.reporting.page.words import many

# So many fields are named; `--json` and the page have all.
MOST = 12


def differences(console: Console, found: Sequence[Difference]) -> None:
    """Each specification with its counts and the fields that changed most."""
    for one in found:
        say(
            console,
            f"{one.specification}: {one.old.name} -> {one.new.name}",
            "bold" if console.is_terminal else None,
        )
        say(
            console,
            f"  {one.added:,} new, {one.changed:,} changed, {one.unchanged:,} unchanged, {one.gone:,} gone",
        )
        for side in (one.old, one.new):
            for words in _remarks(side):
                say(console, f"  {words}")
        if one.fields:
            rows = [(facts.field, facts.changed, facts.filled, facts.emptied) for facts in one.fields[:MOST]]
            table(console, ("field", "changed", "filled", "emptied"), rows, (1, 2, 3))
        if len(one.fields) > MOST:
            say(
                console,
                f"  and {many(len(one.fields) - MOST, 'further field')}: --json and --out FILE.html name all",
            )
        for example in one.examples:
            _example(console, example)


def _remarks(side: ComparedSide) -> list[str]:
    """What is not to be overlooked of a side."""
    found = []
    if side.rejected:
        found.append(f"{side.name}: {many(side.rejected, 'record')} rejected, and so not compared")
    if side.again:
        found.append(
            f"{side.name}: {many(side.again, 'record')} more of somebody or something that is there already; the last one counts"
        )
    if not side.records:
        found.append(f"{side.name}: no record is valid, so all of the other are on one side alone")
    return found


def _example(console: Console, one: ExampleRecord) -> None:
    say(console, f"  {one.kind}: {_text(one.identity)}")
    for name, old, new in one.fields:
        say(console, f"    {name}: {_text(old)} -> {_text(new)}")


def _text(value: Json) -> str:
    return "(empty)" if value is None else json.dumps(value, ensure_ascii=False)


def without_values(one: Difference) -> Difference:
    """The same without records, as a log may hold it."""
    return replace(one, examples=())
