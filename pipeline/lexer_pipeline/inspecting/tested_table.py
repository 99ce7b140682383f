"""A table on whose rows guesses are tested: what is known of its columns, and some of its rows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from lexer_pipeline.inspecting import semantic_types
from lexer_pipeline.inspecting.column_profile import ColumnProfile
from lexer_pipeline.inspecting.row_sample import RowSample
from lexer_pipeline.specs.values import Converted

AMOUNTS = (semantic_types.NUMBER, semantic_types.MONEY, semantic_types.ZEROS)


@dataclass(frozen=True, slots=True)
class TestedTable:
    """A table with `rows` that are not blank; its columns are counted over all of them, the sample holds some."""

    columns: Sequence[ColumnProfile]
    rows: int
    sample: RowSample
    _numbers: dict[int, list[Decimal | None]] = field(default_factory=dict)

    def name(self, place: int) -> str:
        """What a column is called."""
        return self.columns[place].name

    def is_full(self, place: int) -> bool:
        """Whether every row of the table fills a column."""
        return 0 < self.columns[place].filled >= self.rows

    def is_amount(self, place: int) -> bool:
        """Whether a column holds amounts or counts."""
        column = self.columns[place]
        return bool(column.filled) and column.share(*AMOUNTS) >= 0.8

    def numbers(self, place: int) -> list[Decimal | None]:
        """The amounts of a column in the rows of the sample; None where a cell is empty or none."""
        if place not in self._numbers:
            mark = decimal_mark(self.columns[place])
            self._numbers[place] = [_number(text, mark) for text in self.sample.column(place)]
        return self._numbers[place]


def decimal_mark(column: ColumnProfile) -> str:
    """The decimal mark of a column of amounts."""
    readings = column.readings(semantic_types.MONEY, semantic_types.NUMBER)
    return "," if readings.get((",",), 0) > readings.get((".",), 0) else "."


def _number(text: str, mark: str) -> Decimal | None:
    read = semantic_types.AMOUNTS[mark](text) if text else None
    return Decimal(read.text) if isinstance(read, Converted) else None
