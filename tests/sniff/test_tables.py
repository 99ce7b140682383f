"""What stands around a table (titles, sep=, totals, empty columns) is told from it, said aloud, and never data."""

from io import BytesIO
from pathlib import Path

import pytest
from lexer_pipeline.errors import PipelineError, SourceError, UsageError
from lexer_pipeline.loading.records import load_rows
from lexer_pipeline.loading.source import load
from lexer_pipeline.preparing.prepare import prepare
from prepare.helpers import of_bytes

from .helpers import HEADER, MARK, cells, convert, counts, notes, opened, where

ROWS = [f"{number},Mira{number},Holt" for number in range(1, 6)]


def table(*rows: str, header: str = HEADER, line_break: str = "\n") -> bytes:
    return line_break.join([header, *rows, ""]).encode()


# ------------------------------------------------------------------------------------ sep=


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "SEP=;", "sep=; "])
@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_sep_line_of_excel_is_honoured_and_left_out(
    tmp_path: Path, first: str, line_break: str, encoding: str
) -> None:
    text = line_break.join([first, HEADER.replace(",", ";"), "1;a,b,c,d;e", "short", ""])
    done = convert(text.encode(encoding), tmp_path)

    assert [record["first_name"] for record in done.records] == ["a,b,c,d"]
    assert where(done) == [(4, "ragged_row")]
    assert "first line says" in notes(done)


@pytest.mark.parametrize("delimiter", ["\t", "|", "^", ":", "~"])
def test_any_sign_may_be_the_delimiter_that_the_sep_line_says(tmp_path: Path, delimiter: str) -> None:
    done = convert(f"sep={delimiter}\n".encode() + table(*ROWS).replace(b",", delimiter.encode()), tmp_path)

    assert counts(done) == (5, 0, 0)


# ------------------------------------------------------------------------------------ titles


@pytest.mark.parametrize(
    "titles",
    [
        ["Contacts Report"],
        ["Contacts Report", ""],
        ["Contacts Report", "As of 2024-03-06 12:00:00 GMT", "", "Filtered By", "   Show: All contacts", ""],
        ["# ------", "# Contacts", "# 20240101-20240131", ""],
        ['"A title, with a comma"', ""],
        ['"A title on\ntwo lines"', ""],
        ["Contacts Report,,", ",,", "Filtered By,,", ",,"],
        ["", "Contacts Report", ""],
    ],
)  # fmt: skip
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_titles_above_the_header_are_left_out_and_lines_stay_those_of_the_file(
    tmp_path: Path, titles: list[str], delimiter: str
) -> None:
    above = "".join(f"{title}\n" for title in titles)
    below = "\n".join([HEADER, *ROWS, "short", ""])
    if ",," in above:
        above = above.replace(",", delimiter)
    done = convert((above + below.replace(",", delimiter)).encode(), tmp_path)

    assert counts(done) == (5, 1, 0)
    assert where(done) == [(above.count("\n") + 7, "ragged_row")]
    assert f"the header is on line {above.count(chr(10)) + 1}" in notes(done)


@pytest.mark.parametrize(
    "titles",
    [["Customer list"], ["Customer list,,"], ["Customer list", "As of 2026"], ["Customer list,2026-03-06,"], ["Customers,March 2026,"]],
)  # fmt: skip
@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("link.customer_id,first_name,last_name", "C-{},Mira,Holt"),
        ("link.customer_id,first_name,last_name", "Mira{},Holt,Perth"),
        ("link.customer_id,first_name,last_name", "M{0}ra,H{0}lt,Perth"),
        ("Email,Given,City", "mira{}@example.com,Mira,Perth"),
        ("Customer,Given,City", "K-{},Mira,Perth"),
    ],
)
def test_a_title_directly_above_the_header_is_left_out(titles: list[str], header: str, row: str) -> None:
    wide = ",a,b,c" if "20" in titles[0] else ""
    data = "\n".join([*titles, header + wide, *(row.format(one) + wide for one in "123"), ""]).encode()
    loaded = opened(data)

    assert loaded.head is not None and loaded.head.names == tuple((header + wide).split(","))
    assert loaded.head.line == len(titles) + 1
    assert f"the header is on line {len(titles) + 1}" in " ".join(loaded.notes)


@pytest.mark.parametrize("title", ["Customer list", "Customer list,,"])
def test_a_title_that_may_be_the_header_is_refused_with_the_flag_that_tells(
    tmp_path: Path, title: str
) -> None:
    with pytest.raises(PipelineError) as problem:
        convert(f"{title}\nGiven,Family,City\nMira,Holt,Perth\nTeo,Lund,Perth\n".encode(), tmp_path)

    assert "--header-row" in problem.value.hint


def test_names_with_two_cells_above_the_header_are_titles_where_a_title_stands_beside_them(
    tmp_path: Path,
) -> None:
    header = HEADER + ",postcode"
    data = table(
        "Report,Contacts",
        "",
        "Date:,2024-03-06",
        "",
        header,
        *[row + ",3000" for row in ROWS],
        header="Title",
    )

    assert counts(convert(data, tmp_path)) == (5, 0, 0)


@pytest.mark.parametrize(
    "data",
    [
        b"email\na,b\nc,d\n",
        b"notes\nhello, world\nfoo, bar\n",
        b"a,b\nMira,Holt,x\nTom,Doe,y\n",
        b"a,b\n1,2,\n3,4,\n",
        b"a,b,c\nx\ny\nz\n",
        b"a\n1\n2\n",
        b"a,b\n1,2\n",
        b"id,name,x\n\nName,Email,Phone\n",
        b"note\nDear 5, thanks\nBye 6, Sam\nHi 7, Ann\n",
        b"note\nlink.a,first_name,b\nlink.c,last_name,d\n",
    ],
)
def test_a_first_row_that_may_be_the_header_is_the_header(data: bytes) -> None:
    head = opened(data).head

    assert head is not None and head.names == tuple(data.splitlines()[0].decode().split(","))
    assert head.line == 1


def test_a_person_may_say_where_the_header_is() -> None:
    loaded = opened(b"Report,of,people\n\na,b,c\n1,2,3\n", header_row=3)

    assert cells(loaded) == [["1", "2", "3"]]
    assert (loaded.sniffed.header_line, loaded.sniffed.skipped_above) == (3, 2)
    assert next(iter(load_rows(opened(b"x\ny\na,b\n1,2\n", header_row=3), None, ()))).lines.tolist() == [4]


def test_a_header_line_that_the_file_does_not_have_is_refused() -> None:
    with pytest.raises(UsageError, match="--header-row"):
        opened(b"a,b\n1,2\n", header_row=9)


def test_a_header_that_is_asked_for_and_blank_is_refused_with_its_line() -> None:
    with pytest.raises(SourceError, match="line 2: the header is empty"):
        opened(b"a,b\n,,\n1,2\n", header_row=2)


# ------------------------------------------------------------------------------------ footers

SALESFORCE = [
    "", "Grand Totals (5 records)", "", "", "Confidential Information - Do Not Distribute",
    '"Copyright (c) 2000-2024 salesforce.com, inc. All rights reserved."',
    "Generated By:  Qzx Holt  06/03/2024 12:00", "Qzx Pty Ltd",
]  # fmt: skip


@pytest.mark.parametrize("padded", [False, True])
def test_the_footer_of_a_report_is_set_aside_as_blank_and_said_aloud(tmp_path: Path, padded: bool) -> None:
    footer = [f"{row},," if padded else row for row in SALESFORCE]
    done = convert(table(*ROWS, *footer), tmp_path)

    assert counts(done) == (5, 0, 8)
    assert "5 rows below the table (lines 8 to 14)" in notes(done)


def test_the_name_of_a_report_right_above_its_footer_belongs_to_it(tmp_path: Path) -> None:
    done = convert(table(*ROWS, "", "Contact Report", *SALESFORCE[4:]), tmp_path)

    assert counts(done) == (5, 0, 6)
    assert "5 rows below the table (lines 8 to 12)" in notes(done)


def test_a_row_of_one_filled_cell_right_above_a_footer_stays_a_row(tmp_path: Path) -> None:
    done = convert(table(*ROWS, "7,,", *SALESFORCE[4:]), tmp_path)

    assert counts(done)[0] + counts(done)[1] == 6
    assert "4 rows below the table" in notes(done)


@pytest.mark.parametrize("titles", [1, 2, 5])
@pytest.mark.parametrize("footer", [[], SALESFORCE])
def test_a_header_below_the_titles_of_a_small_report_is_found(titles: int, footer: list[str]) -> None:
    above = ["Customers by city", "As of 2024-03-06 10:15", '""', "Filtered by", "Show: all"][:titles]
    lines = [*above, "", "customer_id,Full name,Zip code", "C-1,Mira Holt,0800", *footer]

    loaded = opened("\n".join(lines).encode() + b"\n")

    assert (loaded.head.names, loaded.sniffed.header_line) == (
        ("customer_id", "Full name", "Zip code"),
        titles + 2,
    )


@pytest.mark.parametrize(
    "last", ["Total,,1234.50", "Total:,,", "TOTALS,,$ 1,23", "Grand total,,-", "Summe;;", "Total,"]
)
def test_a_row_of_totals_at_the_end_is_set_aside(tmp_path: Path, last: str) -> None:
    if last in ("Total:,,", "Summe;;"):
        last = last.rstrip(",;")
    if "$" in last:
        last = 'TOTALS,,"$ 1,234.50"'
    done = convert(table(*ROWS, last, "", ",,"), tmp_path)

    assert counts(done) == (5, 0, 3)
    assert "1 rows below the table (line 7)" in notes(done)


@pytest.mark.parametrize(
    "rows",
    [
        ["Total,Mira,Holt", "1,a,b"],
        ["1,Total,Holt"],
        ["2,Total,"],
        ["1,a,b", "Total,Mira,Holt"],
        ["Total,1,2"],
        ["7,,"],
    ],
)
def test_a_row_that_may_be_data_stays_data(tmp_path: Path, rows: list[str]) -> None:
    done = convert(table(*ROWS, *rows), tmp_path)

    assert counts(done)[0] + counts(done)[1] == 5 + len(rows)
    assert "below the table" not in notes(done)


def test_a_footer_in_the_middle_is_rows_like_any_other(tmp_path: Path) -> None:
    done = convert(table("Copyright (c) 2024 Qzx", *ROWS), tmp_path)

    assert (counts(done), where(done)) == ((5, 1, 0), [(2, "ragged_row")])


def test_a_footer_is_found_at_the_end_of_a_large_file_with_blank_rows_below(tmp_path: Path) -> None:
    rows = b"1,a,b\n" * 400_000
    done = convert(HEADER.encode() + b"\n" + rows + b"Total,,400000\n" + b",,\n" * 200_000, tmp_path)

    assert counts(done) == (400_000, 0, 200_001)


def test_a_footer_joins_no_record_that_is_folded(tmp_path: Path) -> None:
    header = b"purchase_id,link.email,action_at,type,products[].price_paid,products[].quantity\n"
    one = b"1,m@example.com,2024-03-06T00:00:00Z,ecommerce,1.00,1\n1,,,,2.00,1\n"
    two = one.replace(b"1,m@", b"2,m@").replace(b"\n1,", b"\n2,")
    for name, rows in (("near", one), ("far", one + two + one)):
        done = of_bytes(header + rows + b"Total,,,,3.00,2\nCopyright (c) 2024\n", "purchase", tmp_path / name)
        (source,) = done.report.sources
        assert source.blank == 2 and source.invalid == 0
        assert all(len(record["products"]) % 2 == 0 for record in done.records)


# ------------------------------------------------------------------------------------ columns without a name


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
def test_empty_columns_at_the_end_are_left_out_and_said_aloud(tmp_path: Path, line_break: str) -> None:
    rows = [
        "1,a,b,,",
        '2,"a","b",,',
        '3,a,"b"","," ",""',
        "4,a,b",
        "5,a,b,",
        "6,a",
        ",,,,",
        '7,"x' + line_break + 'y",5",,',
    ]
    done = convert(table(*rows, header=HEADER + ",,", line_break=line_break), tmp_path)

    assert [record["link"]["mobile"] for record in done.records] == ["1", "2", "3", "4", "5", "7"]
    assert done.records[2]["last_name"] == 'b",'
    assert done.records[5] == {
        "link": {"mobile": "7"},
        "first_name": "x\ny".replace("\n", line_break),
        "last_name": '5"',
    }
    assert (counts(done), where(done)) == ((6, 1, 1), [(7, "ragged_row")])
    assert "2 empty columns" in notes(done)
    assert done.file("rejects.csv").splitlines()[0] == b"_line,_issues,link.mobile,first_name,last_name"


def test_empty_columns_are_trimmed_in_any_block(tmp_path: Path) -> None:
    data = (HEADER + ",,\n").encode() + b"".join(b'%d,"a\n,",b,,\n' % number for number in range(1, 200_001))
    done = convert(data + b"short", tmp_path)

    assert counts(done) == (200_000, 1, 0)
    assert where(done) == [(400_002, "ragged_row")]


@pytest.mark.parametrize("at", [0, 70_000])
def test_a_column_without_a_name_that_has_values_is_refused(tmp_path: Path, at: int) -> None:
    rows = ["1,a,b,,"] * 100_000
    rows[at] = f"1,a,b,,{MARK}"
    with pytest.raises(UsageError, match="column 5 has no header") as problem:
        convert(table(*rows, header=HEADER + ",,"), tmp_path)

    assert MARK not in str(problem.value)


def test_columns_of_one_name_are_told_apart_by_numbers() -> None:
    head = opened(b"Birthday,Name,Birthday,Birthday,Birthday (2)\n1,2,3,4,5\n").head

    assert head is not None
    assert head.distinct == ("Birthday", "Name", "Birthday (3)", "Birthday (4)", "Birthday (2)")


# ------------------------------------------------------------------------------------ what is no table


@pytest.mark.parametrize(
    ("start", "words"),
    [
        (b"%PDF-1.7\n", "a PDF"), (b"\x89PNG\r\n", "a picture"), (b"FEA1\0", "a Feather file of the first version"),
        (b"<!DOCTYPE html><html>", "a web page"), (b"\n<html><table>", "a web page"), (b"<?xml version='1.0'?>", "XML"),
        (b"Rar!\x1a\x07", "a RAR archive"), (b"SQLite format 3\0", "a database"), (b"Obj\x01\x04", "an Avro file"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_called_what_it_is(start: bytes, words: str) -> None:
    with pytest.raises(SourceError, match=words):
        load("-", BytesIO(start + b"\n" * 100))


def test_a_refused_source_leaves_no_batch(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"%PDF-1.7\n")
    with pytest.raises(SourceError):
        prepare([path], "customer_record", tmp_path / "out")

    assert {one.name for one in (tmp_path / "out").iterdir()} <= {".lock", "ledger.sqlite3"}
