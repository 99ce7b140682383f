"""Lines and tables on a console, as they are."""

import argparse
from collections.abc import Collection, Iterable, Iterator, Sequence

from rich.cells import cell_len, set_cell_size
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
    """Print rows under titles; the columns numbered in `right` are aligned to the right.

    On a terminal long cells are folded, those of the first column (a field, a path) only where they take more than half of it. In a
    pipe or a file each row is one line, so that it can be searched and copied.
    """
    cells, numbers = [[_cell(value) for value in row] for row in rows], frozenset(right)
    if not console.is_terminal:
        for line in _lines([list(titles), *cells], numbers):
            say(console, line)
        return
    first = max((cell_len(row[0]) for row in cells), default=0)
    grid = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for index, title in enumerate(titles):
        is_whole = index == 0 and first <= console.width // 2
        grid.add_column(
            title, justify="right" if index in numbers else "left", overflow="fold", no_wrap=is_whole
        )
    for row in cells:
        grid.add_row(*map(escape, row))
    console.print(grid)


def _lines(rows: Sequence[Sequence[str]], right: Collection[int]) -> Iterator[str]:
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (
            " " * (width - cell_len(cell)) + cell if index in right else set_cell_size(cell, width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join(cells).rstrip()


def _cell(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return "" if value is None else str(value)


def point_to_explain(console: Console, codes: Sequence[str]) -> None:
    """The line to type for whoever does not know the codes that were shown; it names the first of them."""
    if codes:
        say(console, f"What {codes[0]} means, or any other code: lexer-pipeline explain {codes[0]}")


def say(console: Console, text: str) -> None:
    """Print a line as it is."""
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def in_bytes(count: int) -> str:
    """Bytes in three digits or four."""
    left, unit = float(count), "B"
    for larger in ("kB", "MB", "GB"):
        if left < 999.5:
            break
        left, unit = left / 1000, larger
    return f"{left:.0f} {unit}" if unit == "B" or left >= 99.95 else f"{left:.1f} {unit}"
