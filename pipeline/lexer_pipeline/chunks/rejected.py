"""Rows of a rejects file, as they stood in their source: without the two cells in front, on the lines that these name."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from functools import cache, partial

import numpy as np
from msgspec.structs import replace

from lexer_pipeline.chunks.rows import Rows, joined
from lexer_pipeline.errors import UsageError
from lexer_pipeline.kernels.arrays import Bools
from lexer_pipeline.kernels.codes import ROW_BLANK

# Columns that the rejects file adds; they are not data when it comes back.
BOOKKEEPING = ("_line", "_issues")
ADDED = len(BOOKKEEPING)
# So many bytes of rejects can be put in order, in chunks of so many rows.
MOST_SORTED, SORTED_ROWS = 1 << 30, 8192
# Why a row that an earlier fix accepted is left out.
ACCEPTED = "an earlier fix accepted it"


def original(rows: Rows, delimiter: str, source: str) -> Rows:
    """The rows without what a rejects file adds; UsageError where a row does not say on which line it stood."""
    wide, faults = (-1, rows.columns), rows.faults.copy()
    starts, lines = rows.row_starts.copy(), rows.lines.copy()
    for row in np.flatnonzero(faults != ROW_BLANK).tolist():
        end = int(rows.row_ends[row])
        found = _cells(delimiter).match(rows.data, int(starts[row]), end)
        line = found[1].strip(b'" ') if found else b""
        starts[row] = found.end() if found else end
        if line.isdigit():
            lines[row] = int(line)
        elif not line and _is_blank(rows.data[starts[row] : end], delimiter):
            faults[row] = ROW_BLANK
        else:
            raise UsageError(
                f"{source}: line {rows.lines[row]}: the first cell does not say on which line the row stood",
                f"Put back the number that stood in {BOOKKEEPING[0]}, or take the row out.",
            )
        if _is_blank(rows.data[starts[row] : end], delimiter):
            faults[row] = ROW_BLANK
    return replace(
        rows, columns=rows.columns - ADDED, starts=rows.starts.reshape(wide)[:, ADDED:].ravel(),
        ends=rows.ends.reshape(wide)[:, ADDED:].ravel(), flags=rows.flags.reshape(wide)[:, ADDED:].ravel(),
        row_starts=starts, cells=np.maximum(rows.cells - ADDED, 0), faults=faults, lines=lines,
    )  # fmt: skip


@cache
def _cells(delimiter: str) -> re.Pattern[bytes]:
    """The cells in front of a row, with the delimiters behind them; the second may end the row."""
    mark = re.escape(delimiter.encode())
    cell = b'(?:"(?:[^"]|"")*"(?=' + mark + b"|\\Z)|[^" + mark + b"\r\n]*)"
    return re.compile(b"(" + cell + b")(?:" + mark + cell + b")?(?:" + mark + b"|\\Z)")


def _is_blank(raw: bytes, delimiter: str) -> bool:
    return not raw.strip(delimiter.encode() + b'" ')


def without_added(raw: bytes, delimiter: str) -> bytes:
    """A row of a rejects file, or its header, without the cells in front."""
    found = _cells(delimiter).match(raw)
    return raw[found.end() :] if found else raw


def in_order(blocks: Callable[[], Iterator[Rows]], source: str) -> Callable[[], Iterator[Rows]]:
    """The rows in the order of their lines: sorted by a person, a row without a key would go on with another record.

    Only rows that are out of order are held in memory.
    """
    last, size = 0, 0
    is_sorted = True
    for rows in blocks():
        lines = rows.lines[rows.faults != ROW_BLANK]
        is_sorted = is_sorted and bool((np.diff(lines, prepend=last) >= 0).all())
        last, size = int(lines[-1]) if len(lines) else last, size + rows.size
    if is_sorted:
        return blocks
    if size > MOST_SORTED:
        raise UsageError(
            f"{source}: has more than {MOST_SORTED >> 20} MiB, and its rows are not in the order of {BOOKKEEPING[0]}",
            f"Sort it by {BOOKKEEPING[0]}.",
        )
    return partial(_sorted, blocks)


def _sorted(blocks: Callable[[], Iterator[Rows]]) -> Iterator[Rows]:
    rows = joined(list(blocks()))
    order = np.argsort(rows.lines, kind="stable")
    for start in range(0, len(order), SORTED_ROWS):
        # Behind this a chunk's bytes are taken to lie in the order of its rows.
        yield rows.chosen(order[start : start + SORTED_ROWS]).alone()


def unaccepted(rows: Rows, accepted: Collection[int], left: Counter[str]) -> Rows:
    """The rows without those that an earlier fix accepted, by their lines; `left` counts them."""
    gone: Bools = np.isin(rows.lines, list(accepted)) & (rows.faults != ROW_BLANK)
    count = int(gone.sum())
    if not count:
        return rows
    left[ACCEPTED] += count
    return rows.kept(~gone)
