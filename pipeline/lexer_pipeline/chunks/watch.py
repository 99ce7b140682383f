"""What looks at a source as a whole: each chunk as it was checked, one after another, and at the end what is suspicious of all."""

from collections.abc import Iterable
from typing import Protocol

from lexer_pipeline.chunks.results import Checked
from lexer_pipeline.suspicions import Sighting


class Watch(Protocol):
    """Sees what became of each chunk of a source, in order; its memory is bounded, whatever the size of the source."""

    def look(self, checked: Checked) -> None:
        """Take in one more chunk."""

    def found(self) -> Iterable[Sighting]:
        """What is suspicious of all chunks together; asked once, when all were seen."""
