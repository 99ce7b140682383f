"""The columns that a query gives: what is refused of them, and what a driver's own form of a type says as text."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lexer_pipeline.errors import SourceError, UsageError
from lexer_pipeline.loading.arrow_text import text_of
from lexer_pipeline.loading.database import Query

# What PostgreSQL calls the type of a column.
TYPE = b"POSTGRESQL:type"
# Types whose numbers say something else than they mean: 12.34 of money is 1234, and an oid has a sign here.
MEANT: Mapping[str, str] = MappingProxyType({"money": "numeric", "oid": "bigint"})
# PostgreSQL's infinity and -infinity, as its driver gives them: its own way of counting ran over.
DAYS = (pa.int32(), -2147472692, -2147472691)
MICROSECONDS = (pa.int64(), -9222425352054775809, -9222425352054775808)


def check_names(names: Sequence[str], query: Query) -> None:
    """Raise UsageError where a column has no name, or two have one: nobody could say which is which field."""
    if not names:
        raise UsageError(f"{query.name}: the query gives no column", "Name the columns behind SELECT.")
    for number, name in enumerate(names, 1):
        if not name.strip() or name == "?column?":
            raise UsageError(
                f"{query.name}: column {number} of the query has no name", "Give it one: SELECT ... AS name."
            )
    twice = next((name for number, name in enumerate(names) if name in names[:number]), None)
    if twice is not None:
        raise UsageError(
            f"{query.name}: the query gives two columns called {twice}",
            "Name each of them once: SELECT ... AS name.",
        )


def check_types(schema: Any, query: Query) -> None:
    """Raise SourceError where a column has a type whose values would say something else."""
    for column in schema:
        for kind in filter(None, map(MEANT.get, _types(column))):
            raise SourceError(
                f"{query.name}: column {column.name} has a type that cannot be read as it is meant",
                f'Cast it in the query: CAST("{column.name}" AS {kind}{"[]" if pa.types.is_list(column.type) else ""}).',
            )


def _types(column: Any) -> Iterator[str]:
    """What PostgreSQL calls the type of a column, and the types inside it."""
    yield _type(column).removeprefix("_")
    for index in range(column.type.num_fields):
        yield from _types(column.type.field(index))


def meant(schema: Any) -> Any:
    """The schema of batches as `as_meant` gives them."""
    return pa.schema([pa.field(one.name, pa.string()) if _type(one) in WRITTEN else one for one in schema])


def as_meant(batch: Any, schema: Any, query: Query) -> Any:
    """A batch whose texts, dates and date-times say what PostgreSQL's own would: no blanks that fill up a char(n), `infinity`."""
    columns = []
    for field, column in zip(batch.schema, batch.columns, strict=True):
        try:
            column.validate(full=True)
        except pa.ArrowException:
            # SQLite takes any bytes for text.
            raise SourceError(
                f"{query.name}: column {field.name} holds text that is not UTF-8",
                "Mend it, or leave such rows out.",
            ) from None
        columns.append(WRITTEN[_type(field)](column) if _type(field) in WRITTEN else column)
    return pa.record_batch(columns, schema=schema)


def _type(column: Any) -> str:
    """What PostgreSQL calls the type of a column; empty where that is no question."""
    return str((column.metadata or {}).get(TYPE, b""), "utf-8")


def _padded(column: Any) -> Any:
    return pc.utf8_rtrim(column, " ")


def _bytes_of_text(column: Any) -> Any:
    return pc.cast(column.storage, pa.string())


def _time(column: Any) -> Any:
    whole, plus, minus = DAYS if pa.types.is_date(column.type) else MICROSECONDS
    values = pc.cast(column, whole)
    are_infinite = [pc.equal(values, pa.scalar(value, whole)) for value in (plus, minus)]
    texts = pc.cast(text_of(column), pa.string())
    if any(pc.any(one).as_py() for one in are_infinite):
        return pc.coalesce(pc.case_when(pc.make_struct(*are_infinite), "infinity", "-infinity"), texts)
    return texts


# Types of which the driver's own form says something else, or more, than their text.
WRITTEN: Mapping[str, Callable[[Any], Any]] = MappingProxyType({
    "bpchar": _padded, "citext": _bytes_of_text, "xml": _bytes_of_text, "date": _time, "timestamp": _time, "timestamptz": _time,
})  # fmt: skip
