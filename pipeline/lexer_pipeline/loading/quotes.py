"""Whether a quote at the start of a cell puts it in quotes: told by the first cells that begin with one.

In text divided by tabs most programs write a quote as the letter that it is; Excel and some others put cells in quotes.
"""

import re

import numpy as np
from msgspec import Struct

from lexer_pipeline.kernels import dispatch
from lexer_pipeline.kernels.codes import BROKEN_ROWS, LONGEST_ROW, ROW_BLANK
from lexer_pipeline.kernels.dialect import Dialect
from lexer_pipeline.loading.format import Readable

TAB = "\t"
# So much more is looked at once a cell begins with a quote.
CONTEXT = 1 << 20
BEGINS = (b'\t"', b'\n"', b'\r"')
BEGUN = re.compile(rb'(?:(?<=[\t\r\n])|\A)"[^\t\r\n]*')
WHOLE = re.compile(rb'"(?:[^"]|"")*"')


class Quotes(Struct):
    """Whether cells stand in quotes, as far as it was told; until then no cell begins with one, and it does not matter."""

    said: bool | None = True

    @property
    def are_letters(self) -> bool:
        """Whether cells that begin with a quote were met, and it is a letter."""
        return self.said is False

    def look(self, source: Readable, data: bytes, cr_ends_rows: bool) -> bytes:
        """Tell it from the rows that `data` begins with, if a cell of them begins with a quote; returns what was read by then."""
        if self.said is not None or not (data.startswith(b'"') or any(one in data for one in BEGINS)):
            return data
        least = len(data) + CONTEXT
        while len(data) < least and (more := source.read(CONTEXT)):
            data += more
        self.said = _are_meant(data, cr_ends_rows)
        return data


def _are_meant(data: bytes, cr_ends_rows: bool) -> bool:
    """Whether the rows come out even only with quotes; else, whether the cells that begin with one end with one."""
    with_quotes, without = (_even_lines(data, Dialect(TAB, quotes, cr_ends_rows)) for quotes in (True, False))
    if with_quotes > without:
        return True
    begun = BEGUN.findall(data)
    whole = sum(WHOLE.fullmatch(cell) is not None for cell in begun)
    return whole * 10 >= len(begun) * 9


def _even_lines(data: bytes, dialect: Dialect) -> int:
    """How many lines are those of rows that have as many cells as most."""
    found = dispatch.scan_csv(data, dialect, 1, True, len(data) + 1, LONGEST_ROW)
    counts, lines = found.row_cells, np.diff(found.row_lines)
    usable = (found.row_faults != ROW_BLANK) & ~np.isin(found.row_faults, BROKEN_ROWS) & (counts > 1)
    if not usable.any():
        return 0
    return int(lines[usable & (counts == np.bincount(counts[usable]).argmax())].sum())
