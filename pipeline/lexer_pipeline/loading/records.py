"""A source opened becomes chunks of whole records: documents, or the rows of a table brought together by a key."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager

from lexer_pipeline.chunks import group, regroup, returning_keys
from lexer_pipeline.chunks.coalesce import coalesce
from lexer_pipeline.chunks.documents import Documents
from lexer_pipeline.chunks.records import Records
from lexer_pipeline.chunks.rows import Rows
from lexer_pipeline.kernels import dispatch
from lexer_pipeline.loading import delimited, json_documents
from lexer_pipeline.loading.empty_columns import Trimmed
from lexer_pipeline.loading.format import Readable
from lexer_pipeline.loading.source import LoadedDocuments, LoadedTable
from lexer_pipeline.loading.spool import Spool, spooled


def load_documents(loaded: LoadedDocuments, unwrap: bool) -> Iterator[Documents]:
    """The documents of a JSON source in chunks; `unwrap` says that `{"records": [...]}` is no record itself."""
    return json_documents.read_documents(loaded.stream, loaded.rest, unwrap)


def load_rows(
    loaded: LoadedTable, key: int | None, once: Sequence[int], writer: "dispatch.Writer | None" = None
) -> Iterator[Records]:
    """The rows of a table in chunks of whole records.

    With a `key` column, rows of the same key are brought together: as they come where the file keeps them
    side by side, else through files on disk. The source is then read twice, so that no record is split. Records that
    a `writer` is certain of are written already.
    """
    if key is None:
        yield from each_a_record(rows_of(loaded, *_body(loaded), writer))
        return
    with spooled_body(loaded) as spool:
        comes_back = returning_keys.comes_back(delimited.read_keys(spool, loaded.head, key))

        def rows(writer: "dispatch.Writer | None") -> Iterator[Rows]:
            return rows_of(loaded, spool.again(), b"", writer)

        if comes_back:
            size = spool.again().size
            yield from coalesce(
                regroup.regrouped(lambda: rows(None), key, once, loaded.head.delimiter, size, writer)
            )
        elif writer is not None:
            yield from coalesce(group.by_record(chunk, key, once) for chunk in rows(writer))
        else:
            yield from group.adjacent(rows(None), key, once, loaded.name)


def spooled_body(loaded: LoadedTable) -> AbstractContextManager[Spool]:
    """What stands behind the header, to be read more than once."""
    return spooled(*_body(loaded))


def rows_of(
    loaded: LoadedTable, body: Readable, rest: bytes = b"", writer: "dispatch.Writer | None" = None
) -> Iterator[Rows]:
    """The rows of `body`, which begins with `rest`, as they come; what stands below the table is set aside."""
    return loaded.footer.set_aside(delimited.read_rows(body, loaded.head, rest, writer))


def each_a_record(blocks: Iterator[Rows]) -> Iterator[Records]:
    """The same rows, each a record of its own."""
    return coalesce(group.by_record(rows, None, ()) for rows in blocks)


def _body(loaded: LoadedTable) -> tuple[Readable, bytes]:
    """What stands behind the header, without the cells of nameless columns, and what was read of it already."""
    head = loaded.head
    if not head.spare:
        return loaded.stream, loaded.rest
    return Trimmed(loaded.stream, loaded.rest, head.delimiter, len(head.names), head.spare), b""
