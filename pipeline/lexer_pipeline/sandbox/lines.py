"""Each line of an uploaded file on trial: the verdict is the sandbox's own, its words are the product's.

The product's own check would say of its own files what it said before. So the schema is asked here by itself, and
only what it finds is put into the sentences that a person knows from `convert` and `validate`.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import BinaryIO

import jsonschema_rs
import orjson
from msgspec import Struct, field

from lexer_pipeline.model import Json, Problem, Specification
from lexer_pipeline.sandbox.entries import Reject
from lexer_pipeline.specs.paths import FieldPath
from lexer_pipeline.specs.schema_tree import SchemaTree
from lexer_pipeline.validating.messages import not_json, one_a_place, problem_of

LONGEST_LINE = 16 << 20
KEPT_REJECTS = 100
KEPT_RECORDS = 5
LARGEST_PREVIEW = 1 << 16
MARK = b"\xef\xbb\xbf"
BLANK = Problem(
    (), "blank_line", "one record a line", "is blank; a file holds one record a line and no empty lines"
)
TOO_LONG = Problem(
    (), "line_too_long", "one record a line", "is longer than any record; end each record with a new line"
)
MARKED = Problem((), "encoding", "no byte order mark", "begins with a byte order mark; save the file as UTF-8 without one")  # fmt: skip


class Tally(Struct):
    """The counts of a load so far, and the first few rejected lines and accepted records."""

    accepted: int = 0
    rejected: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    rejects: list[Reject] = field(default_factory=list)
    preview: list[Json] = field(default_factory=list)

    def accept(self, record: Json, size: int) -> None:
        """Count an accepted record."""
        self.accepted += 1
        if len(self.preview) < KEPT_RECORDS and size <= LARGEST_PREVIEW:
            self.preview.append(record)

    def reject(self, line: int, problems: Sequence[Problem]) -> None:
        """Count a rejected line and what is wrong with it; the values are not kept."""
        self.rejected += 1
        self.codes.update(problem.code for problem in problems)
        room = KEPT_REJECTS - len(self.rejects)
        self.rejects += [
            Reject(line, problem.code, str(FieldPath(problem.path)), problem.message)
            for problem in problems[:room]
        ]


class Judge:
    """Accepts or rejects lines by the schema of one specification."""

    def __init__(self, specification: Specification) -> None:
        self._tree = SchemaTree(specification.schema)
        self._check = jsonschema_rs.Draft202012Validator(dict(specification.schema), validate_formats=True)

    def count(self, number: int, line: bytes, tally: Tally) -> None:
        """Count one line into the tally."""
        if problem := _unreadable(line):
            tally.reject(number, [problem])
            return
        try:
            record: Json = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            tally.reject(number, [not_json(_not_unicode(line) or error)])
            return
        if self._check.is_valid(record):
            tally.accept(record, len(line))
            return
        found = [one for error in self._check.iter_errors(record) for one in problem_of(error, self._tree)]
        tally.reject(number, one_a_place(found))


def lines(file: BinaryIO) -> Iterator[bytes]:
    """The lines without their ends; of a line longer than any record, only its beginning."""
    while line := file.readline(LONGEST_LINE):
        whole = line.endswith(b"\n") or len(line) < LONGEST_LINE
        yield line.rstrip(b"\r\n") if whole else line
        while not whole:
            rest = file.readline(LONGEST_LINE)
            whole = rest.endswith(b"\n") or len(rest) < LONGEST_LINE


def _unreadable(line: bytes) -> Problem | None:
    if not line.strip():
        return BLANK
    if len(line) >= LONGEST_LINE:
        return TOO_LONG
    return MARKED if line.startswith(MARK) else None


def _not_unicode(line: bytes) -> UnicodeDecodeError | None:
    try:
        line.decode()
    except UnicodeDecodeError as error:
        return error
    return None
