"""Every specification of a run has its verdict, and what a run came to is never greener than its rows."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.deliveries.helpers import DATE, FIRST, Shop, names
from tests.running import command

SHOPIFY = (
    Path(__file__).parents[2]
    / "samples"
    / "exports"
    / "shopify_orders"
    / "good_orders"
    / "orders_export_1.csv"
)


def export_with(folder: Path, columns: Sequence[str], value: str) -> Path:
    """A Shopify export with this in some columns of every row that has something there."""
    rows = list(csv.reader(SHOPIFY.read_text().splitlines()))
    for place in map(rows[0].index, columns):
        for row in rows[1:]:
            row[place] = value if row[place] else ""
    with (folder / "orders.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return folder / "orders.csv"


def with_spoiled_ids(folder: Path) -> Path:
    """An export whose order ids a spreadsheet spoiled; its customers are fine."""
    return export_with(folder, ("Name",), "5.61235E+12")


def test_where_no_record_is_valid_the_folder_is_written_all_the_same(shop: Shop) -> None:
    report = shop.convert("x?", "y?")
    (batch,) = report.batches
    assert [(one.state, one.is_good) for one in report.verdicts] == [("rejected", False)]
    assert (batch.path.name, batch.manifest.state, batch.manifest.file) == (FIRST, "rejected", "")
    assert sorted(path.name for path in batch.path.iterdir()) == [
        "issues.ndjson",
        "lines.trace",
        "manifest.json",
        "rejects.csv",
        "report.html",
        "report.json",
    ]
    assert (batch.manifest.rows, batch.manifest.rejected, batch.manifest.records) == (2, 2, 0)
    assert shop.upload() == [], "convert has said so already"
    (receipt,) = shop.upload(FIRST)
    assert (receipt.state, receipt.needs) == ("rejected", "person")


def test_one_specification_that_is_rejected_does_not_hide_behind_one_that_is_fine(
    shop: Shop, tmp_path: Path
) -> None:
    report = shop.prepare(with_spoiled_ids(tmp_path), spec=None)
    assert {one.specification: one.state for one in report.verdicts} == {
        "commerce_purchases": "rejected",
        "profile_customer": "prepared",
    }
    assert names(report) == [f"commerce_purchases-{DATE}-a", FIRST]


def test_the_command_ends_with_1_and_says_why(tmp_path: Path) -> None:
    done = command("convert", with_spoiled_ids(tmp_path), cwd=tmp_path)
    assert done.returncode == 1
    assert b"commerce_purchases: rejected; no record is valid" in done.stdout


def test_a_specification_to_which_no_row_belonged_makes_no_folder_and_does_not_count(tmp_path: Path) -> None:
    export_with(tmp_path, ("Email", "Phone", "Billing Phone"), "")

    done = command(
        "convert", "orders.csv", "--map", "shopify_orders", "--spec", "profile_customer", cwd=tmp_path
    )

    assert done.returncode == 0, done.stdout
    assert b"warning: profile_customer: no batch was made; no row belongs to it" in done.stdout
    assert not list((tmp_path / "batches").glob("profile*"))


def test_a_header_without_rows_is_a_warning_unless_rows_are_asked_for(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("link.email,first_name\n")
    words = ("convert", "people.csv", "--spec", "customer_record")
    done = command(*words, cwd=tmp_path)
    assert done.returncode == 0
    assert b"warning: profile_customer: no batch was made; there are no rows" in done.stdout
    asked = command(*words, "--min-rows", "1", "--json", cwd=tmp_path)
    assert asked.returncode == 1
    assert json.loads(asked.stdout) == {"batches": []}
    assert b"0 rows came, fewer than --min-rows 1" in asked.stderr


@pytest.mark.parametrize(("asked", "state"), [(0, "prepared"), (2, "prepared"), (3, "held")])
def test_fewer_rows_than_asked_for_hold_the_batch(shop: Shop, asked: int, state: str) -> None:
    report = shop.convert("mira", "noor", min_rows=asked)
    assert [one.state for one in report.verdicts] == [state]
    assert report.batches[0].manifest.state == state
    if state == "held":
        assert report.batches[0].manifest.held_for == ("2 rows came, fewer than --min-rows 3",)
        assert names(shop.convert("mira", "noor")) == [f"({FIRST})"]
        assert shop.states() == {FIRST: "prepared"}, "a run that asks for less releases it"


@pytest.mark.parametrize(("asked", "accepted"), [(0.05, ()), (0.1, ()), (0.5, ("too_many_rejects",))])
def test_what_was_accepted_stands_in_the_manifest(
    shop: Shop, asked: float, accepted: tuple[str, ...]
) -> None:
    report = shop.convert("mira", "x?", max_invalid=asked)
    assert report.batches[0].manifest.accepted == accepted
