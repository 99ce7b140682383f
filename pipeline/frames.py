"""A data frame as a source: anything that offers `__arrow_c_stream__` (pandas, polars, DuckDB, pyarrow)."""

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from pipeline.errors import SourceError

ROWS = 20_000


class FrameSource:
    """The rows of a data frame as the bytes of a table, or of NDJSON where a column is nested.

    Text stays as it is, null and NaN become empty cells, numbers are written so that they read back the same,
    date-times as RFC 3339 (without zone where the frame has none). `bytes` and `sha256` are of what was read.
    """

    def __init__(self, frame: Any, name: str) -> None:
        self.name = name
        self.bytes = 0
        self._sha256 = hashlib.sha256()
        self._rest = b""
        reader = pa.RecordBatchReader.from_stream(frame)
        nested = any(pa.types.is_nested(field.type) for field in reader.schema)
        self._pieces = _documents(reader) if nested else _table(reader, name)

    @property
    def sha256(self) -> str:
        """SHA-256 of the bytes read so far, as hex."""
        return self._sha256.hexdigest()

    def read(self, size: int) -> bytes:
        """The next bytes, at most `size`; none at the end."""
        if not self._rest:
            self._rest = next(self._pieces, b"")
            self._sha256.update(self._rest)
            self.bytes += len(self._rest)
        data, self._rest = self._rest[:size], self._rest[size:]
        return data

    def close(self) -> None:
        """Nothing is held open."""


def _table(reader: Any, name: str) -> Iterator[bytes]:
    yield ",".join(_quoted(column) for column in reader.schema.names).encode() + b"\n"
    for batch in reader:
        for start in range(0, batch.num_rows, ROWS):
            piece = batch.slice(start, ROWS)
            columns = [_text(piece.column(index), name) for index in range(piece.num_columns)]
            sink = pa.BufferOutputStream()
            texts = pa.table(columns, names=[str(index) for index in range(len(columns))])
            csv.write_csv(texts, sink, csv.WriteOptions(include_header=False, quoting_style="needed"))
            yield sink.getvalue().to_pybytes()


def _quoted(header: str) -> str:
    return '"' + header.replace('"', '""') + '"'


def _text(column: Any, name: str) -> Any:
    kind = column.type
    writer: Callable[[Any], Any] = _plain
    if pa.types.is_dictionary(kind):
        return _text(column.dictionary_decode(), name)
    if pa.types.is_timestamp(kind):
        writer = _moments
    elif pa.types.is_floating(kind):
        writer = _floats
    elif pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        raise SourceError(f"{name}: a column holds bytes, not text", "Decode it first.")
    return writer(column)


def _plain(column: Any) -> Any:
    return pc.cast(column, pa.large_string())


def _floats(column: Any) -> Any:
    absent = pc.is_nan(column)
    texts = [None if value is None else repr(value) for value in column.to_pylist()]
    return pc.if_else(absent, None, pa.array(texts, pa.large_string()))


def _moments(column: Any) -> Any:
    texts = [None if value is None else value.isoformat() for value in column.to_pylist()]
    return pa.array(texts, pa.large_string())


def _documents(reader: Any) -> Iterator[bytes]:
    for batch in reader:
        for start in range(0, batch.num_rows, ROWS):
            rows = batch.slice(start, ROWS).to_pylist()
            yield b"".join(orjson.dumps(row, str, orjson.OPT_APPEND_NEWLINE) for row in rows)
