"""Rows below a table that are no data: what a report says of itself (Salesforce, Amazon, SQL consoles)."""

import re
from collections import deque
from collections.abc import Iterator, Sequence

import numpy as np
from msgspec.structs import replace

from lexer_pipeline.chunks.rows import Rows
from lexer_pipeline.kernels.codes import ROW_BLANK, ROW_OK, ROW_RAGGED
from lexer_pipeline.loading.passed_over import PassedOver
from lexer_pipeline.system.patterns import lazily

# A footer has at most so many rows, blank ones not counted, and reaches over so many chunks.
MOST_ROWS = 30
MOST_BATCHES = 8
# A saying may be cut by its commas: `2,record(s) downloaded, from Jul-01-26 to Jul-31-26`.
MOST_CELLS = 4
_COUNTED = r"[\d.,]+ (record|row|result|order|customer|contact|product|item|line|transaction)(s|\(s\))?"
_DONE = r"(were |was )?(affected|selected|in set|downloaded|exported|found|returned|retrieved|fetched|processed|listed).*"
SAYINGS = lazily(
    r"grand totals?\s*\([\d.,]+ records?\)|(grand )?total:? count:? [\d.,]+|confidential information\s*-\s*do not distribute\.?"
    r"|copyright\s+(\(c\)|©|&copy;).*|©\s*\d{4}.*|.*\ball rights reserved\.?"
    r"|(report\s+)?(generated|exported|created|printed|downloaded|run)\s+(by|on|at)\s*[:\d].*"
    r"|(total\s+)?(number of\s+)?(records?|rows?)(\s+count)?\s*[:=]\s*[\d.,]+"
    rf"|{_COUNTED} {_DONE}|\({_COUNTED}( {_DONE})?\)|page \d+ of \d+"
    r"|[-=*#\s]*end of (the )?(report|file|export|list)[-=*#.\s]*|[-=*_]{3,}",
    re.IGNORECASE | re.DOTALL,
)
# What no row says that has its first cell filled and no other: `5 rows`, `Count 5`, `Downloaded 2026-01-02 10:00`, `END`.
_DATE = (
    r"(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|\d{1,2}(st|nd|rd|th)?[ -][a-z]{3,9}\.?,?[ -]\d{2,4}"
    r"|[a-z]{3,9}\.? \d{1,2}(st|nd|rd|th)?,? \d{4}|\d{8})"
)
_MADE = r"(generated|exported|created|printed|downloaded|run|produced|prepared|extracted|retrieved|(last )?updated|as (of|at))"
LONE_SAYINGS = lazily(
    rf"{_COUNTED}\.?|(total\s+)?((number|no\.?) of\s+)?(records?|rows?|orders|customers|contacts|products|items|lines)"
    rf"(\s+count)?(\s*[:=]|\s+total)\s*[\d.,]+"
    rf"|((total|row|record|order|customer|contact|product|item|line)\s+)?count\s*[:=]?\s*[\d.,]+"
    rf"|((report|file|list|data|export|this (report|file|list|export))\s+(was\s+)?)?{_MADE}\b.*\b{_DATE}.*|(report|export|file) date {_DATE}.*"
    rf"|(generated|exported|downloaded)\s+(by|from|with|using)\s.*"
    rf"|[-=*#<\[(\s]*(end|eof)( of (the )?(\w+ )?(report|file|export|list|data|records|table))?[-=*#>\])./!\s]*",
    re.IGNORECASE | re.DOTALL,
)
# What a report says of itself: `Seller ID : A1B2C3`. A row of as many cells as the header says it in the words of a report.
LABELLED = lazily(r"[^\W\d_][\w ()/.#-]*:(\s.*)?", re.DOTALL)
OF_A_REPORT = lazily(
    r"[^:]*\s:(\s.*)?|(seller|merchant|store|shop|account|report|user|file|filter(ed)?|period|date|time ?zone|currency|source"
    r"|marketplace|region|country|locale|language|site|website|domain|channel|vendor|tenant|organi[sz]ation|warehouse"
    r"|database|query|downloaded|extracted|updated|disclaimer"
    r"|generated|exported|created|printed|downloaded|prepared|version)\b.*",
    re.IGNORECASE | re.DOTALL,
)


class Footer:
    """Sets the footer of a table aside as blank rows; `notes` say which lines, once all rows were taken.

    Where it is known that there is none, nothing is set aside.
    """

    def __init__(self, is_there: bool | None = None) -> None:
        self.notes: tuple[str, ...] = ()
        self.found = False
        self._is_looked_for = is_there is not False

    def set_aside(self, chunks: Iterator[Rows], passed_over: PassedOver) -> Iterator[Rows]:
        """The chunks; rows that are the footer are blank. The last few rows wait until the end is known.

        What was `passed_over` by then is said as well; totals below the last row are a part of the footer.
        """
        waiting: deque[tuple[Rows, int]] = deque()
        for rows in chunks:
            filled = rows.filled if self._is_looked_for else 0
            if not filled:
                # Spreadsheets add blank rows by the million; nothing depends on when they come.
                yield rows
                continue
            waiting.append((rows, filled))
            while len(waiting) > 1 and _is_enough(list(waiting)[1:]):
                yield waiting.popleft()[0]
        cells = [rows.in_cells() for rows, _ in waiting]
        places = _last_rows(cells)
        begin = _begin(places)
        self.found = begin < len(places)
        self.notes = _notes(places, begin, passed_over)
        for (rows, _), whole in zip(waiting, cells, strict=True):
            chosen = [row for owner, row in places[begin:] if owner is whole]
            yield _blanked(whole, chosen) if chosen else rows


def _notes(places: Sequence[tuple[Rows, int]], begin: int, passed_over: PassedOver) -> tuple[str, ...]:
    lines = [int(rows.lines[row]) for rows, row in places]
    totals = passed_over.totals
    below = totals.below(lines[begin - 1]) if begin else []
    footer = sorted({*lines[begin:], *below})
    notes = [
        *passed_over.headers.note(passed_over.headers.count, "the header again", "the header again"),
        *totals.note(totals.count - len(below), "a total", "totals"),
    ]
    if footer:
        which = f"line {footer[0]}" if len(footer) == 1 else f"lines {footer[0]} to {footer[-1]}"
        notes.append(
            f"{len(footer)} rows below the table ({which}) are totals or a footer and count as blank"
        )
    return tuple(notes)


def _blanked(rows: Rows, chosen: list[int]) -> Rows:
    faults = rows.faults.copy()
    faults[chosen] = ROW_BLANK
    return replace(rows, faults=faults, numbers=rows.numbers - np.cumsum(faults != rows.faults))


def _is_enough(behind: Sequence[tuple[Rows, int]]) -> bool:
    """Whether a chunk is too far from the end to hold a part of the footer."""
    return sum(filled for _, filled in behind) >= MOST_ROWS or len(behind) >= MOST_BATCHES


def _last_rows(waiting: Sequence[Rows]) -> list[tuple[Rows, int]]:
    """The last filled rows in their order, more of them than a footer has."""
    return [
        (rows, row)
        for rows in waiting
        for row in np.flatnonzero(rows.faults != ROW_BLANK)[-MOST_ROWS - 1 :].tolist()
    ]


def _begin(places: Sequence[tuple[Rows, int]]) -> int:
    """Where the footer begins: with a row that is told by its words, those below it, and titles of one cell right above it."""
    begin = len(places)
    for at in range(len(places) - 1, max(-1, len(places) - 1 - MOST_ROWS), -1):
        is_title = at + 1 == begin < len(places) and _is_title(*places[at])
        if is_title or _is_told(*places[at]):
            begin = at
        elif not _is_lone(*places[at]):
            break
    return begin


def _texts(rows: Rows, row: int) -> list[str]:
    """The filled cells of a row that can be read, without the blanks around them; none where there are too many."""
    fault, count = rows.faults[row], min(rows.columns, int(rows.cells[row]))
    if fault not in (ROW_OK, ROW_RAGGED) or (fault == ROW_RAGGED and rows.cells[row] > rows.columns):
        return []
    wide = range(row * rows.columns, row * rows.columns + count)
    cells = (rows.data[rows.starts[at] : rows.ends[at]].decode("utf-8", "replace").strip() for at in wide)
    return [cell for cell in cells if cell]


def _first(rows: Rows, row: int) -> bytes:
    """The first cell of a row."""
    at = row * rows.columns
    return rows.data[rows.starts[at] : rows.ends[at]].strip()


def _is_told(rows: Rows, row: int) -> bool:
    """Whether a row says by its words that it is no data."""
    texts = _texts(rows, row)
    if not 1 <= len(texts) <= MOST_CELLS:
        return False
    if SAYINGS().fullmatch(" ".join(texts)) or SAYINGS().fullmatch(": ".join(texts)):
        return True
    if len(texts) > 2:
        return False
    if _is_lone(rows, row) and _first(rows, row) and LONE_SAYINGS().fullmatch(texts[0]):
        return True
    is_label = rows.columns > 1 and LABELLED().fullmatch(texts[0]) is not None
    if len(texts) == 2:
        return is_label and texts[0].endswith(":")
    return is_label and (rows.faults[row] == ROW_RAGGED or OF_A_REPORT().fullmatch(texts[0]) is not None)


def _is_title(rows: Rows, row: int) -> bool:
    """Whether a row has one cell and not even the delimiters of others, as the name of a report."""
    return _is_lone(rows, row) and int(rows.cells[row]) == 1


def _is_lone(rows: Rows, row: int) -> bool:
    """Whether a row has one cell filled, as the name of a company below a report."""
    return rows.columns > 1 and len(_texts(rows, row)) == 1
