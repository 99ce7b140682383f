"""The files of one delivery, filled part after part."""

from collections.abc import Iterator, Sequence

from lexer_pipeline.chunks.results import Checked, Chunk
from lexer_pipeline.chunks.rows import Rows
from lexer_pipeline.errors import UsageError
from lexer_pipeline.model import Manifest, SourceUse, Specification
from lexer_pipeline.outbox import batch
from lexer_pipeline.preparing import rejects
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.report import SourceReport, by_name, issue_counts
from lexer_pipeline.preparing.routes import _Stages


class _Delivery:
    """Fills one part after another with what the stages give."""

    def __init__(self, workspace: batch.Workspace, max_bytes: int) -> None:
        self._workshop = workspace
        self._max_bytes = max_bytes
        self._part = workspace.new_part()

    def fitting(
        self, stages: _Stages, rows: Chunk, checked: Checked, pieces: Sequence[bytes]
    ) -> Iterator[tuple[Checked, Sequence[bytes]]]:
        """The batch, or pieces of it that fit: a part ends before the first record that would outgrow it."""
        if self._part.size + sum(map(len, pieces)) <= self._max_bytes:
            yield checked, pieces
        elif isinstance(rows, Rows) and rows.written is not None:
            yield from self.fitting(stages, *stages.convert(rows.in_cells()))
        elif rows.records > 1:
            middle = rows.records // 2
            yield from self.fitting(stages, *stages.convert(rows.part(0, middle)))
            yield from self.fitting(stages, *stages.convert(rows.part(middle, rows.records)))
        elif self._part.size:
            self._part = self._workshop.new_part()
            yield from self.fitting(stages, rows, checked, pieces)
        else:
            raise UsageError("one record alone is larger than --max-bytes", "Allow more bytes a file.")

    def add(self, source: int, stages: _Stages, checked: Checked, pieces: Sequence[bytes]) -> None:
        """Write a checked batch: its records, its rejects in their own form, and its issues."""
        part, rows, head = self._part, checked.shaped.chunk, stages.loaded.head
        for piece in pieces:
            part.write_records(piece)
        if checked.rejected:
            file, first = rejects.file_name(source, head is not None), rejects.header(head) if head else b""
            own = rejects.rows_or_documents(rows, checked.rejected, head, stages.secret)
            part.write_aside(file, first, own)
            part.write_aside(rejects.ISSUES, b"", rejects.issue_lines(checked.rejected))
        rejected = sum(len(record.rows) for record in checked.rejected)
        part.counts.update(
            records=checked.records, rejected=rejected, rows=checked.rows,
            continuations=checked.continuations, blank=checked.blank,
        )  # fmt: skip
        part.source_rows[source] += checked.rows + sum(checked.skipped.values())
        part.issues.update(issue_counts(checked))
        part.warnings.update(by_name(checked.warnings))
        part.conversions.update(by_name(checked.conversions))
        part.skipped.update(checked.skipped)
        accounted = checked.records + rejected + checked.continuations + checked.blank
        if accounted != checked.rows:
            raise AssertionError(f"{checked.rows} rows came in and {accounted} are accounted for")


def _template(specification: Specification, reports: Sequence[SourceReport], options: Options) -> Manifest:
    """The manifest of every part, but for what is counted and named."""
    invalid, valid = sum(report.invalid for report in reports), sum(report.valid for report in reports)
    state = "held" if invalid > options.max_invalid * (invalid + valid) else "prepared"
    none: tuple[SourceUse, ...] = ()
    return Manifest(
        specification.name, specification.record_type, state, "", 0, "", "", 0, 0, 0, 0, 0, {}, {}, {}, none
    )
