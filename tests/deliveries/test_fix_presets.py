"""Rejects of exports: read as their batch was, of one specification alone, and nothing that was accepted goes again."""

import csv
import io
import json
import shutil
from collections import Counter
from contextlib import chdir
from pathlib import Path

import pytest
from lexer_pipeline.errors import UsageError
from lexer_pipeline.outbox.batch import PreparedBatch
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.prepare import prepare

from tests.decisions.helpers import ORDERS, PEOPLE, table
from tests.presets.exports import CASES, SAMPLES, name_of
from tests.thoroughness import sweep

from .helpers import DATE, Shop, names, raised


def records(batches: list[PreparedBatch]) -> Counter[str]:
    return Counter(line for batch in batches for line in batch.file.read_text("utf-8").splitlines())


def source_of(case: Path) -> Path:
    (source,) = (path for path in case.iterdir() if not path.name.startswith("expected"))
    return source


def spoiled(source: Path, column: str, every: int, to: Path) -> Path:
    """The export with a cell that no record can have in every so many filled cells of a column."""
    header, *rows = csv.reader(io.StringIO(source.read_text("utf-8-sig"), newline=""))
    place, seen = header.index(column), 0
    for row in rows:
        if row[place]:
            seen += 1
            row[place] = f"free of {row[place]}" if seen % every == 0 else row[place]
    assert seen >= every
    to.write_text(table([header, *rows]), "utf-8")
    return to


def mended(batch: PreparedBatch) -> None:
    for name in batch.manifest.rejects:
        file = batch.path / name
        file.write_text(file.read_text("utf-8").replace("free of ", ""), "utf-8")


EXPORTS = [
    ("shopify_orders/good_orders", "Lineitem price"), ("shopify_products/good_products", "Variant Price"),
    ("square_items/good_items", "Net Sales"), ("shopify_orders/good_orders", "Created at"),
]  # fmt: skip


@pytest.mark.parametrize(("case", "column"), EXPORTS)
def test_all_records_of_an_export_arrive_once_however_they_were_mended(
    shop: Shop, case: str, column: str
) -> None:
    source = source_of(SAMPLES / case)
    whole = prepare([str(source)], None, shop.out.parent / "whole", Options(date=DATE)).batches
    export = spoiled(source, column, 2, shop.out.parent / source.name)
    made = shop.prepare(export, spec=None, max_invalid=1.0).batches
    bad = [batch for batch in made if batch.manifest.rejects]
    assert bad

    for batch in bad:
        mended(batch)
        report = shop.fix(batch.path)
        assert [one.manifest.specification for one in report.batches] == [batch.manifest.specification]
        assert report.invalid == 0
        if batch.manifest.state == "prepared":
            assert shop.fix(batch.path).verdicts[0].state == "none"
    shop.upload()

    sent = Counter(line for body in shop.store.objects.values() for line in body.decode().splitlines())
    assert sent == records(list(whole))


DIRTY = [case for case in CASES if any(case.glob("expected_*rejects*"))]


@pytest.mark.parametrize("case", sweep(DIRTY, DIRTY[::3]), ids=name_of)
def test_the_rejects_of_an_export_that_nobody_mended_are_rejected_for_the_same_reasons(
    tmp_path: Path, case: Path
) -> None:
    shutil.copy(source_of(case), tmp_path)
    with chdir(tmp_path):
        made = prepare([source_of(case).name], None, "batches", Options(date=DATE, max_invalid=1.0)).batches
        for batch in made:
            if not batch.manifest.rejects:
                continue
            report = prepare([], None, "batches", Options(date=DATE, fix=str(batch.path)))

            assert report.valid == 0
            assert report.invalid == batch.manifest.rejected_records
            issues: Counter[str] = Counter()
            for source in report.sources:
                issues.update(source.as_json()["issues"])
            assert issues == Counter(batch.manifest.issues)
            assert names(report) == [f"({batch.path.name})"]
            assert not list(batch.path.glob("rejects_*"))


def own(folder: Path, text: str) -> str:
    (folder / "own.toml").write_text(text, "utf-8")
    return str(folder / "own.toml")


def test_a_form_that_the_whole_column_told_is_known_when_the_mapping_is_gone(shop: Shop) -> None:
    folder = shop.out.parent
    rows = [
        ["E-mail", "Name", "Born", "Spent", "Note"], ["a@example.com", "Zoe", "25/03/1985", "1.234,50", ""],
        ["nobody", "Eva", "03/04/1985", "1,234", ""],
    ]  # fmt: skip
    (folder / "people.csv").write_text(table(rows))
    mapping = own(folder, PEOPLE)
    (batch,) = shop.prepare(folder / "people.csv", spec=None, mapping=mapping, max_invalid=1.0).batches
    Path(mapping).unlink()
    shop.mend(batch.path.name, ("nobody", "b@example.com"))

    (made,) = shop.fix(batch.path).batches

    (record,) = (json.loads(line) for line in made.file.read_bytes().splitlines())
    assert record["date_of_birth"] == "1985-04-03"
    assert record["custom_fields"] == {"spent": "1.234"}
    assert made.manifest.decisions == batch.manifest.decisions
    assert made.manifest.mapping == PEOPLE


ORDER = ["Order", "When", "E-mail", "Sku", "Pieces", "Paid"]


def orders(*rows: str) -> list[list[str]]:
    found = []
    for row in rows:
        order, sku, paid = row.split()
        found.append([order, "25/03/2024", "a@example.com", sku, "1", paid])
    return [ORDER, *found]


@pytest.mark.parametrize("max_invalid", [1.0, 0.05])
def test_a_line_of_an_order_that_was_accepted_without_it_is_no_order(shop: Shop, max_invalid: float) -> None:
    folder = shop.out.parent
    text = table(orders("A S1 1.50", "B S1 2.50", "A S2 3.50")) + 'A,25/03/2024,a@example.com,"S3"x,1,4.50\n'
    (folder / "shop.csv").write_text(text)
    (batch,) = shop.prepare(
        folder / "shop.csv", spec=None, mapping=own(folder, ORDERS), max_invalid=max_invalid
    ).batches
    assert batch.manifest.rejected == 1
    shop.mend(batch.path.name, ('"S3"x', "S3"))

    problem = raised(UsageError, lambda: shop.fix(batch.path))

    assert "what was fixed on line 5 of the source has a purchase_id" in problem.message
    assert shop.states() == {batch.path.name: batch.manifest.state}


def test_orders_of_which_all_rows_were_rejected_are_whole_when_mended(shop: Shop) -> None:
    folder = shop.out.parent
    (folder / "shop.csv").write_text(table(orders("A S1 1.50", "B S1 free", "A S2 3.50", "B S2 1.00")))
    (batch,) = shop.prepare(
        folder / "shop.csv", spec=None, mapping=own(folder, ORDERS), max_invalid=1.0
    ).batches
    shop.mend(batch.path.name, ("free", "2.00"))

    (made,) = shop.fix(batch.path).batches

    (record,) = (json.loads(line) for line in made.file.read_bytes().splitlines())
    assert (record["purchase_id"], len(record["products"])) == ("B", 2)
    assert made.manifest.continuations == 1


def test_lines_of_one_order_that_are_mended_one_by_one_are_no_two_orders(shop: Shop) -> None:
    folder = shop.out.parent
    (folder / "shop.csv").write_text(table(orders("A S1 1.50", "B S1 free", "B S2 1.00")))
    (batch,) = shop.prepare(
        folder / "shop.csv", spec=None, mapping=own(folder, ORDERS), max_invalid=1.0
    ).batches
    file = shop.mend(batch.path.name, ("free", "2.00"))
    head, first, second = file.read_text().splitlines(keepends=True)
    file.write_text(head + first)
    shop.fix(batch.path)
    file.write_text(head + second)

    problem = raised(UsageError, lambda: shop.fix(batch.path))

    assert "on line 4 of the source" in problem.message
    shop.drop(f"commerce_purchases_02-{DATE}-a")
    file.write_text(head + first + second)
    (made,) = shop.fix(batch.path).batches
    assert made.manifest.continuations == 1
