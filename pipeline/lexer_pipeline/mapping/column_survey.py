"""What a mapping must know of a whole column before the first row is converted."""

from collections.abc import Generator, Iterator, Sequence

import numpy as np
from msgspec.structs import replace

from lexer_pipeline.chunks import cells
from lexer_pipeline.chunks.rows import Rows
from lexer_pipeline.errors import UsageError
from lexer_pipeline.kernels.arrays import Integers
from lexer_pipeline.kernels.codes import ROW_OK
from lexer_pipeline.mapping import conversions
from lexer_pipeline.mapping.compile import Mapper
from lexer_pipeline.mapping.outcomes import converted
from lexer_pipeline.mapping.rules import FieldDecisions
from lexer_pipeline.mapping.source_texts import any_filled, places_of, told_apart
from lexer_pipeline.mapping.target_columns import Step, TargetColumn
from lexer_pipeline.mapping.unpacking import rows_unpacked


class ColumnSurvey:
    """Shows the conversions that must see their whole column each chunk that passes.

    It `completes_births` where years of two digits become years of birth; known once it was asked to `settle`.
    """

    def __init__(self, mapper: Mapper) -> None:
        self.mapper = mapper
        self.completes_births = False
        self._decided: dict[str, dict[str, conversions.Decided]] = {}

    @property
    def decided(self) -> FieldDecisions:
        """What was decided for the column of each field, what was known before included; final once it was settled."""
        return {
            target: {**self.mapper.decided.get(target, {}), **self._decided.get(target, {})}
            for target in (*self.mapper.decided, *self._decided)
        }

    def over(self, blocks: Iterator[Rows]) -> Generator[Rows]:
        """The same chunks; it may be settled once all have passed."""
        for rows in blocks:
            self.look(rows)
            yield rows

    def look(self, rows: Rows) -> None:
        """Show some rows."""
        if self.mapper.waits:
            looked_at = rows_unpacked(self.mapper.unpacking, rows)
            texts = cells.of_rows(looked_at)
            good = np.flatnonzero(looked_at.faults == ROW_OK)
            for one in self.mapper.target_columns:
                _look(one, texts, good)

    @property
    def waiting(self) -> list[conversions.NeedsColumn]:
        """What was counted so far, by whatever waits for it."""
        steps = (step for one in self.mapper.target_columns for step in one.chain)
        return [step for step in steps if isinstance(step, conversions.NeedsColumn)]

    def join(self, more: Sequence[conversions.NeedsColumn]) -> None:
        """Take in what waits elsewhere for the same columns, and was shown other rows of them."""
        for own, other in zip(self.waiting, more, strict=True):
            own.join(other)

    def settle(self) -> Mapper:
        """From now on the mapper has each conversion settled; UsageError where a column does not tell how it is to be read."""
        target_columns = tuple(
            replace(one, chain=tuple(self._settle(step, one) for step in one.chain))
            for one in self.mapper.target_columns
        )
        self.mapper = replace(self.mapper, target_columns=target_columns)
        self.completes_births = self.mapper.completes_births
        return self.mapper

    def _settle(self, step: Step, one: TargetColumn) -> conversions.Conversion:
        if not isinstance(step, conversions.NeedsColumn):
            return step
        try:
            decided, conversion = step.readings(), step.decide()
        except UsageError as problem:
            raise UsageError(f"column {one.label}: {problem.message}", problem.hint) from None
        if decided:
            self._decided.setdefault(one.rule.target, {})[step.conversion] = decided
        return conversion


def _look(one: TargetColumn, texts: cells.Cells, rows: Integers) -> None:
    """Show the first step that must see the whole column what the steps before it make of some rows."""
    if one.index or not one.columns:
        return
    for place, step in enumerate(one.chain):
        if isinstance(step, conversions.NeedsColumn):
            _show(step, one, place, texts, rows[any_filled(texts, one.columns)[rows]])
            return


def _show(
    step: conversions.NeedsColumn, one: TargetColumn, place: int, texts: cells.Cells, rows: Integers
) -> None:
    places = places_of(one, texts, one.columns, rows) if not place else None
    if places is not None:
        rows = rows[step.count(*places)]
    steps = one.steps[:place]
    numbers, said = told_apart(texts, (*one.columns, *one.telling), rows)
    outcomes = [converted(one, steps, texts_of_row) for texts_of_row in said]
    found = [text if failed is None else "" for text, _, failed in outcomes]
    step.look(text for number in numbers.tolist() if (text := found[number]))
