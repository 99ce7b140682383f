"""Counts, over a column, which of two readings its cells allow."""

from dataclasses import dataclass

from pipeline.errors import UsageError


@dataclass(slots=True)
class Tally:
    """How many cells only the first reading fits, only the second, both alike, and both with different results."""

    first: int = 0
    second: int = 0
    alike: int = 0
    different: int = 0

    @property
    def fitting(self) -> int:
        """Cells that at least one reading fits."""
        return self.first + self.second + self.alike + self.different

    def add(self, first: object | None, second: object | None) -> None:
        """Count one cell by what each reading makes of it; None is a reading that does not fit."""
        if first is None and second is None:
            return
        if second is None:
            self.first += 1
        elif first is None:
            self.second += 1
        elif first == second:
            self.alike += 1
        else:
            self.different += 1

    def is_first(self, first: str, second: str, remedy: str) -> bool:
        """Whether the first reading holds; UsageError where the cells contradict each other or leave it open."""
        if self.first and self.second:
            both = self.alike + self.different
            raise UsageError(
                f"contradicts itself: {_cells(self.first)} can only be {first}, {_cells(self.second)} only {second}, "
                f"and {_cells(both)} could be both",
                remedy,
            )
        if self.different and not self.first and not self.second:
            raise UsageError(
                f"is ambiguous: {_cells(self.different + self.alike)} can be read as {first} and "
                f"{_cells(self.different + self.alike)} as {second}, {_cells(self.different)} with another meaning, "
                "and none decides",
                remedy,
            )
        return not self.second


def _cells(count: int) -> str:
    return f"{count:,} cell" if count == 1 else f"{count:,} cells"
