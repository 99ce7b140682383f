"""Some whole rows of a table, kept while it goes by, so that guesses about its columns can be tested on them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from msgspec import Struct, field

from lexer_pipeline.chunks import cells
from lexer_pipeline.chunks.records import Records
from lexer_pipeline.chunks.rows import Rows
from lexer_pipeline.kernels.arrays import Integers
from lexer_pipeline.kernels.codes import ROW_OK

# The first rows, and then runs of rows that stand side by side, evenly over what follows: rows of one key mostly do too.
FIRST, RUN, RUNS = 2_000, 64, 32
# Signs of a cell that are kept; what is tested (keys, amounts, words, dates) is shorter.
LONGEST = 200


class RowSample(Struct):
    """Rows of a table as texts without blanks around them; their number is bounded, whatever the size of the table."""

    rows: list[tuple[str, ...]] = field(default_factory=list)
    _runs: list[list[tuple[str, ...]]] = field(default_factory=list)
    _step: int = 1
    _chunk: int = 0

    def add_records(self, chunk: Records, before: int) -> None:
        """Keep some whole records of a chunk, each row with the number of its record behind it, which counts from `before`."""
        of = np.cumsum(np.isin(np.arange(len(chunk.faults)), chunk.firsts)) - 1
        good = np.flatnonzero(chunk.faults == ROW_OK)
        first = _whole(good[: max(FIRST - len(self.rows), 0)], of)
        self.rows += _numbered(chunk, first, of, before)
        rest = good[len(first) :]
        if len(rest) and self._chunk % self._step == 0:
            middle = max((len(rest) - RUN) // 2, 0)
            run = _whole(rest[middle : middle + RUN], of)
            self._keep([*_numbered(chunk, run, of, before)])
        self._chunk += 1

    def settle(self, width: int) -> None:
        """Have `width` cells in each row that `add_records` kept, and behind them the number of its record."""
        self.rows += (row for run in self._runs for row in run)
        self.rows = [(*row[:-1], *[""] * (width + 1 - len(row)), row[-1]) for row in self.rows]
        self._runs = []

    def watching(self, chunks: Iterable[Rows]) -> Iterator[Rows]:
        """The same chunks, of which some rows are kept."""
        for chunk in chunks:
            self._add(chunk)
            yield chunk
        self.rows += (row for run in self._runs for row in run)
        self._runs = []

    def _add(self, chunk: Rows) -> None:
        good = np.flatnonzero(chunk.faults == ROW_OK)
        first = good[: max(FIRST - len(self.rows), 0)]
        self.rows += _texts(chunk, first)
        rest = good[len(first) :]
        if len(rest) and self._chunk % self._step == 0:
            middle = max((len(rest) - RUN) // 2, 0)
            self._keep(list(_texts(chunk, rest[middle : middle + RUN])))
        self._chunk += 1

    def _keep(self, run: list[tuple[str, ...]]) -> None:
        self._runs.append(run)
        if len(self._runs) > RUNS:
            self._runs, self._step = self._runs[::2], self._step * 2

    def column(self, place: int) -> list[str]:
        """The texts of one column."""
        return [row[place] for row in self.rows]

    def groups(self, key: int) -> list[list[int]]:
        """The rows of each value of a column, in order; those without one belong to none."""
        found: dict[str, list[int]] = defaultdict(list)
        for number, row in enumerate(self.rows):
            if row[key]:
                found[row[key]].append(number)
        return list(found.values())


def _whole(rows: Integers, of: Integers) -> Integers:
    """Those of some rows whose record has all of its rows among them; `of` says which record each row is of."""
    sizes = np.bincount(of, minlength=1)
    chosen: Integers = rows[np.bincount(of[rows], minlength=len(sizes))[of[rows]] == sizes[of[rows]]]
    return chosen


def _numbered(chunk: Records, rows: Integers, of: Integers, before: int) -> Iterator[tuple[str, ...]]:
    for row, texts in zip(rows.tolist(), _texts(chunk, rows), strict=True):
        yield (*texts, str(before + int(of[row])))


def _texts(chunk: Rows, rows: Integers) -> Iterator[tuple[str, ...]]:
    texts = cells.of_rows(chunk)
    for row in rows.tolist():
        yield tuple(text[:LONGEST].strip() for text in texts.texts(row))


def differing(sample: RowSample, groups: Iterable[Sequence[int]], column: int) -> tuple[int, int]:
    """Of how many groups of several rows a column says more than one thing, and how many such groups there are."""
    several = [group for group in groups if len(group) > 1]
    differ = sum(
        len({text.casefold() for row in group if (text := sample.rows[row][column])}) > 1 for group in several
    )
    return differ, len(several)
