"""A table on whose rows guesses are tested: what is known of its columns, and some of its rows."""

from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct, field

from lexer_pipeline.inspecting import semantic_types
from lexer_pipeline.inspecting.column_profile import ColumnProfile
from lexer_pipeline.inspecting.row_sample import RowSample
from lexer_pipeline.specs.values import Converted

AMOUNTS = (semantic_types.NUMBER, semantic_types.MONEY, semantic_types.ZEROS)


class DocumentRows(Struct, frozen=True):
    """What is known of rows that are made of documents.

    The column at `place` numbers the record that each row is of, and has no name. `repeated` are the columns of the list that
    repeats, empty where none does, `around` those of the document around records that are items of a list. `whole` are those whose values are whole numbers of JSON.
    """

    place: int
    repeated: frozenset[int] = frozenset()
    around: frozenset[int] = frozenset()
    whole: frozenset[int] = frozenset()


class TestedTable(Struct, frozen=True):
    """A table with `rows` that are not blank; its columns are counted over all of them, the sample holds some.

    Rows of `documents` are known to make one record or not; those of a table tell by a key.
    """

    columns: Sequence[ColumnProfile]
    rows: int
    sample: RowSample
    documents: DocumentRows | None = None
    _numbers: dict[int, list[Decimal | None]] = field(default_factory=dict)

    def name(self, place: int) -> str:
        """What a column is called."""
        return self.columns[place].name

    def called(self, place: int) -> str:
        """What the name of a column is compared by."""
        return self.columns[place].called

    def is_beside_lines(self, place: int) -> bool:
        """Whether a column stands in a document beside the list that repeats, so that it is of the whole record."""
        return (
            self.documents is not None
            and bool(self.documents.repeated)
            and place not in self.documents.repeated
        )

    def is_of_line(self, place: int) -> bool:
        """Whether a column stands in the list of documents that repeats."""
        return self.documents is not None and place in self.documents.repeated

    def comes_back(self, place: int) -> bool:
        """Whether some value of a column stands in several rows."""
        column = self.columns[place]
        is_told = not column.is_more and column.distinct < column.filled
        return is_told or any(len(group) > 1 for group in self.sample.groups(place))

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
