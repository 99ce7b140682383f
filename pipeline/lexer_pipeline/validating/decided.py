"""What was decided of single records of a chunk, and the issues of those that are rejected."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, partial

from msgspec import Struct, field

from lexer_pipeline.chunks.fates import Fate
from lexer_pipeline.chunks.results import Chunk, Rejected
from lexer_pipeline.model import IssueText, Problem
from lexer_pipeline.specs.paths import FieldPath, Parts
from lexer_pipeline.suspicions import Sighting, Sightings, is_suspicion
from lexer_pipeline.validating.document import Value, value_at
from lexer_pipeline.validating.reference import Verdict

Names = Callable[[Parts], tuple[str, str]]
NOTHING = Verdict(b"", ())
# What is said of a problem is remembered for so many of a chunk.
MOST_WORDS = 1 << 12


class Decided(Struct):
    """What became of the records of a chunk that the columns do not vouch for."""

    lines: dict[int, bytes] = field(default_factory=dict)
    rejected: list[Rejected] = field(default_factory=list)
    conversions: Counter[tuple[str, str]] = field(default_factory=Counter)
    warnings: Counter[tuple[str, str]] = field(default_factory=Counter)
    suspicions: Sightings = field(default_factory=Sightings)
    folded: list[int] = field(default_factory=list)
    groups: dict[int, int] = field(default_factory=dict)

    def tell(self, record: int, fate: Fate, rejected: Rejected, line: int) -> None:
        """Take over what was decided of a record that other sources have too; `rejected` has its problems in words, if there are any."""
        if rejected.texts:
            self.rejected.append(rejected)
            return
        self.groups[record] = fate.group
        if fate.line:
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
    """The value that a problem is about, for those who asked to see it; "" where it is none that can be shown."""
    value = value_at(document, problem.path)
    return "" if value is None or isinstance(value, dict | list) else str(value)


def unnamed(path: Parts) -> tuple[str, str]:
    """What a path is called where there are no columns."""
    return str(FieldPath(path)), ""


class Wording:
    """Words what is wrong with the records of a chunk; records that are wrong in the same way share the text.

    `names` say what a path is called, and which column fills it.
    """

    def __init__(self, source: str, chunk: Chunk, names: Names) -> None:
        self.source = source
        self._line, self._number = chunk.lines.item, chunk.numbers.item
        self._text = lru_cache(MOST_WORDS)(partial(_text, names))

    def rejected(
        self, rows: tuple[int, ...], problems: Sequence[Problem], row: int, shown: Value = None
    ) -> Rejected:
        """A record of these `rows` that begins with `row`, and its problems in words."""
        texts = tuple([self._text(one, "the record") for one in problems])
        values = tuple(said_of(shown, one) for one in problems) if shown is not None else ()
        return Rejected(rows, self.source, (self._place(row),) * len(texts), texts, values)

    def alike(self, rows: tuple[int, ...], texts: tuple[IssueText, ...], row: int) -> Rejected:
        """The same of a record that is wrong as another one was."""
        return Rejected(rows, self.source, (self._place(row),) * len(texts), texts)

    def unreadable(
        self, rows: tuple[int, ...], broken: Iterable[tuple[int, Sequence[Problem], str]]
    ) -> Rejected:
        """A record of which some rows cannot be read: each of these, why, and what it is called."""
        said = [
            (self._place(row), self._text(one, subject))
            for row, problems, subject in broken
            for one in problems
        ]
        return Rejected(rows, self.source, tuple(place for place, _ in said), tuple(text for _, text in said))

    def _place(self, row: int) -> tuple[int, int]:
        """The line and the number of a row."""
        return self._line(row), self._number(row)


def _text(names: Names, problem: Problem, subject: str) -> IssueText:
    """What is said of a problem, whichever record has it."""
    path, column = names(problem.path)
    return IssueText(
        path, column, problem.code, problem.rule, f"{column or path or subject} {problem.message}"
    )
