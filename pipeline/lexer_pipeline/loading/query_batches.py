"""What a database answers to a query, as Arrow batches: the query is put once, and its rows are fetched as they are asked for."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lexer_pipeline.errors import PipelineError, SourceError
from lexer_pipeline.loading import sqlite_text
from lexer_pipeline.loading.database import Query
from lexer_pipeline.loading.database_drivers import Driver, connected, library_of
from lexer_pipeline.loading.database_words import told
from lexer_pipeline.loading.query_columns import as_meant, check_names, check_types, meant
from lexer_pipeline.system.interruptible import interruptible


class Batches:
    """The batches of a query, once each, in order; the connection is let go of behind the last one.

    Raises PipelineError where the database refuses the query, SourceError where it breaks off.
    """

    def __init__(self, query: Query) -> None:
        self._query = query
        self._rows = 0
        self._is_busy = False
        self._connection: Any = None
        self._cursors: list[Any] = []
        try:
            self._begin()
        except BaseException:
            self.close()
            raise

    def _begin(self) -> None:
        library = library_of(self._query)
        self._connection, driver = self._done(lambda: connected(self._query, library)), library[-1]
        for words in driver.before:
            self._said(words, driver)
        if self._query.scheme == "sqlite":
            self._reader, names = self._texts(driver)
            self.schema = pa.schema([(name, pa.string()) for name in names])
        else:
            self._reader = self._asked(self._query.statement, driver)
            self.schema = self._reader.schema
            check_names(self.schema.names, self._query)
            check_types(self.schema, self._query)
            self.schema = meant(self.schema)

    def _texts(self, driver: Driver) -> tuple[Any, Sequence[str]]:
        statement = self._query.statement
        named = self._asked(sqlite_text.names_of(statement), driver).schema.names
        names = sqlite_text.as_written(named)
        check_names(names, self._query)
        return self._asked(sqlite_text.as_text(statement, len(names)), driver), names

    def _asked(self, statement: str, driver: Driver) -> Any:
        handle = self._said(statement, driver).fetch_arrow()
        # The reader of the manager's own cursors: any other tells of trouble without its code.
        reader = import_module("adbc_driver_manager._reader").AdbcRecordBatchReader
        return self._done(lambda: reader._import_from_c(handle.address))  # noqa: SLF001

    def _said(self, statement: str, driver: Driver) -> Any:
        cursor = self._connection.cursor(adbc_stmt_kwargs=dict(driver.settings))
        self._cursors.append(cursor)
        self._done(lambda: cursor.execute(statement))
        return cursor

    def _done(self, call: Callable[[], Any]) -> Any:
        """What a call of the driver gives; Ctrl-C stops it, and what it refuses is said in our words."""

        def busy() -> Any:
            self._is_busy = True
            try:
                return call()
            finally:
                self._is_busy = False

        try:
            return interruptible(busy, self._stop)
        except (PipelineError, MemoryError):
            raise
        except Exception as problem:  # noqa: BLE001 - drivers raise what they like, in words that quote values
            raise told(problem, self._query, self._rows) from None

    def _stop(self) -> None:
        if self._connection is not None:
            with suppress(Exception):
                self._connection.adbc_cancel()

    def __iter__(self) -> Iterator[Any]:
        while (batch := self._done(self._next)) is not None:
            if self._query.scheme == "sqlite":
                batch = self._without_bytes(batch)
            yield as_meant(batch, self.schema, self._query)
            self._rows += batch.num_rows
        self.close()

    def _next(self) -> Any:
        try:
            return self._reader.read_next_batch()
        except StopIteration:
            return None

    def _without_bytes(self, batch: Any) -> Any:
        *texts, bytes_in = batch.columns
        column = pc.max(bytes_in).as_py() or 0
        if column:
            raise SourceError(
                f"{self._query.name}: column {self.schema.names[column - 1]} holds bytes, not text",
                "Decode it in the query, as hex(...), or leave it out.",
            )
        return pa.record_batch([pc.cast(one, pa.string()) for one in texts], schema=self.schema)

    def close(self) -> None:
        """Let go of the connection, but of one that a driver is still at: nobody may close it under its hands."""
        if self._is_busy:
            return
        connection, self._connection = self._connection, None
        for one in (*self._cursors, connection):
            if one is not None:
                # What cannot be let go of in order was broken off, which was said.
                with suppress(Exception):
                    one.close()
        self._cursors.clear()
