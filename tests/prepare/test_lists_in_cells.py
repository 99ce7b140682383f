"""Tables whose cells hold lists: their items become lines, and rows are counted and rejected as those of the file."""

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lexer_pipeline.errors import UsageError
from msgspec.structs import replace

from tests.prepare.helpers import KEEP_ALL, Prepared, in_plain_python, prepared

HEAD = ("Order", "Mail", "When", "Total", "Lines", "Fees")
MAPPING = """
columns_vary = true

[packed.Lines]
escape = "\\\\"

[packed.Fees]

[[records]]
specification = "commerce_purchases"
RECORD

[records.fields]
purchase_id = { column = "Order", convert = ["id"] }
"link.email" = { column = "Mail", convert = ["email"] }
action_at = { column = "When", convert = [{ date = "iso" }] }
type = { constant = "ecommerce" }
"products[].product_reference.id" = { column = ["Lines[].sku", "sku"] }
"products[].product_reference.id_type" = { constant = "sku" }
"products[].quantity" = { column = ["Lines[].qty", "qty"] }
"products[].price_paid" = { column = ["Lines[].sum", "sum"], convert = ["money"] }
FIELDS
"""
FEES = """
"adjustments[0].price_adjustment" = { column = "Fees[].sum", convert = ["sum"] }
"adjustments[0].reason" = { constant = "Fees" }
"custom_fields.fees" = { column = "Fees[].name", convert = [{ join = " + " }] }
"""
TOTAL = '[records.reconcile]\ntotal = { column = "Total", convert = ["money"] }\n'
Line = tuple[str, str, str]


def row(number: int, lines: str, total: str = "", fees: str = "", mail: str | None = None) -> tuple[str, ...]:
    return (
        f"A-{number}",
        f"p{number}@example.com" if mail is None else mail,
        "2024-03-05T10:00:00Z",
        total,
        lines,
        fees,
    )


def packed(*lines: Line) -> str:
    return ";".join(f"sku:{sku}|qty:{qty}|sum:{paid}" for sku, qty, paid in lines)


def made(
    folder: Path,
    rows: Sequence[Sequence[str]],
    fields: str = "",
    record: str = "",
    head: Sequence[str] = HEAD,
    mapping: str = MAPPING,
) -> Prepared:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([head, *rows])
    (folder / "orders.csv").write_text(out.getvalue(), "utf-8")
    (folder / "m.toml").write_text(mapping.replace("RECORD", record).replace("FIELDS", fields), "utf-8")
    options = replace(KEEP_ALL, mapping=str(folder / "m.toml"))
    return prepared([folder / "orders.csv"], None, folder / "out", options)


def bought(record: Any) -> list[tuple[str, int, float]]:
    return [
        (one["product_reference"]["id"], one["quantity"], one["price_paid"]) for one in record["products"]
    ]


def test_each_item_of_a_cell_is_a_line_and_rows_are_those_of_the_file(tmp_path: Path) -> None:
    done = made(
        tmp_path,
        [
            row(1, packed(("0012", "2", "69.90"), ("0013", "1", "1,040.00")), "1112.40", "name:Wrap|sum:2.00;name:Card|sum:0.50"),
            row(2, '[{"sku": "0012", "qty": 1, "sum": 34.95}]', "34.95"),
        ],
        FEES + TOTAL,
    )  # fmt: skip

    first, second = done.records
    assert bought(first) == [("0012", 2, 69.9), ("0013", 1, 1040.0)]
    assert first["adjustments"] == [{"price_adjustment": 2.5, "reason": "Fees"}]
    assert first["custom_fields"] == {"fees": "Wrap + Card"}
    assert bought(second) == [("0012", 1, 34.95)]
    (batch,) = done.report.batches
    assert (batch.manifest.rows, batch.manifest.records, batch.manifest.continuations) == (2, 2, 0)
    assert not batch.manifest.suspicions


lines = st.lists(
    st.tuples(st.sampled_from(["0012", "a:b", "c|d;e", "é 7"]), st.integers(1, 9).map(str), st.sampled_from(["1.50", "20", "3.05"])),
    min_size=1, max_size=5,
)  # fmt: skip


@settings(max_examples=15)
@given(st.lists(lines, min_size=1, max_size=6))
def test_packed_orders_are_those_of_a_row_for_each_line(
    tmp_path_factory: pytest.TempPathFactory, orders: list[list[Line]]
) -> None:
    def escaped(line: Line) -> Line:
        sku = line[0].replace(":", "\\:").replace("|", "\\|").replace(";", "\\;")
        return sku, line[1], line[2]

    one = made(
        tmp_path_factory.mktemp("packed"),
        [row(at, packed(*map(escaped, order))) for at, order in enumerate(orders)],
    )
    each = made(
        tmp_path_factory.mktemp("rows"),
        [(*row(at, "")[:4], *line) for at, order in enumerate(orders) for line in order],
        head=(*HEAD[:4], "sku", "qty", "sum"),
    )

    assert one.lines == each.lines
    assert one.report.batches[0].manifest.rows == len(orders)


def test_a_cell_that_is_no_list_is_an_issue_and_its_row_comes_back_whole(tmp_path: Path) -> None:
    three = packed(("0012", "2", "5.00"), ("0013", "half", "5.00"), ("0014", "1", "5.00"))
    rows = [row(1, packed(("0012", "1", "5.00"))), row(2, "Mug x 1"), row(3, three)]

    done = made(tmp_path, rows)

    assert [(one["line"], one["row"], one["code"]) for one in done.issues] == [
        (3, 2, "packed"), (3, 2, "missing"), (4, 3, "type"),
    ]  # fmt: skip
    assert "the column Lines no list in the form name:...|name:...;name:..." in done.issues[0]["message"]
    (batch,) = done.report.batches
    assert (batch.manifest.rows, batch.manifest.records, batch.manifest.rejected) == (3, 1, 2)
    rejects = batch.path / "rejects.csv"
    assert [one[2:] for one in csv.reader(rejects.read_text("utf-8").splitlines()[1:])] == list(
        map(list, rows[1:])
    )

    mended = rejects.read_text("utf-8").replace("Mug x 1", packed(("0012", "1", "5.00"))).replace("half", "1")
    rejects.write_text(mended, "utf-8")
    fixed = prepared([], None, tmp_path / "out", replace(KEEP_ALL, fix=batch.path))
    assert [one["purchase_id"] for one in fixed.records] == ["A-2", "A-3"]
    assert len(fixed.records[-1]["products"]) == 3


def test_rows_that_name_nobody_are_counted_once(tmp_path: Path) -> None:
    lines = packed(("0012", "1", "5.00"), ("0013", "1", "5.00"))

    done = made(tmp_path, [row(1, lines), row(2, lines, mail="")], record='unlinked = "skip"')

    (batch,) = done.report.batches
    assert (batch.manifest.rows, sum(batch.manifest.skipped.values())) == (1, 1)


def test_an_article_twice_in_a_cell_is_no_suspicion_and_a_row_twice_is(tmp_path: Path) -> None:
    twice = packed(("0012", "1", "5.00"), ("0012", "1", "5.00"))
    two = packed(("0012", "1", "5.00"), ("0013", "1", "6.00"))

    assert not made(tmp_path, [row(1, twice)]).report.batches[0].manifest.suspicions
    other = tmp_path / "other"
    other.mkdir()
    again = made(other, [row(1, two), row(2, two), row(1, two)])
    assert "orders_repeated" in again.report.batches[0].manifest.suspicions


def test_many_orders_in_many_chunks_are_the_same_with_kernels_and_without(tmp_path: Path) -> None:
    rows = [
        row(at, packed(*[(f"00{at}", "1", "5.00")] * (at % 4), ("é", "2", "6.10")), "x" * 300)
        for at in range(6000)
    ]
    fast, slow = tmp_path / "fast", tmp_path / "slow"
    for folder in (fast, slow):
        folder.mkdir()

    done = made(fast, rows)

    assert sum(len(one["products"]) for one in done.records) == sum(at % 4 + 1 for at in range(6000))
    with in_plain_python():
        again = made(slow, rows[:400])
    assert again.lines == done.lines[:400]


def test_blank_rows_are_counted_beside_rows_with_lists(tmp_path: Path) -> None:
    two = packed(("0012", "1", "5.00"), ("0013", "1", "6.00"))

    done = made(tmp_path, [(), row(1, two), (), (), row(2, two), row(3, ""), ()])

    (batch,) = done.report.batches
    found = batch.manifest
    assert (found.rows, found.records, found.rejected, found.continuations, found.blank) == (7, 2, 1, 0, 4)


def test_an_empty_cell_and_an_empty_list_have_no_lines(tmp_path: Path) -> None:
    done = made(tmp_path, [row(1, ""), row(2, "[]"), row(3, " ")])

    assert {one["code"] for one in done.issues} == {"missing"}
    assert done.report.batches[0].manifest.rejected == 3


def test_a_list_or_an_object_where_one_value_belongs_is_an_issue(tmp_path: Path) -> None:
    lines = json.dumps([{"sku": ["0012", "0013"], "qty": 1, "sum": "5.00"}])

    done = made(tmp_path, [row(1, lines)])

    assert "holds a list or an object" in done.issues[0]["message"]


def test_half_of_a_sign_in_a_list_is_an_issue(tmp_path: Path) -> None:
    done = made(tmp_path, [row(1, r'[{"sku": "\ud800", "qty": 1, "sum": "5.00"}]')])

    assert "encoding" in done.codes


@pytest.mark.parametrize(
    ("fields", "record", "said"),
    [
        ('"custom_fields.first" = "Lines[].name"', "", "each item of Lines is a line, and custom_fields.first is none of a line"),
        ('"custom_fields.fee" = "Fees[].name"', "", "Fees[].name is a list, and custom_fields.fee is one value"),
        ('"custom_fields.fees[]" = "Fees[].name"', "", "Lines and Fees would both repeat in one record of commerce_purchases"),
        ("", 'key = "Lines[].sku"', "key: Lines[].sku is a part of a list in a cell"),
        ("", 'skip = [{ column = "lines[].sku", is = "x", reason = "y" }]', "skip: lines[].sku is a part of a list in a cell"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_of_a_list_is_refused_with_the_reason(
    fields: str, record: str, said: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError) as caught:
        made(tmp_path, [row(1, packed(("0012", "1", "5.00")))], fields, record)

    assert said in caught.value.message
    assert caught.value.hint


def test_lists_of_nothing_but_items_take_no_memory_without_bounds(tmp_path: Path) -> None:
    many = "[" + ",".join(["{}"] * 99_000) + "]"
    head = (*HEAD, *(f"More {at}" for at in range(100)))

    with pytest.raises(UsageError, match="more items than 256 MiB hold"):
        made(tmp_path, [(*row(at, many), *[""] * 100) for at in range(4)], head=head)
    too_many = tmp_path / "one"
    too_many.mkdir()
    done = made(
        too_many, [row(1, many.replace("[", "[" + "{}," * 2000)), row(2, packed(("0012", "1", "5.00")))]
    )
    assert "too_large" in done.codes


def test_packed_is_not_for_documents(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="packed is for tables, and documents for JSON"):
        made(tmp_path, [row(1, "")], mapping=MAPPING.replace("[packed.Fees]", "[documents]"))


def test_a_list_that_no_record_reads_is_none_of_the_columns_that_were_forgotten(tmp_path: Path) -> None:
    mapping = (
        MAPPING.replace("columns_vary = true", 'drop = ["Total"]')
        .replace(', "sku"', "")
        .replace(', "qty"', "")
        .replace(', "sum"', "")
    )

    done = made(tmp_path, [row(1, packed(("0012", "1", "5.00")))], mapping=mapping)

    assert len(done.records) == 1
