"""Stage: each record is accepted, or rejected with issues that say where, which rule and what to do."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np

from pipeline.exact import ExactChecker, Notes, Verdict
from pipeline.layout import Layout, build
from pipeline.model import Change, Checked, Issue, Rejected, ShapedDocuments, ShapedRows
from pipeline.rules import Judge
from pipeline.cells import of_rows
from pipeline.values import shape_of
from pipeline.wording import Problem, path_text

BLANK = 1
FAULTS = {
    2: ("ragged_row", "as many cells as the header", "has {cells} cells where the header has {columns}; "
        "look for a missing or stray delimiter or quote"),
    3: ("quote", "RFC 4180", "has text behind a closing quote; write a quote inside a quoted cell twice"),
    4: ("nul", "no NUL bytes", "holds a NUL byte; export the file again as UTF-8 text"),
    5: ("encoding", "UTF-8", "is not UTF-8; save the file as UTF-8"),
    6: ("quote", "RFC 4180", "opens a quote that is never closed; close it, or write it twice"),
}  # fmt: skip


def validate_rows(shaped: ShapedRows, layout: Layout, exact: ExactChecker, source: str) -> Checked:
    """Let the columns vouch for most rows, and the exact twin decide on the rest."""
    batch = shaped.batch
    blank = batch.faults == BLANK
    vouched = ~shaped.doubtful
    if vouched.any():
        vouched &= Judge(exact.schema, layout.branch, shaped.cells).vouch()
    conversions = _counted(shaped.conversions, vouched)
    warnings = _counted(shaped.warnings, vouched)
    lines: dict[int, bytes] = {}
    rejected: list[Rejected] = []
    for row in np.flatnonzero(~vouched & ~blank).tolist():
        verdict = _judge_row(batch, row, layout, exact)
        if verdict.problems:
            issues = (_issue(problem, source, batch, row, layout) for problem in verdict.problems)
            rejected.append(Rejected(row, 1, tuple(issues)))
        else:
            lines[row] = verdict.line
            conversions.update(verdict.conversions)
            warnings.update(verdict.warnings)
    records = int(vouched.sum()) + len(lines)
    return Checked(
        shaped, vouched, lines, tuple(rejected), len(batch), records, 0, int(blank.sum()), conversions, warnings
    )


def _judge_row(batch: Any, row: int, layout: Layout, exact: ExactChecker) -> Verdict:
    fault = FAULTS.get(int(batch.faults[row]))
    if fault:
        code, rule, message = fault
        words = message.format(cells=int(batch.cells[row]), columns=batch.columns)
        return Verdict(b"", (Problem((), code, rule, words),))
    problems: list[Problem] = []
    document, conversions = build(layout, of_rows(batch).texts(row), problems)
    return exact.document(document, Notes(conversions, [], problems))


def validate_documents(shaped: ShapedDocuments, exact: ExactChecker, canonical: Any, source: str) -> Checked:
    """Let canonical documents pass as they are, and the exact twin decide on the rest."""
    batch = shaped.batch
    vouched = np.zeros(len(batch), np.bool_)
    lines: dict[int, bytes] = {}
    rejected: list[Rejected] = []
    conversions: Counter[tuple[str, str]] = Counter()
    warnings: Counter[tuple[str, str]] = Counter()
    for row, (document, line) in enumerate(zip(shaped.parsed, shaped.lines, strict=True)):
        if line and canonical is not None and canonical.is_valid(document):
            vouched[row] = True
            continue
        verdict = exact.text(batch.texts[row])
        if verdict.problems:
            issues = (_issue(problem, source, batch, row, None) for problem in verdict.problems)
            rejected.append(Rejected(row, 1, tuple(issues)))
        else:
            lines[row] = verdict.line
            conversions.update(verdict.conversions)
            warnings.update(verdict.warnings)
    records = int(vouched.sum()) + len(lines)
    rows = len(batch) + batch.blank
    return Checked(shaped, vouched, lines, tuple(rejected), rows, records, 0, batch.blank, conversions, warnings)


def _counted(changes: Iterable[Change], vouched: Any) -> Counter[tuple[str, str]]:
    counts = {(change.name, change.path): int(vouched[change.rows].sum()) for change in changes}
    return Counter({name: count for name, count in counts.items() if count})


def _issue(problem: Problem, source: str, batch: Any, row: int, layout: Layout | None) -> Issue:
    path = path_text(problem.path)
    column = layout.header_of(problem.path) if layout else ""
    subject = column or path or ("the row" if layout else "the record")
    value = ""
    return Issue(
        source, int(batch.lines[row]), int(batch.numbers[row]), path, column, problem.code, problem.rule,
        f"{subject} {problem.message}", value,
    )  # fmt: skip
