"""A row of a rejects file means what it would have meant in its source, whatever program saved the file last."""

import csv
import io
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from lexer_pipeline.errors import UsageError
from lexer_pipeline.loading.format import ReadOptions
from lexer_pipeline.loading.origins import origin_of
from lexer_pipeline.loading.source import LoadedTable
from lexer_pipeline.mapping import file as mapping
from lexer_pipeline.preparing.decisions import Decisions
from lexer_pipeline.preparing.plan import Plan, opened
from lexer_pipeline.preparing.rejects import header
from lexer_pipeline.specs import catalog
from lexer_pipeline.system.scratch import Scratch
from msgspec.structs import replace

from .helpers import ORDERS, PEOPLE, Passed, passed, plan_of, table

PEOPLE_ROWS = [
    ["E-mail", "Name", "Born", "Spent", "Note"],
    ["a@example.com", "Zoë", "25/03/1985", "1.234,50", ""],
    ["nobody", "Łukasz Żółć, jr", "03/04/1985", "1,234", "two\nlines"],
    ["b@example.com", "Ida", "04/05/1985", "12,5O", ""],
    ["c@example.com", "Ida", "05/06/1985", "13,50", ""],
    ["nowhere", "Józef", "06/07/1985", "14,50", ""],
]


def rejected(
    tmp_path: Path, rows: list[list[str]], text: str = PEOPLE, name: str = "all.csv", mark: str = ","
) -> Passed:
    path = tmp_path / name
    path.write_text(table(rows, mark), "utf-8")
    return passed(plan_of(path, text))


def fixed(
    path: Path,
    first: Passed,
    text: str = PEOPLE,
    original: str = "all.csv",
    accepted: tuple[int | str, ...] = (),
) -> Passed:
    return passed(plan_of(path, text).fixing(first.decisions, original, accepted))


def lay(tmp_path: Path, data: bytes, name: str = "rejects.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(data)
    return path


def grid(rejects: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(rejects.decode(), newline="")))


def as_excel(rows: list[list[str]], encoding: str, delimiter: str, line_break: str = "\r\n") -> bytes:
    text = io.StringIO(newline="")
    quoting = csv.QUOTE_ALL if line_break == "\r" else csv.QUOTE_MINIMAL
    csv.writer(text, delimiter=delimiter, lineterminator=line_break, quoting=quoting).writerows(rows)
    return text.getvalue().encode(encoding)


def mend(rejects: bytes) -> list[list[str]]:
    mended = {"nobody": "d@example.com", "nowhere": "e@example.com", "12,5O": "12,50"}
    return [[mended.get(cell, cell) for cell in row] for row in grid(rejects)]


RECORDS = [
    {"link": {"email": "d@example.com"}, "first_name": "Łukasz Żółć, jr", "date_of_birth": "1985-04-03", "custom_fields": {"spent": "1.234"}},
    {"link": {"email": "b@example.com"}, "first_name": "Ida", "date_of_birth": "1985-05-04", "custom_fields": {"spent": "12.50"}},
    {"link": {"email": "e@example.com"}, "first_name": "Józef", "date_of_birth": "1985-07-06", "custom_fields": {"spent": "14.50"}},
]  # fmt: skip


def decided(form: str = "table") -> Decisions:
    return Decisions(ReadOptions(form=form))


def as_book(rows: list[list[str]], path: Path) -> Path:
    book = openpyxl.Workbook()
    book.active.title = "rejects"
    for row in rows:
        book.active.append([int(cell) if cell.isdigit() else cell or None for cell in row])
    book.save(path)
    return path


@pytest.mark.parametrize("save", [
    lambda rows, folder: lay(folder, table(rows).encode()),
    lambda rows, folder: lay(folder, as_excel(rows, "utf-8-sig", ";")),
    lambda rows, folder: lay(folder, as_excel(rows, "utf-16", "\t")),
    lambda rows, folder: lay(folder, as_excel(rows, "cp1250", ";")),
    lambda rows, folder: lay(folder, as_excel(rows, "utf-8", ",", "\r")),
    lambda rows, folder: lay(folder, b"sep=;\r\n" + as_excel(rows, "utf-8", ";")),
    lambda rows, folder: lay(folder, as_excel([[*row, "", ""] for row in rows], "utf-8", ",")),
    lambda rows, folder: lay(folder, as_excel([*rows, ["", "", "", "", "", "", ""]], "utf-8", ",")),
    lambda rows, folder: as_book(rows, folder / "rejects.xlsx"),
])  # fmt: skip
def test_rejects_saved_anew_by_a_spreadsheet_mean_what_they_meant(
    tmp_path: Path, save: Callable[[list[list[str]], Path], Path]
) -> None:
    first = rejected(tmp_path, PEOPLE_ROWS)
    assert (first.accepted, len(first.issues)) == ([2, 6], 3)

    done = fixed(save(mend(first.rejects), tmp_path), first)

    assert done.records == RECORDS
    assert done.accepted == [3, 5, 7]
    assert done.decisions.fields == first.decisions.fields


def test_untouched_rejects_are_rejected_again_as_they_were(tmp_path: Path) -> None:
    first = rejected(tmp_path, PEOPLE_ROWS)
    again = fixed(lay(tmp_path, first.rejects), first, original=str(tmp_path / "all.csv"))

    assert (again.records, again.rejects) == ([], first.rejects)
    assert [replace(issue, row=0) for issue in again.issues] == [
        replace(issue, row=0) for issue in first.issues
    ]


NASTY = (
    "nobody,Ida,true,1989-01-01", "a@example.com,Ida,maybe,", 'b@example.com,"Ida, ""x""",true,06/03/1989',
    'c@example.com,"I\r\nda",9,', "d@example.com,Ida", "e@example.com,Ida,true,,,x", 'f@b.co,"Ida"x,true,',
    "g@b.co,Ida\0,true,", 'h@b.co,5" Ida,oui,', '"i@b.co",Ida ; Ida,"x;y",', ",,maybe,", 'k@b.co,"Ida,true,',
)  # fmt: skip


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
def test_rows_of_any_shape_come_back_as_they_stood(tmp_path: Path, delimiter: str, line_break: str) -> None:
    lines = [
        "link.email,first_name,employee_flag,date_of_birth",
        "ok@example.com,Ida,true,1989-01-01",
        *NASTY,
    ]
    turned = [line.replace(",", "\v").replace(delimiter, "/").replace("\v", delimiter) for line in lines]
    path = lay(tmp_path, line_break.join(turned).encode(), "all.csv")
    first = passed(plan_of(path, "", "customer_record"))
    assert len(first.records) == 1

    again = passed(
        plan_of(lay(tmp_path, first.rejects), "", "customer_record").fixing(first.decisions, str(path))
    )

    assert (again.records, again.rejects) == ([], first.rejects)
    found, known = (
        [(issue.line, issue.code, issue.message) for issue in one.issues] for one in (again, first)
    )
    assert found == known


def test_broken_bytes_do_not_become_letters_because_only_they_are_left(tmp_path: Path) -> None:
    good = [f"p{n}@example.com,Zoë Łukasz,,,\n" for n in range(50)]
    rows = ["E-mail,Name,Born,Spent,Note\n", *good]
    bad = b"".join(b"q%d@example.com,Jos\xe9 Ren\xe9e,,,\n" % n for n in range(3))
    path = lay(tmp_path, "".join(rows).encode() + bad, "all.csv")
    first = passed(plan_of(path, PEOPLE))
    assert len(first.accepted) == 50

    again = fixed(lay(tmp_path, first.rejects), first)

    assert (again.records, again.rejects) == ([], first.rejects)


def test_a_fix_that_leaves_rows_keeps_their_lines(tmp_path: Path) -> None:
    first = rejected(tmp_path, PEOPLE_ROWS)
    rows = mend(first.rejects)
    rows[1][2] = "nobody"

    second = fixed(lay(tmp_path, table(rows).encode()), first)
    third = fixed(lay(tmp_path, second.rejects), second)

    assert (second.accepted, [issue.line for issue in second.issues]) == ([5, 7], [3])
    assert third.rejects == second.rejects
    assert grid(third.rejects)[1][0] == "3"


def test_rows_that_an_earlier_fix_accepted_are_passed_over_and_counted(tmp_path: Path) -> None:
    first = rejected(tmp_path, PEOPLE_ROWS)

    done = fixed(lay(tmp_path, table(mend(first.rejects)).encode()), first, accepted=(5, 7))

    assert (done.accepted, done.records) == ([3], RECORDS[:1])
    assert done.skipped == {"an earlier fix accepted it": 2}


def test_nothing_is_left_where_all_was_accepted(tmp_path: Path) -> None:
    first = rejected(tmp_path, PEOPLE_ROWS)

    done = fixed(lay(tmp_path, table(mend(first.rejects)).encode()), first, accepted=(3, 5, 7))

    assert (done.records, done.issues, sum(done.skipped.values())) == ([], [], 3)


ORDER_ROWS = [
    ["Order", "When", "E-mail", "Sku", "Pieces", "Paid"],
    ["A", "25/03/2024", "a@example.com", "S1", "1", "1.50"],
    ["B", "03/04/2024", "b@example.com", "S1", "some", "2.50"],
    ["", "", "", "S2", "2", "3.50"],
    ["C", "04/04/2024", "c@example.com", "S3", "1", "4.50"],
    ["D", "05/04/2024", "d@example.com", "S3", "1", "free"],
    ["D", "", "", "S4", "2", "5.50"],
]


@pytest.mark.parametrize("comes_back", [False, True])
def test_the_rows_of_a_record_stay_together_and_the_file_keeps_its_name(
    tmp_path: Path, comes_back: bool
) -> None:
    rows = [*ORDER_ROWS, ["A", "", "", "S9", "1", "9.50"]] if comes_back else ORDER_ROWS
    first = rejected(tmp_path, rows, ORDERS, "web-orders.csv")
    assert len(first.issues) == 2
    mended = [
        ["1" if cell == "some" else "7.50" if cell == "free" else cell for cell in row]
        for row in grid(first.rejects)
    ]

    done = fixed(lay(tmp_path, table(mended).encode()), first, ORDERS, "exports/web-orders.csv")

    made = {one["purchase_id"]: one for one in done.records}
    assert {order: len(one["products"]) for order, one in made.items()} == {"B": 2, "D": 2}
    assert {one["store"]["type"] for one in done.records} == {"ecommerce"}
    assert made["B"]["action_at"] == "2024-04-03T00:00:00Z"
    assert sorted(done.accepted) == [3, 4, 6, 7]


def test_rows_that_a_person_sorted_are_put_back_in_order(tmp_path: Path) -> None:
    first = rejected(tmp_path, ORDER_ROWS, ORDERS, "web-orders.csv")
    head, *rows = [
        ["1" if cell == "some" else "7.50" if cell == "free" else cell for cell in row]
        for row in grid(first.rejects)
    ]
    in_order = fixed(lay(tmp_path, table([head, *rows]).encode()), first, ORDERS, "web-orders.csv")

    for turned in (rows[::-1], sorted(rows, key=lambda row: row[2]), sorted(rows, key=lambda row: row[-1])):
        done = fixed(lay(tmp_path, table([head, *turned]).encode()), first, ORDERS, "web-orders.csv")
        assert done.records == in_order.records


def test_cells_that_were_carried_go_with_a_rejected_row(tmp_path: Path) -> None:
    text = """
columns_vary = true
[[records]]
specification = "product"
key = "Handle"
carry = ["Title", "Kind"]
[records.fields]
product_id = "Sku"
name = "Title"
brand = "Kind"
price = { column = "Price", convert = ["money"] }
"""
    rows = [
        ["Handle", "Title", "Kind", "Sku", "Price"],
        ["mug", 'A "big" mug, blue', "x", "M1", "1.50"], ["mug", "", "", "M2", "free"],
        ["cap", "Cap", "", "C1", "free"], ["cap", "", "y", "C2", "2.50"],
    ]  # fmt: skip
    first = rejected(tmp_path, rows, text)
    mended = [["3.50" if cell == "free" else cell for cell in row] for row in grid(first.rejects)]

    done = fixed(lay(tmp_path, table(mended).encode()), first, text)

    assert done.records == [
        {"product_id": "M2", "name": 'A "big" mug, blue', "brand": "x", "price": 3.5},
        {"product_id": "C1", "name": "Cap", "price": 3.5},
    ]


def test_columns_that_are_fields_already_are_read_back_too(tmp_path: Path) -> None:
    rows = [
        ["link.email", "first_name", "employee_flag"],
        ["a@b.co", "Ida", "true"],
        ["b@b.co", "Ida", "maybe"],
    ]
    path = lay(tmp_path, table(rows, ";").encode(), "all.csv")
    with opened(plan_of(path, "", "customer_record"), Scratch()) as loaded:
        assert isinstance(loaded, LoadedTable)
        rejects = header(loaded.head) + b'3;"said why";b@b.co;Ida;no\n4;"x";"c@b.co";"5"" tall";maybe\n'

    done = passed(plan_of(lay(tmp_path, rejects), "", "customer_record").fixing(decided(), "all.csv"))

    assert done.records == [{"link": {"email": "b@b.co"}, "first_name": "Ida", "employee_flag": False}]
    assert [(issue.source, issue.line) for issue in done.issues] == [("all.csv", 4)]
    assert done.rejects.splitlines()[1].endswith(b';"c@b.co";"5"" tall";maybe')


@pytest.mark.parametrize(("bad", "words"), [
    (b"_line,_issues,E-mail\n,x,a@b.co\n", "line 2: the first cell does not say on which line"),
    (b"_line,_issues,E-mail\nthree,x,a@b.co\n", "line 2: the first cell does not say on which line"),
    (b"E-mail,_line,_issues\na@b.co,3,x\n", "does not begin with the columns _line and _issues"),
    (b"_line,_issues\n3,x\n", "has no column of the source"),
])  # fmt: skip
def test_a_file_that_is_no_rejects_file_is_told_as_such(tmp_path: Path, bad: bytes, words: str) -> None:
    text = PEOPLE.replace("[[records]]", "columns_vary = true\n[[records]]", 1)
    with pytest.raises(UsageError, match=words):
        passed(plan_of(lay(tmp_path, bad), text).fixing(decided(), "all.csv"))


def test_rejected_documents_are_one_a_line_whatever_stands_there(tmp_path: Path) -> None:
    source = lay(tmp_path, b'[{"link":{"mobile":"1"}},\n{"link": 5},{"link": {"mobile": 6}}]', "all.json")
    first = passed(plan_of(source, "", "customer_record"))
    assert first.rejects.count(b"\n") == 2
    bad = b"what is this\n" + first.rejects + b'{"link":\n'

    again = passed(
        plan_of(lay(tmp_path, bad, "rejects.ndjson"), "", "customer_record").fixing(
            first.decisions, "all.json"
        )
    )

    assert (again.records, again.rejects) == ([], bad)


def test_documents_that_an_earlier_fix_accepted_are_known_by_their_bytes(tmp_path: Path) -> None:
    lines = [b'{"link":{"mobile":"1"}}', b'{"link":{"mobile":"2"}}']
    path = lay(tmp_path, b"\n".join(lines) + b"\n", "rejects.ndjson")
    plan = plan_of(path, "", "customer_record")
    first = passed(plan.fixing(decided("json"), "all.json"))

    second = passed(plan.fixing(decided("json"), "all.json", first.accepted[:1]))

    assert [one["link"]["mobile"] for one in second.records] == ["2"]
    assert second.skipped == {"an earlier fix accepted it": 1}


@pytest.mark.parametrize("in_batch", [True, False])
def test_a_rejects_file_that_nobody_fixes_is_answered_with_the_command(
    tmp_path: Path, in_batch: bool
) -> None:
    folder = tmp_path / "my batches"
    folder.mkdir()
    if in_batch:
        (folder / "manifest.json").write_text("{}")
    path = lay(folder, b"_line,_issues,link.email\n3,x,a@b.co\n")

    with (
        pytest.raises(UsageError) as refused,
        opened(plan_of(path, "", "customer_record"), Scratch(), refuses_rejects=True),
    ):
        pass

    batch = f"'{folder}'" if in_batch else "BATCH"
    assert refused.value.hint == f"Run: lexer-pipeline convert --fix {batch} '{path}'"
    with opened(plan_of(path, "", "customer_record"), Scratch()) as loaded:
        assert loaded.name == str(path)


def test_a_preset_that_is_told_by_the_name_of_the_file_reads_the_name_of_the_source(tmp_path: Path) -> None:
    preset = mapping.find("mailchimp_audience")
    record = preset.records[0]
    path = lay(tmp_path, b"_line,_issues,Email Address,First Name\n3,x,a@example.com,Ida\n")
    plan = Plan(origin_of(path, None), decided().reading, catalog.find(record.specification), preset, record)

    done = passed(plan.fixing(decided(), "audience/subscribed_members_export.csv"))

    assert done.records
