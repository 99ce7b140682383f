"""A source opened becomes chunks of whole records: documents, or the rows of a table brought together by a key."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, closing

from msgspec.structs import replace

from lexer_pipeline.chunks import group, regroup, rejected, returning_keys
from lexer_pipeline.chunks.coalesce import coalesce
from lexer_pipeline.chunks.documents import Documents
from lexer_pipeline.chunks.edits import EditedTable, edited_documents
from lexer_pipeline.chunks.group import Key
from lexer_pipeline.chunks.records import Records
from lexer_pipeline.chunks.rows import Rows
from lexer_pipeline.kernels import dispatch
from lexer_pipeline.loading import json_documents, table_rows
from lexer_pipeline.loading.document_form import DocumentForm
from lexer_pipeline.loading.empty_columns import Trimmed
from lexer_pipeline.loading.format import Readable
from lexer_pipeline.loading.json_reader import BLOCK
from lexer_pipeline.loading.parents import Parents
from lexer_pipeline.loading.source import LoadedDocuments, LoadedTable
from lexer_pipeline.loading.spool import Spool, spooled
from lexer_pipeline.system.parallel import IN_TURN, Ahead


def load_documents(
    loaded: LoadedDocuments, form: DocumentForm, accepted: Collection[str] = ()
) -> Iterator[Documents]:
    """The documents of a JSON source in chunks, which lie in it as `form` says.

    Those are left out of which `accepted` has the SHA-256.
    """
    chunks = documents_of(loaded, form, loaded.stream, loaded.rest)
    return (chunk.unaccepted(accepted) for chunk in chunks) if accepted else chunks


def documents_of(
    loaded: LoadedDocuments, form: DocumentForm, body: Readable, start: bytes = b""
) -> Iterator[Documents]:
    """The documents in the bytes of a JSON source: `start`, and behind it `body`; with what a person changed in them."""
    if form.parent:
        found = _brought_home(loaded, form, body, start)
    else:
        found = json_documents.read_documents(body, start, form, loaded.placing)
    if loaded.places is not None:
        found = map(loaded.places.of_documents, found)
    edits = loaded.edits
    return found if edits is None else (edited_documents(chunk, edits) for chunk in found)


def _brought_home(
    loaded: LoadedDocuments, form: DocumentForm, body: Readable, start: bytes
) -> Iterator[Documents]:
    parents = Parents(form.parent, loaded.name)
    with spooled(body, start, loaded.scratch) as spool:

        def again() -> Iterator[Documents]:
            body = spool.again()
            return json_documents.read_documents(body, body.read(BLOCK), form, loaded.placing)

        yield from parents.brought_home(again, spool.again().size, loaded.scratch)
    loaded.placing.brought = parents.brought


def load_rows(
    loaded: LoadedTable, key: Key | None, once: Sequence[int], writer: "dispatch.Writer | None" = None,
    ahead: Ahead = IN_TURN,
) -> Iterator[Records]:  # fmt: skip
    """The rows of a table in chunks of whole records, of which blocks are read ahead as `ahead` says.

    With a `key` column, rows of the same key are brought together: as they come where the file keeps them
    side by side, else through files on disk. The source is then read twice, so that no record is split. Records that
    a `writer` is certain of are written already.
    """
    if key is None:
        yield from each_a_record(rows_of(loaded, *_body(loaded), writer, ahead))
        return
    with spooled_body(loaded) as spool:
        # Closed, since whoever reads ahead must be done with the file before it is read again.
        with closing(ahead.of(table_rows.read_keys(spool, loaded.head, key.column))) as keys:
            comes_back = returning_keys.comes_back(keys, loaded.scratch, loaded.name)

        def rows(writer: "dispatch.Writer | None") -> Iterator[Rows]:
            return rows_of(
                loaded, spool.again(), b"", writer, ahead if writer is not None else _of_cells(ahead)
            )

        if comes_back:
            size = spool.again().size
            yield from coalesce(
                regroup.regrouped(
                    lambda: rows(None),
                    key,
                    once,
                    lambda: loaded.head.dialect,
                    size,
                    loaded.scratch,
                    loaded.name,
                    writer,
                )
            )
        elif writer is not None:
            yield from coalesce(group.by_record(chunk, key, once) for chunk in rows(writer))
        else:
            yield from group.adjacent(rows(None), key, once, loaded.name)


def load_rejected(
    loaded: LoadedTable, key: Key | None, once: Sequence[int], accepted: Collection[int]
) -> Iterator[Records]:
    """The rows of a rejects file, or of a source with edits, in chunks of whole records, without those on the lines `accepted`."""
    left: Counter[str] = Counter()
    with spooled_body(loaded) as spool:

        def blocks() -> Iterator[Rows]:
            left.clear()
            return (rejected.unaccepted(rows, accepted, left) for rows in in_turn())

        in_turn = in_order_of(loaded, spool, key is not None, left)
        comes_back = key is not None and returning_keys.comes_back(
            returning_keys.marked(blocks(), key), loaded.scratch, loaded.name
        )
        yield from with_left_out(
            brought_together(blocks, key, once, comes_back, loaded, spool.again().size), left
        )


def in_order_of(
    loaded: LoadedTable, spool: Spool, matters: bool, left: Counter[str], ahead: Ahead = IN_TURN
) -> Callable[[], Iterator[Rows]]:
    """Gives the rows again and again as they come, as a person changed them; those of a rejects file in the order of their source, if that `matters`.

    What that person left out is counted by `left`. A block is read `ahead`.
    """

    def rows() -> Iterator[Rows]:
        return rows_of(loaded, spool.again(), ahead=_of_cells(ahead))

    in_turn = rejected.in_order(rows, loaded.name) if loaded.head.before and matters else rows
    if loaded.edits is None:
        return in_turn
    edited = EditedTable(loaded.edits, loaded.head.distinct, lambda: loaded.head.dialect)
    return lambda: (edited.rows(chunk, left) for chunk in in_turn())


def brought_together(
    blocks: Callable[[], Iterator[Rows]], key: Key | None, once: Sequence[int], comes_back: bool, loaded: LoadedTable,
    size: int,
) -> Iterator[Records]:  # fmt: skip
    """The rows in chunks of whole records; `comes_back` says that some key stands again behind others."""
    if key is None:
        return each_a_record(blocks())
    if comes_back:
        return regroup.regrouped(
            blocks, key, once, lambda: loaded.head.dialect, size, loaded.scratch, loaded.name
        )
    return group.adjacent(blocks(), key, once, loaded.name)


def with_left_out(records: Iterator[Records], left: Counter[str]) -> Iterator[Records]:
    """The same chunks; the last one counts what was left out before rows were brought together, known once all were read."""
    held: Records | None = None
    for chunk in records:
        if held is not None:
            yield held
        held = chunk
    if held is not None:
        yield replace(held, skipped=Counter(held.skipped) + left)


def spooled_body(loaded: LoadedTable) -> AbstractContextManager[Spool]:
    """What stands behind the header, to be read more than once."""
    return spooled(*_body(loaded), loaded.scratch)


def rows_of(
    loaded: LoadedTable, body: Readable, rest: bytes = b"", writer: "dispatch.Writer | None" = None, ahead: Ahead = IN_TURN,
) -> Iterator[Rows]:  # fmt: skip
    """The rows of `body`, which begins with `rest`, as they come; what stands below the table is set aside."""
    head = loaded.head
    # What was rejected was no row to be passed over.
    passed_over = None if head.before else loaded.passed_over
    rows = table_rows.read_rows(body, head, rest, writer, passed_over, ahead)
    if head.before:
        rows = (rejected.original(chunk, head.delimiter, loaded.name) for chunk in rows)
    found = loaded.footer.set_aside(rows, loaded.passed_over)
    return found if loaded.places is None else map(loaded.places.of_rows, found)


def each_a_record(blocks: Iterator[Rows]) -> Iterator[Records]:
    """The same rows, each a record of its own."""
    return coalesce(group.by_record(rows, None, ()) for rows in blocks)


def _of_cells(ahead: Ahead) -> Ahead:
    """How far cells are read ahead, which take far more room than what is written of them."""
    return ahead.at_most(1)


def _body(loaded: LoadedTable) -> tuple[Readable, bytes]:
    """What stands behind the header, without the cells of nameless columns, and what was read of it already."""
    head = loaded.head
    if not head.spare:
        return loaded.stream, loaded.rest
    return Trimmed(loaded.stream, loaded.rest, head), b""
