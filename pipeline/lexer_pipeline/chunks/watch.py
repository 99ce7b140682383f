"""What looks at a source as a whole: each chunk as it was checked, one after another, and at the end what is suspicious of all."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Protocol

from lexer_pipeline.chunks.results import Checked
from lexer_pipeline.suspicions import Sighting
from lexer_pipeline.system.parallel import Beside


class Watch(Protocol):
    """Sees what became of each chunk of a source, in order; its memory is bounded, whatever the size of the source."""

    def look(self, checked: Checked) -> None:
        """Take in one more chunk."""

    def found(self) -> Iterable[Sighting]:
        """What is suspicious of all chunks together; asked once, when all were seen."""


@contextmanager
def looking(watches: Sequence[Watch]) -> Iterator[Callable[[Checked], None]]:
    """Shows chunks to watches, one after another, beside what is done with them; at the end of the block all have seen all."""
    with Beside() as beside:
        yield partial(beside.do, partial(_look, watches))


def _look(watches: Sequence[Watch], checked: Checked) -> None:
    for watch in watches:
        watch.look(checked)
