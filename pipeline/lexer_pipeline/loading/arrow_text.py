"""Arrow batches as text: the rows of a table as CSV, or as NDJSON where a column is nested."""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from lexer_pipeline.errors import SourceError

ROWS = 20_000
# What Arrow calls the row labels of pandas where they have no name; filtering alone brings them about.
INDEX = re.compile(r"__index_level_[0-9]+__")


class ArrowText:
    """The rows of what offers an Arrow stream, as the bytes of a table, or of NDJSON where a column is nested.

    Text stays as it is, null and NaN become empty cells, numbers are written so that they read back the same,
    date-times as RFC 3339 (without zone where there is none).
    """

    def __init__(self, stream: Any, name: str) -> None:
        self._name = name
        self._rest = b""
        reader = _reader(stream, name)
        kept = [field for field in reader.schema if not INDEX.fullmatch(field.name)]
        for field in kept:
            _refuse(field.type, name)
        names = [field.name for field in kept]
        batches = (batch.select(names) for batch in reader)
        nested = any(pa.types.is_nested(field.type) for field in kept)
        self._pieces = _documents(batches) if nested else _table(batches, names)

    def read(self, size: int) -> bytes:
        """The next bytes, at most `size`; none at the end."""
        if not self._rest:
            self._rest = self._next()
        data, self._rest = self._rest[:size], self._rest[size:]
        return data

    def _next(self) -> bytes:
        try:
            return next(self._pieces, b"")
        except pa.ArrowException:
            raise SourceError(
                f"{self._name}: a column holds values that cannot be written as text",
                "Turn them into text first.",
            ) from None


def _reader(stream: Any, name: str) -> Any:
    try:
        return pa.RecordBatchReader.from_stream(stream)
    except (ValueError, TypeError, pa.ArrowException):
        # The words of the library would quote a value.
        raise SourceError(
            f"{name}: a column holds values of several types, or two columns have one name",
            "Make each column one type (text always will do) and name it once.",
        ) from None


def _refuse(kind: Any, name: str) -> None:
    """Bytes have no text of their own, and a duration no unit that a field would ask for."""
    binary = (
        pa.types.is_binary,
        pa.types.is_large_binary,
        pa.types.is_fixed_size_binary,
        pa.types.is_binary_view,
    )
    if any(is_binary(kind) for is_binary in binary):
        raise SourceError(f"{name}: a column holds bytes, not text", "Decode it first.")
    if pa.types.is_duration(kind):
        raise SourceError(
            f"{name}: a column holds durations", "Turn them into numbers of the unit that is meant."
        )
    for index in range(kind.num_fields):
        _refuse(kind.field(index).type, name)


def _table(batches: Iterable[Any], names: Sequence[str]) -> Iterator[bytes]:
    yield ",".join(_quoted(column) for column in names).encode() + b"\n"
    for batch in batches:
        for start in range(0, batch.num_rows, ROWS):
            piece = batch.slice(start, ROWS)
            columns = [_text(column) for column in piece.columns]
            sink = pa.BufferOutputStream()
            texts = pa.table(columns, names=[str(index) for index in range(len(columns))])
            csv.write_csv(texts, sink, csv.WriteOptions(include_header=False, quoting_style="needed"))
            yield sink.getvalue().to_pybytes()


def _quoted(header: str) -> str:
    return '"' + header.replace('"', '""') + '"'


def _text(column: Any) -> Any:
    kind = column.type
    writer: Callable[[Any], Any] = _plain
    if pa.types.is_dictionary(kind):
        return _text(column.dictionary).take(column.indices)
    if pa.types.is_timestamp(kind):
        writer = _moments
    elif pa.types.is_floating(kind):
        writer = _floats
    return writer(column)


def _plain(column: Any) -> Any:
    return pc.cast(column, pa.large_string())


def _floats(column: Any) -> Any:
    if column.type != pa.float64():
        # The shortest digits that tell a number of 32 bits: 0.1, and not 0.10000000149011612.
        column = pc.cast(pc.cast(column, pa.string()), pa.float64())
    absent = pc.is_nan(column)
    texts = [None if value is None else repr(value) for value in column.to_pylist()]
    return pc.if_else(absent, None, pa.array(texts, pa.large_string()))


def _moments(column: Any) -> Any:
    if column.type.tz is None:
        return _local_moments(column)
    texts = [None if value is None else value.isoformat() for value in column.to_pylist()]
    return pa.array(texts, pa.large_string())


def _local_moments(column: Any) -> Any:
    """Date-times without a zone: no fraction of a second where there is none, else six digits, or nine."""
    texts = pc.replace_substring(pc.cast(column, pa.large_string()), " ", "T", max_replacements=1)
    texts = pc.replace_substring_regex(texts, r"\.0+$", "")
    if column.type.unit == "ms":
        return pc.replace_substring_regex(texts, r"(\.[0-9]{3})$", r"\1000")
    return pc.replace_substring_regex(texts, r"(\.[0-9]{6})000$", r"\1")


def _documents(batches: Iterable[Any]) -> Iterator[bytes]:
    for batch in batches:
        for start in range(0, batch.num_rows, ROWS):
            rows = batch.slice(start, ROWS).to_pylist(maps_as_pydicts="strict")
            # A sum is as large as its text; what orjson gives keeps a buffer of four kilobytes at least.
            yield b"".join(orjson.dumps(_plain_json(row), str) + b"\n" for row in rows)


def _plain_json(value: Any) -> Any:
    """A value as a JSON writer should have it: digits of decimals kept, date-times as RFC 3339.

    An infinite number is written as such, which is no JSON, so that its record is rejected and not emptied.
    """
    if isinstance(value, dict):
        return {key: _plain_json(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain_json(inner) for inner in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return orjson.Fragment(str(value))
    if isinstance(value, float) and math.isinf(value):
        return orjson.Fragment("Infinity" if value > 0 else "-Infinity")
    return value
