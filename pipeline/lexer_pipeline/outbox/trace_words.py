"""Where lines of a batch come from, in words."""

from collections.abc import Sequence

from lexer_pipeline.outbox.trace import TracedLine, TracedOrigin

MOST_LINES = 20


def in_words(line: TracedLine) -> str:
    """Which lines of which source made a line of the NDJSON."""
    if not line.origins:
        return "where it comes from is not known: a batch of an earlier version made it"
    return "; ".join(map(_origin, line.origins))


def _origin(one: TracedOrigin) -> str:
    fixed = f"{one.rejects or 'its rejects'} {lines_named(one.rejects_lines)}" if one.rejects_lines else ""
    if not one.lines:
        return f"a fixed document of {named(one.source)}, {fixed}"
    return f"{named(one.source)} {lines_named(one.lines)}" + (f", fixed in {fixed}" if fixed else "")


def named(source: str) -> str:
    """A source as a person calls it."""
    return "standard input" if source == "-" else source


def lines_named(lines: Sequence[int]) -> str:
    """Line 5; lines 5 to 7; lines 5, 9 and 12."""
    if len(lines) == 1:
        return f"line {lines[0]:,}"
    if list(lines) == list(range(lines[0], lines[0] + len(lines))):
        return f"lines {lines[0]:,} to {lines[-1]:,}"
    shown = [f"{line:,}" for line in lines[:MOST_LINES]]
    more = f" and {len(lines) - MOST_LINES:,} more" if len(lines) > MOST_LINES else f" and {shown.pop()}"
    return f"lines {', '.join(shown)}{more}"
