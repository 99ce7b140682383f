"""A sheet gives the records that a person sees in it; lines are its rows, and no id loses a digit in silence."""

import re
import zipfile
from datetime import date, datetime, time, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lexer_pipeline.errors import SourceError, UsageError
from lexer_pipeline.loading import workbook_text
from lexer_pipeline.loading.format import ReadOptions
from lexer_pipeline.loading.source import load
from lexer_pipeline.loading.workbook_xml import with_places
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from .helpers import (
    HEADER,
    SPEC,
    cells,
    convert,
    convert_file,
    counts,
    expanded,
    names,
    notes,
    prepared,
    where,
)

NAMES = HEADER.split(",")


def book(path: Path, *sheets: tuple[str, list[list[Any]]], **said: Any) -> Path:
    made = openpyxl.Workbook()
    made.remove(made.active)
    for title, rows in sheets:
        sheet = made.create_sheet(title)
        for row in rows:
            sheet.append(row)
    for name, value in said.items():
        setattr(made, name, value)
    made.save(path)
    return path


def read(path: Path, **said: Any) -> list[list[str]]:
    loaded = load(path, None, ReadOptions(**said))
    found = cells(loaded)
    loaded.close()
    return found


def spoil(path: Path, part: str, old: bytes, new: bytes) -> Path:
    """The workbook with some XML replaced, as another program would write it."""
    with zipfile.ZipFile(path) as archive:
        # openpyxl writes an empty element in either way, as lxml is installed or not.
        parts = {name: archive.read(name).replace(b"<v></v>", b"<v />") for name in archive.namelist()}
    assert old in parts[part]
    parts[part] = parts[part].replace(old, new)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


SHEET = "xl/worksheets/sheet1.xml"


def test_a_sheet_gives_records_and_its_rows_are_the_lines(tmp_path: Path) -> None:
    rows = [
        NAMES,
        ["1", "Mira", "Holt"],
        [],
        ["2", 'two\n"lines"', "a,b"],
        ["3", " x ", "Zoë"],
        ["4", None, "b"],
    ]
    done = convert_file(book(tmp_path / "a.xlsx", ("People", rows)), tmp_path)

    assert names(done) == ["Mira", 'two\n"lines"', " x ", None]
    assert done.records[1]["last_name"] == "a,b"
    assert "sheet People" in notes(done)


def test_a_cell_of_two_lines_shifts_no_line(tmp_path: Path) -> None:
    rows = [["link.email", "first_name"], ["m@example.com", "a\n\nb\n"], [], ["bad", "c"], ["worse", "d\ne"]]
    done = convert_file(book(tmp_path / "a.xlsx", ("S", rows)), tmp_path)

    assert (counts(done), where(done)) == ((1, 2, 1), [(4, "pattern"), (5, "pattern")])


def test_titles_blank_rows_and_columns_around_the_table_are_left_out(tmp_path: Path) -> None:
    rows = [
        [],
        ["", "Contacts Report"],
        [],
        ["", *NAMES],
        ["", "1", "Mira", "Holt"],
        ["", "bad@", None, None],
        ["", "Total", None, 2],
    ]
    rows[1:3] = [["", "Contacts Report"], []]
    done = convert_file(book(tmp_path / "a.xlsx", ("S", rows)), tmp_path)

    assert names(done)[0] == "Mira"
    assert "the header is on line 4" in notes(done) and "line 7" in notes(done)


VALUES = [
    (1, "1"), (1.0, "1"), (-7, "-7"), (0.1 + 0.2, "0.3"), (19.99, "19.99"), (1e-7, "0.0000001"), (-0.5, "-0.5"),
    (37032147412, "37032147412"), (7210448301122, "7210448301122"), (2**53, "9007199254740992"),
    (True, "true"), (False, "false"), ("0800", "0800"), ("1E5", "1E5"), ("TRUE", "TRUE"),
    (date(2024, 3, 6), "2024-03-06"), (datetime(2024, 3, 6, 12, 30), "2024-03-06T12:30:00"),
    (datetime(2024, 3, 6, 23, 59, 59), "2024-03-06T23:59:59"), (time(8, 30), "08:30:00"), (timedelta(hours=30), "30:00:00"),
    ("#N/A", "#N/A"), ("#REF!", "#REF!"), ('say "so"', 'say ""so""'), ("a&b<c>", "a&b<c>"), ("😀", "😀"), (None, ""),
]  # fmt: skip


@pytest.mark.parametrize("calendar", [None, CALENDAR_MAC_1904])
def test_a_cell_is_text_as_a_person_would_write_it(tmp_path: Path, calendar: Any) -> None:
    rows = [["a", "b"], *[[value, "x"] for value, _ in VALUES]]
    said = {"epoch": calendar} if calendar else {}
    found = read(book(tmp_path / "a.xlsx", ("S", rows), **said))

    assert [row[0] for row in found] == [text for _, text in VALUES]


def test_a_number_of_many_digits_keeps_all_that_the_file_has(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", ("S", [["a", "b"], [123456, "x"], [234567, "y"]]))
    spoil(path, SHEET, b"<v>123456</v>", b"<v>7410448301122999123</v>")
    spoil(path, SHEET, b"<v>234567</v>", b"<v>-90071992547409931</v>")

    assert read(path) == [["7410448301122999123", "x"], ["-90071992547409931", "y"]]


def test_a_number_whose_digits_are_lost_cannot_pass_for_an_id(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", ("S", [["a", "b"], [123456, "x"], [7, "y"]]))
    loaded = load(spoil(path, SHEET, b"<v>123456</v>", b"<v>7.4104483011229999E+18</v>"), None)

    assert [row[0] for row in cells(loaded)] == ["7.410448301123e+18", "7"]
    assert any("too large" in note for note in loaded.notes)
    loaded.close()


def test_zeros_that_a_format_shows_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    made = openpyxl.Workbook()
    sheet = made.active
    for row in (["zip", "plain"], [800, 800], [3000, 1], ["0801", 2], [None, 3]):
        sheet.append(row)
    for row in range(2, 6):
        sheet.cell(row, 1).number_format = "00000"
    made.save(path)

    assert read(path) == [["00800", "800"], ["03000", "1"], ["0801", "2"], ["", "3"]]


def test_a_formula_that_nobody_calculated_is_said_aloud(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", ("S", [["a", "b"], ["=1+1", "x"], ["=A1", "y"]]))
    spoil(path, SHEET, b"<f>A1</f><v />", b"<f>A1</f><v>5</v>")
    loaded = load(path, None)

    assert cells(loaded) == [["", "x"], ["5", "y"]]
    assert any(note.startswith("1 formulas") for note in loaded.notes)
    loaded.close()


def test_the_marks_of_a_large_sheet_stay_with_their_rows(tmp_path: Path) -> None:
    rows = [["a", "b", "c"], *[[n, "#N/A" if n % 7 == 0 else n, "x" * 50] for n in range(30_000)]]
    found = read(book(tmp_path / "a.xlsx", ("S", rows)))

    assert [row[1] for row in found] == ["#N/A" if n % 7 == 0 else str(n) for n in range(30_000)]


def test_the_first_sheet_that_holds_something_is_read_and_the_others_are_named(tmp_path: Path) -> None:
    one, two = [["a", "b"], ["1", "x"]], [["a", "b"], ["2", "x"]]
    path = book(tmp_path / "a.xlsx", ("Empty", []), ("One & <1>", one), ("Two", two))
    loaded = load(path, None)

    assert cells(loaded) == [["1", "x"]]
    assert loaded.notes[:2] == (
        "sheet One & <1>",
        "left out: other sheets that are not empty (Two); name one with --sheet",
    )
    assert read(path, sheet="Two") == [["2", "x"]]
    loaded.close()
    with pytest.raises(UsageError, match="no sheet called Three") as problem:
        load(path, None, ReadOptions(sheet="Three"))
    assert "Two" in problem.value.hint


def test_a_hidden_sheet_comes_after_those_that_can_be_seen(tmp_path: Path) -> None:
    made = openpyxl.Workbook()
    made.active.append(["secret", "b"])
    made.active.sheet_state = "hidden"
    seen = made.create_sheet("Seen")
    seen.append(["a", "b"])
    seen.append([1, 2])
    made.save(tmp_path / "a.xlsx")

    assert read(tmp_path / "a.xlsx") == [["1", "2"]]


def test_a_workbook_is_told_by_its_content_and_may_come_on_standard_input_or_in_a_zip(tmp_path: Path) -> None:
    path = book(tmp_path / "a.csv", ("S", [NAMES, ["1", "Mira", "Holt"]]))
    other = book(tmp_path / "b.csv", ("S", [NAMES, ["1", "Mira", "Hale"]]))
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.write(other, "a.xlsx")
    sources = expanded(path, tmp_path / "b.zip")
    done = prepared(sources, SPEC, tmp_path / "out")

    assert names(done) == ["Mira", "Mira"]
    assert [use.bytes for use in done.manifest.sources] == [path.stat().st_size, other.stat().st_size]
    assert names(convert(path.read_bytes(), tmp_path / "piped")) == ["Mira"]


ODS = (
    '<?xml version="1.0"?><office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
    ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
    ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
    '<table:table table:name="S">{}</table:table></office:spreadsheet></office:body></office:document-content>'
)


def test_an_opendocument_sheet_is_read(tmp_path: Path) -> None:
    text = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    number = (
        '<table:table-cell office:value-type="float" office:value="{}"><text:p>{}</text:p></table:table-cell>'
    )
    rows = [[text.format("a"), text.format("b")], [number.format(7210448301122, 0), text.format("Zoë")]]
    body = "".join(f"<table:table-row>{''.join(row)}</table:table-row>" for row in rows)
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = (
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/></manifest:manifest>'
    )
    with zipfile.ZipFile(tmp_path / "a.ods", "w") as archive:
        archive.writestr("mimetype", kind)
        archive.writestr("content.xml", ODS.format(body))
        archive.writestr("META-INF/manifest.xml", manifest)

    assert read(tmp_path / "a.ods") == [["7210448301122", "Zoë"]]


def test_a_workbook_of_empty_sheets_is_empty(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="is empty"):
        load(book(tmp_path / "a.xlsx", ("S", []), ("T", [])), None)


def test_a_workbook_that_is_cut_or_spoiled_gives_no_batch_in_silence(tmp_path: Path) -> None:
    whole = book(
        tmp_path / "a.xlsx", ("S", [NAMES, *[[str(n), "Mira", "Holt"] for n in range(300)]])
    ).read_bytes()
    for cut in range(10, len(whole), 401):
        with pytest.raises(SourceError):
            load("-", BytesIO(whole[:cut]))
    with pytest.raises(SourceError, match="workbook is broken"):
        load("-", BytesIO(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 2000))


@pytest.mark.parametrize("place", ["XFD1048576", "A99999999", "ZZZZ1", "ZZ900000"])
def test_a_stray_cell_far_out_is_refused_before_it_takes_the_memory(tmp_path: Path, place: str) -> None:
    path = spoil(
        book(tmp_path / "a.xlsx", ("S", [["a", "b"], [1, 2]])), SHEET, b'r="B2"', f'r="{place}"'.encode()
    )
    with pytest.raises(SourceError, match="reach over"):
        load(path, None)


def test_an_old_workbook_that_would_end_the_program_is_refused() -> None:
    sector = b"\xff" * 512
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16 + b"\x3e\0\3\0\xfe\xff\x09\0\6\0"
    with pytest.raises(SourceError, match="workbook is broken"):
        load("-", BytesIO(head + sector * 8))


def test_a_style_sheet_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", ("S", [["a", "b"], [1, 2]]))
    data = bytearray(path.read_bytes())
    at = data.index(b"xl/styles.xml") + 60
    data[at] ^= 0x55
    path.write_bytes(data)
    with pytest.raises(SourceError, match="workbook is broken"):
        load(path, None)


def test_a_workbook_that_swells_is_refused(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", ("S", [["a"], ["b"]]))
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/image.bin", b"\0" * (16 << 20))
    with pytest.raises(SourceError, match="more than 200 times"):
        load(path, None)


def test_a_sheet_that_is_asked_of_a_file_without_sheets_is_said_aloud(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("link.email\nmira@example.com\n")
    loaded = load(tmp_path / "a.csv", None, ReadOptions(sheet="Orders"))

    assert loaded.notes == ("is no workbook, so the sheet Orders means nothing here",)
    loaded.close()


@pytest.mark.parametrize("shift", range(0, 40, 3))
def test_cells_that_say_where_they_stand_are_left_as_they_are_wherever_a_look_at_them_ends(
    shift: int,
) -> None:
    cells = b"".join(b'<c r="A%d" t="n"><v>7</v></c>' % row for row in range(1, 5_000))
    piece = b" " * shift + b'<row r="1">' + cells + b"</row>"
    assert next(with_places(iter([piece]))) is piece


@given(st.lists(st.text(', "\t\r\nab', max_size=4), min_size=1, max_size=4))
def test_a_line_without_odd_signs_is_written_as_if_each_cell_was_looked_at(cells: list[str]) -> None:
    line = workbook_text.line_of(cells)
    with patch.object(workbook_text, "ODD", re.compile("")):
        assert workbook_text.line_of(cells) == line
