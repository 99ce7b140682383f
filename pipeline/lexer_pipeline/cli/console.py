"""Lines and tables on a console, as they are."""

import argparse
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table


def console_for(asked: argparse.Namespace) -> Console:
    """Where human words go: standard output, or standard error beside --json, unless the log has its place."""
    is_elsewhere = asked.json and asked.log.replaces_words
    return Console(stderr=asked.json, quiet=asked.quiet or is_elsewhere, highlight=False)


def table(
    console: Console, titles: Sequence[str], rows: Iterable[Sequence[object]], right: Iterable[int] = ()
) -> None:
    """Print rows under titles; the columns numbered in `right` are aligned to the right."""
    grid = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    numbers = set(right)
    for index, title in enumerate(titles):
        grid.add_column(title, justify="right" if index in numbers else "left", overflow="fold")
    for row in rows:
        grid.add_row(*(escape(_cell(value)) for value in row))
    console.print(grid)


def _cell(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return "" if value is None else str(value)


def say(console: Console, text: str) -> None:
    """Print a line as it is."""
    console.print(text, markup=False, highlight=False, soft_wrap=True)
