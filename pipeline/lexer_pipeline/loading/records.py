"""A source opened becomes chunks of whole records: documents, or the rows of a table brought together by a key."""

from collections.abc import Callable, Iterator, Sequence

from lexer_pipeline.chunks import group, regroup, returning_keys
from lexer_pipeline.chunks.coalesce import coalesce
from lexer_pipeline.chunks.records import Records
from lexer_pipeline.chunks.results import Chunk
from lexer_pipeline.chunks.rows import Rows
from lexer_pipeline.kernels import dispatch
from lexer_pipeline.loading import delimited, json_documents
from lexer_pipeline.loading.empty_columns import Trimmed
from lexer_pipeline.loading.source import Loaded
from lexer_pipeline.loading.spool import spooled


def load_documents(loaded: Loaded, unwrap: bool) -> Iterator[Chunk]:
    """The documents of a JSON source in chunks; `unwrap` says that `{"records": [...]}` is no record itself."""
    return json_documents.read_documents(loaded.stream, loaded.rest, unwrap)


def load_rows(
    loaded: Loaded, key: int | None, once: Sequence[int], writer: "dispatch.Writer | None" = None
) -> Iterator[Records]:
    """The rows of a table in chunks of whole records.

    With a `key` column, rows of the same key are brought together: as they come where the file keeps them
    side by side, else through files on disk. The source is then read twice, so that no record is split. Records that
    a `writer` is certain of are written already.
    """
    if key is None:
        yield from _each_a_record(_rows(loaded, _body(loaded), _rest(loaded), writer))
        return
    with spooled(_body(loaded), _rest(loaded)) as spool:
        assert loaded.head is not None
        comes_back = returning_keys.comes_back(delimited.read_keys(spool, loaded.head, key))

        def rows(writer: "dispatch.Writer | None") -> Iterator[Rows]:
            return _rows(loaded, spool.again(), b"", writer)

        if comes_back:
            regrouped = _regrouped(lambda: rows(None), key, once, loaded, spool.again().size, writer)
            yield from coalesce(regrouped)
        elif writer is not None:
            yield from coalesce(group.by_record(chunk, key, once) for chunk in rows(writer))
        else:
            yield from group.adjacent(rows(None), key, once, loaded.name)


def _body(loaded: Loaded) -> delimited.Readable:
    """What stands behind the header, without the cells of nameless columns."""
    head = loaded.head
    if head is None or not head.spare:
        return loaded.stream
    return Trimmed(loaded.stream, loaded.rest, head.delimiter, len(head.names), head.spare)


def _rest(loaded: Loaded) -> bytes:
    return b"" if loaded.head is not None and loaded.head.spare else loaded.rest


def _rows(
    loaded: Loaded, source: delimited.Readable, rest: bytes, writer: "dispatch.Writer | None" = None
) -> Iterator[Rows]:
    assert loaded.head is not None
    return loaded.footer.set_aside(delimited.read_rows(source, loaded.head, rest, writer))


def _each_a_record(blocks: Iterator[Rows]) -> Iterator[Records]:
    return coalesce(group.by_record(rows, None, ()) for rows in blocks)


def _regrouped(
    blocks: Callable[[], Iterator[Rows]], key: int, once: Sequence[int], loaded: Loaded, size: int,
    writer: "dispatch.Writer | None" = None,
) -> Iterator[Records]:  # fmt: skip
    delimiter = loaded.head.delimiter if loaded.head else ","
    return regroup.regrouped(blocks, key, once, delimiter, size, writer)
