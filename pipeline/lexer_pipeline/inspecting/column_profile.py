"""What is known of the columns of a table: counts, types and shapes, never values."""

from collections import Counter

from msgspec import Struct

from lexer_pipeline.inspecting import semantic_types
from lexer_pipeline.inspecting.semantic_types import SemanticType


class ColumnProfile(Struct, frozen=True):
    """What is known of one column; `is_more` says that there are more distinct values than `distinct`.

    `types` and `shapes` count cells, the most frequent first. With `is_sampled` their counts are estimates. `words` are those
    of a path into documents that say what stands there.
    """

    name: str
    filled: int
    distinct: int
    is_more: bool
    is_sampled: bool
    types: tuple[tuple[SemanticType, int], ...]
    shapes: tuple[tuple[str, int], ...]
    words: str = ""

    @property
    def called(self) -> str:
        """What its name is compared by: the words of a path, which is longer, or the name itself."""
        return self.words or self.name

    def count(self, *kinds: str) -> int:
        """How many cells are of these kinds."""
        return sum(count for one, count in self.types if one.kind in kinds)

    def share(self, *kinds: str) -> float:
        """How much of the filled cells is of these kinds."""
        return self.count(*kinds) / self.filled if self.filled else 0.0

    @property
    def kinds(self) -> dict[str, int]:
        """Cells by kind, the most frequent first."""
        counts: Counter[str] = Counter()
        for one, count in self.types:
            counts[one.kind] += count
        return dict(counts.most_common())

    def readings(self, *kinds: str) -> dict[tuple[str, ...], int]:
        """How many cells of these kinds allow which readings."""
        counts: Counter[tuple[str, ...]] = Counter()
        for one, count in self.types:
            if one.kind in kinds and one.readings:
                counts[one.readings] += count
        return dict(counts.most_common())


class TableProfile(Struct, frozen=True):
    """A table as it is: `faults` says how many rows cannot be read, by fault, and on which line the first is."""

    rows: int
    blank: int
    faults: dict[int, tuple[int, int]]
    columns: tuple[ColumnProfile, ...]


def date_trouble(column: ColumnProfile) -> str:
    """Why the form of a column's dates cannot be told, with both readings counted; empty when it can."""
    readings = column.readings(*semantic_types.DATES)
    open_ones = {names: count for names, count in readings.items() if len(names) > 1}
    for (first, second), count in open_ones.items():
        sure = (readings.get((first,), 0), readings.get((second,), 0))
        about = "about " if column.is_sampled else ""
        if not any(sure):
            return (f"is ambiguous: {about}{many(count, 'cell')} can be read as {first} and as {second}, and none decides; "
                    "say which with --date-format or in a mapping")  # fmt: skip
    for first, second in {tuple(sorted(names)) for names in open_ones} | {("dd/mm/yyyy", "mm/dd/yyyy")}:
        if readings.get((first,), 0) and readings.get((second,), 0):
            return (f"contradicts itself: {many(readings[first,], 'cell')} can only be {first}, "
                    f"{many(readings[second,], 'cell')} only {second}; fix them at the source")  # fmt: skip
    return ""


def many(count: int, what: str) -> str:
    """A count with its noun: 1 cell, 2 cells."""
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"
