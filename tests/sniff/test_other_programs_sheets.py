"""Sheets as other programs write them: merged cells, hidden rows, any error, any quotes, and sizes that are none."""

import re
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lexer_pipeline import Options, ReadOptions, prepare, validate
from lexer_pipeline.errors import UsageError
from lexer_pipeline.inspecting.propose import propose
from lexer_pipeline.loading.source import load
from lexer_pipeline.loading.workbook_merged import Merged, Range

from .helpers import SPEC, cells
from .test_sheets import ODS, SHEET, book, read, spoil

ROWS = [["id", "name", "city"], ["1", "Mira", "Perth"], ["2", "Teo", "#N/A"], ["3", "Ana", "Hobart"]]


def rewritten(path: Path, pattern: bytes, new: bytes) -> Path:
    """The sheet's XML with a pattern replaced."""
    with zipfile.ZipFile(path) as archive:
        found = archive.read(SHEET)
    return spoil(path, SHEET, found, re.sub(pattern, new, found))


def saved(path: Path, rows: list[list[Any]], *merged: str, hidden: tuple[int, ...] = ()) -> Path:
    made = openpyxl.Workbook()
    sheet = made.active
    for row in rows:
        sheet.append(row)
    for one in merged:
        sheet.merge_cells(one)
    for number in hidden:
        sheet.row_dimensions[number].hidden = True
    made.save(path)
    return path


def notes_of(path: Path, **said: Any) -> tuple[str, ...]:
    loaded = load(path, None, ReadOptions(**said))
    cells(loaded)
    loaded.close()
    return loaded.notes


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (rb't="e"', b"t='e'"),
        (rb'<c r="(\w+)" t="e"', rb'<c t="e" r="\1"'),
        (rb'<c r="(\w+)" t="e"', rb"<c t='e' r='\1'"),
        (rb't="e"', b't = "e"'),
        (rb'<c r="(\w+)" t="e"', b'<c t="e"'),
        (rb'<(row|c) r="\w+"', rb"<\1"),
        (rb"<(/?)(row|c|v|is|t)\b", rb"<\1x:\2"),
    ],
)
def test_an_error_keeps_its_word_however_the_xml_is_written(tmp_path: Path, old: bytes, new: bytes) -> None:
    path = rewritten(book(tmp_path / "a.xlsx", ("S", ROWS)), old, new)
    prefix = b'<worksheet xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    rewritten(path, b"<worksheet", prefix)

    assert read(path) == ROWS[1:]


@pytest.mark.parametrize(
    "word", ["#SPILL!", "#ERROR!", "#CALC!", "#GETTING_DATA", "Err:502", "#BLOCKED!", "#n/a", "#REF!"]
)
def test_an_error_of_any_word_breaks_no_sheet(tmp_path: Path, word: str) -> None:
    path = spoil(book(tmp_path / "a.xlsx", ("S", ROWS)), SHEET, b"#N/A", word.encode())

    assert [row[2] for row in read(path)] == ["Perth", word, "Hobart"]


@pytest.mark.parametrize("size", ["1:4", "4:1", "A:C", "", "$A$1:$C$4", "A1:", "1", "A1:C4 E1"])
@pytest.mark.parametrize("quote", ['"', "'"])
def test_a_size_that_is_none_is_passed_over(tmp_path: Path, size: str, quote: str) -> None:
    path = book(tmp_path / "a.xlsx", ("S", ROWS))

    assert (
        read(rewritten(path, rb"<dimension [^>]*>", f"<dimension ref={quote}{size}{quote}/>".encode()))
        == ROWS[1:]
    )


def test_zeros_and_long_numbers_are_kept_where_cells_do_not_say_where_they_stand(tmp_path: Path) -> None:
    made = openpyxl.Workbook()
    for row in (["zip", "id"], [800, 123456]):
        made.active.append(row)
    made.active["A2"].number_format = "00000"
    made.save(tmp_path / "a.xlsx")
    path = rewritten(tmp_path / "a.xlsx", rb"<v>123456</v>", b"<v>7410448301122999123</v>")

    assert read(rewritten(path, rb'<(row|c) r="\w+"', rb"<\1")) == [["00800", "7410448301122999123"]]


def test_merged_cells_give_their_value_to_the_range_and_a_note_counts_them(tmp_path: Path) -> None:
    rows = [["order", "sku", "city"], ["A-1", "x", "Perth"], [None, "y", None], ["A-2", "z", None], ["A-3", "Big", None]]  # fmt: skip
    path = saved(tmp_path / "a.xlsx", rows, "A2:A3", "C2:C4", "B5:C5")

    assert read(path) == [
        ["A-1", "x", "Perth"],
        ["A-1", "y", "Perth"],
        ["A-2", "z", "Perth"],
        ["A-3", "Big", "Big"],
    ]
    assert "merged cells: 3; the value of each was given to every cell of its range" in notes_of(path)


def test_a_title_merged_over_the_table_stays_a_title(tmp_path: Path) -> None:
    rows = [["Members of May", None, None], [], *ROWS]
    path = saved(tmp_path / "a.xlsx", rows, "A1:C2")

    assert read(path) == ROWS[1:]
    assert not any("merged" in note for note in notes_of(path))


def test_a_record_two_rows_high_is_one_record(tmp_path: Path) -> None:
    rows = [["id", "name"], ["1", "Mira"], [None, None], ["2", "Teo"]]

    assert read(saved(tmp_path / "a.xlsx", rows, "A2:A3", "B2:B3")) == [["1", "Mira"], ["2", "Teo"]]


@given(
    st.lists(st.tuples(*[st.integers(0, 8)] * 4), max_size=12),
    st.lists(st.lists(st.sampled_from(["", "a", "b"]), min_size=5, max_size=5), min_size=1, max_size=9),
)
@settings(max_examples=200)
def test_no_cell_outside_a_range_is_touched(corners: list[tuple[int, ...]], rows: list[list[str]]) -> None:
    ranges: list[Range] = [((min(a, c), min(b, d)), (max(a, c), max(b, d))) for a, b, c, d in corners]
    merged = Merged(ranges, 0)
    for number, row in enumerate(rows):
        done = list(row)
        merged.spread(number, done)
        assert len(done) == len(row)
        for column, (before, after) in enumerate(zip(row, done, strict=True)):
            inside = any(top <= number <= bottom and left <= column <= right
                         for (top, left), (bottom, right) in ranges)  # fmt: skip
            assert inside or before == after


@pytest.mark.parametrize("written", [rb'hidden="1"', rb"hidden='1'", rb'hidden="true"', rb'hidden = "1"'])
def test_hidden_rows_are_counted_and_left_out_when_asked_for(tmp_path: Path, written: bytes) -> None:
    path = saved(tmp_path / "a.xlsx", [*ROWS, [None, None, None]], hidden=(2, 4, 5))
    rewritten(path, rb'hidden="1"', written)

    assert read(path) == ROWS[1:]
    assert any(note.startswith("hidden or filtered rows: 2; they were read") for note in notes_of(path))
    assert read(path, skip_hidden=True) == [ROWS[2]]
    assert any("2; they were left out" in note for note in notes_of(path, skip_hidden=True))


def test_a_row_left_out_counts_as_blank_and_moves_no_line(tmp_path: Path) -> None:
    rows = [["link.mobile", "first_name"], ["61411111111", "Mira"], ["61411111112", "Teo"], ["", "Ana"]]
    path = saved(tmp_path / "a.xlsx", rows, hidden=(2,))
    report = validate([path], SPEC, Options(reading=ReadOptions(skip_hidden=True)))
    (source,) = report.sources

    assert (source.valid, source.invalid, source.blank, source.rows) == (1, 1, 1, 3)
    assert source.examples[0].line == 4


def test_a_fix_reads_as_its_batch_was_read(tmp_path: Path) -> None:
    rows = [["link.mobile", "first_name"], ["61411111111", "Mira"], ["61411111112", "Teo"], ["", "Ana"]]
    path = saved(tmp_path / "a.xlsx", rows, hidden=(2,))
    options = Options(reading=ReadOptions(skip_hidden=True), max_invalid=1.0)
    (made,) = prepare([path], SPEC, tmp_path / "out", options).batches
    rejects = made.path / "rejects.csv"
    rejects.write_bytes(rejects.read_bytes().replace(b",Ana", b"61411111113,Ana"))
    (fixed,) = prepare([], None, tmp_path / "out", Options(fix=made.path.name)).batches

    assert made.manifest.decisions[0]["reading"]["skip_hidden"] is True  # type: ignore[index, call-overload]
    assert fixed.manifest.records == 1


def ods(path: Path, body: str) -> Path:
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", kind)
        archive.writestr("content.xml", ODS.format(body))
        archive.writestr("META-INF/manifest.xml", (
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
            f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/></manifest:manifest>'
        ))  # fmt: skip
    return path


def test_an_opendocument_sheet_tells_its_merged_cells_and_hidden_rows(tmp_path: Path) -> None:
    def cell(text: str, said: str = "") -> str:
        return (
            f'<table:table-cell office:value-type="string"{said}><text:p>{text}</text:p></table:table-cell>'
        )

    covered, row = "<table:covered-table-cell/>", "<table:table-row{}>{}</table:table-row>"
    down = ' table:number-rows-spanned="2" table:number-columns-spanned="1"'
    body = "".join([
        row.format("", cell("id") + cell("name")),
        row.format("", cell("A-1", down) + cell("Mira")),
        row.format("", covered + cell("Teo")),
        row.format(' table:visibility="filter"', cell("A-2") + cell("Ana")),
        row.format(' table:visibility="collapse" table:number-rows-repeated="2"', cell("A-3") + cell("Ida")),
    ])  # fmt: skip
    path = ods(tmp_path / "a.ods", body)

    assert read(path)[:2] == [["A-1", "Mira"], ["A-1", "Teo"]]
    assert len(read(path)) == 5
    assert read(path, skip_hidden=True) == [["A-1", "Mira"], ["A-1", "Teo"]]
    assert any(note.startswith("hidden or filtered rows: 3;") for note in notes_of(path))


@pytest.mark.parametrize("asked", ["Members", "members", " MEMBERS ", "Zoe\u0308"])
def test_a_sheet_is_named_in_any_case_with_blanks_and_however_its_accents_are_written(
    tmp_path: Path, asked: str
) -> None:
    path = book(tmp_path / "a.xlsx", ("Read me", [["x", "y"], ["0", "0"]]), ("Members", ROWS), ("Zoë", ROWS))

    assert read(path, sheet=asked) == ROWS[1:]


def test_two_sheets_that_differ_in_case_alone_are_named_exactly(tmp_path: Path) -> None:
    body = ODS.replace('table:name="S"', 'table:name="{}"')
    cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    sheets = [
        f'<table:table table:name="{name}">' + "".join(
            f"<table:table-row>{cell.format(first)}{cell.format(name)}</table:table-row>" for first in "ab"
        ) + "</table:table>" for name in ("May", "MAY")
    ]  # fmt: skip
    whole = (
        body[: body.index("<table:table ")] + "".join(sheets) + body[body.index("</office:spreadsheet>") :]
    )
    path = ods(tmp_path / "a.ods", "")
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in {**parts, "content.xml": whole.encode()}.items():
            archive.writestr(name, data)

    assert read(path, sheet="MAY") == [["b", "MAY"]]
    with pytest.raises(UsageError, match="more than one sheet"):
        read(path, sheet="may")


def test_a_mapping_remembers_the_sheet_and_a_flag_wins(tmp_path: Path) -> None:
    people = [["Email", "First"], ["mira@example.com", "Mira"]]
    others = [["Email", "First"], ["teo@example.com", "Teo"], ["ana@example.com", "Ana"]]
    path = book(tmp_path / "members.xlsx", ("Old", others), ("Members", people))
    drafted = propose(
        path, SPEC, tmp_path / "members.toml", out=tmp_path / "out", reading=ReadOptions(sheet="members")
    )

    assert 'sheet = "Members"' in drafted.path.read_text()
    assert validate([path], None, Options(mapping=str(drafted.path))).valid == 1
    said = Options(mapping=str(drafted.path), reading=ReadOptions(sheet="OLD"))
    assert validate([path], None, said).valid == 2


def test_a_sheet_that_a_mapping_names_and_the_workbook_lacks_stops_the_run(tmp_path: Path) -> None:
    mapping = tmp_path / "m.toml"
    mapping.write_text(
        'sheet = "Members"\n[[records]]\nspecification = "profile_customer"\n[records.fields]\nfirst_name = "name"\n'
    )
    path = book(tmp_path / "a.xlsx", ("Others", ROWS))
    with pytest.raises(UsageError, match="no sheet called Members") as problem:
        validate([path], None, Options(mapping=str(mapping)))
    assert "Others" in problem.value.hint
