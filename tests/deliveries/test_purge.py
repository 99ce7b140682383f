"""`purge` removes the data of old batches that are done with, and nothing else; what they were stays known."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from lexer_pipeline.errors import UsageError
from lexer_pipeline.outbox.entry import BatchState, State
from lexer_pipeline.uploading.purge import purge
from lexer_pipeline.uploading.settings import Settings
from lexer_pipeline.uploading.status import overview

from tests.running import ROOT, command, environment

from .helpers import CORRECTED, DATE, FIRST, SECOND, Shop, names, raised, states

DAY = 86400.0
THIRD = f"profile_customer_03-{DATE}-a"
TOLD = {"manifest.json", "report.html", "report.json", "lines.trace"}
KEPT = TOLD | {"receipt.json"}


def purged(
    shop: Shop, days: float = 30, *, really: bool = True, settings: Settings | None = None
) -> dict[str, str]:
    found = purge(shop.out, days * DAY, settings or shop.settings, really=really, runtime=shop.runtime)
    return {Path(one.path).name: one.state for one in found.batches}


def later(shop: Shop, days: float) -> None:
    shop.now[0] += days * DAY


def files_of(shop: Shop, batch: str) -> set[str]:
    return {path.name for path in (shop.out / batch).iterdir()}


def sent(shop: Shop, *people: str) -> None:
    """One batch with a reject, which is sent."""
    shop.convert(*people, max_invalid=1.0)
    shop.upload()


def test_what_was_sent_long_ago_loses_its_data_and_keeps_manifest_and_receipt(shop: Shop) -> None:
    sent(shop, "Ida", "Ole?")
    (shop.out / FIRST / "mended").mkdir()
    (shop.out / FIRST / "mended" / "rejects.csv").write_text("Ole")
    before = files_of(shop, FIRST)
    assert purged(shop) == {}
    later(shop, 31)
    assert purged(shop, really=False) == {FIRST: "sent"}
    assert files_of(shop, FIRST) == before > KEPT
    assert purged(shop) == {FIRST: "sent"}
    assert files_of(shop, FIRST) == KEPT
    assert purged(shop) == {}
    assert shop.states() == {FIRST: "sent"}
    assert "was purged on 20" in shop.status()[FIRST].reason


def test_what_was_purged_is_neither_made_nor_sent_again(shop: Shop) -> None:
    sent(shop, "Ida", "Ole?")
    later(shop, 31)
    purged(shop)

    again = shop.convert("Ida", "Ole?", max_invalid=1.0)
    assert names(again) == [f"({FIRST})"]
    assert "its data was purged since" in again.batches[0].note
    assert files_of(shop, FIRST) == KEPT
    assert shop.upload() == []
    assert states(shop.upload(FIRST)) == [(FIRST, "sent")]
    (resent,) = shop.upload(FIRST, resend=True)
    assert (resent.needs, resent.reason) == ("person", "its data was purged, so it cannot be sent from here")
    assert "--out" in resent.hint
    assert shop.asked() == [f"{FIRST}.json"]
    assert names(shop.convert("Eva")) == [SECOND]


def test_the_rejects_of_what_was_purged_are_not_mended_for_half_an_order_would_be_sent(shop: Shop) -> None:
    sent(shop, "Ida", "Ole?")
    shutil.copy(shop.out / FIRST / "rejects.csv", shop.out.parent / "mended.csv")
    later(shop, 31)
    purged(shop)

    problem = raised(UsageError, lambda: shop.fix(FIRST, shop.out.parent / "mended.csv"))
    assert "was purged" in problem.message
    assert f"--replaces {FIRST}" in problem.hint.replace(str(shop.out) + "/", "")
    assert names(shop.convert("Ida", "Ole", replaces=(FIRST,))) == [CORRECTED]


def test_what_was_purged_goes_to_no_other_service_either(shop: Shop) -> None:
    sent(shop, "Ida")
    later(shop, 31)
    purged(shop)
    elsewhere = shop.with_dataset(any="a1b2c3d4")

    assert shop.upload(settings=elsewhere) == []
    assert states(shop.upload(FIRST, settings=elsewhere, also_there=True)) == [(FIRST, "sent")]
    shop.in_ledger("UPDATE uploads SET service = 'https://api.example.com/v1/uploads'")
    assert shop.upload() == []
    (other,) = shop.upload(FIRST)
    assert (other.state, other.needs) == ("changed", "person")
    assert len(shop.asked()) == 1


def test_what_was_dropped_or_rejected_is_made_anew_under_the_next_version(shop: Shop) -> None:
    shop.convert("Ida")
    shop.convert("Ole?", name="bad.csv")
    shop.drop(FIRST)
    later(shop, 31)
    assert purged(shop) == {FIRST: "dropped", SECOND: "rejected"}
    assert files_of(shop, FIRST) == files_of(shop, SECOND) == TOLD
    assert json.loads((shop.out / SECOND / "manifest.json").read_text())["state"] == "dropped"
    assert shop.states() == {}
    assert names(shop.convert("Ida")) == [CORRECTED]
    assert names(shop.convert("Ole?", name="bad.csv")) == [f"profile_customer_02-{DATE}-b"]


def test_what_was_superseded_stays_so_and_nothing_waits_in_place_of_its_correction(shop: Shop) -> None:
    shop.convert("Ida")
    shop.convert("Ole", replaces=(FIRST,))
    later(shop, 31)
    assert purged(shop) == {FIRST: "superseded"}
    assert shop.states() == {CORRECTED: "prepared"}
    assert names(shop.convert("Ida")) == [f"({FIRST})"]
    shop.drop(CORRECTED)
    assert shop.states() == {CORRECTED: "dropped"}
    assert names(shop.convert("Ida")) == [f"profile_customer-{DATE}-c"]
    assert shop.states()[f"profile_customer-{DATE}-c"] == "prepared"


@pytest.mark.parametrize("state", sorted({*State} - {State.SENT}))
def test_what_is_not_done_with_keeps_its_data_however_old(shop: Shop, state: str) -> None:
    shop.convert("Ida")
    shop.upload()
    shop.in_ledger("UPDATE uploads SET state = ?", state)
    later(shop, 10_000)
    before = files_of(shop, FIRST)

    assert purged(shop, 0) == {}
    assert files_of(shop, FIRST) == before


def test_what_waits_or_is_held_keeps_its_data(shop: Shop) -> None:
    shop.convert("Ida")
    shop.convert("Ole?", "Eva", name="held.csv")
    later(shop, 10_000)

    assert shop.states() == {FIRST: BatchState.PREPARED, SECOND: BatchState.HELD}
    assert purged(shop, 0) == {}


def test_one_that_is_sent_to_one_service_and_refused_by_another_keeps_its_data(shop: Shop) -> None:
    sent(shop, "Ida")
    copy = "INSERT INTO uploads (batch, service, dataset, sha256, state, created_at, updated_at)"
    shop.in_ledger(
        f"{copy} SELECT batch, 'https://b.example.com', dataset, sha256, 'refused', 0, 0 FROM uploads",
    )
    later(shop, 31)

    assert purged(shop) == {}


def test_what_only_a_sandbox_has_waits_for_the_service_of_the_settings(shop: Shop) -> None:
    sandbox = "http://127.0.0.1:8787/v1/uploads"
    sent(shop, "Ida")
    shop.in_ledger("UPDATE uploads SET service = ?", sandbox)
    later(shop, 31)

    assert purge(shop.out, 0, Settings(ledger=shop.settings.ledger), really=True).waiting == 1
    assert purged(shop, settings=Settings(ledger=shop.settings.ledger)) == {}
    assert purged(shop, settings=Settings(url=sandbox, ledger=shop.settings.ledger)) == {FIRST: "sent"}


def test_what_a_person_put_in_the_place_of_a_batch_is_left_alone(shop: Shop) -> None:
    sent(shop, "Ida")
    later(shop, 31)
    manifest = shop.out / FIRST / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"sha256": "', '"sha256": "0', 1))
    shop.in_ledger("UPDATE batches SET seen = ?", manifest.stat().st_ctime_ns)

    assert purged(shop) == {}
    assert purge(shop.out, 0, shop.settings, really=True).others == (shop.out / FIRST,)
    assert (shop.out / FIRST / f"{FIRST}.json").is_file()


def test_a_link_in_a_batch_goes_and_what_it_leads_to_stays(shop: Shop) -> None:
    sent(shop, "Ida")
    other = shop.out.parent / "other"
    other.mkdir()
    (other / "file").write_text("kept")
    (shop.out / FIRST / "link").symlink_to(other)
    later(shop, 31)
    purged(shop)

    assert files_of(shop, FIRST) == KEPT
    assert (other / "file").read_text() == "kept"


DYING = """
import os, sys
from pathlib import Path
from lexer_pipeline.uploading.purge import purge
from lexer_pipeline.uploading.settings import Settings
left, unlink = [int(sys.argv[1])], Path.unlink
def dying(path, **how):
    if "profile_customer" in str(path.parent):
        if not left[0]:
            os._exit(9)
        left[0] -= 1
    unlink(path, **how)
Path.unlink = dying
purge(Path(sys.argv[2]), 0.0, Settings(url=sys.argv[3]), really=True)
"""


@pytest.mark.parametrize("shop", ["file"], indirect=True)
def test_a_purge_that_is_killed_anywhere_is_finished_by_the_next(shop: Shop, tmp_path: Path) -> None:
    sent(shop, "Ida", "Ole?")
    shop.convert("Eva?", name="bad.csv")
    for left in range(7):
        out = tmp_path / f"copy-{left}"
        shutil.copytree(shop.out, out)
        call = [sys.executable, "-c", DYING, str(left), str(out), shop.settings.url]
        ended = subprocess.run(call, env=environment(), cwd=ROOT, check=False, timeout=300)
        assert ended.returncode == (9 if left < 6 else 0)
        purge(out, 0.0, shop.settings, really=True)
        lying = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
        assert {path for path in lying if "/" in path} == (
            {f"{FIRST}/{name}" for name in KEPT} | {f"{SECOND}/{name}" for name in TOLD}
        )


@pytest.mark.parametrize("shop", ["file"], indirect=True)
def test_the_command_says_what_would_go_and_removes_it_with_yes(shop: Shop) -> None:
    sent(shop, "Ida", "Ole?")
    here = shop.out.parent
    (here / "pipeline.toml").write_text(f'[upload]\nurl = "{shop.settings.url}"\n')
    flags = ("purge", "--out", shop.out, "--older-than", "0h")
    said = command(*flags, cwd=here).stdout.decode()
    assert said.splitlines()[0].startswith("sent: the data of 1 batch, ")
    assert "Add --yes" in said
    asked = json.loads(command(*flags, "--json", cwd=here).stdout)
    (one,) = asked["batches"]
    data = sum(path.stat().st_size for path in (shop.out / FIRST).iterdir() if path.name not in KEPT)
    assert (asked["removed"], one["state"], one["bytes"]) == (False, "sent", data)
    assert overview(shop.out).data == {"sent": data}

    done = command(*flags, "--yes", cwd=here)
    assert (done.returncode, files_of(shop, FIRST)) == (0, KEPT)
    assert b"Purged: " in done.stdout
    assert overview(shop.out).data == {}
    assert b"Nothing in " in command(*flags, cwd=here).stdout
    for wrong in ("30", "d", "-1d", "1y"):
        assert command("purge", "--older-than", wrong, cwd=here).returncode == 2
    assert command("purge", cwd=here).returncode == 2


def test_status_says_how_much_data_of_which_state_lies_there(shop: Shop) -> None:
    shop.convert("Ida")
    shop.convert("Ole?", "Eva", name="held.csv")
    sizes = {
        state: sum(path.stat().st_size for path in (shop.out / batch).iterdir() if path.name not in KEPT)
        for state, batch in (("prepared", FIRST), ("held", SECOND))
    }
    said = command("status", "--out", shop.out, cwd=shop.out.parent).stdout.decode()

    assert (
        json.loads(command("status", "--out", shop.out, "--json", cwd=shop.out.parent).stdout)["data"]
        == sizes
    )
    assert f"held {sizes['held']} B, prepared {sizes['prepared']} B" in said


@pytest.mark.parametrize("shop", ["file"], indirect=True)
def test_a_ledger_from_before_there_was_purge_goes_on(shop: Shop) -> None:
    sent(shop, "Ida")
    shop.in_ledger("ALTER TABLE batches DROP COLUMN purged_at")
    for column in ("compared", "renews", "hashed"):
        shop.in_ledger(f"ALTER TABLE batches DROP COLUMN {column}")
    shop.in_ledger("PRAGMA user_version=2")
    later(shop, 31)

    assert purged(shop) == {FIRST: "sent"}
    assert shop.states() == {FIRST: "sent"}
