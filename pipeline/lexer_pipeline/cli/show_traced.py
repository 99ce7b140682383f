"""What a person reads of where lines come from."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from lexer_pipeline.cli.console import point_to_explain, say
from lexer_pipeline.outbox.trace import Trace, TracedLine, TracedOrigin, TracedSourceLine

MOST_LINES = 20


def traced(console: Console, found: Trace) -> None:
    """Each line that was asked for, with where it comes from or what became of it."""
    for line in found.lines:
        say(console, f"{found.file} line {line.line:,}: {_origins(line)}")
    for one in found.source_lines:
        say(console, f"{_named(one.source)} line {one.line:,}: {_became(one, found)}")
    if found.is_purged:
        say(
            console,
            f"{found.file} was purged, and its rejects and issues with it; where its lines came from is still known.",
        )
    point_to_explain(console, [str(issue["code"]) for one in found.source_lines for issue in one.issues])


def _origins(line: TracedLine) -> str:
    if not line.origins:
        return "where it comes from is not known: a batch of an earlier version made it"
    return "; ".join(map(_origin, line.origins))


def _origin(one: TracedOrigin) -> str:
    mended = f"{one.rejects or 'its rejects'} {_lines(one.rejects_lines)}" if one.rejects_lines else ""
    if not one.lines:
        return f"a mended document of {_named(one.source)}, {mended}"
    return f"{_named(one.source)} {_lines(one.lines)}" + (f", mended in {mended}" if mended else "")


def _became(one: TracedSourceLine, found: Trace) -> str:
    if one.became == "rejected":
        return f"rejected: {one.words}"
    file = f"{Path(one.batch).name}.json"
    if one.became == "record":
        also = f"; another record of it was rejected: {one.words}" if one.words else ""
        return f"{_lines(one.lines)} of {file}{also}"
    before = f"what begins before it, on line {one.begins:,}, "
    made = f"made {_lines(one.lines)} of {file}" if one.lines else "was rejected"
    reasons = f" ({', '.join(found.skipped)})" if found.skipped else ""
    return (
        f"nothing begins on it that was taken: it goes on with what stands above it, is blank, beyond the end, or left out{reasons}"
        + (f"; {before}{made}" if one.begins else "")
    )


def _named(source: str) -> str:
    return "standard input" if source == "-" else source


def _lines(lines: Sequence[int]) -> str:
    """Line 5; lines 5 to 7; lines 5, 9 and 12."""
    if len(lines) == 1:
        return f"line {lines[0]:,}"
    if list(lines) == list(range(lines[0], lines[0] + len(lines))):
        return f"lines {lines[0]:,} to {lines[-1]:,}"
    shown = [f"{line:,}" for line in lines[:MOST_LINES]]
    more = f" and {len(lines) - MOST_LINES:,} more" if len(lines) > MOST_LINES else f" and {shown.pop()}"
    return f"lines {', '.join(shown)}{more}"
