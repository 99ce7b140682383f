"""What the rows of a run come to: a batch that may be sent, one that is held, one in which nothing is valid, or none."""

from collections.abc import Sequence

from lexer_pipeline.chunks.rejected import ACCEPTED
from lexer_pipeline.outbox.batch import PreparedBatch
from lexer_pipeline.outbox.entry import BatchState
from lexer_pipeline.preparing.fixed import Fixed
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.report import SourceReport, Verdict
from lexer_pipeline.preparing.tolerance import Tolerance
from lexer_pipeline.suspicions import Sighting

NONE = "none"
UNCHANGED = "unchanged"
# Of these there is nothing to be made.
NO_BATCH = frozenset({NONE, UNCHANGED})
TOO_MANY_REJECTS = "too_many_rejects"
USUAL = Options()
NOTHING_NEW = "nothing is new or changed"


def verdict(
    specification: str, reports: Sequence[SourceReport], options: Options, tolerance: Tolerance
) -> Verdict:
    """The verdict on all sources of one specification."""
    invalid, valid = _records(reports)
    unchanged = _unchanged(reports)
    total = invalid + valid + unchanged
    rows = sum(report.rows - report.blank + sum(report.skipped.values()) for report in reports)
    reasons = []
    if rows < options.min_rows:
        reasons.append(_too_few(rows, options))
    share = invalid / total if _is_too_much(invalid, valid + unchanged, options.max_invalid) else 0.0
    if unchanged and not valid and not share:
        return Verdict(specification, UNCHANGED, not reasons, tuple(reasons) or (NOTHING_NEW,))
    if not invalid + valid:
        why = "no row belongs to it" if rows else "there are no rows"
        return Verdict(specification, NONE, not reasons, tuple(reasons) or (why,))
    if not valid:
        why = "nothing is new or changed, and too much was rejected" if unchanged else "no record is valid"
        return Verdict(specification, BatchState.REJECTED, False, (why, *reasons))
    if share:
        reasons.append(
            f"{share:.2%} of the records were rejected, more than --max-invalid {options.max_invalid:.2%}"
        )
    codes = _unaccepted(_in(reports), tolerance, total)
    reasons += [_suspicious(one) for one in codes]
    state = BatchState.HELD if reasons else BatchState.PREPARED
    return Verdict(specification, state, not reasons, tuple(reasons), tuple(one.code for one in codes), share)


def _records(reports: Sequence[SourceReport]) -> tuple[int, int]:
    """How many records were rejected, and how many accepted."""
    return sum(one.invalid_records for one in reports), sum(one.valid for one in reports)


def _unchanged(reports: Sequence[SourceReport]) -> int:
    """How many records are at the destination already."""
    return sum(one.unchanged_records for one in reports)


def _in(reports: Sequence[SourceReport]) -> list[Sighting]:
    return [one for report in reports for one in report.suspicions]


def _unaccepted(found: Sequence[Sighting], tolerance: Tolerance, records: int) -> list[Sighting]:
    return [one for one in tolerance.holding(found, records) if one.code not in tolerance.accepted]


def _suspicious(one: Sighting) -> str:
    """A suspicion that holds, in words."""
    line = f", first on line {min(one.lines)}" if one.lines else ""
    return f"{one.code} ({one.count:,}{line}): {one.suspicion.meaning}"


def as_it_lies(found: Verdict, batches: Sequence[PreparedBatch]) -> Verdict:
    """The verdict where the same content is there already and was released: the suspicions that would hold it were accepted then."""
    was_released = all(not one.made and one.manifest.state == BatchState.PREPARED for one in batches)
    by_suspicion = len(found.codes) == len(found.reasons)
    if found.state == BatchState.HELD and by_suspicion and batches and was_released:
        return Verdict(found.specification, BatchState.PREPARED, True)
    return found


def accepted(reports: Sequence[SourceReport], options: Options, tolerance: Tolerance) -> tuple[str, ...]:
    """What a batch that may be sent would have been held for, had nothing been asked for beside."""
    invalid, valid = _records(reports)
    valid += _unchanged(reports)
    is_held = _is_too_much(invalid, valid, options.max_invalid)
    is_more = _is_too_much(invalid, valid, USUAL.max_invalid) and not is_held
    return (*((TOO_MANY_REJECTS,) if is_more else ()), *_taken(_in(reports), tolerance, invalid + valid))


def _taken(found: Sequence[Sighting], tolerance: Tolerance, records: int) -> tuple[str, ...]:
    """The codes that would hold, and that a person accepted."""
    return tuple(one.code for one in tolerance.holding(found, records) if one.code in tolerance.accepted)


def _too_few(rows: float, options: Options) -> str:
    return f"{rows:,} {'row' if rows == 1 else 'rows'} came, fewer than --min-rows {options.min_rows:,}"


def _is_too_much(invalid: int, valid: int, share: float) -> bool:
    return invalid > share * (invalid + valid)


def verdict_on_fix(fixed: Fixed, reports: Sequence[SourceReport], tolerance: Tolerance) -> Verdict:
    """The verdict on fixed rejects: what is rejected still is measured against all records of the batch."""
    options, name = fixed.options, fixed.specification.name
    invalid, valid = _records(reports)
    if fixed.is_taken_over:
        valid += sum(batch.manifest.records for batch, _ in fixed.parts)
    passed_over = sum(report.skipped.get(ACCEPTED, 0) for report in reports)
    reasons = []
    share = invalid / max(fixed.records, invalid) if invalid > options.max_invalid * fixed.records else 0.0
    if share:
        reasons.append(
            f"{share:.2%} of the records are rejected still, more than --max-invalid {options.max_invalid:.2%}"
        )
    if fixed.came < options.min_rows:
        reasons.append(_too_few(fixed.came, options))
    codes = _unaccepted([*_in(reports), *fixed.suspicions], tolerance, fixed.records)
    reasons += [_suspicious(one) for one in codes]
    if valid:
        state = BatchState.HELD if reasons else BatchState.PREPARED
        return Verdict(name, state, not reasons, tuple(reasons), tuple(one.code for one in codes), share)
    if invalid or fixed.is_taken_over:
        # Where rows were fixed before, nothing is worse than it was then.
        why = "no further row is valid" if passed_over else "no row that was rejected is valid yet"
        return Verdict(name, BatchState.REJECTED, bool(passed_over) and not reasons, (why, *reasons))
    return Verdict(name, NONE, True, ("nothing is left to be fixed",))


def accepted_in_fix(fixed: Fixed, reports: Sequence[SourceReport], tolerance: Tolerance) -> tuple[str, ...]:
    """What a fix would have been held for, had nothing been asked for beside."""
    invalid = sum(report.invalid for report in reports)
    is_more = USUAL.max_invalid * fixed.records < invalid <= fixed.options.max_invalid * fixed.records
    return (
        *((TOO_MANY_REJECTS,) if is_more else ()),
        *_taken([*_in(reports), *fixed.suspicions], tolerance, fixed.records),
    )
