"""The files of one delivery, filled part after part."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from lexer_pipeline.chunks.records import Records
from lexer_pipeline.chunks.results import Checked, Rejected
from lexer_pipeline.chunks.traced import lines_of, record_beyond, sent_ranks, traced, unsent_lines
from lexer_pipeline.errors import UsageError
from lexer_pipeline.kernels.arrays import Int64s
from lexer_pipeline.loading.source import LoadedTable
from lexer_pipeline.model import Json, Manifest, SourceUse, Specification
from lexer_pipeline.outbox.batch import ISSUES, TRACE, PreparedBatch
from lexer_pipeline.outbox.entry import BatchState
from lexer_pipeline.outbox.line_packing import BrokenTraceError
from lexer_pipeline.outbox.part import Part
from lexer_pipeline.outbox.trace_file import TraceFile
from lexer_pipeline.preparing import rejects
from lexer_pipeline.preparing.changes import Changes
from lexer_pipeline.preparing.report import Verdict, by_name, issue_counts
from lexer_pipeline.preparing.stages import Converted, Stages
from lexer_pipeline.system.stores import Folder

TAKEN_OUT = "taken out of the rejects"
BLOCK = 1 << 20
# Issues that are in words at a time: a row of a hundred bytes may have many kilobytes of them.
AT_ONCE = 1 << 12


class Parts(Protocol):
    """Where parts are written: a workspace, or what a task of a cluster has of it."""

    def new_part(self) -> Part:
        """Begin the next part; the one before it is complete."""


class Elsewhere(NamedTuple):
    """Rows of a record that stands where the first of its sources has it, in what another task of a cluster wrote."""

    group: int
    source: int
    lines: Int64s


class Delivery:
    """Fills one part after another with what the stages give.

    `homes` are the part and line of records of several sources, by their numbers; what belongs to one that has none here is `elsewhere`.
    """

    def __init__(self, workspace: Parts, max_bytes: int, is_fix: bool = False) -> None:
        self._workspace = workspace
        self._max_bytes = max_bytes
        self._is_fix = is_fix
        self._number = 0  # of the part, from 1
        self._part = self._new_part()
        self._awaited: int | None = None  # rows of rejects of a batch taken over
        self.homes: dict[int, tuple[Part, int]] = {}
        self.elsewhere: list[Elsewhere] = []
        self._begun = self._part  # the part that begins with its records, and counts all rows of its sources

    def _new_part(self) -> Part:
        self._number += 1
        return self._workspace.new_part()

    def take_over(self, before: PreparedBatch, changes: Changes | None = None) -> None:
        """Begin a part with the records of a batch that was made before, and what was counted for them; its rejects come next."""
        self.complete()
        if self._part.counts:
            self._part = self._new_part()
        part, manifest = self._part, before.manifest
        self._begun = part
        if manifest.file:
            _copy(before.file, manifest.sha256, part)
            if changes is not None:
                changes.note_file(self._number, before.file)
        part.taken = part.size
        part.trace.take_over(_trace_of(before), manifest.records)
        part.counts.update(
            rows=manifest.rows - manifest.rejected, records=manifest.records, continuations=manifest.continuations,
            blank=manifest.blank, rejected=0, unchanged=manifest.unchanged,
        )  # fmt: skip
        part.source_rows.update({number: one.rows for number, one in enumerate(manifest.sources)})
        part.warnings.update(manifest.warnings)
        part.conversions.update(manifest.conversions)
        part.skipped.update(manifest.skipped)
        self._awaited = manifest.rejected

    def complete(self) -> None:
        """All rejects of a batch taken over have come; those that a person took out are counted."""
        if self._awaited is not None and self._awaited > 0:
            self._begun.skipped[TAKEN_OUT] += self._awaited
        self._awaited = None

    def fitting(self, stages: Stages[Any], done: Converted[Any]) -> Iterator[Converted[Any]]:
        """The chunk, or pieces of it that fit: a part ends before the first record that would outgrow it."""
        chunk, room = done.chunk, self._max_bytes - self._part.size
        if done.size <= room:
            yield done
        elif isinstance(chunk, Records) and chunk.written is not None:
            yield from self.fitting(stages, stages.convert(chunk.in_cells()))
        elif before := record_beyond(done.checked, done.lines, room):
            yield stages.convert(chunk.part(0, before))
            yield from self.fitting(stages, stages.convert(chunk.part(before, chunk.records)))
        elif self._part.size:
            blank, chunk = chunk.behind_blank()
            if blank is not None:
                # What stands before a record that begins a part goes with the record before it, as elsewhere.
                yield stages.convert(blank)
                done = stages.convert(chunk)
            self._part = self._new_part()
            yield from self.fitting(stages, done)
        else:
            raise UsageError("one record alone is larger than --max-bytes", "Allow more bytes a file.")

    def add(self, source: int, stages: Stages[Any], done: Converted[Any]) -> None:
        """Write a chunk: its records, its rejects in their own form, and its issues."""
        part, checked, loaded = self._part, done.checked, stages.loaded
        for piece in done.lines:
            part.write_records(piece)
        head = loaded.head if isinstance(loaded, LoadedTable) else None
        self._trace(source, checked, int(self._is_fix and head is None))
        if stages.changes is not None and done.hashed is not None:
            stages.changes.note(self._number, done.hashed)
        file, first = rejects.file_name(source, head is not None), rejects.header(head) if head else b""
        for some in _few_issues(checked.rejected):
            own = rejects.rows_or_documents(
                checked.shaped.chunk, some, head, stages.route.secret, stages.route.secret_paths
            )
            part.write_aside(file, first, own)
            part.write_aside(ISSUES, b"", rejects.issue_lines(some))
        rejected = sum(len(record.rows) for record in checked.rejected)
        if self._is_fix:
            part.note_accepted(source, rejects.accepted(checked), set(rejects.first_accepted(checked)))
        rows, blank, came = checked.rows, checked.blank, checked.rows + sum(checked.skipped.values())
        if self._awaited is not None:
            # They are among the rows of the batch; a blank line of the rejects file is none of its source.
            rows, blank, came = rows - blank, 0, came - blank
            added = min(came, max(0, came - max(0, self._awaited)))
            self._awaited -= came
            self._begun.source_rows[source] -= came - added
            part.source_rows[source] += came
        else:
            part.source_rows[source] += came
        part.counts.update(
            records=checked.records, rejected=rejected, rows=rows, continuations=checked.continuations, blank=blank,
            rejected_records=len(checked.rejected), unchanged=checked.unchanged,
        )  # fmt: skip
        part.issues.update(issue_counts(checked))
        part.warnings.update(by_name(checked.warnings))
        part.conversions.update(by_name(checked.conversions))
        part.skipped.update(checked.skipped)
        accounted = checked.records + rejected + checked.continuations + checked.blank + checked.unchanged
        if accounted != checked.rows:
            raise AssertionError(f"{checked.rows} rows came in and {accounted} are accounted for")

    def _trace(self, source: int, checked: Checked, fixes: int) -> None:
        """Note where the records of a chunk come from; a record of several sources stands where the first of them has it.

        Rejects of a table say on which lines of their source they stood, those of documents do not (`fixes`).
        """
        trace, found, before = self._part.trace, traced(checked), self._part.trace.records
        trace.add(source, found.lines, found.sizes, fixes)
        trace.add_unchanged(source, unsent_lines(checked))
        ranks = sent_ranks(checked) if checked.groups else {}
        for record, group in checked.groups.items():
            if record in ranks:
                self.homes[group] = (self._part, before + ranks[record] if ranks[record] else 0)
            elif group not in self.homes:
                self.elsewhere.append(Elsewhere(group, source, lines_of(checked, record)))
            elif self.homes[group][1]:
                part, line = self.homes[group]
                part.trace.add_more(line, source, lines_of(checked, record), fixes)


def _few_issues(rejected: Sequence[Rejected]) -> Iterator[Sequence[Rejected]]:
    """The records in groups of few issues; one may have many alone."""
    begin, issues = 0, 0
    for at, record in enumerate(rejected):
        issues += len(record.texts)
        if issues >= AT_ONCE:
            yield rejected[begin : at + 1]
            begin, issues = at + 1, 0
    if begin < len(rejected):
        yield rejected[begin:]


def _trace_of(before: PreparedBatch) -> TraceFile | None:
    try:
        return TraceFile(before.path / TRACE)
    except (BrokenTraceError, OSError):
        return None  # made before there were any, or damaged: what is sent does not rest on it


def _copy(file: Folder, sha256: str, part: Part) -> None:
    """Add the records of a batch; UsageError where they are not the ones that were prepared."""
    seen = hashlib.sha256()
    try:
        with file.open("rb") as records:
            while block := records.read(BLOCK):
                seen.update(block)
                part.write_records(block)
    except FileNotFoundError:
        pass  # then it is none of that checksum
    if seen.hexdigest() != sha256:
        raise UsageError(
            f"{file}: is missing, or not the file that was prepared",
            "Convert its source again, which makes it anew.",
        )


def manifest_template(
    specification: Specification, verdict: Verdict, accepted: tuple[str, ...], options: Mapping[str, Json],
    mapping: Json, decisions: Sequence[Mapping[str, Json]], suspicions: Mapping[str, Any],
    left_out: tuple[str, ...], compared_with: Mapping[str, Json] | None = None,
) -> Manifest:  # fmt: skip
    """The manifest of every part, but for what is counted and named."""
    none: tuple[SourceUse, ...] = ()
    return Manifest(
        specification.name, specification.record_type, verdict.state, "", 0, "", 0, 0, 0, 0, 0, {}, {}, {}, none,
        mapping=mapping, options=options, decisions=tuple(decisions), held_for=verdict.reasons if verdict.state == BatchState.HELD else (), accepted=accepted,
        suspicions=suspicions, left_out=left_out, compared_with=compared_with,
    )  # fmt: skip
