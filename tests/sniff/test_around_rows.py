"""What stands among the rows of a table and is none of them: passed over and counted, and never what could be a row."""

import gzip
import zipfile
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest
from lexer_pipeline.inspecting.inspect import inspect
from lexer_pipeline.preparing.prepare import prepare
from msgspec.structs import replace
from prepare.helpers import KEEP_ALL, ROOT, Prepared, in_plain_python, of_bytes, prepared

from .helpers import SPEC, convert, convert_file, counts, notes, where

IDS = "link.customer_id,first_name,last_name"
PEOPLE = ["C-1,Mira,Holt", "C-2,Teo,Lund"]
ORDER = "purchase_id,link.email,action_at,type,products[].price_paid,products[].quantity"


def table(*rows: str, header: str = IDS) -> bytes:
    return "\n".join([header, *rows, ""]).encode()


def ids(done: Prepared) -> list[str]:
    return [record["link"]["customer_id"] for record in done.records]


# ------------------------------------------------------------------------------------ the header again


@pytest.mark.parametrize(
    "again",
    [
        IDS, IDS.upper(), '"link.customer_id","first_name","last_name"', " link.customer_id , first_name,last_name ",
        "\ufeff" + IDS, '\ufeff"link.customer_id","first_name","last_name"', "link.customer_id,first_name,", IDS + ",,",
        "link.customer_id,first_name",
    ],
)  # fmt: skip
@pytest.mark.parametrize("blank", [[], ["", ",,"]])
def test_the_header_again_among_the_rows_is_blank_and_counted(
    tmp_path: Path, again: str, blank: list[str]
) -> None:
    done = convert(table(PEOPLE[0], *blank, again, PEOPLE[1], *blank, again), tmp_path)

    assert ids(done) == ["C-1", "C-2"]
    assert counts(done) == (2, 0, 2 + 2 * len(blank))
    first = 3 + len(blank)
    assert f"2 rows (lines {first}, {first + 2 + len(blank)}) are the header again" in notes(done)


@pytest.mark.parametrize("row", ["link.customer_id,Mira,Holt", ",first_name,", "C-3,first_name,last_name"])
def test_a_row_with_another_value_than_the_header_is_a_row(tmp_path: Path, row: str) -> None:
    done = convert(table(*PEOPLE, row), tmp_path)

    assert counts(done)[2] == 0 and "header again" not in notes(done)


def test_the_header_again_is_known_in_a_table_of_one_column(tmp_path: Path) -> None:
    done = convert(b"link.email\na@example.com\nLINK.EMAIL\nb@example.com\n", tmp_path)

    assert counts(done) == (2, 0, 1)


def test_a_header_whose_names_hold_quotes_is_known_again(tmp_path: Path) -> None:
    header = '"custom_fields.5"" pipe",link.customer_id'
    done = convert(table("x,C-1", header, "y,C-2", header=header), tmp_path)

    assert ids(done) == ["C-1", "C-2"]


@pytest.mark.parametrize("packing", ["plain", "gz", "zip"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_files_put_together_keep_their_rows_however_they_are_packed(
    tmp_path: Path, packing: str, delimiter: str
) -> None:
    whole = b"\xef\xbb\xbf" + (table(PEOPLE[0]) + b"\xef\xbb\xbf" + table(PEOPLE[1])).replace(
        b",", delimiter.encode()
    )
    path = tmp_path / "all.csv"
    path.write_bytes(gzip.compress(whole) if packing == "gz" else whole)
    if packing == "zip":
        path = tmp_path / "all.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("all.csv", whole)
        (done,) = [prepared([path], SPEC, tmp_path / "out")]
    else:
        done = convert_file(path, tmp_path)

    assert ids(done) == ["C-1", "C-2"]
    assert "1 row (line 3) is the header again and counts as blank" in notes(done)


@pytest.mark.parametrize("where_again", [1, 2, 3])
def test_an_order_is_not_cut_by_the_header_or_a_subtotal_within(tmp_path: Path, where_again: int) -> None:
    rows = [
        "A-1,m@example.com,2024-03-06T00:00:00Z,ecommerce,1.00,1",
        ",,,,2.00,1",
        "A-1,,,,3.00,1",
        "A-2,m@example.com,2024-03-06T00:00:00Z,ecommerce,5.00,1",
    ]
    for name, none in (("header", ORDER), ("total", "Subtotal A,,,,3.00,2")):
        there = [*rows[:where_again], none, *rows[where_again:]]
        fast = of_bytes(table(*there, header=ORDER), "purchase", tmp_path / name)
        with in_plain_python():
            slow = of_bytes(table(*there, header=ORDER), "purchase", tmp_path / f"{name}-slow")

        assert [len(record["products"]) for record in fast.records] == [3, 1]
        assert fast.files == slow.files
        (source,) = fast.report.sources
        assert (source.invalid, source.blank) == (0, 1)


def test_inspect_says_the_same_notes(tmp_path: Path) -> None:
    data = table(PEOPLE[0], IDS, "Subtotal C,,", PEOPLE[1], "Total,2,", "(2 rows affected)")
    found = inspect("-", stdin=BytesIO(data))
    done = convert(data, tmp_path)

    assert "\n".join(found.notes) == notes(done)
    assert (found.rows, found.blank) == (6, 4)
    assert len(found.notes) == 3


# ------------------------------------------------------------------------------------ totals


@pytest.mark.parametrize(
    "total",
    [
        "Grand Total,,", "Subtotal C,,", "Total,,", "TOTAL:,,", "Sub-total,12,30.50", "Total,,1234.50", "Grand Total,2,1250.00",
        "Total (AUD),,$12.00", 'Total AUD,,"1,234.50"', "Total: 12.50,,", "Total records,2,", "Grand Totals (2 records),,",
        "Gesamtsumme,,12", "Total général,,12", ",Total,12", "Report Total,,-", "Subtotal for Perth,,2 records", "Total",
        "Subtotals,,", "Subtotals:,,", "Subtotals for Perth,,", "Subtotal: 12.50,,",
    ],
)  # fmt: skip
@pytest.mark.parametrize("at", [0, 1, 2])
def test_totals_are_passed_over_wherever_they_stand(tmp_path: Path, total: str, at: int) -> None:
    done = convert(table(*PEOPLE[:at], total, *PEOPLE[at:]), tmp_path)

    assert ids(done) == ["C-1", "C-2"]
    assert counts(done) == (2, 0, 1)
    assert (
        "below the table" if at == 2 else f"1 row (line {at + 2}) is a total and counts as blank"
    ) in notes(done)


@pytest.mark.parametrize(
    "row",
    [
        "Total Wine & More,,", "Total Wine & More,Ann,Lee", "Total,Mira,Holt", "C-3,Ann,Total", "C-3,Total,", "Total,1,2",
        "Total,,+61 412 345 678", "Total,,0412 345 678", "Total Tools,,12.50", "Totally,,", "Sum Wong,,", "Summer,,",
        "Subtotals Pty,Mira,", "Subtotals R Us,,", "Sub-totals Gym,,", "Subtotalis,,", "Totals Gym,,", "Sum 41,,", "Grand Totem,,", "Total Care,,", "Gesamtschule,,",
    ],
)  # fmt: skip
def test_a_row_that_may_be_someone_called_total_stays_a_row(tmp_path: Path, row: str) -> None:
    for number, rows in enumerate(([*PEOPLE, row], [row, *PEOPLE])):
        done = convert(table(*rows), tmp_path / str(number))

        assert (counts(done), notes(done)) == ((3, 0, 0), "")


def test_totals_of_two_columns_are_told_by_their_figure(tmp_path: Path) -> None:
    header = "link.customer_id,custom_fields.points"
    done = convert(table("C-1,5", "Subtotal,5", "C-2,7", "Total,12", header=header), tmp_path / "points")

    assert (ids(done), counts(done)) == (["C-1", "C-2"], (2, 0, 2))


def test_a_figure_that_is_an_id_makes_no_total(tmp_path: Path) -> None:
    header = "first_name,link.customer_id"
    done = convert(table("Mira,1", "Suma,12", "Total,13", "Sum,14", header=header), tmp_path)

    assert (ids(done), counts(done)) == (["1", "12", "13", "14"], (4, 0, 0))


def test_a_hundred_thousand_subtotals_are_counted_and_a_few_named(tmp_path: Path) -> None:
    done = convert(table(*["C-1,Mira,Holt", "Subtotal,,"] * 100_000, "C-2,a,b"), tmp_path)

    assert counts(done) == (100_001, 0, 100_000)
    assert "100000 rows (lines 3, 5, 7, 9, 11 and so on) are totals" in notes(done)


# ------------------------------------------------------------------------------------ footers


@pytest.mark.parametrize(
    "rows",
    [
        ["2,record(s) downloaded, from Jul-01-26 to Jul-31-26", "Seller ID : acme_shop"],
        ["2,record(s) downloaded"], ["2 record(s) downloaded"], ["2,record(s) downloaded,"], ["(123 rows affected)"],
        ["", "(1 row affected)", ""], ["Seller ID : A1B2C3"], ["Seller ID : A1B2C3,,"], ["Seller ID :,A1B2C3"],
        ["Report date:,2024-03-06,"], ["2 rows selected."], ["Total records: 2"], ["Total number of records:,2"],
        ["Page 1 of 1"], ["*** END OF REPORT ***"], ["-----------"], ["2 rows in set (0.00 sec)"],
        ["Generated on 2024-03-06 by Qzx"], ["Total,,", "Seller ID : A1", "2,record(s) downloaded"],
    ],
)  # fmt: skip
def test_footers_that_are_no_rows_are_passed_over_at_the_end(tmp_path: Path, rows: list[str]) -> None:
    done = convert(table(*PEOPLE, *rows), tmp_path)

    assert (ids(done), counts(done)[:2]) == (["C-1", "C-2"], (2, 0))
    assert "below the table" in notes(done)


@pytest.mark.parametrize(
    "footer",
    [
        "5 rows", "1 record", "1,204 customers.", "Count 5", "Count: 5", "Row count 5", "Rows: 5", "Record count = 5", "Marketplace: amazon.com.au",
        "Region: AU", "--- END ---", "END", "*** End ***", "<EOF>", "-- end of data --", "Downloaded 2026-01-02 10:00", "Exported 02/01/2026",
        "Generated by Report Tool on 2026-01-02", "Report generated 2 January 2026", "Exported by Report Tool", "Printed: Jan 2, 2026 10:00 AM",
        "As of 2026-01-02", "Report date 2026-01-02", "This report was created on 2026-01-02.",
    ],
)  # fmt: skip
@pytest.mark.parametrize("above", [[], ["Page 1 of 1,,"], ["", "Total,,"]])
def test_a_footer_that_fills_the_first_cell_alone_is_no_customer(
    tmp_path: Path, footer: str, above: list[str]
) -> None:
    quoted = f'"{footer}"' if "," in footer else footer
    done = convert(table(*PEOPLE, *above, f"{quoted},,"), tmp_path)

    assert (ids(done), counts(done)[:2]) == (["C-1", "C-2"], (2, 0))
    assert "below the table" in notes(done)


def test_footers_are_known_in_tables_of_two_columns_and_of_one(tmp_path: Path) -> None:
    two = b"link.customer_id,first_name\nC-1,Mira\n1,record(s) downloaded\n"
    one = b"link.email\na@example.com\n\n(1 rows affected)\n"

    assert counts(convert(two, tmp_path / "two")) == (1, 0, 1)
    assert counts(convert(one, tmp_path / "one")) == (1, 0, 2)


@pytest.mark.parametrize(
    "row",
    [
        "C-3,,",
        "2,Mira,",
        "Star Wars: A New Hope,,",
        "id:7,,",
        "C-3,records found,Holt",
        "Page,1,of",
        "5 rows,Mira,",
        "Count Basie,,",
        "Count 5,Mira,",
        "Endeavour,,",
        "End,Mira,",
        "Created 7,,",
        "Item 5,,",
        "Order 12,,",
        "Exported,Mira,",
        "Downloaded Music,,",
    ],
)
def test_a_last_row_that_may_be_data_is_a_row(tmp_path: Path, row: str) -> None:
    assert counts(convert(table(*PEOPLE, row), tmp_path)) == (3, 0, 0)


def test_a_footer_in_the_middle_is_a_row_like_any_other(tmp_path: Path) -> None:
    done = convert(table(PEOPLE[0], "2,record(s) downloaded", PEOPLE[1]), tmp_path)

    assert where(done) == [(3, "ragged_row")]


# ------------------------------------------------------------------------------------ bare delimiters, surplus cells


@pytest.mark.parametrize("above", [",,\n", ",,\n,,\n", "\n,,\n", '"","",""\n', " , ,\r\n", ",,,,,\n"])
def test_lines_of_bare_delimiters_above_the_header_are_left_out(tmp_path: Path, above: str) -> None:
    done = convert(above.encode() + table(*PEOPLE, "bad,row,of,four"), tmp_path)

    lines = above.count("\n")
    assert (ids(done), where(done)) == (["C-1", "C-2"], [(lines + 4, "ragged_row")])
    assert f"the header is on line {lines + 1}" in notes(done)


@pytest.mark.parametrize("tail", [",", ",,,", ', ,""', ",  "])
@pytest.mark.parametrize("line_break", ["\n", "\r\n"])
def test_surplus_empty_cells_are_none_and_a_filled_one_is_an_issue(
    tmp_path: Path, tail: str, line_break: str
) -> None:
    rows = [PEOPLE[0] + tail, PEOPLE[1] + tail + ",x", "C-3,a,b"]
    done = convert(table(*rows).replace(b"\n", line_break.encode()), tmp_path)

    assert (ids(done), where(done)) == (["C-1", "C-3"], [(3, "ragged_row")])


# ------------------------------------------------------------------------------------ swallowed rows


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "|"])
@pytest.mark.parametrize("tail", ["", ","])
def test_a_cell_that_took_rows_in_is_rejected_with_them(
    tmp_path: Path, line_break: str, delimiter: str, tail: str
) -> None:
    rows = ["C-1,a,b", 'C-2,"Rose Cottage,b', "C-3,a,b", "C-4,a,b", 'C-5,"End",b', "C-6,a,b", 'C-7,Rose,"b', "C-8,a,b",
            "C-9,a,b", 'C-10,a,b"', "C-11,a,b"]  # fmt: skip
    text = table(*(row + tail for row in rows)).decode().replace(",", delimiter).replace("\n", line_break)
    for name in ("fast", "slow"):
        if name == "fast":
            done = convert(text.encode(), tmp_path / name)
        else:
            with in_plain_python():
                done = convert(text.encode(), tmp_path / name)

        assert where(done)[-1] == (8, "swallowed_rows")
        assert ids(done)[0] == "C-1" and ids(done)[-1] == "C-11"
        assert done.manifest.suspicions["swallowed_rows"]["weight"] == "issue"


@pytest.mark.parametrize(
    "cell",
    [
        "12 Wattle St,\nUnit 4", "<p>a, b, c, d</p>\n<p>one</p>", "a,b,c\nd", "1,2\n3,4", "a,b,c,d\ne,f,g,h", "\n\n\n", ",,\n,,",
        "Perth, WA\nAustralia\n6000", "a,b,c\n\nd\ne",
    ],
)  # fmt: skip
def test_a_text_of_several_lines_that_are_no_rows_is_kept(tmp_path: Path, cell: str) -> None:
    done = convert(f'{IDS}\nC-1,"{cell}",Holt\n'.encode(), tmp_path)

    assert done.records[0]["first_name"] == cell


def test_a_header_of_two_columns_is_enough_to_tell_swallowed_rows(tmp_path: Path) -> None:
    data = b'link.customer_id,first_name\nC-1,"Mira\nC-2,Teo\nC-3,Ana"\nC-4,Lea\n'
    done = convert(data, tmp_path)

    assert (ids(done), where(done)) == (["C-4"], [(2, "swallowed_rows")])


@pytest.mark.parametrize("columns", [2, 3, 4, 6])
@pytest.mark.parametrize(
    ("first", "line"),
    [("12 Wattle Lane", "Unit 4"), ("Dear Ann", "thanks, bye"), ("c/o A", "B, C, D, E, F, G"), ("Perth", "")],
)
@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
def test_an_address_or_a_note_with_commas_is_kept_in_tables_of_few_columns(
    tmp_path: Path, columns: int, first: str, line: str, line_break: str
) -> None:
    prose = (", ".join([first, *line.split(", ")][:columns])).rstrip(" ")
    cell = line_break.join([prose] * 3)
    names = [
        "link.customer_id",
        "first_name",
        "last_name",
        "custom_fields.a",
        "custom_fields.b",
        "custom_fields.c",
    ]
    rows = [",".join(names[:columns]), ",".join(["C-1", *["x"] * (columns - 2), f'"{cell}"']), ""]
    for name in ("fast", "slow"):
        if name == "fast":
            done = convert(line_break.join(rows).encode(), tmp_path / name)
        else:
            with in_plain_python():
                done = convert(line_break.join(rows).encode(), tmp_path / name)

        assert (ids(done), where(done)) == (["C-1"], [])


@pytest.mark.parametrize("swallowed", ["C-2,Teo,5 St", "C-2,Teo, 5 St", "C-2,,", "C-2,Teo,"])
def test_rows_of_few_columns_are_told_though_a_cell_begins_with_a_blank(
    tmp_path: Path, swallowed: str
) -> None:
    done = convert(table('C-1,Mira,"Rose', swallowed, swallowed, 'End"', "C-4,a,b"), tmp_path)

    assert (ids(done), where(done)) == (["C-4"], [(2, "swallowed_rows")])


def test_orders_beside_swallowed_rows_are_not_sent_with_a_line_too_few(tmp_path: Path) -> None:
    one = "{0},m@example.com,2024-03-06T00:00:00Z,ecommerce,1.00,1"
    rows = [one.format(name) for name in ("A-1", "A-2", "A-2", "A-3", "A-4")]
    rows[1] = rows[1].replace("m@", '"m@')
    rows.insert(3, "A-3," + '"' + one.format("A-3")[4:])
    data = table(*rows[:2], one.format("A-2"), one.format("A-2"), 'A-3,m@example.com",2024-03-06T00:00:00Z,ecommerce,1.00,1',
                 *rows[4:], header=ORDER)  # fmt: skip
    done = of_bytes(data, "purchase", tmp_path / "out", KEEP_ALL)

    assert "swallowed_rows" in done.codes
    assert [record["purchase_id"] for record in done.records] == ["A-4"]


def test_swallowed_rows_are_rejected_again_as_long_as_nobody_mends_them(tmp_path: Path) -> None:
    done = convert(table("C-1,a,b", 'C-2,"Rose', "C-3,a,b", "C-4,a,b", 'x",b', "C-5,a,b"), tmp_path)
    (batch,) = done.report.batches
    rejects = batch.path / "rejects.csv"
    rejects.write_bytes(rejects.read_bytes() + b"99,x,C-9,a,b\n")
    again = prepared([], None, done.out, replace(KEEP_ALL, fix=str(batch.path)))

    assert (ids(again), where(again)) == (["C-9"], [(3, "swallowed_rows")])


# ------------------------------------------------------------------------------------ mappings, sheets, frames


@pytest.mark.parametrize(
    "sample",
    ["shopify_orders/good_orders", "shopify_products/good_products", "klaviyo_profiles/good_profiles", "square_items/good_items"],
)  # fmt: skip
def test_exports_of_a_platform_put_together_are_those_exports(tmp_path: Path, sample: str) -> None:
    (export,) = (ROOT / "samples" / "exports" / sample).glob("*.csv")
    data = export.read_bytes()
    one, two = tmp_path / "1" / export.name, tmp_path / "2" / export.name
    for path, text in ((one, data), (two, data.rstrip(b"\r\n") + b"\n" + data.split(b"\n")[0] + b"\n")):
        path.parent.mkdir()
        path.write_bytes(text)
    alone, again = (of_path(path) for path in (one, two))

    assert again.lines == alone.lines != []
    assert "the header again" in notes(again) and "the header again" not in notes(alone)


def of_path(path: Path) -> Prepared:
    """What comes of a file that is known by its header, without the checks of a run that has one specification."""
    out = path.parent / "out"
    report = prepare([path], None, out, KEEP_ALL)
    return Prepared(report, out, {})


def test_sheets_are_read_the_same(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    made = openpyxl.Workbook()
    for row in [IDS, *PEOPLE[:1], IDS, "Subtotal C,,", PEOPLE[1], "Grand Total,2,", "Seller ID : A1,,"]:
        made.active.append(row.split(","))
    made.save(path)
    done = convert_file(path, tmp_path)

    assert (ids(done), counts(done)) == (["C-1", "C-2"], (2, 0, 4))
    assert "1 row (line 3) is the header again" in notes(done)
    assert "2 rows below the table (lines 6 to 7)" in notes(done)
