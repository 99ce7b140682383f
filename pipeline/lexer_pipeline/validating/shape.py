"""Stage: cells and documents get the form of their fields; every change is a named conversion."""

from collections.abc import Callable

import numpy as np

from lexer_pipeline.chunks import cells
from lexer_pipeline.chunks.documents import Documents
from lexer_pipeline.chunks.records import Change, Records
from lexer_pipeline.chunks.results import ShapedDocuments, ShapedRows
from lexer_pipeline.kernels import codes, dispatch
from lexer_pipeline.kernels.arrays import Bools
from lexer_pipeline.kernels.codes import ROW_BLANK, ROW_OK
from lexer_pipeline.limits import DOCUMENT_KEYS, RECORD_BYTES
from lexer_pipeline.specs import values
from lexer_pipeline.validating.branches import Leaf
from lexer_pipeline.validating.document import may_have_too_many_keys
from lexer_pipeline.validating.layout import Layout
from lexer_pipeline.validating.reference import ReferenceChecker

Convert = Callable[[str], values.Converted | values.Unconvertible]


def shape_rows(chunk: Records, layout: Layout, reference: ReferenceChecker) -> ShapedRows:
    """Convert each cell that a kernel does not vouch for as it stands; what cannot be converted is doubtful.

    Where a record was written that is larger than one may be, none of the chunk is: it is judged with the others.
    """
    if chunk.written is not None and chunk.written.largest - 1 > RECORD_BYTES:
        chunk = chunk.in_cells()
    before = cells.of_rows(chunk) if not layout.folds else cells.settled(chunk, layout.once)
    doubtful = chunk.faults != ROW_OK
    doubtful[list(chunk.problems)] = True
    readable = chunk.faults == ROW_OK
    if layout.folds and chunk.records:
        # What stands once may have come up from a broken row of the record, which is rejected whole.
        broken = np.logical_or.reduceat(~readable & (chunk.faults != ROW_BLANK), chunk.firsts)
        readable[chunk.firsts] &= ~broken
    changes: dict[tuple[int, int], str] = {}
    conversions: list[Change] = []
    warnings: list[Change] = []
    for leaf in layout.leaves:
        found = _column(leaf, before, readable, _converter(leaf, reference))
        doubtful[found.hopeless] = True
        changes.update({(row, leaf.column): text for row, text in found.texts.items()})
        conversions.extend(found.changes(leaf, found.conversions))
        warnings.extend(found.changes(leaf, found.warnings))
    redo = {column for _, column in changes}
    after = before.replaced(changes, tuple(redo))
    return ShapedRows(chunk, after, doubtful, tuple(conversions), tuple(warnings))


class _Found:
    """What became of the doubtful cells of one column, by row."""

    def __init__(self) -> None:
        self.texts: dict[int, str] = {}
        self.hopeless: list[int] = []
        self.conversions: dict[str, list[int]] = {}
        self.warnings: dict[str, list[int]] = {}

    def changes(self, leaf: Leaf, named: dict[str, list[int]]) -> list[Change]:
        path, once = str(leaf.path.general), not leaf.is_repeated
        return [Change(name, path, np.array(rows), once) for name, rows in named.items()]


def _converter(leaf: Leaf, reference: ReferenceChecker) -> Convert:
    if leaf.is_raw:
        return lambda text: reference.cleaning.raw(text, leaf.kind)
    return lambda text: reference.cell(text, leaf.place)


def _column(leaf: Leaf, before: cells.Cells, readable: Bools, convert: Convert) -> _Found:
    found = _Found()
    status = before.status(leaf.column, leaf.kind, words=leaf.words)
    known: dict[str, values.Converted | values.Unconvertible] = {}
    for row in np.flatnonzero((status == codes.CELL_DOUBT) & readable).tolist():
        try:
            text = before.text(row, leaf.column)
        except UnicodeDecodeError:
            # It was pulled up from a row that cannot be read, for which the record is rejected.
            continue
        done = known.get(text)
        if done is None:
            done = known[text] = convert(text)
        if isinstance(done, values.Unconvertible):
            found.hopeless.append(row)
            continue
        if done.text != text:
            found.texts[row] = done.text
        for name in done.conversions:
            found.conversions.setdefault(name, []).append(row)
        for name in done.warnings:
            found.warnings.setdefault(name, []).append(row)
    return found


def shape_documents(chunk: Documents, automaton: "dispatch.Automaton | None") -> ShapedDocuments:
    """Write each document that the automaton of the schema vouches for.

    It may only lose spaces and nulls, and have its e-mails and hashes cleaned.
    """
    if automaton is None:
        return ShapedDocuments(chunk, b"", np.zeros(chunk.records, np.int64), {})
    starts = chunk.starts
    large = np.flatnonzero(chunk.ends - starts > DOCUMENT_KEYS).tolist()
    if left := [row for row in large if may_have_too_many_keys(chunk.text(row))]:
        starts = starts.copy()
        starts[left] = chunk.ends[left]
    data, ends, counts = dispatch.vouch_documents(automaton, chunk.data, starts, chunk.ends)
    cleaned = {slot: count for slot, count in zip(automaton.slots, counts.tolist(), strict=True) if count}
    return ShapedDocuments(chunk, data, ends, cleaned)
