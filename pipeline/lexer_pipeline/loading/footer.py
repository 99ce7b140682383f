"""Rows below a table that are no data: totals, and what a report says of itself (Salesforce, SQL consoles)."""

import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from lexer_pipeline.chunks.rows import Rows
from lexer_pipeline.kernels.codes import ROW_BLANK, ROW_OK, ROW_RAGGED

# A footer has at most so many rows, blank ones not counted, and reaches over so many chunks.
MOST_ROWS = 30
MOST_BATCHES = 8
TOTALS = re.compile(
    r"(grand\s+|report\s+|overall\s+)?(sub[\s-]?)?totals?(\s*\([\d.,]+\s+\w+\))?"
    r"|sums?|summe|gesamt(summe|ergebnis|betrag)?|insgesamt|total\s+g[eé]n[eé]ral|totaal|totale|totali|suma|totales",
    re.IGNORECASE,
)
SAYINGS = re.compile(
    r"grand totals?\s*\([\d.,]+ records?\)|confidential information\s*-\s*do not distribute\.?"
    r"|copyright\s+(\(c\)|©|&copy;).*|©\s*\d{4}.*|.*\ball rights reserved\.?"
    r"|(report\s+)?(generated|exported|created|printed|run)\s+(by|on|at)\s*:.*"
    r"|(total\s+)?(records?|rows?)(\s+count)?\s*[:=]\s*[\d.,]+|\(\d+ rows?( affected)?\)|\d+ rows? (selected|in set).*"
    r"|end of (report|file|export)\.?",
    re.IGNORECASE | re.DOTALL,
)
AMOUNT = re.compile(r"[-+(]?\s?([A-Z]{3}|[$€£¥₹])?\s?[-+]?\d[\d.,'\s]*\s?([A-Z]{3}|[$€£¥₹%])?\)?|-")


class Footer:
    """Sets the footer of a table aside as blank rows; `notes` say which lines, once all rows were taken.

    Where it is known that there is none, nothing is set aside.
    """

    def __init__(self, is_there: bool | None = None) -> None:
        self.notes: tuple[str, ...] = ()
        self.found = False
        self._is_looked_for = is_there is not False

    def set_aside(self, chunks: Iterator[Rows]) -> Iterator[Rows]:
        """The chunks; rows that are the footer are blank. The last few rows wait until the end is known."""
        if not self._is_looked_for:
            yield from chunks
            return
        waiting: deque[tuple[Rows, int]] = deque()
        for rows in chunks:
            filled = rows.filled
            if not filled:
                # Spreadsheets add blank rows by the million; nothing depends on when they come.
                yield rows
                continue
            waiting.append((rows, filled))
            while len(waiting) > 1 and _is_enough(list(waiting)[1:]):
                yield waiting.popleft()[0]
        cells = [rows.in_cells() for rows, _ in waiting]
        found = _footer(cells)
        lines = [int(rows.lines[row]) for rows, row in found]
        self.found = bool(lines)
        if lines:
            which = f"line {lines[0]}" if len(lines) == 1 else f"lines {lines[0]} to {lines[-1]}"
            self.notes = (
                f"{len(lines)} rows below the table ({which}) are totals or a footer and count as blank",
            )
        for (rows, _), whole in zip(waiting, cells, strict=True):
            chosen = [row for owner, row in found if owner is whole]
            yield _blanked(whole, chosen) if chosen else rows


def _blanked(rows: Rows, chosen: list[int]) -> Rows:
    faults = rows.faults.copy()
    faults[chosen] = ROW_BLANK
    return replace(rows, faults=faults, numbers=rows.numbers - np.cumsum(faults != rows.faults))


def _is_enough(behind: Sequence[tuple[Rows, int]]) -> bool:
    """Whether a chunk is too far from the end to hold a part of the footer."""
    return sum(filled for _, filled in behind) >= MOST_ROWS or len(behind) >= MOST_BATCHES


def _footer(waiting: Sequence[Rows]) -> list[tuple[Rows, int]]:
    """The rows of the footer in their order: one that is told by its words, and those below it."""
    places = [
        (rows, row)
        for rows in waiting
        for row in np.flatnonzero(rows.faults != ROW_BLANK)[-MOST_ROWS:].tolist()
    ]
    begin = len(places)
    for at in range(len(places) - 1, max(-1, len(places) - 1 - MOST_ROWS), -1):
        if _is_told(*places[at]):
            begin = at
        elif not _is_lone(*places[at]):
            break
    return places[begin:]


def _texts(rows: Rows, row: int) -> list[str]:
    """The filled cells of a row that can be read, without the blanks around them."""
    if rows.faults[row] not in (ROW_OK, ROW_RAGGED):
        return []
    wide = range(row * rows.columns, row * rows.columns + min(rows.columns, int(rows.cells[row])))
    cells = (rows.data[rows.starts[at] : rows.ends[at]].decode("utf-8", "replace").strip() for at in wide)
    return [cell for cell in cells if cell]


def _is_told(rows: Rows, row: int) -> bool:
    """Whether a row says by its words that it is no data."""
    texts = _texts(rows, row)
    if rows.columns < 2 or not texts or rows.cells[row] > rows.columns:
        return False
    if len(texts) == 1 and SAYINGS.fullmatch(texts[0]):
        return True
    # The columns that name a thing are empty in a row of totals; one that fills them is a thing called Total.
    others = rows.columns - 1
    blank = rows.columns - len(texts)
    is_total = TOTALS.fullmatch(texts[0].rstrip(":").strip()) is not None and all(
        map(AMOUNT.fullmatch, texts[1:])
    )
    return is_total and blank * 2 >= others and (len(texts) > 1 or rows.faults[row] == ROW_RAGGED)


def _is_lone(rows: Rows, row: int) -> bool:
    """Whether a row has one cell filled, as the name of a company below a report."""
    return len(_texts(rows, row)) == 1 and rows.cells[row] <= rows.columns
