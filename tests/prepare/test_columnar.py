"""Parquet, Arrow and ORC are sources as CSV is: the same records, exact values, and a clear word for a broken file."""

import datetime as dt
import decimal
import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lexer_pipeline.errors import SourceError
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.prepare import validate
from msgspec.structs import replace
from pyarrow import feather, ipc, orc, parquet

from .helpers import KEEP_ALL, MARK, prepared

SPEC = "customer_record"
ROWS = 700


def as_parquet(table: pa.Table) -> bytes:
    return into(lambda sink: parquet.write_table(table, sink, row_group_size=300))


def as_feather(table: pa.Table) -> bytes:
    return into(lambda sink: feather.write_feather(table, sink, chunksize=200))


def as_stream(table: pa.Table) -> bytes:
    def write(sink: Any) -> None:
        with ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table, max_chunksize=100)

    return into(write)


def as_orc(table: pa.Table) -> bytes:
    return into(lambda sink: orc.write_table(table, sink))


def into(write: Callable[[Any], None]) -> bytes:
    sink = io.BytesIO()
    write(sink)
    return sink.getvalue()


KINDS = [as_parquet, as_feather, as_stream, as_orc]
PEOPLE = pa.table({
    "link.email": pa.array([f"p{n}@example.com" for n in range(ROWS)]),
    "first_name": pa.array([None if n % 7 == 0 else f"Mira {n}" for n in range(ROWS)]),
    "date_of_birth": pa.array([dt.date(1950, 1, 1) + dt.timedelta(n) for n in range(ROWS)]),
    "employee_flag": pa.array([n % 2 == 0 for n in range(ROWS)]),
    "custom_fields.points": pa.array(range(ROWS)),
    "custom_fields.spent": pa.array([decimal.Decimal(n) / 100 for n in range(ROWS)], pa.decimal128(12, 2)),
})  # fmt: skip


def records_of(data: bytes, tmp_path: Path, options: Options = KEEP_ALL) -> list[Any]:
    source = tmp_path / "source"
    source.write_bytes(data)
    return prepared([str(source)], SPEC, tmp_path / "out", options).records


@pytest.mark.parametrize("write", KINDS)
def test_a_file_of_columns_gives_the_records_of_its_rows(
    write: Callable[[pa.Table], bytes], tmp_path: Path
) -> None:
    data = write(PEOPLE)
    source = tmp_path / "people"
    source.write_bytes(data)
    done = prepared([str(source)], SPEC, tmp_path / "out")
    (used,) = done.report.batches[0].manifest.sources

    assert len(done.records) == ROWS
    assert done.records[8] == {
        "link": {"email": "p8@example.com"}, "first_name": "Mira 8", "date_of_birth": "1950-01-09", "employee_flag": True,
        "custom_fields": {"points": "8", "spent": "0.08"},
    }  # fmt: skip
    assert "first_name" not in done.records[7]
    assert (used.bytes, used.sha256, used.rows) == (len(data), hashlib.sha256(data).hexdigest(), ROWS)


@pytest.mark.parametrize("write", KINDS)
def test_it_may_come_through_a_pipe(write: Callable[[pa.Table], bytes]) -> None:
    piped = replace(KEEP_ALL, stdin=io.BytesIO(write(PEOPLE)))

    assert validate(["-"], SPEC, piped).valid == ROWS


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        (
            pa.array([decimal.Decimal("12345678901234567890.10")], pa.decimal128(38, 2)),
            ["12345678901234567890.10"],
        ),
        (pa.array([2**63 - 1, -(2**63)]), ["9223372036854775807", "-9223372036854775808"]),
        (pa.array([0.1, 12.5], pa.float32()), ["0.1", "12.5"]),
        (pa.array([0.1, 1e300, float("nan")]), ["0.1", "1e+300", None]),
        (
            pa.array([0, 1_500_000_001], pa.timestamp("ns")),
            ["1970-01-01T00:00:00", "1970-01-01T00:00:01.500000001"],
        ),
        (pa.array([1500], pa.timestamp("ms")), ["1970-01-01T00:00:01.500000"]),
        (pa.array([1], pa.timestamp("us")), ["1970-01-01T00:00:00.000001"]),
        (pa.array([0], pa.timestamp("s", "Australia/Melbourne")), ["1970-01-01T10:00:00+10:00"]),
        (pa.array(["AU", None, "NZ", "AU"]).dictionary_encode(), ["AU", None, "NZ", "AU"]),
        (pa.array(['He said "yes", twice\nand left']), ['He said "yes", twice\nand left']),
        (pa.array([True, False]), ["true", "false"]),
    ],
    ids=str,
)
def test_values_are_exact(values: pa.Array, texts: list[str | None], tmp_path: Path) -> None:
    mobiles = pa.array([str(61491570100 + n) for n in range(len(values))])
    records = records_of(as_parquet(pa.table({"link.mobile": mobiles, "custom_fields.x": values})), tmp_path)

    assert [record.get("custom_fields", {}).get("x") for record in records] == texts


def test_nested_columns_are_documents(tmp_path: Path) -> None:
    table = pa.table({
        "link": pa.array([{"email": "mira@example.com"}]),
        "custom_fields": pa.array([[("colour", "red"), ("size", "M")]], pa.map_(pa.string(), pa.string())),
    })  # fmt: skip

    assert records_of(as_parquet(table), tmp_path) == [
        {"link": {"email": "mira@example.com"}, "custom_fields": {"colour": "red", "size": "M"}}
    ]


def test_a_file_without_rows_makes_no_batch(tmp_path: Path) -> None:
    assert records_of(as_parquet(PEOPLE.slice(0, 0)), tmp_path) == []


@pytest.mark.parametrize("write", KINDS)
def test_a_broken_file_is_told_so_without_a_value_and_makes_nothing(
    write: Callable[[pa.Table], bytes], tmp_path: Path
) -> None:
    whole = write(PEOPLE.set_column(1, "first_name", pa.array([f"{MARK}{n}" for n in range(ROWS)])))
    source = tmp_path / "source"

    @settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.integers(8, len(whole) - 1), st.booleans())
    def broken(place: int, is_cut: bool) -> None:
        source.write_bytes(whole[:place] if is_cut else whole[:place] + b"\xa5\x5a" + whole[place + 2 :])
        try:
            validate([str(source)], SPEC, KEEP_ALL)
        except SourceError as problem:
            assert MARK not in f"{problem.message} {problem.hint}"
            assert "source: " in problem.message

    broken()


def test_bytes_and_durations_are_refused(tmp_path: Path) -> None:
    for values in (pa.array([b"\xff"]), pa.array([dt.timedelta(1)])):
        with pytest.raises(SourceError):
            records_of(
                as_parquet(pa.table({"link.mobile": ["61491570156"], "custom_fields.x": values})), tmp_path
            )
