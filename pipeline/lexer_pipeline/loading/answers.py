"""What a database answers to a query, as a source that is read as often as it is needed though the query is put once."""

from importlib import import_module
from typing import Any

from lexer_pipeline.loading.database import Query
from lexer_pipeline.loading.format import TextStream
from lexer_pipeline.loading.streams import COMES_ONCE
from lexer_pipeline.system.scratch import Scratch


class Answer:
    """The answer to a query, asked for when it is first opened; its rows are kept in `scratch` where they are read again."""

    def __init__(self, query: Query, scratch: Scratch) -> None:
        self.query = query
        self.name = query.name
        self._scratch = scratch
        self._is_kept = False
        self._rows: Any = None

    def __str__(self) -> str:
        return self.name

    def keep(self) -> None:
        """Let it be opened again: all passes see the same rows."""
        self._is_kept = True

    def open_text(self) -> TextStream:
        """The rows as text, from the first one on."""
        assert self._is_kept or self._rows is None, COMES_ONCE
        if self._rows is None:
            # pyarrow and the drivers take longer to import than a small file to convert.
            rows = import_module("lexer_pipeline.loading.query_rows").Rows
            self._rows = rows(self.query, self._scratch if self._is_kept else None)
        text: TextStream = self._rows.text()
        return text

    def close(self) -> None:
        """Let go of the connection and of what was kept."""
        if self._rows is not None:
            self._rows.close()
