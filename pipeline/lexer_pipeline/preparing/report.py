"""What a run found, counted: for a person's table, for programs, and as a data frame on request."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from heapq import nsmallest
from importlib import import_module
from typing import Any

import orjson
from msgspec import Struct, field
from msgspec.structs import replace

from lexer_pipeline.chunks.results import Checked, Rejected
from lexer_pipeline.model import Issue, IssueText
from lexer_pipeline.outbox.batch import ISSUES, PreparedBatch
from lexer_pipeline.specs.paths import FieldPath
from lexer_pipeline.suspicions import MOST_LINES, Sighting, Sightings, as_json, is_suspicion
from lexer_pipeline.system.stores import Folder

EXAMPLES = 20
MOST_FIELDS = 1000
MOST_MESSAGES = 10
# So many ways to word an issue are known again.
MOST_WORDED = 4096
# Numbers in messages (of cells, of items) may differ from record to record.
NUMBERS = re.compile("[0-9]+")
ADDED_UP = (
    "rows", "valid", "invalid", "invalid_records", "continuations", "blank", "unchanged", "unchanged_records",
)  # fmt: skip
COUNTED = ("skipped", "issues", "conversions", "warnings")
OTHER_FIELDS, OTHER_MESSAGES = (
    "(other fields)",
    "(other messages; convert writes all of them to issues.ndjson)",
)


class Finding(Struct, frozen=True):
    """One line of the table of issues: a field, a code, in how many records and rows, where first (`lines`: the first few), and what to do."""

    field: str
    code: str
    records: int
    rows: int
    line: int
    message: str
    lines: tuple[int, ...] = ()


class SourceReport(Struct, frozen=True):
    """What was found in one source; `conversions` and `warnings` by (name, field), `issues` by code.

    `invalid` are rows, as many as the `invalid_records` take with them; `taken` ones are left to another record of the mapping.
    `unchanged` are rows of `unchanged_records`, which are at the destination already.
    """

    path: str
    specification: str
    rows: int
    valid: int
    invalid: int
    invalid_records: int
    continuations: int
    blank: int
    skipped: Mapping[str, int]
    issues: Mapping[str, int]
    notes: tuple[str, ...]
    findings: tuple[Finding, ...]
    conversions: Mapping[tuple[str, str], int]
    warnings: Mapping[tuple[str, str], int]
    examples: tuple[Issue, ...]
    suspicions: tuple[Sighting, ...] = ()
    taken: int = 0
    unchanged: int = 0
    unchanged_records: int = 0

    def as_json(self) -> dict[str, Any]:
        """The source as `validate --json` prints it."""
        return {
            "path": self.path,
            "specification": self.specification,
            "rows": self.rows,
            "valid": self.valid,
            "invalid": self.invalid,
            "invalid_records": self.invalid_records,
            "continuations": self.continuations,
            "blank": self.blank,
            "skipped": dict(self.skipped),
            "notes": list(self.notes),
            "issues": dict(sorted(self.issues.items())),
            "suspicions": as_json(self.suspicions),
            "warnings": by_name(self.warnings),
            "conversions": by_name(self.conversions),
            "examples": [issue.as_json() for issue in self.examples],
        }


class Verdict(Struct, frozen=True):
    """What this run's rows came to for one specification: `prepared`, `held`, `rejected`, `unchanged`, or `none` where no row belonged to it.

    Of one that is `unchanged` all records are at their destination already.
    `is_good` says whether all is as it was asked for; `reasons` say why a batch is held, or why there is none. `codes` are those of
    suspicions that hold it, which a person may accept; `share` is that of its rejects where it holds the batch. Where it was compared
    with a destination, `compared` counts its records by what they are there: `new`, `changed`, `unchanged`, and `missing` in the sources.
    """

    specification: str
    state: str
    is_good: bool
    reasons: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    share: float = 0.0
    compared: Mapping[str, int] = field(default_factory=dict)


class Report(Struct, frozen=True):
    """What `prepare` or `validate` did: a report a source, and what was prepared (or was there already).

    `verdicts` has one for each specification of the run, whatever lies in the folder from before. `waiting` are the folders of batches
    that were not sent yet, and that sources were compared with as if they were.
    """

    sources: tuple[SourceReport, ...]
    batches: tuple[PreparedBatch, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    waiting: tuple[Folder, ...] = ()

    @property
    def invalid(self) -> int:
        """How many records were rejected."""
        return sum(source.invalid_records for source in self.sources)

    @property
    def valid(self) -> int:
        """How many records were accepted."""
        return sum(source.valid for source in self.sources)

    def issues(self) -> Any:
        """The issues as a pandas DataFrame: all of them where batches were written, else the first of each source."""
        pandas = import_module("pandas")  # a third of a second that only those who ask for a frame should pay
        files = [batch.path / ISSUES for batch in self.batches]
        found = [orjson.loads(line) for file in files for line in file.read_bytes().splitlines()]
        if not self.batches:
            found = [issue.as_json() for source in self.sources for issue in source.examples]
        names = [name for name in Issue.__struct_fields__ if name != "value"]
        return pandas.DataFrame(found, columns=names)


def by_source(reports: Sequence[SourceReport]) -> tuple[SourceReport, ...]:
    """The reports with one for each source and specification, however many kinds of records a mapping makes of its rows."""
    found: dict[tuple[str, str], list[SourceReport]] = {}
    for one in reports:
        found.setdefault((one.path, one.specification), []).append(one)
    return tuple(_joined(some) if len(some) > 1 else some[0] for some in found.values())


def _joined(passes: Sequence[SourceReport]) -> SourceReport:
    suspicions = Sightings()
    lines: dict[tuple[str, str, str], Finding] = {}
    for one in passes:
        suspicions.update(one.suspicions)
        for new in one.findings:
            place = new.field, new.code, new.message
            if (known := lines.get(place)) is None:
                lines[place] = new
                continue
            first = (*known.lines, *new.lines)[:MOST_LINES]
            lines[place] = replace(
                known, records=known.records + new.records, rows=known.rows + new.rows, lines=first
            )
    counted: dict[str, Any] = {name: sum(getattr(one, name) for one in passes) for name in ADDED_UP}
    for name in COUNTED:
        counted[name] = dict(sum((Counter(getattr(one, name)) for one in passes), Counter()))
    return replace(
        passes[0], **counted, notes=tuple(dict.fromkeys(note for one in passes for note in one.notes)),
        findings=_most_first(lines.values()), examples=tuple(issue for one in passes for issue in one.examples)[:EXAMPLES],
        suspicions=suspicions.all(),
    )  # fmt: skip


def _most_first(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """The lines of the table of issues, what befell most records first."""
    return tuple(sorted(found, key=lambda one: (-one.records, one.field, one.code, one.line)))


def by_name(counts: Mapping[tuple[str, str], int]) -> dict[str, int]:
    """Counts by (name, field) added up by name."""
    total: Counter[str] = Counter()
    for (name, _), count in counts.items():
        total[name] += count
    return dict(sorted(total.items()))


class _Line(Struct):
    """A line of the table while it is counted; `varies` says that the numbers in its words are those of the first record alone."""

    message: str
    first: int
    records: int = 0
    rows: int = 0
    varies: bool = False
    lines: list[int] = field(default_factory=list)

    def meet(self, lines: Sequence[int], message: str) -> None:
        """Some of the first lines of more records, which say this; the words are those of the first record of all."""
        self.lines = sorted([*self.lines, *lines])[:MOST_LINES]
        if lines[0] < self.first:
            self.first, self.message = lines[0], message

    def joined(self, more: "_Line") -> "_Line":
        """This line with what was counted of other records; its words are those of the first record of all."""
        first = min(self, more, key=lambda one: one.first)
        varies = self.varies or more.varies or self.message != more.message
        lines = sorted([*self.lines, *more.lines])[:MOST_LINES]
        return _Line(
            first.message, first.first, self.records + more.records, self.rows + more.rows, varies, lines
        )

    def finding(self, name: str, code: str) -> Finding:
        words = f" (on line {self.first:,}; other numbers elsewhere)" if self.varies else ""
        return Finding(
            name, code, self.records, self.rows, self.first, self.message + words, tuple(self.lines)
        )


class Tally(Struct):
    """Adds up one source, batch by batch; constant memory, since fields and codes are few."""

    rows: int = 0
    valid: int = 0
    invalid: int = 0
    invalid_records: int = 0
    continuations: int = 0
    blank: int = 0
    unchanged: int = 0
    unchanged_records: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    taken: int = 0
    issues: Counter[str] = field(default_factory=Counter)
    conversions: Counter[tuple[str, str]] = field(default_factory=Counter)
    warnings: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: list[Issue] = field(default_factory=list)
    suspicions: Sightings = field(default_factory=Sightings)
    lines: dict[tuple[str, str, str], _Line] = field(default_factory=dict)
    _messages: Counter[tuple[str, str]] = field(default_factory=Counter)
    _worded: "dict[IssueText, tuple[tuple[str, str, str], _Line]]" = field(default_factory=dict)

    def add(self, checked: Checked) -> None:
        """Count a batch."""
        self.rows += checked.rows
        self.valid += checked.records
        self.invalid += sum(len(rejected.rows) for rejected in checked.rejected)
        self.invalid_records += len(checked.rejected)
        self.continuations += checked.continuations
        self.blank += checked.blank
        self.unchanged += checked.unchanged
        self.unchanged_records += checked.unchanged_records
        self.skipped.update(checked.skipped)
        self.taken += checked.taken
        self.conversions.update(checked.conversions)
        self._warn(checked.warnings)
        self.suspicions.update(checked.suspicions)
        self._add_rejected(checked.rejected)

    def join(self, more: "Tally") -> None:
        """Count what was counted of other records of the source; the first lines and examples are the lowest of all."""
        for name in ("rows", "valid", "invalid", "invalid_records", "continuations", "blank", "taken"):
            setattr(self, name, getattr(self, name) + getattr(more, name))
        for name in ("skipped", "issues", "conversions"):
            getattr(self, name).update(getattr(more, name))
        self._warn(more.warnings)
        self._worded.clear()
        self.suspicions.update(more.suspicions.all())
        self.examples = sorted([*self.examples, *more.examples], key=lambda one: one.line)[:EXAMPLES]
        for place, line in more.lines.items():
            self.lines[place] = self.lines[place].joined(line) if place in self.lines else line

    def _warn(self, warnings: Mapping[tuple[str, str], int]) -> None:
        for (name, where), count in warnings.items():
            # Keys of unknown fields come from the data, so there may be any number of them.
            known = (name, where) in self.warnings or len(self.warnings) < MOST_FIELDS
            self.warnings[name, where if known else OTHER_FIELDS] += count

    def _add_rejected(self, rejected: Sequence[Rejected]) -> None:
        """Count the issues of some records, those that are wrong in the same way at once; each line of the table counts a record and its rows once."""
        for record in rejected[: EXAMPLES - len(self.examples)]:
            self.examples.extend(record.issues[: EXAMPLES - len(self.examples)])
        alike: dict[tuple[IssueText, ...], list[Rejected]] = {}
        for record in rejected:
            alike.setdefault(record.texts, []).append(record)
        for texts, records in alike.items():
            rows = sum(len(record.rows) for record in records)
            said: set[tuple[str, str, str]] = set()
            for at, text in enumerate(texts):
                self.issues[text.code] += len(records)
                place, known = self._line_of(text, records[0].places[at][0])
                if place in said:
                    continue
                said.add(place)
                known.records += len(records)
                known.rows += rows
                # Where rows were brought together the first record is not on the first line.
                lines = tuple(nsmallest(MOST_LINES, (record.places[at][0] for record in records)))
                known.meet(lines, text.message if place[2] != OTHER_MESSAGES else known.message)
                if is_suspicion(text.code):
                    self.suspicions.add(Sighting(text.code, place[0], len(records), lines))

    def _line_of(self, text: IssueText, line: int) -> "tuple[tuple[str, str, str], _Line]":
        """The line of the table that issues belong to, which stands first on this `line`, and by what it is known there; most are worded as one before them."""
        if (found := self._worded.get(text)) is not None:
            return found
        place = self._place_of(text)
        is_other = place[2] == OTHER_MESSAGES
        known = self.lines.setdefault(place, _Line(OTHER_MESSAGES if is_other else text.message, line))
        known.varies |= known.message != text.message and not is_other
        if len(self._worded) < MOST_WORDED:
            self._worded[text] = place, known
        return place, known

    def _place_of(self, text: IssueText) -> tuple[str, str, str]:
        """The line of the table that an issue belongs to: its field, its code and its own words but for their numbers; each of these has an end."""
        where = text.column or text.path
        name = str(FieldPath.named(where).general) if "[" in where else where
        words = NUMBERS.sub("0", text.message)
        place = name, text.code, words
        if place in self.lines:
            return place
        if (name, text.code) not in self._messages and len(self._messages) >= MOST_FIELDS:
            name = OTHER_FIELDS
        if self._messages[name, text.code] >= MOST_MESSAGES:
            return name, text.code, OTHER_MESSAGES
        self._messages[name, text.code] += 1
        return name, text.code, words

    def report(
        self, path: str, specification: str, notes: tuple[str, ...], noticed: Iterable[Sighting] = ()
    ) -> SourceReport:
        """The source so far; `noticed` is what is suspicious of it as a whole."""
        self.suspicions.update(noticed)
        return SourceReport(
            path, specification, self.rows, self.valid, self.invalid, self.invalid_records, self.continuations,
            self.blank, dict(self.skipped), dict(self.issues), notes, _most_first(line.finding(name, code) for (name, code, _), line in self.lines.items()),
            dict(self.conversions), dict(self.warnings), tuple(self.examples),
            tuple(replace(one, source=path) for one in self.suspicions.all()), self.taken,
            self.unchanged, self.unchanged_records,
        )  # fmt: skip


def issue_counts(checked: Checked) -> Counter[str]:
    """How often each code stands in a batch."""
    return Counter(text.code for rejected in checked.rejected for text in rejected.texts)
