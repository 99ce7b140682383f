"""What a run tells of a delivery: put together from its reports, and written as a page beside each of its batches."""

import json
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module

from msgspec import Struct
from msgspec.structs import replace

from lexer_pipeline.model import Manifest, Specification
from lexer_pipeline.outbox.batch import PAGE, REPORT
from lexer_pipeline.outbox.entry import BatchState
from lexer_pipeline.outbox.there_already import Beside, nothing
from lexer_pipeline.outbox.workspace import Workspace
from lexer_pipeline.preparing.filling import Read
from lexer_pipeline.preparing.report import SourceReport, Verdict
from lexer_pipeline.reporting import sampling
from lexer_pipeline.reporting.column_facts import ColumnFacts, facts_of
from lexer_pipeline.reporting.earlier import Earlier, unlike
from lexer_pipeline.reporting.sampling import SourceSample
from lexer_pipeline.reporting.short_paths import shortened
from lexer_pipeline.reporting.told import IssueFacts, Outcome, SuspicionFacts, Told
from lexer_pipeline.suspicions import HOLD, MOST_LINES, Sighting
from lexer_pipeline.system.stores import Folder

# Issues, suspicions and changes that a page names; keys of documents may be any number.
MOST = 100


def told_of(reports: Sequence[SourceReport], verdicts: Sequence[Verdict], found: Verdict) -> Told:
    """What is told of a delivery whose sources gave these reports; its own verdict is `found`, the others are those of the run."""
    names = shortened(one.path for one in reports)
    own = [replace(one, path=names[one.path]) for one in reports if one.specification == found.specification]
    return Told(
        outcomes=tuple(_outcome(one, reports) for one in verdicts),
        issues=tuple(_issues(own)[:MOST]),
        suspicions=tuple(_suspicions(own, found)[:MOST]),
        conversions=tuple(_counted(one.conversions for one in own)[:MOST]),
        warnings=tuple(_counted(one.warnings for one in own)[:MOST]),
        notes=tuple(dict.fromkeys(note for one in own for note in one.notes)),
    )


def _outcome(one: Verdict, reports: Sequence[SourceReport]) -> Outcome:
    own = [report for report in reports if report.specification == one.specification]
    records, rejected = sum(report.valid for report in own), sum(report.invalid_records for report in own)
    return Outcome(one.specification, one.state, records, rejected, one.reasons)


def _issues(reports: Sequence[SourceReport]) -> list[IssueFacts]:
    """The issues of all sources, each kind once, what befell most records first."""
    found: dict[tuple[str, str, str], IssueFacts] = {}
    for report in reports:
        for one in report.findings:
            key = (one.field, one.code, one.message)
            known = found.get(key, IssueFacts(one.field, one.code, 0, 0, (), one.message))
            lines = (*known.lines, *((report.path, line) for line in one.lines))[:MOST_LINES]
            found[key] = replace(
                known, records=known.records + one.records, rows=known.rows + one.rows, lines=lines
            )
    return sorted(found.values(), key=lambda one: (-one.records, one.field, one.code))


def _suspicions(reports: Sequence[SourceReport], found: Verdict) -> list[SuspicionFacts]:
    holds = {code for code in found.codes if found.state == BatchState.HELD}
    seen = [(report.path, one) for report in reports for one in report.suspicions]
    seen.sort(key=lambda each: (each[1].code not in holds, each[1].suspicion.weight != HOLD))
    return [
        SuspicionFacts(one.code, one.where, one.count, path, tuple(sorted(one.lines)), one.code in holds)
        for path, one in seen
    ]


def _counted(each: Iterable[Mapping[tuple[str, str], int]]) -> list[tuple[str, str, int]]:
    total: dict[tuple[str, str], int] = {}
    for counts in each:
        for key, count in counts.items():
            total[key] = total.get(key, 0) + count
    return [(name, field, count) for (name, field), count in sorted(total.items())]


class Fields:
    """What the fields of the records of a specification look like, by the file that holds them; each is looked at once."""

    def __init__(self, specification: Specification | None) -> None:
        self._types = (
            {one.path: one.type for one in specification.fields} if specification is not None else {}
        )
        self._seen: dict[Folder, tuple[tuple[ColumnFacts, ...], int]] = {}

    def of(self, records: Folder) -> tuple[tuple[ColumnFacts, ...], int]:
        """The fields, and in how many records they were looked at."""
        if records not in self._seen:
            sample = sampling.of_records(records)
            self._seen[records] = facts_of(sample, self._types), sample.rows
        return self._seen[records]


def with_fields(told: Told, fields: Fields, records: Folder) -> Told:
    """What is told, with what the fields of the records in a file look like."""
    found, rows = fields.of(records)
    return replace(told, fields=found, field_rows=rows)


def beside_each(told: Told, fields: Fields, seen: SourceSample | None) -> Beside:
    """What is written beside each batch of a delivery: `report.json` and `report.html`, or nothing where no page is asked for.

    The fields are looked at in the batch's own records, the columns in what was `seen` of the sources.
    """
    if seen is None:
        return nothing
    return _Pages(replace(told, columns=facts_of(seen.sample), column_rows=seen.sample.rows), fields).beside


class _Pages(Struct, frozen=True):
    told: Told
    fields: Fields

    def beside(self, name: str, manifest: Manifest, records: Folder) -> Mapping[str, bytes]:
        told = with_fields(self.told, self.fields, records) if manifest.records else self.told
        # What words a page is loaded while the kernels work, where somebody asked for one, and by nobody else.
        page = import_module("lexer_pipeline.reporting.report_page")
        return {
            REPORT: json.dumps(told.as_json(), ensure_ascii=False).encode() + b"\n",
            PAGE: page.of_batch(name, manifest, told),
        }


def with_earlier(told: Told, before: Sequence[Earlier]) -> Told:
    """What is told, beside the deliveries of before."""
    return replace(
        told, earlier=tuple(one.facts for one in before), fill_before=before[0].fill if before else {}
    )


def unlike_before(
    before: Sequence[Earlier], read: Read, work: Workspace, fields: Fields, of_all: bool
) -> tuple[Sighting, ...]:
    """What is suspicious of a delivery beside those of before: how many rows came and, where it is `of_all` records, fields that are empty now."""
    rows = sum(one.rows + sum(one.skipped.values()) for one in read.reports)
    records = sum(one.valid for one in read.reports)
    fill: dict[str, float] | None = None
    if of_all and read.seen is not None and records and any(one.fill for one in before):
        found, _ = fields.of(work.parts[0].data)
        fill = {one.name: one.fill for one in found}
    return unlike(before, rows, records, fill)


def noting(reports: Sequence[SourceReport], found: Sequence[Sighting]) -> list[SourceReport]:
    """The reports, the first of which has what is suspicious of the delivery as a whole."""
    if not found or not reports:
        return list(reports)
    return [replace(reports[0], suspicions=(*reports[0].suspicions, *found)), *reports[1:]]
