"""Stage: each record is accepted, or rejected with issues that say where, which rule and what to do."""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest

import numpy as np

from lexer_pipeline.chunks.cells import Cells, of_rows, settled
from lexer_pipeline.chunks.fates import Fate, Fates
from lexer_pipeline.chunks.records import Change, Records
from lexer_pipeline.chunks.results import Checked, Rejected, ShapedRows
from lexer_pipeline.chunks.rows import Rows, Written
from lexer_pipeline.kernels import codes, dispatch
from lexer_pipeline.kernels.arrays import Bools, Int64s, Integers
from lexer_pipeline.kernels.codes import ROW_BLANK, ROW_DOCUMENT
from lexer_pipeline.limits import RECORD_BYTES
from lexer_pipeline.model import IssueText, Problem
from lexer_pipeline.suspicions import MOST_LINES, Sighting, is_suspicion
from lexer_pipeline.validating.columnar import ColumnarChecker
from lexer_pipeline.validating.decided import NOTHING, Decided, Wording, unnamed
from lexer_pipeline.validating.document import Value
from lexer_pipeline.validating.layout import Layout
from lexer_pipeline.validating.messages import ROW_FAULTS
from lexer_pipeline.validating.notes import Notes
from lexer_pipeline.validating.record_builder import build
from lexer_pipeline.validating.reference import ReferenceChecker, Verdict
from lexer_pipeline.validating.signatures import ChunkSignatures, RowSignatures

# So many rows are judged one by one before it pays to look for signatures.
FEW = 8
NO_KIND = -1
# Bytes that one byte of a text becomes at the most (\\u0001), and those around a value and its names.
ESCAPED, PUNCTUATION = 6, 16
TOO_LARGE = Problem(
    (), "too_large", f"at most {RECORD_BYTES >> 20} MiB",
    f"would hold more than {RECORD_BYTES >> 20} MiB of text; shorten what the mapping repeats in each row",
)  # fmt: skip
CLEANED = {codes.KIND_EMAIL: "email_cleaned", codes.KIND_HASH: "hash_cleaned"}


def validate_rows(
    shaped: ShapedRows, layout: Layout, reference: ReferenceChecker, signatures: RowSignatures, source: str,
    fates: Fates | None = None,
) -> Checked:  # fmt: skip
    """Let the columns vouch for most records, and the reference decide on the rest (or on their signature).

    `fates` has what was decided of those that other sources of the run have too.
    """
    chunk = shaped.chunk
    told = fates.of(chunk.numbers[chunk.firsts]) if fates is not None else {}
    read = settled(chunk, layout.once) if layout.folds else of_rows(chunk)
    agrees = _agrees(chunk, read, layout)
    vouched = _vouched(shaped, layout, reference) & agrees
    vouched[list(told)] = False
    large = _too_large(chunk)
    vouched[list(large)] = False
    vouched &= _surely_fit(shaped, layout)
    decided = _decided(vouched, agrees, shaped, read, layout, reference, signatures, source, told, large)
    accepted = vouched.copy()
    accepted[list(decided.lines)] = True
    suspicions = decided.suspicions
    suspicions.update(_suspected(shaped.warnings, vouched, chunk, by_record=True))
    suspicions.update(_suspected(chunk.changes, accepted, chunk))
    conversions = _counted(shaped.conversions, vouched, chunk)
    conversions.update(decided.conversions)
    conversions.update(_counted(chunk.changes, accepted, chunk))
    warnings = _counted(shaped.warnings, vouched, chunk)
    warnings.update(decided.warnings)
    own = chunk.own
    records, filled = int(accepted.sum()), (chunk.faults != ROW_BLANK) & own
    before = np.append(0, np.cumsum(filled))
    sizes = before[chunk.lasts] - before[chunk.firsts]
    continuations = int(sizes[accepted].sum()) - records + int(sizes[decided.folded].sum())
    total, blank = int(own.sum()), int(own.sum() - filled.sum())
    if (written := chunk.written) is not None:
        total, blank = total + written.rows + written.blank, blank + written.blank
        records, continuations = records + written.records, continuations + written.rows - written.records
        conversions.update(_cleaned(written, layout))
    return Checked(
        shaped, vouched, decided.lines, tuple(decided.rejected), total, records, continuations, blank, conversions,
        warnings, {reason: count for reason, count in chunk.skipped.items() if reason}, suspicions.all(),
        tuple(decided.folded), chunk.skipped.get("", 0), decided.groups,
    )  # fmt: skip


def _decided(
    vouched: Bools, agrees: Bools, shaped: ShapedRows, read: Cells, layout: Layout, reference: ReferenceChecker,
    signatures: RowSignatures, source: str, told: Mapping[int, Fate], large: Collection[int],
) -> Decided:  # fmt: skip
    """The reference's word on each record that is not vouched for, once for those of one signature."""
    chunk, decided = shaped.chunk, Decided()
    doubtful = np.flatnonzero(~vouched)
    alike = signatures.of_chunk(read, shaped.cells) if len(doubtful) > FEW else None
    begins, ends, faults = chunk.firsts.tolist(), chunk.lasts.tolist(), chunk.faults.tolist()
    agreeing, wording = agrees.tolist(), Wording(source, chunk, layout.names_of)
    faulty = {row for row, fault in enumerate(faults) if fault} | chunk.problems.keys()
    kinds: Sequence[int] = _kinds(chunk, doubtful, agrees, faulty, alike) if alike is not None else ()
    # The issues of each kind of record, once they are known, and which is the kind of a record.
    of_kinds: dict[int, tuple[IssueText, ...]] = {}
    is_own = chunk.own.tolist()
    for record, kind in zip_longest(doubtful.tolist(), kinds, fillvalue=NO_KIND):
        begin, end = begins[record], ends[record]
        if (texts := of_kinds.get(kind)) is not None and record not in large and record not in told:
            decided.rejected.append(wording.alike((begin,), texts, begin))
            continue
        # The row with which a record begins is never blank.
        rows = [begin]
        if end - begin > 1:
            rows += [row for row in range(begin + 1, end) if faults[row] != ROW_BLANK]
        own = tuple([row for row in rows if is_own[row]])
        if record in large:
            decided.rejected.append(wording.rejected(own, (TOO_LARGE,), rows[0]))
            continue
        if (fate := told.get(record)) is not None:
            rejected = wording.rejected(own, fate.problems, rows[0])
            decided.tell(record, fate, rejected, chunk.lines.item(rows[0]))
            continue
        has_signature = agreeing[record] and faulty.isdisjoint(rows)
        signature = alike.of(rows) if alike is not None and has_signature else None
        if problems := signatures.known(signature):
            rejected, verdict = wording.rejected(own, problems, rows[0]), NOTHING
        else:
            rejected, verdict = _judge(chunk, rows, own, layout, reference, wording)
            signatures.learn(signature, verdict.problems)
        if rejected.texts:
            decided.rejected.append(rejected)
            if kind != NO_KIND:
                of_kinds[kind] = rejected.texts
            continue
        decided.lines[record] = verdict.line
        decided.conversions.update(verdict.conversions)
        decided.warn(verdict.warnings, chunk.lines.item(rows[0]))
    return decided


def _kinds(
    chunk: Records, doubtful: Int64s, agrees: Bools, faulty: Collection[int], alike: ChunkSignatures
) -> list[int]:
    """Numbers for the doubtful records: those of one number have one signature; NO_KIND where it may not be told so."""
    kinds = np.full(len(doubtful), NO_KIND, np.int64)
    broken = np.zeros(len(chunk.faults), np.bool_)
    broken[list(faulty)] = True
    rows = chunk.firsts[doubtful]
    # Of each row of a larger record something else may be wrong, and rows that were made of others are none of the source.
    plain = (chunk.lasts[doubtful] - rows == 1) & agrees[doubtful] & ~broken[rows] & chunk.own[rows]
    if plain.any():
        kinds[plain] = alike.kinds(rows[plain])
    found: list[int] = kinds.tolist()
    return found


def _too_large(chunk: Records) -> frozenset[int]:
    """The records whose texts are larger than a record may be, where a mapping repeats them."""
    sizes = (chunk.ends - chunk.starts).astype(np.int64)
    if not chunk.records or sizes.sum() <= RECORD_BYTES:
        return frozenset()
    of_rows = sizes.reshape(-1, chunk.columns).sum(axis=1)
    large = np.flatnonzero(np.add.reduceat(of_rows, chunk.firsts) > RECORD_BYTES)
    return frozenset(large.tolist())


def _surely_fit(shaped: ShapedRows, layout: Layout) -> Bools:
    """The records that are no larger than one may be, however much of them must be escaped; of the others the reference knows."""
    cells, firsts = shaped.cells, shaped.chunk.firsts
    sizes = (cells.ends - cells.starts).astype(np.int64)
    keys = sum(len(json.dumps(str(leaf.path))) + PUNCTUATION for leaf in layout.leaves)
    if not len(firsts) or ESCAPED * sizes.sum() + keys * cells.rows <= RECORD_BYTES:
        return np.ones(len(firsts), np.bool_)
    most = ESCAPED * sizes.reshape(-1, cells.columns).sum(axis=1) + keys
    fit: Bools = np.add.reduceat(most, firsts) <= RECORD_BYTES
    return fit


def _agrees(chunk: Records, read: Cells, layout: Layout) -> Bools:
    """The records whose rows say the same in once-a-record columns, or need not."""
    same = np.ones(chunk.records, np.uint8)
    if layout.folds and not layout.takes_first:
        for column in layout.once:
            dispatch.agree(read, column, chunk.firsts, chunk.lasts, same)
    return same.view(np.bool_)


def _vouched(shaped: ShapedRows, layout: Layout, reference: ReferenceChecker) -> Bools:
    """The records whose rows are all certain and satisfy the schema."""
    chunk = shaped.chunk
    if not chunk.records:
        return np.zeros(chunk.records, np.bool_)
    vouched = ~np.logical_or.reduceat(shaped.doubtful & (chunk.faults != ROW_BLANK), chunk.firsts)
    if vouched.any():
        vouched &= ColumnarChecker(
            reference.schema, layout.branch, shaped.cells, chunk.firsts, layout.closes_gaps
        ).vouch()
    return vouched


def _judge(
    chunk: Records, rows: Sequence[int], own: tuple[int, ...], layout: Layout, reference: ReferenceChecker, wording: Wording
) -> tuple[Rejected, Verdict]:  # fmt: skip
    """The reference's word on one record of rows, of which some are its `own`; rejected without issues if there are none."""
    broken = [row for row in rows if chunk.faults[row]]
    if broken:
        plain = Wording(wording.source, chunk, unnamed)
        why = [(row, _why_broken(chunk, row), _subject(chunk, row)) for row in broken]
        return plain.unreadable(own, why), NOTHING
    document, notes = _built(chunk, rows, layout, reference)
    verdict = reference.document(document, notes)
    return wording.rejected(own, verdict.problems, rows[0], verdict.shown), verdict


def _built(
    chunk: Records, rows: Sequence[int], layout: Layout, reference: ReferenceChecker
) -> tuple[dict[str, Value], Notes]:
    cells = of_rows(chunk)
    notes = Notes(problems=[problem for row in rows for problem in chunk.problems.get(row, ())])
    return build(layout, [cells.texts(row) for row in rows], notes, reference.cleaning), notes


def half_of_rows(
    chunk: Records, record: int, layout: Layout, reference: ReferenceChecker
) -> tuple[dict[str, Value], Notes]:
    """What one source says of a record that others have too, cleaned and not judged, and what was noticed on the way."""
    rows = [
        row
        for row in range(int(chunk.firsts[record]), int(chunk.lasts[record]))
        if chunk.faults[row] != ROW_BLANK
    ]
    broken = [one for row in rows if chunk.faults[row] for one in _why_broken(chunk, row)]
    if broken:
        return {}, Notes(problems=broken)
    document, notes = _built(chunk, rows, layout, reference)
    return reference.cleaned(document, notes), notes


def _why_broken(chunk: Records, row: int) -> Sequence[Problem]:
    """Why a row cannot be read: as whoever made it of a document says, else by the fault that it has."""
    if chunk.faults[row] == ROW_DOCUMENT:
        return chunk.problems[row]
    fault = ROW_FAULTS[int(chunk.faults[row])]
    words = fault.message.format(cells=int(chunk.cells[row]), columns=chunk.width)
    return (Problem((), fault.code, fault.rule, words),)


def _subject(chunk: Records, row: int) -> str:
    return "the record" if chunk.faults[row] == ROW_DOCUMENT else "the row"


def _cleaned(written: Written[Rows], layout: Layout) -> Counter[tuple[str, str]]:
    """What was cleaned in the records that were written as they were read."""
    return Counter(
        {
            (CLEANED[leaf.kind], str(leaf.path.general)): count
            for leaf in layout.leaves
            if (count := written.cleaned[leaf.column])
        }
    )


def _counted(changes: Iterable[Change], vouched: Bools, chunk: Records) -> Counter[tuple[str, str]]:
    """How often each change befell a vouched record; a once-a-record field counts on the first row alone."""
    counts: Counter[tuple[str, str]] = Counter()
    for change in changes:
        if not is_suspicion(change.name) and (rows := _rows_of(change, vouched, chunk)).size:
            counts[change.name, change.path] += rows.size
    return counts


def _suspected(
    changes: Iterable[Change], vouched: Bools, chunk: Records, by_record: bool = False
) -> Iterator[Sighting]:
    """The changes that are suspicions, with the lines of the first rows that they befell; `by_record`, of their records.

    The reference knows records alone.
    """
    for change in changes:
        if is_suspicion(change.name) and (rows := _rows_of(change, vouched, chunk)).size:
            told = rows[:MOST_LINES]
            if by_record:
                told = chunk.firsts[np.searchsorted(chunk.firsts, told, "right") - 1]
            yield Sighting(change.name, change.path, rows.size, tuple(chunk.lines[told].tolist()))


def _rows_of(change: Change, vouched: Bools, chunk: Records) -> Integers:
    """The rows of vouched records that a change befell; of a field that stands once a record the first row alone."""
    record = np.searchsorted(chunk.firsts, change.rows, "right") - 1
    counted = vouched[record]
    if change.once:
        counted &= chunk.firsts[record] == change.rows
    rows: Integers = change.rows[counted]
    return rows
