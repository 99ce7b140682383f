"""What a person reads of where lines come from."""

from pathlib import Path

from rich.console import Console

from lexer_pipeline.cli.console import point_to_explain, say
from lexer_pipeline.outbox.trace import Trace, TracedSourceLine
from lexer_pipeline.outbox.trace_words import in_words, lines_named, named


def traced(console: Console, found: Trace) -> None:
    """Each line that was asked for, with where it comes from or what became of it."""
    for line in found.lines:
        say(console, f"{found.file} line {line.line:,}: {in_words(line)}")
    for one in found.source_lines:
        say(console, f"{named(one.source)} line {one.line:,}: {_became(one, found)}")
    if found.is_purged:
        say(
            console,
            f"{found.file} was purged, and its rejects and issues with it; where its lines came from is still known.",
        )
    point_to_explain(console, [str(issue["code"]) for one in found.source_lines for issue in one.issues])


def _became(one: TracedSourceLine, found: Trace) -> str:
    if one.became == "rejected":
        return f"rejected: {one.words}"
    if one.became == "unchanged":
        return "unchanged: its record was sent before as it is, and is not sent again"
    file = f"{Path(one.batch).name}.json"
    if one.became == "record":
        also = f"; another record of it was rejected: {one.words}" if one.words else ""
        return f"{lines_named(one.lines)} of {file}{also}"
    before = f"what begins before it, on line {one.begins:,}, "
    made = f"made {lines_named(one.lines)} of {file}" if one.lines else "was rejected"
    reasons = f" ({', '.join(found.skipped)})" if found.skipped else ""
    return (
        f"nothing begins on it that was taken: it goes on with what stands above it, is blank, beyond the end, or left out{reasons}"
        + (f"; {before}{made}" if one.begins else "")
    )
