"""What a person reads of a file that was looked at, and of a mapping that was drafted for it."""

import argparse
from collections.abc import Iterator, Sequence

from msgspec import Struct
from rich.console import Console

from lexer_pipeline.cli import again, show_prepared
from lexer_pipeline.cli.console import point_to_explain, say, table
from lexer_pipeline.inspecting.candidates import Candidate
from lexer_pipeline.inspecting.column_profile import ColumnProfile, many
from lexer_pipeline.inspecting.inspect import Inspection
from lexer_pipeline.inspecting.propose import Proposal
from lexer_pipeline.model import Json
from lexer_pipeline.suspicions import Sighting, as_json


class Inspected(Struct, frozen=True):
    """A source that was looked at; `suspicions` is None where it is not known yet what it becomes."""

    seen: Inspection
    suspicions: Sequence[Sighting] | None

    def as_json(self) -> dict[str, Json]:
        """The source as `inspect --json` prints it."""
        found = None if self.suspicions is None else as_json(self.suspicions)
        return {**self.seen.as_json(), "suspicions": found}


def inspection(console: Console, inspected: Inspected, asked: argparse.Namespace) -> None:
    """What a source is, what it could become, what stands in the way, what is suspicious, and what to type next."""
    found = inspected.seen
    delimiter = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}.get(
        found.delimiter, found.delimiter
    )
    parts = [found.form, found.encoding, f"delimiter {delimiter}" if delimiter else "",
             f"header on line {found.header_line}" if found.header_line else "",
             f"records in {found.wrapper}" if found.wrapper else ""]  # fmt: skip
    say(console, f"{found.path}: {', '.join(part for part in parts if part)}")
    what = "row" if found.columns else "document"
    say(console, f"{many(found.rows, what)}{f', {found.blank:,} blank' if found.blank else ''}")
    for note in found.notes:
        say(console, f"  {note}")
    filled = max(found.rows - (found.blank if found.columns else 0), 1)
    if found.columns:
        rows = [(one.name, f"{one.filled / filled:.1%}", _distinct(one), _kinds(one), _shapes(one))
                for one in found.columns if one.filled]  # fmt: skip
        table(console, ("column", "filled", "distinct", "looks like", "shapes"), rows, (1, 2))
        if empty := [one.name for one in found.columns if not one.filled]:
            say(console, f"columns without a filled cell: {', '.join(empty)}")
    else:
        _keys(console, found, filled)
    if found.presets:
        say(console, f"It looks like the preset {' or '.join(found.presets)}.")
    elif found.nearest:
        say(console, f"No preset fits; the nearest is {' or '.join(found.nearest)}.")
    # What a preset makes of an export, it fills also where no column is called like a field.
    for one in found.specifications if not found.presets else ():
        _candidate(console, one, "columns" if found.columns else "keys")
    for hurdle in found.obstacles:
        where = f"{hurdle.column}: " if hurdle.column else ""
        say(console, f"in the way: {where}{hurdle.message}")
    if inspected.suspicions is not None:
        say(
            console,
            f"Read as {found.surely}: {'this is suspicious' if inspected.suspicions else 'nothing is suspicious'}.",
        )
        show_prepared.suspicions(console, inspected.suspicions)
        point_to_explain(console, [one.code for one in inspected.suspicions])
    for line in _next(found, asked):
        say(console, f"Next: {line}")


def _keys(console: Console, found: Inspection, documents: int) -> None:
    """The paths of documents, and what repeats in them."""
    rows = []
    for one in found.keys:
        seen = one.column if one.column is not None and one.column.filled else None
        about = (_distinct(seen), _kinds(seen), _shapes(seen)) if seen is not None else ("", "", "")
        rows.append((one.path, f"{one.filled / documents:.1%}", ", ".join(one.types), *about))
    table(console, ("key", "filled", "types", "distinct", "looks like", "shapes"), rows, (1, 3))
    for repeated in found.repeats:
        say(
            console,
            f"{repeated.path} repeats: {many(repeated.lists, 'list')}, {many(repeated.items, 'item')} in all",
        )


def _next(found: Inspection, asked: argparse.Namespace) -> Iterator[str]:
    """The commands that go on from here, of which one is meant."""
    spec = ("--spec", found.specifications[0].specification) if found.specifications else ()
    if found.presets and found.surely:
        yield again.going_on(asked, "validate", (), source=found.path)
    elif found.presets:
        yield from (
            again.going_on(asked, "validate", ("--map", one), source=found.path) for one in found.presets
        )
    elif found.surely or (found.is_as_it_is and not found.specifications[0].missing):
        yield again.going_on(asked, "validate", spec, source=found.path)
    elif spec:
        yield again.going_on(asked, "map", spec, source=found.path)
    else:
        yield again.line(["specs"])


def _distinct(one: ColumnProfile) -> str:
    return f"more than {one.distinct:,}" if one.is_more else f"{one.distinct:,}"


def _kinds(one: ColumnProfile) -> str:
    shares = [(kind, count / one.filled) for kind, count in list(one.kinds.items())[:3]]
    return ", ".join(kind if share > 0.9995 else f"{kind} {share:.1%}" for kind, share in shares)


def _shapes(one: ColumnProfile) -> str:
    return "  ".join(shape for shape, _ in one.shapes[:3])


def _candidate(console: Console, one: Candidate, what: str) -> None:
    lacks = f"; it lacks {', '.join(one.missing)}" if one.missing else ""
    say(
        console,
        f"It could become {one.specification}: {one.matched} of {one.of} filled {what} ({one.share:.0%}) match{lacks}.",
    )


def proposal(console: Console, done: Proposal, then: str) -> None:
    """What a drafted mapping matches, and what is left to do."""
    for note in done.notes:
        say(console, f"  {note}")
    rows = [(one["field"], one["column"], f"{one['confidence']:.2f}", one["reason"]) for one in done.fields]
    table(console, ("field", "column", "sure", "why"), rows, (2,))
    for question in done.questions:
        say(console, f"a question is left: {question}")
    if not done.fields:
        say(console, f"No column looks like a field of {done.specification}; the draft is but a frame.")
    if done.unmatched:
        near = [f"{column} ({field}?)" if field else column for column, field in done.unmatched.items()]
        say(console, f"left out: {', '.join(near)}")
    say(console, f"Written to {done.path}: look at each line of it.")
    say(console, f"Next: {then}")
