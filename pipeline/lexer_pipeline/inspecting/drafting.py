"""What the lines of a draft are made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lexer_pipeline.inspecting.findings import Findings
from lexer_pipeline.inspecting.tested_table import TestedTable
from lexer_pipeline.model import Field, Specification
from lexer_pipeline.specs.names import normalised
from lexer_pipeline.specs.paths import FieldPath


@dataclass(frozen=True, slots=True)
class Drafting:
    """The table, the names of its columns as the header has them, the specification, and what the rows said of the guesses."""

    table: TestedTable
    names: Sequence[str]
    specification: Specification
    fields: Mapping[FieldPath, Field]
    found: Findings

    def texts(self, place: int) -> list[str]:
        """What a column says in the rows of the sample."""
        return self.table.sample.column(place)

    def is_again(self, place: int) -> bool:
        """Whether an earlier column is called nearly so."""
        return normalised(self.names[place]) in {normalised(name) for name in self.names[:place]}

    def can_be_named(self, place: int) -> bool:
        """Whether a column has a name, and no earlier one is called nearly so."""
        return bool(normalised(self.names[place])) and not self.is_again(place)
