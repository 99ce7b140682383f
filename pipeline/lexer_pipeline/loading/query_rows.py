"""The rows of a query, once or again and again, as the text of a table, or as NDJSON where a column is nested."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pyarrow as pa
from pyarrow import ipc

from lexer_pipeline.loading.arrow_text import ArrowText
from lexer_pipeline.loading.database import Query
from lexer_pipeline.loading.dataframe import ArrowSource
from lexer_pipeline.loading.format import ONE_A_LINE, TABLE, ReadOptions, TextStream
from lexer_pipeline.loading.query_batches import Batches
from lexer_pipeline.loading.streams import FromStart
from lexer_pipeline.system.scratch import Scratch

TO_CAST = 'Cast it in the query: CAST("COLUMN" AS text).'
# The text is made here, so that nothing of it is told by its content: the header is its first line, and no row is a footer.
AS_TABLE = ReadOptions(form=TABLE, header_row=1, delimiter=",", footer=False)
AS_DOCUMENTS = ReadOptions(form=ONE_A_LINE)


class Rows:
    """The rows of a query, which is put to its database now; kept in `scratch`, if one is given, so that each pass sees the same."""

    def __init__(self, query: Query, scratch: Scratch | None) -> None:
        self._query = query
        self._batches = Batches(query)
        self._left = iter(self._batches)
        self._kept: Any = scratch.file() if scratch is not None else None
        self._count = 0
        self._writer: Any = None
        self._problem: Exception | None = None

    def text(self) -> TextStream:
        """The rows as text, from the first one on; where they are not kept, once."""
        rows = self._left if self._kept is None else self._again()
        text = ArrowText(
            pa.RecordBatchReader.from_batches(self._batches.schema, rows), self._query.name, TO_CAST
        )
        return ArrowSource(self._query.name, text, AS_DOCUMENTS if text.is_nested else AS_TABLE)

    def _again(self) -> Iterator[Any]:
        """The batches that are kept, and behind them those that are fetched now."""
        number = 0
        with closing(FromStart(self._kept.fileno())) as file:
            reader: Any = None
            while number < self._count or self._keep_one():
                reader = reader or ipc.open_stream(file)
                yield reader.read_next_batch()
                number += 1

    def _keep_one(self) -> bool:
        """Fetch one batch more and keep it; no more are there where it is False."""
        if self._problem is not None:
            raise self._problem
        try:
            batch = next(self._left, None)
        except Exception as problem:
            self._problem = problem
            raise
        if batch is None:
            return False
        if self._writer is None:
            options = ipc.IpcWriteOptions(compression="lz4")
            self._writer = ipc.new_stream(self._kept, batch.schema, options=options)
        self._writer.write_batch(batch)
        self._kept.flush()
        self._count += 1
        return True

    def close(self) -> None:
        """Let go of the connection and of what was kept."""
        self._batches.close()
        if self._kept is not None:
            self._kept.close()
