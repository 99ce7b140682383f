"""What is noticed on the way through one record."""

from collections.abc import Iterable, Sequence

from msgspec import Struct, field

from lexer_pipeline.model import Problem
from lexer_pipeline.specs.paths import FieldPath, Parts


class Notes(Struct):
    """What was noticed on the way through one record: (name, field) of conversions and warnings, and how many keys are unknown."""

    conversions: list[tuple[str, str]] = field(default_factory=list)
    warnings: list[tuple[str, str]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    unknown: int = 0

    def convert(self, path: Parts, names: Sequence[str]) -> None:
        """Note what was done to the value at a path."""
        if names:
            self.conversions += _named(path, names)

    def warn(self, path: Parts, names: Sequence[str]) -> None:
        """Note what should be said aloud of the value at a path."""
        if names:
            self.warnings += _named(path, names)


def _named(path: Parts, names: Sequence[str]) -> Iterable[tuple[str, str]]:
    where = str(FieldPath(path).general)
    return [(name, where) for name in names]
