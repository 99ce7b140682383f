"""Counts, over a column, which of two readings its cells allow."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from msgspec import Struct

from lexer_pipeline.errors import UsageError

# Cells that are looked at together, so that texts which come again and again are read once.
CHUNK = 1 << 14


def repeated(texts: Iterable[str]) -> Iterator[tuple[str, int]]:
    """The texts with how often they stand among their neighbours; holds a bounded number of them."""
    rest = iter(texts)
    while chunk := Counter(islice(rest, CHUNK)):
        yield from chunk.items()


class Tally(Struct):
    """How many cells only the first reading fits, only the second, both alike, and both with different results."""

    first: int = 0
    second: int = 0
    alike: int = 0
    different: int = 0

    @property
    def fitting(self) -> int:
        """Cells that at least one reading fits."""
        return self.first + self.second + self.alike + self.different

    @property
    def is_open(self) -> bool:
        """Whether no cell decides between readings that differ."""
        return bool(self.different) and not self.first and not self.second

    def add(self, first: object | None, second: object | None, cells: int) -> None:
        """Count `cells` of one text by what each reading makes of it; None is a reading that does not fit."""
        if first is None and second is None:
            return
        if second is None:
            self.first += cells
        elif first is None:
            self.second += cells
        elif first == second:
            self.alike += cells
        else:
            self.different += cells

    def add_counts(self, counts: Sequence[int]) -> None:
        """Count cells that were told apart before: first, second, alike and different."""
        first, second, alike, different = counts
        self.first += first
        self.second += second
        self.alike += alike
        self.different += different

    def join(self, more: "Tally") -> None:
        """Count what was counted of other cells of the column."""
        self.add_counts((more.first, more.second, more.alike, more.different))

    def fitting_readings(self, first: str, second: str, remedy: str) -> tuple[bool, bool]:
        """Whether the first reading holds, and whether the second does: both where they make the same of every cell.

        UsageError where the cells contradict each other or leave it open.
        """
        if self.first and self.second:
            both = self.alike + self.different
            raise UsageError(
                f"contradicts itself: only {first} fits {counted(self.first)}, only {second} fits "
                f"{counted(self.second)}, and both fit {counted(both)}",
                remedy,
            )
        if self.is_open:
            raise UsageError(
                f"is ambiguous: {first} fits {counted(self.fitting)}, {second} fits {counted(self.fitting)}, they "
                f"differ in {counted(self.different)}, and no cell decides",
                remedy,
            )
        return not self.second, not self.first


def counted(cells: int) -> str:
    """A count of cells in words."""
    return f"{cells:,} cell" if cells == 1 else f"{cells:,} cells"
