"""What the lines of a draft are made of."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from lexer_pipeline.inspecting.findings import Findings
from lexer_pipeline.inspecting.tested_table import TestedTable
from lexer_pipeline.model import Field, Specification
from lexer_pipeline.specs.names import normalised
from lexer_pipeline.specs.paths import FieldPath


class Drafting(Struct, frozen=True):
    """The table, the names of its columns as the header has them, the specification, and what the rows said of the guesses."""

    table: TestedTable
    names: Sequence[str]
    specification: Specification
    fields: Mapping[FieldPath, Field]
    found: Findings

    def texts(self, place: int) -> list[str]:
        """What a column says in the rows of the sample."""
        return self.table.sample.column(place)

    def called(self, place: int) -> str:
        """What the name of a column is compared by."""
        return self.table.columns[place].words or self.names[place]

    def called_as(self, name: str) -> str:
        """The same of a column by its name."""
        return self.called(self.names.index(name))

    @property
    def is_keyed(self) -> bool:
        """Whether documents are lines of records, brought together by a key."""
        documents, key = self.table.documents, self.found.key.column
        return documents is not None and key is not None and key != documents.place

    def is_again(self, place: int) -> bool:
        """Whether an earlier column is called nearly so."""
        if self.table.documents is not None:
            return False  # a path is found by its exact name
        return normalised(self.names[place]) in {normalised(name) for name in self.names[:place]}

    def can_be_named(self, place: int) -> bool:
        """Whether a column has a name, and no earlier one is called nearly so."""
        return bool(normalised(self.names[place])) and not self.is_again(place)
