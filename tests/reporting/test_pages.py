"""The page that lies in each batch: what it tells, and that it tells no value."""

import csv
import io
import json
import random
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest
from lexer_pipeline import Options, Report, UsageError, prepare
from lexer_pipeline.cli.main import run_command
from lexer_pipeline.outbox.batch import PAGE, REPORT
from lexer_pipeline.preparing.pages import page_on_batch
from lexer_pipeline.reporting.column_facts import shape_of
from lexer_pipeline.reporting.short_paths import shortened

HEADER = ("link.email", "first_name", "date_of_birth", "employee_flag", "custom_fields.spent")


def export(path: Path, rows: int, bad: int = 0, header: tuple[str, ...] = HEADER, seed: int = 1) -> Path:
    """Invented people, of whom the first `bad` have a flag that is none; every cell is of a kind that occurs nowhere else."""
    dice = random.Random(seed)
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(header)
    for row in range(rows):
        name = "".join(dice.choices("bcdfghjklmnpqrstvwxz", k=9))
        born = f"{dice.randint(1950, 2005)}-{dice.randint(1, 12):02}-{dice.randint(1, 28):02}"
        cells = (
            f"{name}@{name}.example",
            name.title(),
            born,
            f"maybe{name}" if row < bad else "no",
            f"{dice.random() * 1000:.4f}",
        )
        table.writerow(cells[: len(header)])
    path.write_text(text.getvalue(), "utf-8")
    return path


def converted(source: Path, out: Path, **asked: object) -> Report:
    return prepare([str(source)], "customer_record", out, Options(date="20240306", **asked))  # type: ignore[arg-type]


def page_of(report: Report) -> str:
    return (report.batches[0].path / PAGE).read_text("utf-8")


def text_of(page: str) -> str:
    """What somebody reads of a page, and hears of its charts."""
    kept: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            kept.extend(value or "" for name, value in attrs if name == "aria-label")

        def handle_data(self, data: str) -> None:
            kept.append(data)

    Reader().feed(page.partition("<body>")[2])
    return " ".join(" ".join(kept).split())


@pytest.mark.parametrize("mapped", [False, True])
def test_no_value_of_a_record_is_on_the_page_or_in_what_programs_read(tmp_path: Path, mapped: bool) -> None:
    source = export(tmp_path / "people.csv", 300, bad=5)
    asked: dict[str, object] = {}
    if mapped:
        fields = "\n".join(f'"{name}" = "{name}"' for name in HEADER)
        (tmp_path / "own.toml").write_text(
            f'[[records]]\nspecification = "customer_record"\n[records.fields]\n{fields}\n'
        )
        asked["mapping"] = str(tmp_path / "own.toml")
    report = prepare([str(source)], None if mapped else "customer_record", tmp_path / "out", Options(**asked))  # type: ignore[arg-type]
    told = page_of(report) + (report.batches[0].path / REPORT).read_text("utf-8")
    rows = csv.reader(source.read_text().splitlines()[1:])
    cells = {cell for row in rows for cell in row} - {"no"}

    assert not [cell for cell in cells if cell in told]
    assert str(tmp_path) not in told


def test_the_page_needs_nothing_from_elsewhere_and_runs_nothing(tmp_path: Path) -> None:
    page = page_of(converted(export(tmp_path / "people.csv", 20), tmp_path / "out"))

    assert re.findall(r"""src=|href=|url\(|@import|https?://|<script""", page) == []
    assert "default-src 'none'" in page


def test_the_bar_holds_all_rows_and_says_in_words_what_became_of_them(tmp_path: Path) -> None:
    source = export(tmp_path / "people.csv", 98, bad=4)
    source.write_text(source.read_text() + "\n\n")
    said = text_of(page_of(converted(source, tmp_path / "out")))

    assert "94 of 98 records are ready to send" in said
    assert "What became of 100 rows" in said
    assert "ready: 94 of 100 rows, rejected: 4 of 100 rows, blank: 2 of 100 rows" in said
    assert "employee_flag · 4 records (4.1 %)" in said
    assert "lines 2, 3, 4, 5 of people.csv" in said
    assert "lexer-pipeline explain type" in said
    assert "lexer-pipeline convert --fix profile_customer-20240306-a" in said
    assert "lexer-pipeline upload profile_customer-20240306-a" in said


def test_a_held_batch_says_first_why_and_what_to_type_and_no_longer_once_it_is_released(
    tmp_path: Path,
) -> None:
    source = export(tmp_path / "people.csv", 20, bad=10)
    held = converted(source, tmp_path / "out")
    before = text_of(page_of(held))
    released = text_of(page_of(converted(source, tmp_path / "out", max_invalid=0.6)))

    assert "Held: nothing is sent until somebody has looked at it" in before
    assert "50.00% of the records were rejected" in before
    assert "lexer-pipeline upload" not in before
    assert "10 of 20 records are ready to send" in released
    assert "accepted by a person too many rejects" in released


def test_a_file_a_hundred_times_smaller_than_the_last_ones_stands_out(tmp_path: Path) -> None:
    for night, rows in enumerate((200, 220, 2)):
        report = converted(
            export(tmp_path / f"people_{night}.csv", rows, seed=night), tmp_path / "out", accept=()
        )
        (verdict,) = report.verdicts
    said = text_of(page_of(report))

    assert verdict.state == "prepared"
    assert report.batches[0].manifest.suspicions["size_unlike_before"]["weight"] == "warning"
    assert [one.code for one in report.sources[0].suspicions] == ["size_unlike_before"]
    assert "size unlike before" in said
    assert re.search(
        r"profile_customer_03-20240306-a \(this one\) 2 .*profile_customer_02-20240306-a 220 .*profile_customer-20240306-a 200",
        said,
    )


def test_a_field_that_was_filled_in_the_last_ones_and_is_empty_now_stands_out(tmp_path: Path) -> None:
    converted(export(tmp_path / "people_1.csv", 50), tmp_path / "out")
    fewer = export(tmp_path / "people_2.csv", 50, header=HEADER[:3], seed=2)
    report = converted(fewer, tmp_path / "out")

    found = {(one.code, one.where) for one in report.sources[0].suspicions}
    assert found == {("field_emptied", "employee_flag"), ("field_emptied", "custom_fields.spent")}


def test_a_field_that_is_fuller_or_emptier_than_in_the_last_one_is_told_so(tmp_path: Path) -> None:
    whole = export(tmp_path / "people_1.csv", 40)
    converted(whole, tmp_path / "out")
    half = [
        line.replace(line.split(",")[1], "") if row % 2 else line
        for row, line in enumerate(whole.read_text().splitlines())
    ]
    (tmp_path / "people_2.csv").write_text("\n".join(half).replace(half[0], ",".join(HEADER)))

    assert "first_name 50.0 % was 100 %" in text_of(
        page_of(converted(tmp_path / "people_2.csv", tmp_path / "out"))
    )


def test_another_label_or_dataset_is_no_delivery_of_its_kind(tmp_path: Path) -> None:
    converted(export(tmp_path / "people_1.csv", 200), tmp_path / "out", datasets={"*": "a1b2c3d4"})
    for asked in ({"label": "sydney"}, {"datasets": {"*": "b2c3d4e5"}}):
        report = converted(export(tmp_path / "people_2.csv", 2, seed=2), tmp_path / "out", **asked)
        assert report.sources[0].suspicions == (), asked


def test_the_fields_of_a_large_file_are_told_from_a_stated_part_of_it(tmp_path: Path) -> None:
    report = converted(export(tmp_path / "people.csv", 5000), tmp_path / "out")
    told = json.loads((report.batches[0].path / REPORT).read_text())
    said = text_of(page_of(report))

    assert 100 < told["field_rows"] < 5000
    assert f"{told['field_rows']:,} of 5,000 records were looked at" in said
    assert {one["name"]: (one["filled"], one["chart"]) for one in told["fields"]} == {
        "link.email": (told["field_rows"], ""), "first_name": (told["field_rows"], ""), "date_of_birth": (told["field_rows"], "dates"),
        "employee_flag": (told["field_rows"], "yes or no"), "custom_fields.spent": (told["field_rows"], "numbers"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("mira.holt@example.com", "a.a@a.a"), ("Mira Holt", "Aa Aa"), ("2024-03-06", "9999-99-99"), ("NSW", "AAA"),
        ("CUSTOMER", "AAAA"), ("Zoë", "Aa"), ("3000", "9999"), ("x" * 500, "a"), ("1-2" * 30, "9-99-99-99-99-99-99-99-99-9…"),
    ],
)  # fmt: skip
def test_a_shape_says_what_a_text_looks_like(text: str, shape: str) -> None:
    assert shape_of(text) == shape


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["/home/mira/shop/orders.csv"], ["orders.csv"]),
        (["a/jan/orders.csv", "a/feb/orders.csv"], ["jan/orders.csv", "feb/orders.csv"]),
        (["/abs/orders.csv", "people.csv"], ["orders.csv", "people.csv"]),
        (["-"], ["-"]),
        ([], []),
    ],
)
def test_sources_are_called_without_the_folders_that_all_lie_in(paths: list[str], names: list[str]) -> None:
    assert list(shortened(paths).values()) == names


def test_without_a_report_none_is_written_and_one_can_be_made_later(tmp_path: Path) -> None:
    report = converted(export(tmp_path / "people.csv", 50, bad=2), tmp_path / "out", report=False)
    folder = report.batches[0].path
    assert not {PAGE, REPORT} & {path.name for path in folder.iterdir()}

    said = text_of(page_on_batch(folder).html.decode())
    assert "48 of 50 records are ready to send" in said
    assert "employee_flag · 2 records (4.0 %)" in said
    assert "All 48 records were looked at" in said


def test_the_command_makes_a_page_on_a_batch_and_on_what_a_source_would_become(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    export(Path("people.csv"), 30, bad=1)
    assert (
        run_command(["convert", "people.csv", "--spec", "customer_record", "--date", "20240306", "--quiet"])
        == 0
    )
    page = Path("batches/profile_customer-20240306-a", PAGE)
    made = page.read_bytes()
    page.unlink()

    assert run_command(["report", "profile_customer-20240306-a"]) == 0
    assert page.read_bytes() == made
    (page.parent / "receipt.json").write_text("{}")
    assert run_command(["report", str(page.parent), "--out", "sent.html", "--quiet"]) == 0
    assert "29 of 30 records were sent" in text_of(Path("sent.html").read_text())
    assert run_command(["report", "people.csv", "--spec", "customer_record", "--json"]) == 0
    (one,) = json.loads(capsys.readouterr().out.splitlines()[-1])["reports"]
    assert (one["specification"], one["rejected"], one["report"]["outcomes"][0]["state"]) == (
        "profile_customer",
        1,
        "prepared",
    )
    assert "29 of 30 records are ready to send" in text_of(Path("people.csv.report.html").read_text())
    assert {path.name for path in Path().iterdir()} == {
        "people.csv",
        "batches",
        "sent.html",
        "people.csv.report.html",
    }


def test_a_batch_that_is_not_there_is_answered_with_the_one_that_is_called_nearly_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    converted(export(tmp_path / "people.csv", 3), tmp_path / "batches")

    assert run_command(["report", "profile_customer-20240306-b"]) == 2
    assert "profile_customer-20240306-a" in capsys.readouterr().err


def test_the_command_replaces_no_export_by_a_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    before = export(Path("people.csv"), 3).read_bytes()

    assert run_command(["report", "people.csv", "--spec", "customer_record", "--out", "people.csv"]) == 2
    assert Path("people.csv").read_bytes() == before


@pytest.mark.parametrize("broken", ["{", "[]", '{"form": 0}', '{"form": 1, "outcomes": 3}', '"x"'])
def test_a_report_of_another_form_is_made_anew(tmp_path: Path, broken: str) -> None:
    folder = converted(export(tmp_path / "people.csv", 5), tmp_path / "out").batches[0].path
    (folder / REPORT).write_text(broken)

    assert "5 records are ready to send" in text_of(page_on_batch(folder).html.decode())


def test_a_folder_that_is_no_batch_has_no_page(tmp_path: Path) -> None:
    folder = converted(export(tmp_path / "people.csv", 5), tmp_path / "out").batches[0].path
    shutil.copytree(folder, tmp_path / "copy")
    (tmp_path / "copy/manifest.json").unlink()

    with pytest.raises(UsageError):
        page_on_batch(tmp_path / "copy")


def test_what_all_records_of_a_source_share_is_said_once_on_its_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    orders = Path(__file__).parents[2] / "samples/exports/shopify_orders/good_orders/orders_export_1.csv"

    assert run_command(["report", str(orders), "--out", "page.html", "--quiet"]) == 0
    said = text_of(Path("page.html").read_text())
    assert [
        said.count(title)
        for title in ("are ready to send", "The whole run", "What came: the columns of the source")
    ] == [2, 1, 1]
