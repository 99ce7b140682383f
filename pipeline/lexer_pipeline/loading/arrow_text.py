"""Arrow batches as text: the rows of a table as CSV, or as NDJSON where a column is nested."""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

import orjson
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from lexer_pipeline.errors import SourceError

ROWS = 1 << 13
# What Arrow calls the row labels of pandas where they have no name; filtering alone brings them about.
INDEX = re.compile(r"__index_level_[0-9]+__")
OPAQUE, UUIDS = "arrow.opaque", ("arrow.uuid",)
# What databases call a number of which the driver gives the digits as text.
NUMBERS = ("numeric", "decimal")
LINE_BREAK = re.compile(r"[\r\n]+")
DOTTED = re.compile(r"[^.\[\]]+(\.[^.\[\]]+)+")


class ArrowText:
    """The rows of what offers an Arrow stream, as the bytes of a table, or of NDJSON where a column is nested (`is_nested`).

    Text stays as it is, null and NaN become empty cells, numbers are written so that they read back the same,
    date-times as RFC 3339 (without zone where there is none). `remedy` says what is to be done with
    a COLUMN that has no text of its own, where that is always the same.
    """

    def __init__(self, stream: Any, name: str, remedy: str = "") -> None:
        self._name = name
        self._rest = b""
        reader = _reader(stream, name)
        kept = [field for field in reader.schema if not INDEX.fullmatch(field.name)]
        for field in kept:
            _refuse(field.type, f"{name}: column {field.name}", remedy.replace("COLUMN", field.name))
        names = [field.name for field in kept]
        batches = (batch.select(names) for batch in reader)
        self.is_nested = any(pa.types.is_nested(field.type) for field in kept)
        self._pieces = _documents(batches, pa.struct(kept)) if self.is_nested else _table(batches, names)

    def read(self, size: int) -> bytes:
        """The next bytes, at most `size`; none at the end."""
        if not self._rest:
            self._rest = self._next()
        data, self._rest = self._rest[:size], self._rest[size:]
        return data

    def _next(self) -> bytes:
        try:
            return next(self._pieces, b"")
        except (pa.ArrowException, OverflowError):
            raise SourceError(
                f"{self._name}: a column holds values that cannot be written as text, as a date beyond the years 1 to 9999",
                "Turn them into text first.",
            ) from None


def _reader(stream: Any, name: str) -> Any:
    if isinstance(stream, pa.RecordBatchReader):
        return stream
    try:
        return pa.RecordBatchReader.from_stream(stream)
    except (ValueError, TypeError, pa.ArrowException):
        # The words of the library would quote a value.
        raise SourceError(
            f"{name}: a column holds values of several types, or two columns have one name",
            "Make each column one type (text always will do) and name it once.",
        ) from None


def _refuse(kind: Any, column: str, remedy: str) -> None:
    """Bytes have no text of their own, a duration no unit that a field would ask for, and a type of a database alone no meaning here."""
    binary = (
        pa.types.is_binary,
        pa.types.is_large_binary,
        pa.types.is_fixed_size_binary,
        pa.types.is_binary_view,
    )
    if isinstance(kind, pa.BaseExtensionType) and kind.extension_name not in UUIDS:
        if kind.extension_name == OPAQUE and not _is_text(kind.storage_type):
            raise SourceError(
                f"{column} has a type without a text of its own", remedy or "Turn it into text first."
            )
        kind = kind.storage_type
    if any(is_binary(kind) for is_binary in binary):
        raise SourceError(f"{column} holds bytes, not text", remedy or "Decode it first.")
    if pa.types.is_duration(kind) or pa.types.is_interval(kind):
        raise SourceError(
            f"{column} holds durations", remedy or "Turn them into numbers of the unit that is meant."
        )
    for index in range(kind.num_fields):
        _refuse(kind.field(index).type, column, remedy)


def _is_text(kind: Any) -> bool:
    return any(
        is_text(kind) for is_text in (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    )


def _table(batches: Iterable[Any], names: Sequence[str]) -> Iterator[bytes]:
    yield ",".join(_quoted(column) for column in names).encode() + b"\n"
    for batch in batches:
        for start in range(0, batch.num_rows, ROWS):
            piece = batch.slice(start, ROWS)
            columns = [text_of(column) for column in piece.columns]
            sink = pa.BufferOutputStream()
            texts = pa.table(columns, names=[str(index) for index in range(len(columns))])
            csv.write_csv(texts, sink, csv.WriteOptions(include_header=False, quoting_style="needed"))
            yield sink.getvalue().to_pybytes()


def _quoted(header: str) -> str:
    return '"' + header.replace('"', '""') + '"'


def text_of(column: Any) -> Any:
    """The values of a column as texts, null where one is absent."""
    kind = column.type
    writer: Callable[[Any], Any] = _plain
    if pa.types.is_dictionary(kind):
        return text_of(column.dictionary).take(column.indices)
    if pa.types.is_timestamp(kind):
        writer = _moments
    elif pa.types.is_floating(kind):
        writer = _floats
    elif isinstance(kind, pa.BaseExtensionType):
        writer = _uuids if kind.extension_name in UUIDS else _stored
    return writer(column)


def _stored(column: Any) -> Any:
    """What an extension of a type holds; a number that was no float can still be none."""
    texts = text_of(column.storage)
    return (
        pc.if_else(pc.equal(texts, pa.scalar("nan", texts.type)), None, texts)
        if _is_number(column.type)
        else texts
    )


def _is_number(kind: Any) -> bool:
    """Whether a database has a number of any length there, of which Arrow has the digits alone."""
    return getattr(kind, "extension_name", "") == OPAQUE and kind.type_name in NUMBERS


def _uuids(column: Any) -> Any:
    texts = [None if value is None else str(UUID(bytes=value)) for value in column.storage.to_pylist()]
    return pa.array(texts, pa.large_string())


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
    if column.type.tz == "UTC":
        local = _local_moments(pc.cast(column, pa.timestamp(column.type.unit)))
        return pc.binary_join_element_wise(
            local, pa.scalar("+00:00", pa.large_string()), pa.scalar("", pa.large_string())
        )
    texts = [None if value is None else value.isoformat() for value in column.to_pylist()]
    return pa.array(texts, pa.large_string())


def _local_moments(column: Any) -> Any:
    """Date-times without a zone: no fraction of a second where there is none, else six digits, or nine."""
    texts = pc.replace_substring(pc.cast(column, pa.large_string()), " ", "T", max_replacements=1)
    texts = pc.replace_substring_regex(texts, r"\.0+$", "")
    if column.type.unit == "ms":
        return pc.replace_substring_regex(texts, r"(\.[0-9]{3})$", r"\1000")
    return pc.replace_substring_regex(texts, r"(\.[0-9]{6})000$", r"\1")


def _documents(batches: Iterable[Any], kind: Any) -> Iterator[bytes]:
    as_json = _json(kind)
    if dotted := _dotted([kind.field(index).name for index in range(kind.num_fields)]):
        as_json = partial(_in_objects, dotted, as_json)
    for batch in batches:
        for start in range(0, batch.num_rows, ROWS):
            rows = batch.slice(start, ROWS).to_pylist(maps_as_pydicts="strict")
            # A sum is as large as its text; what orjson gives keeps a buffer of four kilobytes at least.
            yield b"".join(orjson.dumps(as_json(row), str) + b"\n" for row in rows)


def _dotted(names: Sequence[str]) -> dict[str, list[str]]:
    """The parts of those names of columns that are paths, as `link.email` is one in a header; none that begins as another column is called."""
    paths = {name: name.split(".") for name in names if DOTTED.fullmatch(name)}
    begins = {
        name: {".".join(parts[:size]) for size in range(1, len(parts))} for name, parts in paths.items()
    }
    return {name: parts for name, parts in paths.items() if begins[name].isdisjoint(names)}


def _in_objects(
    dotted: Mapping[str, Sequence[str]], as_json: Callable[[Any], Any], row: Any
) -> dict[str, Any]:
    """A row as a document, in which what columns with dotted names hold lies in objects; what is empty is left out of these."""
    document: dict[str, Any] = {}
    for name, value in as_json(row).items():
        *around, last = dotted.get(name, (name,))
        if around and value is None:
            continue
        inside = document
        for part in around:
            inside = inside.setdefault(part, {})
        inside[last] = value
    return document


def _json(kind: Any) -> Callable[[Any], Any]:
    """Turns a value of a type into what a JSON writer should have: digits of numbers kept, date-times as RFC 3339, JSON as it is.

    An infinite number is written as such, which is no JSON, so that its record is rejected and not emptied.
    """
    if pa.types.is_struct(kind):
        fields = {kind.field(index).name: _json(kind.field(index).type) for index in range(kind.num_fields)}
        return _unless_absent(lambda row: {name: fields[name](value) for name, value in row.items()})
    if pa.types.is_map(kind):
        of_item = _json(kind.item_type)
        return _unless_absent(lambda row: {name: of_item(value) for name, value in row.items()})
    if inner := getattr(kind, "value_type", None) if pa.types.is_nested(kind) else None:
        of_value = _json(inner)
        return _unless_absent(lambda values: [of_value(value) for value in values])
    if _is_number(kind):
        return _unless_absent(lambda text: None if text == "nan" else orjson.Fragment(text))
    if getattr(kind, "extension_name", "") == "arrow.json":
        # A line ends at a line break; between the words of JSON a blank says the same, and within them there is none.
        return _unless_absent(lambda text: orjson.Fragment(LINE_BREAK.sub(" ", text)))
    return _plain_json


def _unless_absent(made: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else made(value)


def _plain_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return orjson.Fragment(str(value))
    if isinstance(value, float) and math.isinf(value):
        return orjson.Fragment("Infinity" if value > 0 else "-Infinity")
    return value
