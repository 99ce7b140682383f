"""A year of birth of two digits never lies in the future, and a fix reads it as its batch did."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.prepare import prepare
from lexer_pipeline.system.runtime import Runtime

from tests.conversions.helpers import result
from tests.presets.exports import fixed

MAPPING = """\
[[records]]
specification = "profile_customer"
[records.fields]
"link.email" = "Mail"
date_of_birth = { column = "Born", convert = ["date"] }
"custom_fields.since" = { column = "Since", convert = [{ date = { to = "date" } }] }
"""
NOVEMBER = Runtime(clock=datetime(2026, 11, 26, tzinfo=UTC).timestamp)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("m.toml").write_text(MAPPING, "utf-8")
    return tmp_path


def born(*texts: str, **asked: str) -> list[str]:
    lines = [f"a{number}@example.com,{text},25/12/26" for number, text in enumerate(texts)]
    Path("export.csv").write_text("\n".join(["Mail,Born,Since", *lines, ""]), "utf-8")
    options = Options(mapping="m.toml", max_invalid=1, **asked)
    (batch,) = prepare(["export.csv"], None, "batches", options, NOVEMBER).batches
    lines = batch.file.read_text("utf-8").splitlines()
    assert all('"since":"2026-12-25"' in line for line in lines)
    return [line.partition('"date_of_birth":"')[2][:10] for line in lines]


def test_a_year_of_birth_of_two_digits_lies_before_the_day_of_the_run(folder: Path) -> None:
    texts = ("31/12/54", "26/11/26", "27/11/26", "25/12/26", "29/02/28")

    assert born(*texts) == ["1954-12-31", "2026-11-26", "1926-11-27", "1926-12-25", "1928-02-29"]


def test_the_date_of_the_file_is_the_day_of_the_run(folder: Path) -> None:
    assert born("31/12/54", "25/12/26", date="20261225") == ["1954-12-31", "2026-12-25"]


def test_a_year_of_four_digits_is_never_moved(folder: Path) -> None:
    assert born("31/12/1954", "25/12/2026") == ["1954-12-31", "2026-12-25"]


def test_a_fix_completes_years_as_its_batch_did(folder: Path) -> None:
    assert born("31/12/54", "nothing", date="20261130") == ["1954-12-31"]
    batch = next(Path("batches").glob("profile_customer-*"))
    rejects = batch / "rejects.csv"
    rejects.write_text(rejects.read_text("utf-8").replace("nothing", "30/11/26"), "utf-8")

    (record,) = fixed(batch).records("profile_customer")

    assert record["date_of_birth"] == "2026-11-30"


@pytest.mark.parametrize(
    ("latest", "expected"), [("2026-11-26", "1926-12-25"), ("2026-12-25", "2026-12-25"), (None, "2026-12-25")]
)
def test_any_column_can_be_told_the_latest_day(latest: str | None, expected: str) -> None:
    argument = {"format": "dd/mm/yy", "to": "date"} | ({"latest": latest} if latest else {})

    assert result("date", argument, "25/12/26") == expected
