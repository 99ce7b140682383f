"""How counts, shares and sentences are written on a page."""

from collections.abc import Sequence

from lexer_pipeline.reporting.column_facts import ColumnFacts


def many(count: int, noun: str) -> str:
    """A count with its noun: 1 record, 2 records."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def share(part: float) -> str:
    """A share that is never rounded to none or all."""
    if 0 < part < 0.001:
        return "< 0.1 %"
    if 0.999 < part < 1:
        return "> 99.9 %"
    return f"{100 * part:.0f} %" if part in (0, 1) else f"{100 * part:.1f} %"


def sentence(text: str) -> str:
    """A text that begins with a capital and ends with a stop."""
    return stopped(f"{text[:1].upper()}{text[1:]}")


def stopped(text: str) -> str:
    """A text that ends with a stop, and begins as it is: with the name of a field or a file."""
    return text if text.endswith((".", "?", "!", ":")) else f"{text}."


def size(count: int) -> str:
    """Bytes for people."""
    for unit, power in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= power:
            return f"{count / power:.1f} {unit}"
    return many(count, "byte")


def distinct(one: ColumnFacts) -> str:
    """How many different values there are."""
    if one.values > 1 and one.distinct in (1, one.values):
        return "always the same" if one.distinct == 1 else "all different"
    return f"{one.distinct:,}"


def lines(first: Sequence[tuple[str, int]]) -> str:
    """The first lines of something, by source: `lines 3, 17 of orders.csv`."""
    by_source: dict[str, list[str]] = {}
    for source, line in first:
        by_source.setdefault(source, []).append(f"{line:,}")
    return "; ".join(
        f"{'line' if len(some) == 1 else 'lines'} {', '.join(some)} of {source}"
        for source, some in by_source.items()
    )
