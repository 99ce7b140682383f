"""The records that a mapping makes of documents, in chunks: what `records` does with the rows of a table."""

from collections import Counter, deque
from collections.abc import Collection, Iterator
from contextlib import ExitStack, closing

import numpy as np

from lexer_pipeline.chunks.compact import put_together
from lexer_pipeline.chunks.documents import Documents
from lexer_pipeline.chunks.records import Records
from lexer_pipeline.chunks.regroup_documents import regrouped
from lexer_pipeline.chunks.rejected import ACCEPTED
from lexer_pipeline.kernels.codes import ROW_DOCUMENT
from lexer_pipeline.loading.document_form import DocumentForm
from lexer_pipeline.loading.records import documents_of, with_left_out
from lexer_pipeline.loading.source import LoadedDocuments
from lexer_pipeline.loading.spool import spooled
from lexer_pipeline.mapping.apply import apply
from lexer_pipeline.mapping.column_survey import ColumnSurvey
from lexer_pipeline.mapping.compile import Mapper
from lexer_pipeline.mapping.document_rows import rows_of
from lexer_pipeline.mapping.document_source import Seen
from lexer_pipeline.mapping.noted import Noted
from lexer_pipeline.mapping.outcomes import Outcomes
from lexer_pipeline.mapping.row_filters import carried, skipped, staying

# Chunks are put together up to so many rows, or bytes of documents.
ENOUGH_ROWS, ENOUGH_BYTES = 8192, 4 << 20


def load_chosen_documents(
    loaded: LoadedDocuments,
    seen: Seen,
    form: DocumentForm,
    survey: ColumnSurvey,
    accepted: Collection[str] = (),
    is_further: bool = False,
) -> Iterator[Records]:
    """The rows of documents in chunks of whole records, without those that a mapping leaves out, still as the documents have them.

    They lie in the source as `form` says. `survey` is settled once the first chunk is there; documents of which `accepted` has the SHA-256 are left out.
    Those that cannot be read are passed over by one that `is_further`: an earlier record of the same specification rejects them.
    """
    left: Counter[str] = Counter()
    mapper = survey.mapper
    with ExitStack() as held:
        held.enter_context(closing(seen))
        source, start = seen.body, seen.start
        if mapper.waits:
            spool = held.enter_context(spooled(source, start, loaded.scratch))
            documents = documents_of(loaded, form, spool.again())
            deque(survey.over(_rows(mapper, documents, accepted, is_further, left)), maxlen=0)
            left.clear()
            source, start = spool.again(), b""
        settled = survey.settle()
        documents = documents_of(loaded, form, source, start)
        rows = thick(_rows(mapper, documents, accepted, is_further, left))
        if settled.key is not None:
            rows = regrouped(rows, settled.key, loaded.scratch, loaded.name)

        def made(some: Records) -> Records:
            return apply(settled, some, Outcomes(mapper.cleaning, mapper.leaves_placeholders), Noted())

        chosen = (skipped(settled, carried(settled, some), made) for some in rows)
        yield from with_left_out(chosen, left)


def _rows(
    mapper: Mapper,
    chunks: Iterator[Documents],
    accepted: Collection[str],
    is_further: bool,
    left: Counter[str],
) -> Iterator[Records]:
    """The rows of documents but for those that tell by themselves that they are left out, which `left` counts."""
    assert mapper.documents is not None
    number = 0
    for chunk in chunks:
        rows = rows_of(mapper.documents, chunk, number)
        number += rows.filled
        if accepted:
            rows = _unaccepted(rows, accepted, left)
        keep = staying(mapper, rows, left)
        if is_further:
            keep &= rows.faults != ROW_DOCUMENT
        yield rows if keep.all() else rows.kept(keep)


def _unaccepted(rows: Records, accepted: Collection[str], left: Counter[str]) -> Records:
    """The rows without those of documents that an earlier fix accepted."""
    gone = np.array([rows.sha256(row) in accepted for row in range(len(rows.faults))], np.bool_)
    if not gone.any():
        return rows
    left[ACCEPTED] += int(gone.sum())
    return rows.kept(~gone)


def thick(chunks: Iterator[Records]) -> Iterator[Records]:
    """The same records in chunks of some thousand rows; one at the least, if there were any."""
    held: list[Records] = []
    rows = size = 0
    for chunk in chunks:
        held.append(chunk)
        rows, size = rows + len(chunk.faults), size + len(chunk.originals or b"")
        if rows >= ENOUGH_ROWS or size >= ENOUGH_BYTES:
            yield put_together(held)
            held, rows, size = [], 0, 0
    if held:
        yield put_together(held)
