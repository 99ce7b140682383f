"""An order that one source of a run leaves out and another one has."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.prepare import validate

from tests.prepare.helpers import Prepared, prepared

MAPPING = """
title = "Till"
columns_vary = true
[[records]]
specification = "commerce_purchases"
key = "No"
unlinked = "skip"
[[records.skip]]
column = "State"
is = ["voided"]
reason = "a voided order is no purchase"
[[records.skip]]
column = "State"
is = ["pending"]
reason = "it is not paid yet"
contradicts = false
[records.fields]
purchase_id = { column = "No", convert = ["id"] }
"link.email" = { column = "Mail", convert = ["email"] }
action_at = { constant = "2024-03-06T10:15:00Z" }
type = { constant = "physical" }
"products[].product_reference.id" = "Sku"
"products[].product_reference.id_type" = { constant = "sku" }
"products[].quantity" = { constant = "1" }
"products[].price_paid" = "Price"
"""
HEAD, RECORD = MAPPING.split("[[records]]")
KEYS, SKIPS = RECORD.split("[[records.skip]]", 1)
# The same orders of one file, by where they were sold: what one record leaves out is the other's.
PARTED = HEAD + "".join(
    f'[[records]]{KEYS}[[records.skip]]\ncolumn = "Where"\nis_not = ["{where}"]\nreason = "sold elsewhere"\n[[records.skip]]{SKIPS}'
    for where in ("shop", "till")
)


def files(folder: Path, *tables: Sequence[str], mapping: str = MAPPING) -> Options:
    """Tables of orders, each line as `A-1 P-1 paid`, with the place of the sale behind it; `-` is an empty cell."""
    (folder / "till.toml").write_text(mapping)
    for name, lines in zip("abc", tables, strict=False):
        cells = [(one.split() + ["shop"])[:4] for one in lines]
        rows = [
            f"{order},{'' if order.startswith('X') and state != 'paid' else order + '@example.com'},{sku},5,{state.strip('-')},{where}\n"
            for order, sku, state, where in cells
        ]
        (folder / f"{name}.csv").write_text("No,Mail,Sku,Price,State,Where\n" + "".join(rows))
    return Options(mapping=str(folder / "till.toml"), max_invalid=1.0)


def run(folder: Path, options: Options) -> Prepared:
    sources = sorted(folder.glob("?.csv"))
    done = prepared(sources, None, folder / "out", options)
    checked = validate(sources, None, options)
    assert [(one.valid, one.invalid, one.issues) for one in checked.sources] == [
        (one.valid, one.invalid, one.issues) for one in done.report.sources
    ]
    return done


@pytest.mark.parametrize(
    ("tables", "sent", "rejected"),
    [
        # Bought in one file and voided in another, whichever comes first, and whatever a third one says.
        ([["A-1 P-1 paid", "A-2 P-2 paid"], ["A-1 P-1 voided"]], ["A-2"], [("a.csv", 2)]),
        ([["A-1 P-1 voided"], ["A-2 P-2 paid", "A-1 P-1 paid"]], ["A-2"], [("b.csv", 3)]),
        ([["A-1 P-1 paid"], ["A-1 P-1 voided", "A-2 P-2 paid"], ["A-1 P-1 paid", "A-2 P-2 -"]], ["A-2"], [("a.csv", 2), ("c.csv", 2)]),
        ([["A-1 P-1 paid", "A-1 P-2 -"], ["A-1 P-1 voided", "A-1 P-2 -", "A-2 P-1 paid"]], ["A-2"], [("a.csv", 2)]),
        # One that names nobody in one of them is not sent as what the other has of it.
        ([["X-1 P-1 open"], ["X-1 P-2 paid", "A-2 P-2 paid"]], ["A-2"], [("b.csv", 2)]),
        # Left out of both; not paid in one and paid in the other; another line of the same order.
        ([["A-1 P-1 voided"], ["A-1 P-1 voided", "A-2 P-2 paid"]], ["A-2"], []),
        ([["A-1 P-1 pending"], ["A-1 P-1 paid", "A-2 P-2 paid"]], ["A-1", "A-2"], []),
        ([["A-1 P-1 paid", "A-1 P-2 voided"], ["A-2 P-2 paid"]], ["A-1", "A-2"], []),
        ([["A-1 P-1 paid", "A-1 P-2 voided"], ["A-1 P-1 paid"]], ["A-1"], []),
    ],
)  # fmt: skip
def test_an_order_that_one_file_has_and_another_leaves_out_is_rejected(
    tmp_path: Path, tables: Sequence[Sequence[str]], sent: Sequence[str], rejected: Sequence[tuple[str, int]]
) -> None:
    done = run(tmp_path, files(tmp_path, *tables))
    assert [one["purchase_id"] for one in done.records] == sent
    assert [(Path(one["source"]).name, one["line"]) for one in done.issues] == rejected
    assert {one["code"] for one in done.issues} <= {"contradiction"}


def test_the_issue_says_where_and_why_an_order_is_left_out(tmp_path: Path) -> None:
    done = run(
        tmp_path, files(tmp_path, ["A-1 P-1 paid", "A-2 P-2 paid"], ["A-3 P-1 paid", "A-1 P-1 voided"])
    )
    (issue,) = done.issues
    assert "b.csv (line 3): a voided order is no purchase" in issue["message"]
    assert b"A-1" in done.file("rejects.csv")


@pytest.mark.parametrize(
    ("second", "sent"),
    [
        (["A-3 P-1 paid till"], ["A-1", "A-2", "A-3"]),
        (["A-1 P-1 paid shop"], ["A-1", "A-2"]),
        (["A-1 P-1 voided shop", "A-3 P-1 paid till"], ["A-2", "A-3"]),
        (["A-2 P-2 voided till", "A-3 P-1 paid till"], ["A-1", "A-3"]),
    ],
)
def test_what_one_record_of_a_mapping_leaves_to_another_is_not_left_out(
    tmp_path: Path, second: Sequence[str], sent: Sequence[str]
) -> None:
    options = files(tmp_path, ["A-1 P-1 paid shop", "A-2 P-2 paid till"], second, mapping=PARTED)
    done = run(tmp_path, options)
    assert sorted(one["purchase_id"] for one in done.records) == sent


def test_an_order_that_is_kept_in_the_rejects_is_sent_with_the_next_fix(tmp_path: Path) -> None:
    options = files(tmp_path, ["A-1 P-1 paid", "A-2 P-2 paid"], ["A-1 P-1 voided"])
    (batch,) = run(tmp_path, options).report.batches
    fixed = prepared([], None, tmp_path / "out", Options(fix=str(batch.path)))
    (made,) = fixed.report.batches
    assert [json.loads(one)["purchase_id"] for one in made.file.read_bytes().splitlines()] == ["A-1"]
