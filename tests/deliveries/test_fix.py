"""Rejects that were mended are delivered beside what was accepted, or with it where that was never sent; no row goes twice."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from lexer_pipeline.errors import PersonNeeded, UsageError
from lexer_pipeline.outbox.batch import PreparedBatch
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.prepare import prepare
from lexer_pipeline.preparing.report import Report
from msgspec.structs import replace

from tests.running import environment

from .helpers import CORRECTED, DATE, FIRST, SECOND, SPEC, Shop, export, names, raised

PEOPLE = ("Ida", "Ole", "Eva?", "Per", "Jan?")
LIMIT = 0.9


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
    before = {
        path: path.read_bytes()
        for path in shop.out.rglob("*.*")
        if path.is_file() and ".sqlite" not in path.name
    }

    again = shop.fix(FIRST)

    assert names(again) == [f"({FIRST})"]
    assert again.sources[0].skipped == {"an earlier fix accepted it": 1}
    assert again.verdicts[0].is_good
    after = {
        path: path.read_bytes()
        for path in shop.out.rglob("*.*")
        if path.is_file() and ".sqlite" not in path.name
    }
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


def test_a_fix_that_is_held_is_one_with_the_fix_of_it_and_stays_a_fix(shop: Shop) -> None:
    shop.convert(*PEOPLE, max_invalid=LIMIT)
    shop.mend(FIRST, EVA)
    held = one(shop.fix(FIRST, max_invalid=0.0))
    assert (held.path.name, held.manifest.state) == (SECOND, "held")
    assert sum(source.skipped["an earlier fix accepted it"] for source in shop.fix(FIRST).sources) == 1
    shop.mend(SECOND, JAN)

    made = one(shop.fix(SECOND))

    third = SECOND.removesuffix("a") + "b"
    assert (made.path.name, people(made), made.manifest.state) == (third, ["Eva", "Jan"], "prepared")
    shop.mend(FIRST, JAN)
    assert names(shop.fix(FIRST)) == []
    shop.upload()
    assert shop.asked() == [f"{FIRST}.json", f"{third}.json"]
    assert names(shop.convert(*PEOPLE, max_invalid=LIMIT)) == [f"({FIRST})"]


def test_rows_of_a_dropped_fix_can_be_fixed_again(shop: Shop) -> None:
    shop.convert(*PEOPLE, max_invalid=LIMIT)
    shop.mend(FIRST, EVA)
    shop.fix(FIRST)
    shop.drop(SECOND)

    assert people(one(shop.fix(FIRST))) == ["Eva"]


def test_where_nothing_is_valid_yet_no_batch_is_made_and_the_new_issues_lie_beside(shop: Shop) -> None:
    shop.convert(*PEOPLE, max_invalid=LIMIT)

    same = shop.fix(FIRST)
    shop.mend(FIRST, ("Eva@example.com", "nobody"))
    other = shop.fix(FIRST)

    for report in (same, other):
        assert (names(report), report.verdicts[0].state, report.verdicts[0].is_good) == (
            [f"({FIRST})"],
            "rejected",
            False,
        )
    folder = shop.out / FIRST
    assert sorted(path.name for path in folder.glob("*_*.*")) == sorted(
        [f"{FIRST}.json", "issues_02.ndjson", "rejects_02.csv"]
    )
    shop.mend(FIRST, EVA, JAN, name="rejects_02.csv")
    shop.mend(FIRST, ("nobody", "eva@example.com"), name="rejects_02.csv")
    assert people(one(shop.fix(FIRST, "rejects_02.csv"))) == ["Eva", "Jan"]


HELD = [("held", PEOPLE), ("rejected", ("Eva?", "Jan?"))]


@pytest.mark.parametrize(("state", "who"), HELD)
def test_what_was_never_to_be_sent_is_one_batch_with_its_fix(
    shop: Shop, state: str, who: tuple[str, ...]
) -> None:
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
    assert names(shop.fix(CORRECTED, shop.out / FIRST / "rejects.csv")) == []
    shop.upload()
    assert shop.asked() == [f"{CORRECTED}.json"]
    problem = raised(UsageError, lambda: shop.fix(FIRST))
    assert CORRECTED in problem.hint


def test_what_is_rejected_still_lies_in_the_batch_that_took_over(shop: Shop) -> None:
    shop.convert(*PEOPLE)
    shop.mend(FIRST, EVA)

    made = one(shop.fix(FIRST))

    assert (made.manifest.state, people(made)[-1], lines(made)) == ("held", "Eva", [6])
    assert shop.states() == {FIRST: "superseded", CORRECTED: "held"}
    shop.mend(CORRECTED, JAN)
    last = one(shop.fix(CORRECTED))
    assert (last.path.name, last.manifest.state) == (f"profile_customer-{DATE}-c", "prepared")
    assert people(last) == ["Ida", "Ole", "Per", "Eva", "Jan"]
    # The first rejects, once more: all of them are in it.
    shop.mend(FIRST, JAN)
    again = shop.fix(last.path.name, shop.out / FIRST / "rejects.csv")
    assert sum(source.skipped["an earlier fix accepted it"] for source in again.sources) == 2
    assert names(again) == []


def test_dropping_what_took_over_puts_back_what_was_held(shop: Shop) -> None:
    shop.convert(*PEOPLE)
    shop.mend(FIRST, EVA, JAN)
    shop.fix(FIRST)

    shop.drop(CORRECTED)

    assert shop.states() == {FIRST: "held", CORRECTED: "dropped"}
    assert one(shop.fix(FIRST)).path.name == f"profile_customer-{DATE}-c"


def test_rows_that_a_person_took_out_are_counted_and_release_what_was_held(shop: Shop) -> None:
    shop.convert(*PEOPLE)
    file = shop.mend(FIRST, EVA)
    file.write_text("".join(file.read_text().splitlines(keepends=True)[:2]))

    made = one(shop.fix(FIRST))

    assert (made.manifest.state, made.manifest.rows, made.manifest.rejected) == ("prepared", 4, 0)
    assert made.manifest.skipped == {"taken out of the rejects": 1}


def test_a_fix_that_changes_nothing_releases_what_it_accepts(shop: Shop) -> None:
    shop.convert(*PEOPLE)

    held = shop.fix(FIRST)
    released = shop.fix(FIRST, max_invalid=LIMIT)

    assert (names(held), held.verdicts[0].state) == ([f"({FIRST})"], "held")
    assert (names(released), shop.states()) == ([f"({FIRST})"], {FIRST: "prepared"})


def test_few_rows_still_hold_a_batch_whose_rejects_are_mended(shop: Shop) -> None:
    shop.convert(*PEOPLE, min_rows=9, max_invalid=LIMIT)
    shop.mend(FIRST, EVA, JAN)

    made = one(shop.fix(FIRST))

    assert made.manifest.state == "held"
    assert made.manifest.held_for == ("5 rows came, fewer than --min-rows 9",)
    assert one(shop.fix(CORRECTED, shop.out / FIRST / "rejects.csv", min_rows=5)).manifest.state == "prepared"


def test_rejects_are_measured_against_the_rows_of_the_batch(shop: Shop) -> None:
    crowd = [f"p{number}" for number in range(97)]
    shop.convert(*crowd, "Eva?", "Jan?", "Per?")
    shop.mend(FIRST, EVA)

    first = shop.fix(FIRST)
    shop.mend(SECOND, JAN)
    second = shop.fix(SECOND)

    assert [(report.verdicts[0].state, one(report).manifest.rejected) for report in (first, second)] == [
        ("prepared", 2), ("prepared", 1),
    ]  # fmt: skip


def test_a_held_correction_that_is_fixed_replaces_what_that_one_would_have(shop: Shop) -> None:
    shop.convert("Ida", "Ole")
    shop.upload()
    shop.convert("Ida", "Eva?", replaces=(FIRST,), date=None)
    assert shop.states() == {FIRST: "sent", CORRECTED: "held"}
    shop.mend(CORRECTED, EVA)

    made = one(shop.fix(CORRECTED, date=None))

    third = f"profile_customer-{DATE}-c"
    assert (made.path.name, made.manifest.replaces, made.manifest.fixes) == (third, FIRST, CORRECTED)
    assert shop.states() == {FIRST: "sent", CORRECTED: "superseded", third: "prepared"}
    assert shop.status()[FIRST].replaced_by == third
    shop.upload()
    assert shop.asked() == [f"{FIRST}.json", f"{third}.json"]


@pytest.mark.parametrize("more", [0, 3])
def test_all_parts_of_a_held_delivery_are_taken_over(shop: Shop, more: int) -> None:
    who = [f"p{number}" for number in range(6)] + ["Eva?", *(f"q{number}" for number in range(6)), "Jan?"]
    before = shop.convert(*who, max_bytes=400).batches
    assert [batch.manifest.state for batch in before] == ["held"] * len(before)
    assert len(before) > 1
    for batch in before:
        for name in batch.manifest.rejects:
            text = (batch.path / name).read_text()
            (batch.path / name).write_text(text.replace(*EVA).replace(*JAN))

    report = shop.fix(before[0].path.name, max_bytes=400 - more * 60)

    made = report.batches
    assert len(made) >= len(before)
    assert sorted(name for batch in made for name in people(batch)) == sorted(name.strip("?") for name in who)
    for batch in made:
        manifest = batch.manifest
        assert manifest.rows == manifest.records + manifest.rejected + manifest.continuations + manifest.blank
        assert batch.path.name.endswith("-b")
    assert sum(batch.manifest.rows for batch in made) == len(who)
    states = shop.states()
    assert {states[batch.path.name] for batch in before} == {"superseded"}
    shop.drop(made[0].path.name)
    assert {shop.states()[batch.path.name] for batch in before} == {"held"}


def test_a_fix_goes_behind_its_batch_and_is_no_newer_content(shop: Shop) -> None:
    shop.convert(*PEOPLE, max_invalid=LIMIT)
    shop.mend(FIRST, EVA)
    shop.fix(FIRST)
    [receipt] = shop.upload(SECOND)
    assert receipt.state != "sent"
    shop.upload()
    assert shop.asked() == [f"{FIRST}.json", f"{SECOND}.json"]

    again = shop.convert(*PEOPLE, max_invalid=LIMIT)

    assert names(again) == [f"({FIRST})"]


STATES = [
    ("", "", False, "sent"), ("status:400", "", False, "refused"), ("status:503", "", False, "prepared"),
    ("", "stored-reset", False, "sending"), ("", "stored-reset", True, "in_doubt"),
]  # fmt: skip


@pytest.mark.parametrize(("post", "put", "expires", "state"), STATES)
def test_whatever_became_of_a_batch_its_fix_is_a_further_delivery(
    shop: Shop, post: str, put: str, expires: bool, state: str
) -> None:
    shop.convert(*PEOPLE, max_invalid=LIMIT)
    shop.store.post_faults, shop.store.put_faults = [post] if post else [], [put] if put else []
    shop.upload(settings=replace(shop.settings, tries=1))
    if expires:
        shop.store.expired.add("101")
        shop.upload()
    assert shop.states() == {FIRST: state}
    shop.mend(FIRST, EVA)

    made = one(shop.fix(FIRST))

    assert (made.path.name, people(made)) == (SECOND, ["Eva"])
    assert shop.states() == {FIRST: state, SECOND: "prepared"}


def test_rows_that_say_the_same_are_both_sent(shop: Shop) -> None:
    shop.convert(*["Ida"] * 8, "Eva?", "Eva?", max_invalid=LIMIT)
    file = shop.out / FIRST / "rejects.csv"
    head, first, second = file.read_text().splitlines(keepends=True)
    for row in (first, second):
        file.write_text(head + row.replace(*EVA))
        assert people(one(shop.fix(FIRST))) == ["Eva"]
    assert [receipt.state for receipt in shop.upload()] == ["sent"] * 3


# ------------------------------------------------------------------------------- destinations, options, refusals


def test_a_fix_belongs_where_its_batch_does(shop: Shop) -> None:
    shop.convert(*PEOPLE, max_invalid=LIMIT, datasets={"*": "d1"})
    shop.mend(FIRST, EVA)

    problem = raised(UsageError, lambda: shop.fix(FIRST, datasets={"*": "d2"}))

    assert "belongs to the dataset d1, and so does the fix of its rejects" in problem.message
    assert one(shop.fix(FIRST, datasets={"*": "d1"})).manifest.destination == "d1"


def test_a_dataset_for_a_fix_is_given_to_its_batch_too(shop: Shop) -> None:
    shop.convert(*PEOPLE, max_invalid=LIMIT)
    shop.mend(FIRST, EVA)

    shop.fix(FIRST, datasets={"*": "d1"})
    shop.upload()

    assert shop.destinations() == ["d1", "d1"]


OTHER_WAYS: list[tuple[dict[str, Any], str]] = [
    ({"mapping": "shopify_orders"}, "--map"), ({"date_format": "%d/%m/%Y"}, "--date-format"), ({"zone": "UTC"}, "--timezone"),
    ({"reject_unknown": True}, "--unknown"), ({"ignore_unknown": True}, "--ignore-unknown"), ({"keep_rest": True}, "--keep-rest"), ({"label": "sydney"}, "--label"),
    ({"label": "x", "mapping": "x"}, "--map, --label"),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "flags"), OTHER_WAYS)
def test_what_says_otherwise_than_the_batch_is_refused(shop: Shop, asked: dict[str, Any], flags: str) -> None:
    shop.convert(*PEOPLE, max_invalid=LIMIT)

    problem = raised(UsageError, lambda: shop.fix(FIRST, **asked))

    assert problem.hint == f"Leave out {flags}."
    assert names(shop.fix(FIRST)) == [f"({FIRST})"]


def test_a_batch_that_is_out_of_the_way_is_not_fixed(shop: Shop) -> None:
    shop.convert(*PEOPLE, max_invalid=LIMIT)
    shop.convert("Ida", replaces=(FIRST,))
    assert CORRECTED in raised(UsageError, lambda: shop.fix(FIRST)).hint
    shop.drop(CORRECTED)
    shop.drop(FIRST)
    assert "was dropped" in raised(UsageError, lambda: shop.fix(FIRST)).message
    assert "no such batch" in raised(UsageError, lambda: shop.fix("nothing")).message
    shop.convert("Ida", name="other.csv")
    assert "has no rejects" in raised(UsageError, lambda: shop.fix(f"profile_customer-{DATE}-c")).message


def test_a_batch_of_before_says_what_to_do(shop: Shop) -> None:
    shop.convert(*PEOPLE, max_invalid=LIMIT)
    path = shop.out / FIRST / "manifest.json"
    manifest = json.loads(path.read_bytes())
    for key in ("decisions", "mapping", "options"):
        manifest.pop(key)
    path.write_text(json.dumps(manifest))

    problem = raised(UsageError, lambda: shop.fix(FIRST))

    assert "--replaces" in problem.hint


def test_the_source_is_told_by_the_name_of_the_file(shop: Shop) -> None:
    folder = shop.out.parent
    (folder / "a.csv").write_bytes(export("Ida", "Eva?"))
    (folder / "b.csv").write_bytes(export("Ole", "Jan?"))
    report = shop.prepare_all(folder / "a.csv", folder / "b.csv", max_invalid=LIMIT)
    (batch,) = report.batches
    name = batch.path.name
    assert batch.manifest.rejects == ("rejects-2.csv", "rejects.csv")
    second = shop.mend(name, JAN, name="rejects-2.csv")
    loose = folder / "mended.csv"
    loose.write_bytes(second.read_bytes())

    problem = raised(UsageError, lambda: shop.fix(name, loose))
    made = one(shop.fix(name, "rejects-2.csv"))

    assert "rejects-2.csv, rejects.csv" in problem.hint
    assert people(made) == ["Jan"]
    shop.mend(name, EVA)
    both = shop.fix(name)
    assert people(one(both)) == ["Eva"]
    assert [source.skipped for source in both.sources] == [{}, {"an earlier fix accepted it": 1}]


def test_documents_are_fixed_and_known_again(shop: Shop) -> None:
    source = shop.out.parent / "people.json"
    source.write_text('[{"link":{"mobile":"1"},"first_name":"Ida"},{"link":{"mobile":2},"first_name":"Eva"}]')
    shop.prepare(source, max_invalid=LIMIT)
    shop.mend(FIRST, ("2", '"2"'), name="rejects.ndjson")

    made = one(shop.fix(FIRST))

    assert people(made) == ["Eva"]
    assert shop.fix(FIRST).verdicts[0].state == "none"


def test_a_held_batch_of_documents_is_one_with_its_fix(shop: Shop) -> None:
    source = shop.out.parent / "people.json"
    source.write_text('[{"link":{"mobile":"1"},"first_name":"Ida"},{"link":{"mobile":2},"first_name":"Eva"}]')
    shop.prepare(source)
    shop.mend(FIRST, ("2", '"2"'), name="rejects.ndjson")

    assert people(one(shop.fix(FIRST))) == ["Ida", "Eva"]


def test_a_file_that_changed_is_not_taken_over(shop: Shop) -> None:
    (before,) = shop.convert(*PEOPLE).batches
    before.file.write_bytes(before.file.read_bytes().replace(b"Ida", b"Ada"))
    shop.mend(FIRST, EVA, JAN)

    problem = raised(UsageError, lambda: shop.fix(FIRST))

    assert "not the file that was prepared" in problem.message
    assert shop.states() == {FIRST: "held"}


# ------------------------------------------------------------------------------------------------ the command


def typed(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "lexer_pipeline", *words]
    return subprocess.run(
        line, cwd=folder, env=environment(), capture_output=True, text=True, timeout=120, check=False
    )


def test_the_command_says_what_was_passed_over_and_what_is_left(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_bytes(export(*PEOPLE))
    first = typed(tmp_path, "convert", "people.csv", "--spec", SPEC, "--date", DATE, "--max-invalid", "90%")
    assert (
        f"2 rows rejected: fix batches/{FIRST}/rejects.csv, then lexer-pipeline convert --fix" in first.stdout
    )
    file = tmp_path / "batches" / FIRST / "rejects.csv"
    file.write_text(file.read_text().replace(*EVA))

    plain = typed(tmp_path, "convert", str(file.relative_to(tmp_path)), "--spec", SPEC)
    done = typed(tmp_path, "convert", "--fix", FIRST, "--date", DATE)
    again = typed(tmp_path, "convert", "--fix", f"batches/{FIRST}", "--json")
    none = typed(tmp_path, "convert")
    run = typed(tmp_path, "run", "--fix", FIRST, "people.csv")

    assert (plain.returncode, f"convert --fix batches/{FIRST}" in plain.stderr) == (2, True)
    assert (done.returncode, f"fixes rejects of {FIRST}" in done.stdout) == (0, True)
    assert f"1 row rejected: fix batches/{SECOND}/rejects.csv" in done.stdout
    assert again.returncode == 0
    assert [one["made"] for one in json.loads(again.stdout)["batches"]] == [False]
    assert "1 row left out: an earlier fix accepted it" in again.stderr
    assert (none.returncode, run.returncode) == (2, 2)


def test_the_batch_tells_the_folder_that_its_fix_is_made_in(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_bytes(export(*PEOPLE))
    typed(tmp_path, "convert", "people.csv", "--spec", SPEC, "--date", DATE, "--out", "shop/made")
    file = tmp_path / "shop/made" / FIRST / "rejects.csv"
    file.write_text(file.read_text().replace(*EVA).replace(*JAN))

    done = typed(tmp_path, "convert", "--fix", f"shop/made/{FIRST}")

    assert done.returncode == 0
    assert (tmp_path / "shop/made" / CORRECTED).is_dir()
    assert not (tmp_path / "batches").exists()


def test_two_fixes_at_once_do_not_accept_a_row_twice(shop: Shop) -> None:
    shop.convert(*PEOPLE, max_invalid=LIMIT)
    shop.mend(FIRST, EVA)
    inner: list[Report] = []

    def meanwhile(*_: int) -> None:
        if not inner:
            inner.append(shop.fix(FIRST))

    problem = raised(PersonNeeded, lambda: shop.fix(FIRST, progress=meanwhile))

    assert "meanwhile" in problem.message
    assert names(inner[0]) == [SECOND]
    assert set(shop.states()) == {FIRST, SECOND}


def test_the_rejects_of_another_batch_are_refused_with_the_command_for_them(shop: Shop) -> None:
    first = shop.convert("mira", "x?", max_invalid=1).batches[0].path
    shop.convert("noor", "y?", name="members.csv", max_invalid=1)
    with pytest.raises(UsageError, match="holds what profile_customer_02") as caught:
        shop.fix(first.name, shop.out / SECOND / "rejects.csv")
    assert SECOND in caught.value.hint


def test_a_row_that_was_accepted_is_no_reject_to_mend(shop: Shop) -> None:
    (batch,) = shop.convert("mira", "noor", "x?", max_invalid=1).batches
    rejects = shop.out.parent / "mended.csv"
    head, row = (batch.path / "rejects.csv").read_text().splitlines()
    mended = row.replace("maybe", "no")
    rejects.write_text(f'{head}\n2,"",mira@example.com,mira,no\n{mended}\n')
    with pytest.raises(UsageError, match="line 2 of the source was not rejected by"):
        shop.fix(FIRST, rejects)
    rejects.write_text(f"{head}\n{mended}\n")
    assert names(shop.fix(FIRST, rejects)) == [SECOND]


def test_issues_that_somebody_spoiled_are_no_reason_to_fail(shop: Shop) -> None:
    (batch,) = shop.convert("mira", "noor", "x?", max_invalid=1).batches
    for name, text in (("issues.ndjson", b'{"line": \n[1]\n\xff\n'), ("rejects.csv", None)):
        path = batch.path / name
        path.write_bytes(text if text is not None else path.read_bytes().replace(b"maybe", b"no"))
    assert names(shop.fix(FIRST)) == [SECOND]


def test_what_a_fix_writes_holds_no_folder_of_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.csv").write_bytes(b"product_id,price\nA-1,dear\nA-2,cheap\n")
    made = prepare(["bad.csv"], "product", Path("batches"), Options(date="20240306"))
    rejects = made.batches[0].path / "rejects.csv"
    rejects.write_bytes(rejects.read_bytes().replace(b"dear", b"1"))

    fixed = prepare([], None, Path("batches"), Options(date="20240306", fix=made.batches[0].path.name))

    assert fixed.batches[0].manifest.records == 1
    for path in fixed.batches[0].path.iterdir():
        assert str(tmp_path).encode() not in path.read_bytes(), path
