"""Documents as rows of the table that a record of a mapping reads: a chunk of documents in, a chunk of records out."""

from typing import TypeVar

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from lexer_pipeline.chunks.documents import Documents
from lexer_pipeline.chunks.records import Records
from lexer_pipeline.kernels import dispatch
from lexer_pipeline.kernels.arrays import Int32s
from lexer_pipeline.kernels.codes import ROW_BLANK
from lexer_pipeline.kernels.path_tree import Flattened
from lexer_pipeline.kernels.plain import flatten as plain
from lexer_pipeline.limits import RECORD_ROWS
from lexer_pipeline.mapping.document_paths import spelled
from lexer_pipeline.mapping.document_table import DocumentTable
from lexer_pipeline.mapping.each_alone import alone
from lexer_pipeline.model import Problem
from lexer_pipeline.validating.document import parse
from lexer_pipeline.validating.messages import no_object, not_json, too_deep
from lexer_pipeline.validating.reference import DEEPEST

Scalar = TypeVar("Scalar", np.uint8, np.int32, np.int64)


def rows_of(table: DocumentTable, chunk: Documents, before: int) -> Records:
    """The rows of some documents, numbered behind those `before`; an empty line is a blank row."""
    found = _flattened(table, chunk)
    wide = np.array(table.places, np.int64)

    is_alike = table.places == tuple(range(table.tree.columns))

    def spread(values: NDArray[Scalar]) -> NDArray[Scalar]:
        if is_alike:
            return values
        return values.reshape(-1, table.tree.columns)[:, wide].ravel()

    rows, of = len(found.documents), found.documents
    originals, starts, ends = _originals(table, chunk, found)
    records = Records(
        found.texts, table.columns, spread(found.starts), spread(found.ends), spread(found.flags), starts, ends,
        np.full(rows, table.columns, np.int32), found.faults, chunk.lines[of], before + np.arange(1, rows + 1), None,
        originals, np.flatnonzero(found.begins).astype(np.int32), table.columns,
        problems={row: (_why(chunk, int(of[row]), table),) for row in np.flatnonzero(found.faults).tolist()},
        skipped=chunk.skipped,
    )  # fmt: skip
    return _with_blank(records, chunk.blank) if chunk.blank else records


def _flattened(table: DocumentTable, chunk: Documents) -> Flattened:
    """What the kernel makes of documents, and plain Python of those that it leaves."""
    starts = chunk.starts
    if chunk.orphans:
        # What belongs to nobody is none of the documents that a record is made of.
        starts = starts.copy()
        orphans = list(chunk.orphans)
        starts[orphans] = chunk.ends[orphans]
    found = dispatch.flatten(table.tree, chunk.data, starts, chunk.ends)
    if not len(found.left):
        return found
    rest = plain.flatten(table.tree, chunk.data, starts[found.left], chunk.ends[found.left])
    documents = np.concatenate([found.documents, found.left[rest.documents]])
    order = np.argsort(documents, kind="stable")
    by, wide = np.int32(len(found.texts)), (-1, table.tree.columns)

    def in_order(first: NDArray[Scalar], second: NDArray[Scalar]) -> NDArray[Scalar]:
        return np.concatenate([first.reshape(wide), second.reshape(wide)])[order].ravel()

    return Flattened(
        found.texts + rest.texts, in_order(found.starts, rest.starts + by), in_order(found.ends, rest.ends + by),
        in_order(found.flags, rest.flags), documents[order], np.concatenate([found.begins, rest.begins])[order],
        np.concatenate([found.faults, rest.faults])[order], found.left,
    )  # fmt: skip


def _originals(table: DocumentTable, chunk: Documents, found: Flattened) -> tuple[bytes, Int32s, Int32s]:
    """The document that each row is of: bytes, and where it starts and ends in them. Several records of one document have one each."""
    starts, ends = chunk.starts[found.documents], chunk.ends[found.documents]
    if not table.each:
        return chunk.data, starts.astype(np.int32), ends.astype(np.int32)
    pieces: list[bytes] = []
    firsts = np.flatnonzero(np.append(True, np.diff(found.documents) != 0)[: len(found.documents)])
    for document, fault in zip(found.documents[firsts].tolist(), found.faults[firsts].tolist(), strict=True):
        text = chunk.text(document)
        pieces += [text] if fault else alone(text, table.around)
    behind = np.cumsum([len(piece) for piece in pieces], dtype=np.int32)
    of = np.cumsum(found.begins) - 1
    return b"".join(pieces), np.append(np.int32(0), behind)[of], behind[of]


def _with_blank(records: Records, count: int) -> Records:
    """The rows behind so many blank ones."""

    def behind(values: NDArray[Scalar], value: int = 0, each: int = 1) -> NDArray[Scalar]:
        return np.concatenate([np.full(count * each, value, values.dtype), values])

    wide = records.columns
    return replace(
        records, starts=behind(records.starts, each=wide), ends=behind(records.ends, each=wide),
        flags=behind(records.flags, each=wide), row_starts=behind(records.row_starts), row_ends=behind(records.row_ends),
        cells=behind(records.cells), faults=behind(records.faults, ROW_BLANK), lines=behind(records.lines),
        numbers=behind(records.numbers), firsts=records.firsts + np.int32(count),
        problems={row + count: one for row, one in records.problems.items()},
    )  # fmt: skip


def _no_parent() -> Problem:
    return Problem(
        (), "no_parent", "a parent in the source",
        "names a parent that is not there, or that holds something else where its lines belong; export both into one file",
    )  # fmt: skip


def _why(chunk: Documents, document: int, table: DocumentTable) -> Problem:
    """Why a document makes no rows."""
    return _no_parent() if document in chunk.orphans else _why_not_flat(chunk.text(document), table)


def _why_not_flat(text: bytes, table: DocumentTable) -> Problem:
    doubled: list[None] = []
    try:
        document = parse(text, lambda: doubled.append(None))
    except ValueError as problem:
        return not_json(problem)
    except RecursionError:
        return too_deep(DEEPEST)
    if not isinstance(document, dict):
        return no_object()
    if doubled:
        return Problem(
            (),
            "duplicate_key",
            "each key once",
            "has a key twice, and nobody can tell which is meant; leave one out",
        )
    where = spelled(table.rows)
    return Problem(
        (), "type", "list of objects", f"has something else than a list of at most {RECORD_ROWS:,} objects at {where}, or half a sign in a text"
    )  # fmt: skip
