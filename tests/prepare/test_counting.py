"""What is counted, in which unit, and under whose words."""

import json
from pathlib import Path

import pytest
from lexer_pipeline.chunks import coalesce, regroup
from lexer_pipeline.cli.main import run_command
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.prepare import validate

from .helpers import in_plain_python, of_bytes

LINES = b"purchase_id,link.email,action_at,type,products[].quantity,products[].price_paid\n"
GOOD = b"A-%d,a%d@example.com,2024-03-06T10:15:00Z,ecommerce,1,10\n"
BAD = b"B-%d,b%d@example.com,2024-03-06T10:15:00Z,ecommerce,0,ten\n"


def orders(good: int, bad: int, lines_of_bad: int = 3) -> bytes:
    """Orders of one line, and bad ones in which each line is wrong in two fields."""
    some = b"".join(GOOD % (number, number) for number in range(good))
    return LINES + some + b"".join(BAD % (number, number) * lines_of_bad for number in range(bad))


def test_the_share_of_rejects_compares_records_with_records(tmp_path: Path) -> None:
    done = of_bytes(orders(good=39, bad=1), "purchase", tmp_path, Options())

    assert done.manifest.state == "prepared"
    assert (done.manifest.rejected, done.manifest.rejected_records) == (3, 1)
    assert [one.is_good for one in done.report.verdicts] == [True]
    held = of_bytes(orders(good=38, bad=3, lines_of_bad=1), "purchase", tmp_path, Options())
    assert held.manifest.state == "held"


def test_a_line_of_the_table_counts_each_record_once_with_its_rows(tmp_path: Path) -> None:
    (source,) = of_bytes(orders(good=1, bad=4), "purchase", tmp_path).report.sources

    assert [(one.field, one.code, one.records, one.rows) for one in source.findings] == [
        ("products[].price_paid", "type", 4, 12),
        ("products[].quantity", "range", 4, 12),
    ]
    assert source.issues == {"type": 12, "range": 12}
    assert (source.invalid_records, source.invalid) == (4, 12)


def test_issues_of_one_code_stand_under_their_own_words(tmp_path: Path) -> None:
    data = (
        b'{"link":{"mobile":"1"},"custom_fields":{"a":NaN}}\n{"link":\n{"link":{}} x\n{"a":1,}\n' + b"{\n" * 9
    )
    (source,) = of_bytes(data, "customer_record", tmp_path).report.sources

    said = {one.message: one.records for one in source.findings if one.code == "json"}
    assert sum(said.values()) == 13
    assert [count for message, count in said.items() if "NaN" in message] == [1]
    assert len(said) > 1


def test_words_that_differ_in_their_numbers_are_one_line_with_those_of_the_first(tmp_path: Path) -> None:
    rows = b"".join(b"x" + b",1" * wide + b"\n" for wide in range(3, 60))
    (source,) = of_bytes(b"link.mobile,first_name\n" + rows, "customer_record", tmp_path).report.sources

    (one,) = source.findings
    assert (one.records, one.line) == (57, 2)
    assert one.message.startswith("the row has 4 cells where the header has 2")
    assert one.message.endswith("(on line 2; other numbers elsewhere)")


def test_each_kind_of_json_fault_has_words_of_its_own_and_no_share_is_above_all(tmp_path: Path) -> None:
    faults = (
        b"{'a': 1}",
        b'{"a": 1,}',
        b'{"a": 01}',
        b'{"a": True}',
        b'{"a": "x',
        b'{"a": "\\x"}',
        b'{"a": "\t"}',
        b'{"a": 1} {}',
    )
    good = b'{"link": {"email": "mira@example.com"}}'
    (source,) = of_bytes(b"\n".join((*faults, faults[0], good)), "customer_record", tmp_path).report.sources

    told = {one.line: (one.records, one.message) for one in source.findings}
    assert sorted(told) == list(range(1, len(faults) + 1))
    assert told[1][0] == 2
    for line, words in enumerate(
        ("single", "comma", "zero", "True", "no closing quote", "backslash", "tab", "behind"), 1
    ):
        assert words in told[line][1]


def test_each_specification_of_a_run_has_its_own_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    export = "samples/exports/shopify_orders/good_orders/orders_export_1.csv"
    report = validate([export])

    assert [one.specification for one in report.verdicts] == ["commerce_purchases", "profile_customer"]
    assert run_command(["validate", export]) == 0
    said = capsys.readouterr().out
    assert "3 of 3 records of commerce_purchases are ready to send." in said
    assert "4 of 4 records of profile_customer are ready to send." in said


def test_one_row_is_a_row_and_one_record_a_record(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "orders.csv"
    file.write_bytes(orders(good=1, bad=1))

    assert run_command(["validate", str(file), "--spec", "purchase"]) == 1
    assert (
        "4 rows = 1 valid + 3 rejected (1 record) + 0 further rows of a record + 0 blank"
        in capsys.readouterr().out
    )


def test_a_null_below_custom_fields_stays_in_every_way_through(tmp_path: Path) -> None:
    record = {
        "link": {"mobile": "1"},
        "custom_fields": {"tier": None, "deep": {"a": None}},
        "first_name": None,
        "unknown": None,
    }
    for text in (json.dumps(record), json.dumps(record, indent=1), json.dumps([record])):
        (made,) = of_bytes(text.encode(), "customer_record", tmp_path / str(len(text))).records
        assert made == {
            "link": {"mobile": "1"},
            "custom_fields": {"tier": None, "deep": {"a": None}},
        }


def test_what_is_suspicious_in_a_row_is_told_by_the_line_of_its_record_with_kernels_and_without(
    tmp_path: Path,
) -> None:
    header = b"purchase_id,link.email,action_at,type,products[].price_paid,products[].quantity,products[].product_reference.id\n"
    row = b"A-1,mira@example.com,2024-03-06T10:15:00Z,ecommerce,1,1,#N/A\n"
    data = header + row + row.replace(b"A-1", b"A-2") + row
    fast = of_bytes(data, "purchase", tmp_path / "fast")
    with in_plain_python():
        slow = of_bytes(data, "purchase", tmp_path / "slow")

    assert fast.files == slow.files
    assert fast.manifest.suspicions["error_cell"] == {"weight": "warning", "count": 3, "lines": [2, 2, 3]}


def test_the_first_lines_of_an_issue_are_the_same_however_chunks_were_put_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders = [
        f"P-{number % 400},a{number % 400}@example.com,2024-03-06,ecommerce,1.50,1,S-1,sku"
        for number in range(1200)
    ]
    header = "purchase_id,link.email,action_at,type,products[].price_paid,products[].quantity"
    header += ",products[].product_reference.id,products[].product_reference.id_type"
    data = "\n".join([header, *orders]).encode()
    monkeypatch.setattr(regroup, "BUCKET", 4096)
    whole = of_bytes(data, "purchase", tmp_path / "whole")
    monkeypatch.setattr(coalesce, "ENOUGH", 1)
    apart = of_bytes(data, "purchase", tmp_path / "apart")

    (finding,) = whole.report.sources[0].findings
    assert finding.lines == (2, 3, 4, 5, 6)
    assert finding.line == 2
    assert whole.report.sources[0].findings == apart.report.sources[0].findings
