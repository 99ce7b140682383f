"""Rejects that were mended are delivered beside what was accepted, or with it where that was never sent; no row goes twice."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lexer_pipeline.errors import UsageError
from lexer_pipeline.model import PreparedBatch
from lexer_pipeline.preparing.report import Report

from tests.upload.store import Store

from .helpers import CORRECTED, DATE, FIRST, SECOND, Shop, export, names, raised

PEOPLE = ("Ida", "Ole", "Eva?", "Per", "Jan?")
LIMIT = 0.9


@pytest.fixture
def shop(out: Path, store: Store) -> Shop:
    return Shop(out, store)


def people(batch: PreparedBatch) -> list[str]:
    return [json.loads(line)["first_name"] for line in batch.file.read_bytes().splitlines()]


def lines(batch: PreparedBatch, name: str = "rejects.csv") -> list[int]:
    """The lines of the source on which the rejects stood."""
    rows = (batch.path / name).read_text("utf-8").splitlines()[1:]
    return [int(row.partition(",")[0]) for row in rows]


def one(report: Report) -> PreparedBatch:
    (batch,) = report.batches
    manifest = batch.manifest
    parts = manifest.records + manifest.rejected + manifest.continuations + manifest.blank
    assert manifest.rows == parts
    assert sum(use.rows for use in manifest.sources) == manifest.rows + sum(manifest.skipped.values())
    assert hashlib.sha256(batch.file.read_bytes()).hexdigest() == manifest.sha256
    return batch


EVA, JAN = ("Eva?,maybe", "Eva,no"), ("Jan?,maybe", "Jan,no")


def test_mended_rejects_are_a_further_delivery_with_the_lines_of_the_source(shop: Shop) -> None:
    shop.convert(*PEOPLE, max_invalid=LIMIT)
    shop.mend(FIRST, EVA)

    report = shop.fix(FIRST)

    made = one(report)
    assert (names(report), people(made), lines(made)) == ([SECOND], ["Eva"], [6])
    assert (made.manifest.fixes, made.manifest.replaces, made.manifest.state) == (FIRST, None, "prepared")
    assert report.verdicts[0].is_good


def test_the_same_fix_once_more_changes_nothing(shop: Shop) -> None:
    shop.convert(*PEOPLE, max_invalid=LIMIT)
    shop.mend(FIRST, EVA)
    shop.fix(FIRST)
    before = {path: path.read_bytes() for path in shop.out.rglob("*.*") if path.is_file() and ".sqlite" not in path.name}

    again = shop.fix(FIRST)

    assert names(again) == [f"({FIRST})"]
    assert again.sources[0].skipped == {"an earlier fix accepted it": 1}
    assert again.verdicts[0].is_good
    after = {path: path.read_bytes() for path in shop.out.rglob("*.*") if path.is_file() and ".sqlite" not in path.name}
    assert before == after


def test_where_all_was_accepted_nothing_is_left(shop: Shop) -> None:
    shop.convert(*PEOPLE, max_invalid=LIMIT)
    shop.mend(FIRST, EVA, JAN)
    shop.fix(FIRST)

    again = shop.fix(FIRST)

    assert (names(again), again.verdicts[0].state, again.verdicts[0].is_good) == ([], "none", True)


def test_a_fix_can_be_fixed_and_the_whole_chain_knows_its_rows(shop: Shop) -> None:
    shop.convert(*PEOPLE, max_invalid=LIMIT)
    shop.mend(FIRST, EVA)
    shop.fix(FIRST)
    shop.mend(SECOND, JAN)

    third = one(shop.fix(SECOND))

    assert (people(third), third.manifest.rejected, third.manifest.fixes) == (["Jan"], 0, SECOND)
    shop.mend(FIRST, JAN)
    for batch in (FIRST, SECOND):
        assert names(shop.fix(batch)) == []
    shop.upload()
    assert shop.asked() == [f"{FIRST}.json", f"{SECOND}.json", f"profile_customer_03-{DATE}-a.json"]


def test_rows_of_a_dropped_fix_can_be_fixed_again(shop: Shop) -> None:
    shop.convert(*PEOPLE, max_invalid=LIMIT)
    shop.mend(FIRST, EVA)
    shop.fix(FIRST)
    shop.drop(SECOND)

    assert people(one(shop.fix(FIRST))) == ["Eva"]


def test_where_nothing_is_valid_yet_no_batch_is_made_and_the_new_issues_lie_beside(shop: Shop) -> None:
    shop.convert(*PEOPLE, max_invalid=LIMIT)

    same = shop.fix(FIRST)
    shop.mend(FIRST, ("Eva?,maybe", "Eva?,perhaps\u00e4"), ("eva?@", "eva"), ) if False else shop.mend(FIRST, ("Eva?@example.com", "nobody"))
    other = shop.fix(FIRST)

    for report in (same, other):
        assert (names(report), report.verdicts[0].state, report.verdicts[0].is_good) == ([f"({FIRST})"], "rejected", False)
    folder = shop.out / FIRST
    assert sorted(path.name for path in folder.glob("*_*.*")) == sorted([f"{FIRST}.json", "issues_02.ndjson", "rejects_02.csv"])
    shop.mend(FIRST, EVA, JAN, name="rejects_02.csv")
    shop.mend(FIRST, ("nobody", "eva@example.com"), name="rejects_02.csv")
    assert people(one(shop.fix(FIRST, "rejects_02.csv"))) == ["Eva", "Jan"]


HELD = [("held", PEOPLE), ("rejected", ("Eva?", "Jan?"))]


@pytest.mark.parametrize(("state", "who"), HELD)
def test_what_was_never_to_be_sent_is_one_batch_with_its_fix(shop: Shop, state: str, who: tuple[str, ...]) -> None:
    (before,) = shop.convert(*who).batches
    assert before.manifest.state == state
    old = before.file.read_bytes() if before.manifest.file else b""
    shop.mend(FIRST, EVA, JAN)

    report = shop.fix(FIRST)

    made = one(report)
    assert names(report) == [CORRECTED]
    assert made.file.read_bytes().startswith(old)
    assert people(made) == [*(name for name in who if "?" not in name), "Eva", "Jan"]
    assert (made.manifest.state, made.manifest.rows, made.manifest.rejected) == ("prepared", len(who), 0)
    assert shop.states() == {FIRST: "superseded", CORRECTED: "prepared"}
    assert names(shop.fix(CORRECTED, shop.out / FIRST / "rejects.csv")) == [f"({CORRECTED})"]
    shop.upload()
    assert shop.asked() == [f"{CORRECTED}.json"]
    problem = raised(UsageError, lambda: shop.fix(FIRST))
    assert CORRECTED in problem.hint
