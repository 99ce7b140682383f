"""What a crash left half published: a plan is believed only where it stays in its folder and the ledger knows of it."""

import json
from pathlib import Path

import pytest
from lexer_pipeline.outbox.outbox import opened
from lexer_pipeline.outbox.recovery import PLAN, recover

from tests.upload.helpers import prepared

PLACE = "customers-20240306-a"


def left_behind(out: Path, plan: bytes | None) -> Path:
    """A delivery of two parts that a crash cut off."""
    work = out / ".preparing-cut"
    for part in ("part-0001", "part-0002"):
        prepared(work, part)
    if plan is not None:
        (work / PLAN).write_bytes(plan)
    return work


def tree(folder: Path) -> dict[str, bytes | None]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
        if path.name != ".lock"
    }


PLANS: tuple[object, ...] = (
    *({"part-0001": place} for place in ("../stolen", "..", ".", "", "a/b", "a\\b", "/srv", "~", ".hidden", "a\0b", "a\n", "ä")),
    *({part: PLACE} for part in ("../../mine", "..", ".", "", "part-0001/../../../mine", "/etc", ".lock", "publish.json")),
    {"part-0001": PLACE, "../../mine": "customers-20240306-b"},
    *({"part-0001": place} for place in (5, None, True, ["a"], {"a": "b"})),
    *([], ["part-0001"], "part-0001", 5, None, True, {}),
)  # fmt: skip
TEXTS = [json.dumps(plan).encode() for plan in PLANS]


@pytest.mark.parametrize("plan", [*TEXTS, b"", b"{", b"\xff", b"[" * 100_000, b'{"a":' * 100_000, None])
def test_a_plan_that_leads_out_of_its_folder_or_is_none_moves_nothing(out: Path, plan: bytes | None) -> None:
    mine = out.parent / "mine"
    mine.mkdir()
    (mine / "letter.txt").write_text("kept")
    before = tree(out.parent)
    left_behind(out, plan)

    recover(out, lambda _: True)

    assert tree(out.parent) == before


@pytest.mark.parametrize("known", [True, False])
def test_a_good_plan_is_carried_out_where_the_ledger_knows_of_it_and_cleared_away_elsewhere(
    out: Path, known: bool
) -> None:
    work = left_behind(out, json.dumps({"part-0001": PLACE, "part-0002": "members-20240306-a"}).encode())
    one, two = (tree(work / part) for part in ("part-0001", "part-0002"))

    recover(out, lambda _: known)

    assert not work.exists()
    assert [tree(out / name) for name in (PLACE, "members-20240306-a")] == ([one, two] if known else [{}, {}])


def test_what_lies_at_a_place_already_is_not_overwritten(out: Path) -> None:
    there = tree(prepared(out, PLACE).path)
    left_behind(out, json.dumps({"part-0001": PLACE}).encode())

    recover(out, lambda _: True)

    assert tree(out / PLACE) == there


def test_what_is_no_folder_of_ours_is_left_alone_and_stops_nobody(out: Path) -> None:
    mine = out.parent / "mine"
    left_behind(mine, json.dumps({"part-0001": PLACE}).encode())
    (out / ".preparing-link").symlink_to(mine / ".preparing-cut")
    (out / ".preparing-file").write_text("a note")
    before = tree(mine)

    with opened(out):
        pass

    assert tree(mine) == before
    assert {".preparing-link", ".preparing-file"} <= {path.name for path in out.iterdir()}
