"""Lines and tables on a console, as they are."""

import argparse
from collections.abc import Collection, Iterable, Iterator, Sequence

from rich.cells import cell_len, set_cell_size
from rich.console import Console

from lexer_pipeline.cli.wrapped import wrapped

# Between two columns, and how many signs of the last one are worth a column.
GAP, SOME_WORDS = 2, 24
# Of what stands below its row, shorter cells share a line.
SHORT = 16


def console_for(asked: argparse.Namespace) -> Console:
    """Where human words go: standard output, or standard error beside --json, unless the log has its place."""
    is_elsewhere = asked.json and asked.log.replaces_words
    return Console(stderr=asked.json, quiet=asked.quiet or is_elsewhere, highlight=False)


def table(
    console: Console, titles: Sequence[str], rows: Iterable[Sequence[object]], right: Iterable[int] = ()
) -> None:
    """Print rows under titles; the columns numbered in `right` are aligned to the right.

    In a pipe or a file each row is one line, so that it can be searched and copied. On a terminal that is too narrow for it the last
    column is broken between words, or what has no room stands below its row; no field, path or code is ever cut.
    """
    cells, numbers = [[_cell(value) for value in row] for row in rows], frozenset(right)
    widths = [max(map(cell_len, column)) for column in zip(titles, *cells, strict=True)]
    shown = _fitting(widths, console.width) if console.is_terminal else len(widths)
    say_whole(console, _line(titles[:shown], widths, numbers), "bold" if console.is_terminal else None)
    last = console.width - _total(widths[:-1]) - GAP if console.is_terminal else widths[-1]
    for row in cells:
        lines = list(wrapped(row[-1], last)) if shown == len(widths) else [""]
        say_whole(console, _line([*row[:-1], lines[0]][:shown], widths, numbers))
        for more in lines[1:]:
            say_whole(console, f"{' ' * (_total(widths[:-1]) + GAP)}{more.strip()}")
        for below in _below(titles[shown:], row[shown:]):
            say(console, below)


def _fitting(widths: Sequence[int], room: int) -> int:
    """How many of the columns have room beside each other: all where that is enough for some words of the last one."""
    if _total(widths) <= room or _total(widths[:-1]) + GAP + SOME_WORDS <= room:
        return len(widths)
    return max((count for count in range(1, len(widths)) if _total(widths[:count]) <= room), default=1)


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + GAP * max(len(widths) - 1, 0)


def _below(titles: Sequence[str], row: Sequence[str]) -> Iterator[str]:
    """What had no room, below its row: what is short in one line, and each longer text in its own."""
    filled = [(title, cell) for title, cell in zip(titles, row, strict=True) if cell]
    if short := [f"{title} {cell}" for title, cell in filled if len(cell) < SHORT]:
        yield f"    {', '.join(short)}"
    yield from (
        f"    {cell}" if len(titles) == 1 else f"    {title}: {cell}"
        for title, cell in filled
        if len(cell) >= SHORT
    )


def _line(row: Sequence[str], widths: Sequence[int], right: Collection[int]) -> str:
    cells = (
        " " * (width - cell_len(cell)) + cell if index in right else set_cell_size(cell, width)
        for index, (cell, width) in enumerate(zip(row, widths, strict=False))
    )
    return (" " * GAP).join(cells).rstrip()


def _cell(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return "" if value is None else str(value)


def point_to_explain(console: Console, codes: Sequence[str]) -> None:
    """The line to type for whoever does not know the codes that were shown; it names the first of them."""
    if codes:
        say(console, f"What {codes[0]} means, or any other code: lexer-pipeline explain {codes[0]}")


def say(console: Console, text: str, style: str | None = None) -> None:
    """Print a line; on a terminal that is narrower it is broken between words, but not within a command."""
    for line in wrapped(text, console.width) if console.is_terminal else (text,):
        say_whole(console, line, style)


def say_whole(console: Console, text: str, style: str | None = None) -> None:
    """Print a line as it is."""
    console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)


def in_bytes(count: int) -> str:
    """Bytes in three digits or four."""
    left, unit = float(count), "B"
    for larger in ("kB", "MB", "GB"):
        if left < 999.5:
            break
        left, unit = left / 1000, larger
    return f"{left:.0f} {unit}" if unit == "B" or left >= 99.95 else f"{left:.1f} {unit}"
