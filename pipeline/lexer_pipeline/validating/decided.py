"""What was decided of single records of a chunk, and the issues of those that are rejected."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from lexer_pipeline.chunks.fates import Fate
from lexer_pipeline.chunks.results import Chunk, Rejected
from lexer_pipeline.model import Issue, Problem
from lexer_pipeline.specs.paths import FieldPath, Parts
from lexer_pipeline.suspicions import Sighting, Sightings, is_suspicion
from lexer_pipeline.validating.document import Value, value_at
from lexer_pipeline.validating.reference import Verdict

Names = Callable[[Parts], tuple[str, str]]
NOTHING = Verdict(b"", ())


@dataclass(slots=True)
class Decided:
    """What became of the records of a chunk that the columns do not vouch for."""

    lines: dict[int, bytes] = field(default_factory=dict)
    rejected: list[Rejected] = field(default_factory=list)
    conversions: Counter[tuple[str, str]] = field(default_factory=Counter)
    warnings: Counter[tuple[str, str]] = field(default_factory=Counter)
    suspicions: Sightings = field(default_factory=Sightings)
    folded: list[int] = field(default_factory=list)

    def tell(
        self, record: int, rows: Sequence[int], fate: Fate, issues: tuple[Issue, ...], line: int
    ) -> None:
        """Take over what was decided of a record that other sources have too; `issues` are its problems in words."""
        if issues:
            self.rejected.append(Rejected(tuple(rows), issues))
        elif fate.line:
            self.lines[record] = fate.line
            self.conversions.update(fate.conversions)
            self.warn(fate.warnings, line)
        else:
            self.folded.append(record)

    def warn(self, warnings: Iterable[tuple[str, str]], line: int) -> None:
        """Count the warnings of one record: those that are suspicions with its line."""
        for name, where in warnings:
            if is_suspicion(name):
                self.suspicions.add(Sighting(name, where, 1, (line,)))
            else:
                self.warnings[name, where] += 1


def said_of(document: Value, problem: Problem) -> str:
    """The value that a problem is about, for those who asked to see it; "" for all others."""
    value = value_at(document, problem.path)
    return "" if value is None or isinstance(value, dict | list) else str(value)


def unnamed(path: Parts) -> tuple[str, str]:
    """What a path is called where there are no columns."""
    return str(FieldPath(path)), ""


def issue_of(
    problem: Problem, source: str, chunk: Chunk, row: int, names: Names, value: str = "", subject: str = "the record"
) -> Issue:  # fmt: skip
    """A problem as an issue on its line; `names` say what its path is called, and which column fills it."""
    path, column = names(problem.path)
    return Issue(
        source, chunk.lines.item(row), chunk.numbers.item(row), path, column, problem.code, problem.rule,
        f"{column or path or subject} {problem.message}", value,
    )  # fmt: skip
