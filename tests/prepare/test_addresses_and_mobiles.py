"""E-mail addresses and mobiles, whatever says what is made of them: columns that are fields, documents, a mapping."""

import hashlib
import json
from pathlib import Path

import pytest
from lexer_pipeline.mapping.conversions import compile_conversion
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.prepare import prepare, validate
from lexer_pipeline.preparing.report import Report
from lexer_pipeline.specs import values
from lexer_pipeline.specs.values import Converted

SEVERAL = "several_addresses"
ADDRESSES = [
    ('"Mira Holt" <mira@example.com>', "mira@example.com"), ("Teo Lund <teo@example.com>", "teo@example.com"),
    ("<quin@example.com>", "quin@example.com"), ("Kim@Example.com <kim@example.com>", "kim@example.com"),
    ("mailto:ana@example.com", "ana@example.com"), ("<MAILTO:ana@example.com>", "ana@example.com"),
    ("di@example.com.", "di@example.com"), ("di@example.com;", "di@example.com"), ("Ed@Example.COM ", "ed@example.com"),
    ("'kim@example.com", "kim@example.com"), ('="kim@example.com"', "kim@example.com"),
    ("fi+shop@example.com", "fi+shop@example.com"), ("mo@xn--exmple-cua.com", "mo@xn--exmple-cua.com"),
    ("bo@example.com; bo2@example.com", SEVERAL), ("cy@example.com/cy2@example.com", SEVERAL),
    ("gu@example.com\ngu2@example.com", SEVERAL), ("rae@example.com ::: rae2@example.com", SEVERAL),
    ("mira@example.com <teo@example.com>", SEVERAL), ("hä@exämple.com", "pattern"), ("jo@example", "pattern"),
    ("o'brien@example.com", "pattern"), ("pat @example.com", "pattern"), ("ivan@пример.рф", "pattern"),
]  # fmt: skip
MAPPED = """\
[[records]]
specification = "profile_customer"
[records.fields]
"link.email" = { column = "Mail", convert = ["email"] }
email = { column = "Mail", convert = ["email"] }
"""
NUMBERS = ["61491570156", "+61 491 570 156", "(02) 5550-1234", "0491.570.156", "12345", "123456789012345"]
NO_NUMBERS = [
    "call me",
    "+",
    "1234",
    "1234567890123456",
    "0491 570 156 x12",
    "0491570156 / 0491570157",
]


def outcome(report: Report) -> str:
    """What a source of one customer came to: the address in the link, or the code of the first issue."""
    (batch,) = report.batches
    if batch.manifest.records:
        record = json.loads(batch.file.read_bytes())
        assert record["email"] == record["link"]["email"]
        return str(record["email"])
    return report.sources[0].examples[0].code


@pytest.mark.parametrize(("text", "expected"), ADDRESSES)
@pytest.mark.parametrize("way", ["columns", "documents", "mapping"])
def test_an_address_is_cleaned_in_the_same_way_wherever_it_comes_from(
    way: str, text: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    cell = '"' + text.replace('"', '""') + '"'
    written = {
        "columns": ("a.csv", f"link.email,email\n{cell},{cell}\n"),
        "documents": ("a.ndjson", json.dumps({"link": {"email": text}, "email": text}) + "\n"),
        "mapping": ("a.csv", f"Mail\n{cell}\n"),
    }
    name, said = written[way]
    Path(name).write_text(said, "utf-8")
    Path("m.toml").write_text(MAPPED, "utf-8")
    options = Options(date="20240306", mapping="m.toml" if way == "mapping" else None)

    report = prepare([name], "profile_customer", "batches", options)

    assert outcome(report) == expected
    stays = expected in (text, "pattern", SEVERAL)
    assert ("email_cleaned" in {name for name, _ in report.sources[0].conversions}) != stays
    assert ("several_addresses" in {one.code for one in report.sources[0].suspicions}) == (
        expected == SEVERAL
    )


@pytest.mark.parametrize("text", [text for text, _ in ADDRESSES])
def test_a_clean_address_stays_and_is_hashed_as_it_is_sent(text: str) -> None:
    clean, hashed = values.email(text), compile_conversion("sha256", None)
    done = hashed(text) if callable(hashed) else None

    if isinstance(clean, Converted):
        assert values.email(clean.text) == Converted(clean.text)
        assert not isinstance(done, Converted) or done.text == hashlib.sha256(clean.text.encode()).hexdigest()
    else:
        assert done == clean


@pytest.mark.parametrize("number", [*NUMBERS, *NO_NUMBERS])
@pytest.mark.parametrize("is_table", [True, False])
def test_a_mobile_is_sent_as_it_is_and_warned_about_where_it_cannot_be_a_number(
    is_table: bool, number: str, tmp_path: Path
) -> None:
    source = tmp_path / ("a.csv" if is_table else "a.ndjson")
    record = {"link": {"mobile": number}, "mobile": f" {number}"}
    table = f"link.mobile,mobile\n{number}, {number}\n"
    source.write_text(table if is_table else json.dumps(record) + "\n", "utf-8")

    report = prepare([source], "profile_customer", tmp_path / "batches", Options(date="20240306"))

    assert json.loads(report.batches[0].file.read_bytes()) == record
    found = {(one.code, one.count) for one in report.sources[0].suspicions}
    warned = {("mobile_not_a_number", 1)} if number in NO_NUMBERS else set()
    assert found == warned


def test_an_absent_or_empty_mobile_is_no_suspicion(tmp_path: Path) -> None:
    source = tmp_path / "a.ndjson"
    source.write_text('{"link": {"email": "mira@example.com"}, "mobile": ""}\n', "utf-8")

    assert not validate([source], "profile_customer").sources[0].suspicions
