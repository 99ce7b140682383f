"""A data frame is one more source: the same records as the CSV of the same data, or a clear refusal."""

import datetime as dt
import decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from lexer_pipeline.errors import SourceError, UsageError
from lexer_pipeline.preparing.prepare import validate
from lexer_pipeline.preparing.report import Report
from msgspec.structs import replace

from .helpers import KEEP_ALL, MARK, Prepared, of_bytes, prepared

SPEC = "customer_record"
MOBILES = ["1", "2", "3"]


def records_of(frame: Any, tmp_path: Path, spec: str = SPEC) -> list[Any]:
    return prepared([frame], spec, tmp_path).records


def column(values: Any, tmp_path: Path, name: str = "custom_fields.x") -> list[Any]:
    """What a column becomes: its value in each record, or None where it is absent."""
    records = records_of(pd.DataFrame({"link.mobile": MOBILES[: len(values)], name: values}), tmp_path)
    parts = name.split(".")
    found = []
    for record in records:
        for part in parts:
            record = record.get(part) if isinstance(record, dict) else None
        found.append(record)
    return found


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([1, 2, 3], ["1", "2", "3"]),
        ([1.5, float("nan"), 0.1], ["1.5", None, "0.1"]),
        ([1e300, 5e-324, 123456789.123456789], ["1e+300", "5e-324", "123456789.12345679"]),
        (pd.array([1, None, 2**62], dtype="Int64"), ["1", None, str(2**62)]),
        (pd.array([True, None, False], dtype="boolean"), ["true", None, "false"]),
        ([True, False, True], ["true", "false", "true"]),
        (["a", None, ""], ["a", None, None]),
        (pd.Categorical(["x", None, "y"]), ["x", None, "y"]),
        (pd.Categorical([3, 1, None]), ["3", "1", None]),
        (['two\nlines, "quoted"', "cr\rin", "crlf\r\n"], ['two\nlines, "quoted"', "cr\rin", "crlf\r\n"]),
        (["Zoë", "😀", "\u2028"], ["Zoë", "😀", "\u2028"]),
        (["0800", " x ", "1_0"], ["0800", " x ", "1_0"]),
        ([None, None, None], [None, None, None]),
        ([dt.date(2024, 3, 6), None, dt.date(1, 1, 1)], ["2024-03-06", None, "0001-01-01"]),
        ([decimal.Decimal("1.50"), None, decimal.Decimal("-0.10")], ["1.50", None, "-0.10"]),
        ([dt.time(9, 30), None, dt.time(1)], ["09:30:00.000000", None, "01:00:00.000000"]),
    ],
)
def test_a_column_of_any_type_is_the_text_of_its_values(
    values: Any, texts: list[str | None], tmp_path: Path
) -> None:
    assert column(values, tmp_path) == texts


def test_numbers_and_booleans_of_a_frame_fill_typed_fields(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"product_id": ["P", "Q"], "price": [9.95, float("nan")], "inventory.quantity": pd.array([3, None], dtype="Int64"),
         "inventory.tracked": pd.array([True, None], dtype="boolean")}
    )  # fmt: skip
    done = prepared([frame], "product", tmp_path)

    assert done.records == [
        {"product_id": "P", "price": 9.95, "inventory": {"quantity": 3, "tracked": True}},
        {"product_id": "Q"},
    ]
    assert done.manifest.conversions == {}


def test_an_integer_that_pandas_made_a_float_is_a_whole_number(tmp_path: Path) -> None:
    frame = pd.DataFrame({"product_id": ["P", "Q"], "inventory.quantity": [3, None]})

    assert [record.get("inventory") for record in records_of(frame, tmp_path, "product")] == [
        {"quantity": 3.0},
        None,
    ]


def moments(values: Any, tmp_path: Path) -> tuple[list[str], Prepared]:
    frame = pd.DataFrame(
        {"link.mobile": MOBILES[: len(values)], "action_at": values, "sms_id": "S", "status": "subscribed"}
    )
    done = prepared([frame], "sms_subscribe", tmp_path)
    return [record["action_at"] for record in done.records], done


def test_a_timestamp_without_zone_is_read_as_utc_with_a_warning(tmp_path: Path) -> None:
    texts, done = moments(
        pd.to_datetime(["2024-03-06T12:26:47.000000", "2024-03-06T12:26:47.123456"]), tmp_path
    )

    assert texts == ["2024-03-06T12:26:47Z", "2024-03-06T12:26:47.123456Z"]
    assert done.manifest.warnings == {"time_zone_assumed": 2}


def test_a_timestamp_with_a_zone_keeps_its_offset(tmp_path: Path) -> None:
    texts, done = moments(
        pd.to_datetime(["2024-01-06T12:26:47", "2024-07-06T00:00:00"]).tz_localize("Australia/Melbourne"),
        tmp_path,
    )

    assert texts == ["2024-01-06T12:26:47+11:00", "2024-07-06T00:00:00+10:00"]
    assert (done.manifest.conversions, done.manifest.warnings) == ({}, {})


def test_nanoseconds_are_kept(tmp_path: Path) -> None:
    texts, _ = moments(pd.to_datetime(["2024-03-06T12:26:47.123456789Z"]), tmp_path)

    assert texts == ["2024-03-06T12:26:47.123456789+00:00"]


def test_a_missing_timestamp_is_a_missing_field(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "link.mobile": ["1"],
            "action_at": pd.Series([None], dtype="datetime64[us]"),
            "sms_id": "S",
            "status": "subscribed",
        }
    )
    report = validate([frame], "sms_subscribe")

    assert [(issue.code, issue.column) for issue in report.sources[0].examples] == [("missing", "action_at")]


# ------------------------------------------------------------------------------------ the same as CSV

FRAME = pd.DataFrame(
    {
        "link.email": ["a@example.com", f"{MARK}", "C@Example.com ", None, "e@example.com"],
        "first_name": ["Mira", f'"{MARK}", x', "two\r\nlines", None, ""],
        "postcode": ["0350", "3182", None, None, "x;y"],
        "employee_flag": ["yes", "true", "0", None, f"{MARK}"],
    }
)


def test_a_frame_gives_what_its_csv_gives(tmp_path: Path) -> None:
    frame = prepared([FRAME], SPEC, tmp_path / "frame")
    table = of_bytes(FRAME.to_csv(index=False).encode(), SPEC, tmp_path / "table")

    assert frame.lines == table.lines
    assert frame.codes == table.codes
    assert frame.manifest.blank == table.manifest.blank == 1
    assert frame.manifest.conversions == table.manifest.conversions
    assert [issue["row"] for issue in frame.issues] == [issue["row"] for issue in table.issues]


@pytest.mark.parametrize(
    "names",
    [
        ("archive", "name", "notes"),
        ("identity", "first", "size", "open", "check", "close", "name", "path"),
    ],
)
def test_a_frame_is_one_whatever_its_columns_are_called(names: tuple[str, ...], tmp_path: Path) -> None:
    frame = pd.DataFrame({"link.mobile": MOBILES, **dict.fromkeys(names, "x")})

    report = validate([frame, frame[:1]], SPEC, replace(KEEP_ALL, ignore_unknown=True))
    assert sum(one.valid for one in report.sources) == 4


def test_the_same_frame_gives_the_same_bytes(tmp_path: Path) -> None:
    one, two = (prepared([FRAME], SPEC, tmp_path / name) for name in ("one", "two"))

    assert one.files == two.files


def test_arrow_tables_in_chunks_and_other_frames_give_the_same(tmp_path: Path) -> None:
    table = pa.Table.from_pandas(FRAME)
    chunked = pa.concat_tables([table.slice(0, 2), table.slice(2)])
    expected = prepared([FRAME], SPEC, tmp_path / "0").lines

    assert prepared([chunked], SPEC, tmp_path / "1").lines == expected


def test_polars_frames_give_the_same(tmp_path: Path) -> None:
    polars = pytest.importorskip("polars")
    expected = prepared([FRAME], SPEC, tmp_path / "0").lines

    assert prepared([polars.from_pandas(FRAME)], SPEC, tmp_path / "1").lines == expected
    frame = polars.DataFrame({"link.mobile": ["1"], "custom_fields.c": polars.Series(["x"], dtype=polars.Categorical),
                              "custom_fields.n": [1.5], "custom_fields.b": [True]})  # fmt: skip
    assert records_of(frame, tmp_path / "2") == [
        {"link": {"mobile": "1"}, "custom_fields": {"c": "x", "n": "1.5", "b": "true"}}
    ]


def test_a_large_frame_is_read_in_pieces_without_a_loss(tmp_path: Path) -> None:
    frame = pd.DataFrame({"link.mobile": [str(number) for number in range(1, 50_002)]})

    assert [int(record["link"]["mobile"]) for record in records_of(frame, tmp_path)] == list(range(1, 50_002))


@pytest.mark.parametrize("rows", [[0, 2], [2, 0, 1], [1]])
def test_the_labels_of_filtered_rows_are_no_column(tmp_path: Path, rows: list[int]) -> None:
    frame = pd.DataFrame({"link.mobile": MOBILES}).iloc[rows]

    assert records_of(frame, tmp_path) == [{"link": {"mobile": MOBILES[row]}} for row in rows]


def test_an_index_with_a_name_is_a_column(tmp_path: Path) -> None:
    frame = pd.DataFrame({"link.mobile": MOBILES, "first_name": ["a", "b", "c"]}).set_index("link.mobile")

    assert [record["link"]["mobile"] for record in records_of(frame, tmp_path)] == MOBILES


# ------------------------------------------------------------------------------------ nested


def test_nested_columns_are_documents(tmp_path: Path) -> None:
    moment = dt.datetime(2024, 1, 1, 10, 0, 0, 500_000, dt.UTC)
    table = pa.table({
        "product_id": ["P", "Q"],
        "images": [["http://example.com/a.jpg"], None],
        "price": pa.array([decimal.Decimal("1.50"), None]),
        "inventory": [{"quantity": 3, "cost": 1.5, "updated_at": moment}, {"quantity": None, "cost": float("nan"),
                                                                          "updated_at": None}],
    })  # fmt: skip
    done = prepared([table], "product", tmp_path)

    assert done.lines == [
        (
            b'{"product_id":"P","images":["http://example.com/a.jpg"],"price":1.50,"inventory":'
            b'{"quantity":3,"cost":1.5,"updated_at":"2024-01-01T10:00:00.500000+00:00"}}\n'
        ),
        b'{"product_id":"Q","inventory":{}}\n',
    ]


def test_dotted_names_are_paths_beside_nested_columns_as_they_are_in_a_table(tmp_path: Path) -> None:
    flat = {
        "link.email": ["mira@example.com", "teo@example.com"],
        "custom_fields.tier": ["gold", None],
        "first_name": ["Mira", "Teo"],
    }
    nested = pa.table({**flat, "custom_fields.tags": pa.array([["a", "b"], None])})

    assert records_of(nested, tmp_path / "nested") == [
        {
            "link": {"email": "mira@example.com"},
            "custom_fields": {"tier": "gold", "tags": ["a", "b"]},
            "first_name": "Mira",
        },
        {"link": {"email": "teo@example.com"}, "first_name": "Teo"},
    ]
    assert records_of(pa.table(flat), tmp_path / "flat")[1] == {
        "link": {"email": "teo@example.com"},
        "first_name": "Teo",
    }


def test_a_dotted_name_that_begins_as_another_column_is_called_stays_a_name(tmp_path: Path) -> None:
    table = pa.table(
        {"link": pa.array([{"email": "mira@example.com"}]), "link.mobile": ["1"], "first_name": ["Mira"]}
    )
    done = prepared([table], SPEC, tmp_path)
    assert [one["link"] for one in done.records] == [{"email": "mira@example.com"}]


def test_nanoseconds_in_nested_columns_are_written_like_others(tmp_path: Path) -> None:
    inventory = pa.StructArray.from_arrays(
        [pa.array(pd.to_datetime(["2024-01-01T10:00:00.123456789Z"]))], names=["updated_at"]
    )
    done = prepared([pa.table({"product_id": ["P"], "inventory": inventory})], "product", tmp_path)

    assert done.records[0]["inventory"] == {"updated_at": "2024-01-01T10:00:00.123456789+00:00"}
    assert done.manifest.conversions == {}


@pytest.mark.parametrize("value", [float("inf"), float("-inf")])
def test_an_infinite_number_is_an_issue_in_flat_and_in_nested_columns(tmp_path: Path, value: float) -> None:
    flat = pa.table({"product_id": ["P", "Q"], "price": [value, 1.0]})
    nested = flat.append_column("images", pa.array([["http://example.com"], None]))

    assert prepared([flat], "product", tmp_path / "flat").codes == ["type"]
    assert prepared([nested], "product", tmp_path / "nested").codes == ["json"]


# ------------------------------------------------------------------------------------ refusals


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"link.mobile": [1, f"{MARK}", 2.5]}),
        pd.DataFrame({"link.mobile": [b"1", b"2"]}),
        pd.DataFrame([["1", "2"]], columns=["link.mobile", "link.mobile"]),
        pd.DataFrame({"link.mobile": pd.to_timedelta([1, 2], "s")}),
        pd.DataFrame({"link.mobile": [object()]}),
        pa.table({"link": [{"mobile": b"1"}]}),
        pa.table({"images": [[b"1"]]}),
        pd.DataFrame(),
    ],
)
def test_a_frame_that_is_no_table_of_values_is_refused_without_a_value(tmp_path: Path, frame: Any) -> None:
    with pytest.raises((SourceError, UsageError)) as problem:
        prepared([frame], SPEC, tmp_path)

    assert MARK not in problem.value.message + problem.value.hint


@pytest.mark.parametrize("source", [3, None, [], {"link.mobile": ["1"]}])
def test_what_is_no_source_is_refused(tmp_path: Path, source: Any) -> None:
    with pytest.raises(SourceError, match="neither a path, a data frame nor a query"):
        prepared([source], SPEC, tmp_path)


def test_a_frame_without_rows_has_no_records(tmp_path: Path) -> None:
    assert prepared([FRAME.iloc[:0]], SPEC, tmp_path).report.valid == 0


# ------------------------------------------------------------------------------------ issues as a frame

COLUMNS = ["source", "line", "row", "path", "column", "code", "rule", "message"]


def check_issues(report: Report, count: int) -> Any:
    issues = report.issues()
    assert isinstance(issues, pd.DataFrame)
    assert list(issues.columns) == COLUMNS
    assert len(issues) == count
    for name in COLUMNS:
        kinds = {type(value) for value in issues[name].tolist()}
        assert kinds <= ({int} if name in ("line", "row") else {str}), name
    return issues


def test_issues_come_as_a_frame_with_the_words_as_they_are(tmp_path: Path) -> None:
    done = prepared([FRAME], SPEC, tmp_path / "0")
    issues = check_issues(done.report, 2)
    assert issues.to_dict("records") == done.issues

    documents = of_bytes(b'{"link":{"mobile":"1"}}\n{"link":1}\n5\n', SPEC, tmp_path / "1")
    assert check_issues(documents.report, 2).to_dict("records") == documents.issues


def test_words_that_look_like_numbers_or_dates_stay_words_in_the_frame_of_issues(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "0123"
    source.write_bytes(b"link.mobile,employee_flag\n1,yes\n2,maybe\n")
    monkeypatch.chdir(tmp_path)
    done = prepared([source.name], SPEC, tmp_path / "out")

    assert check_issues(done.report, 1).to_dict("records") == done.issues


def test_issues_of_all_parts_and_of_none_come_as_a_frame(tmp_path: Path) -> None:
    data = b"link.mobile,employee_flag\n" + b"".join(
        b"%d,%s\n" % (n, b"oui" if n % 3 else b"no") for n in range(1, 61)
    )
    parts = of_bytes(data, SPEC, tmp_path / "parts", replace(KEEP_ALL, max_bytes=200))
    assert len(parts.report.batches) > 1
    check_issues(parts.report, 40)

    check_issues(of_bytes(b"link.mobile\n1\n", SPEC, tmp_path / "good").report, 0)
    check_issues(of_bytes(b"link.mobile,employee_flag\n1,oui\n", SPEC, tmp_path / "bad").report, 1)
    check_issues(validate([FRAME], SPEC), 2)
