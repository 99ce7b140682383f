"""Orders whose lines are there twice: the rows of a record are several copies of the same lines."""

from collections import Counter
from collections.abc import Iterator

import numpy as np

from lexer_pipeline.chunks.records import Records
from lexer_pipeline.chunks.results import Checked
from lexer_pipeline.kernels import dispatch
from lexer_pipeline.kernels.codes import ROW_BLANK
from lexer_pipeline.suspicions import LEAST, MOST_LINES, Sighting, Sightings

# Where so many of the orders have their lines twice, rows were doubled; no till rings every article twice.
NEARLY_ALL = 0.9


class RepeatedLines:
    """Watches the rows of each accepted record; a till may ring one article twice, but not a whole order, nor in every order."""

    def __init__(self) -> None:
        self.sightings = Sightings()
        self.orders = 0

    def look(self, checked: Checked) -> None:
        """Take in one more chunk; what was written as it was read has no such record."""
        chunk = checked.shaped.chunk
        assert isinstance(chunk, Records)
        accepted = checked.vouched.copy()
        accepted[list(checked.lines)] = True
        self.orders += checked.records
        asked = np.flatnonzero(accepted & (chunk.lasts - chunk.firsts > 1))
        if not len(asked):
            return
        repeats = dispatch.repeat_first(chunk, chunk.firsts[asked], chunk.lasts[asked])
        for record in asked[repeats.view(np.bool_)].tolist():
            self._judge(chunk, record)

    def join(self, more: "RepeatedLines") -> None:
        """Take in what was seen of other records of the source."""
        self.sightings.update(more.sightings.all())
        self.orders += more.orders

    def found(self) -> Iterator[Sighting]:
        """The orders whose lines are there twice."""
        found = self.sightings.all()
        count = sum(one.count for one in found)
        if self.orders >= LEAST and count >= NEARLY_ALL * self.orders:
            lines = sorted(line for one in found for line in one.lines)
            found = (Sighting("orders_repeated", "", count, tuple(lines[:MOST_LINES])),)
        yield from found

    def _judge(self, chunk: Records, record: int) -> None:
        rows = [
            row for row in range(chunk.firsts[record], chunk.lasts[record]) if chunk.faults[row] != ROW_BLANK
        ]
        lines = Counter(_cells(chunk, row) for row in rows)
        times = set(lines.values())
        if len(times) > 1 or times == {1}:
            return
        numbers = chunk.numbers[rows]
        if numbers[0] == numbers[-1]:
            # One row holds them all in a cell, and says its lines once.
            return
        comes_back = bool((np.diff(numbers) > 1).any())
        code = "orders_repeated" if len(lines) > 1 or comes_back else "line_repeated"
        self.sightings.add(Sighting(code, "", 1, (chunk.lines.item(rows[0]),)))


def _cells(chunk: Records, row: int) -> tuple[bytes, ...]:
    places = range(row * chunk.columns, (row + 1) * chunk.columns)
    return tuple([chunk.data[chunk.starts[at] : chunk.ends[at]] for at in places])
