"""kill -9 between every two changes of the ledger, and two uploaders at once; the store is the judge."""

import json
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from lexer_pipeline.outbox.ledger import SPACING, entries

from tests.thoroughness import also_drilled, many
from tests.upload import helpers
from tests.upload.helpers import LINE, prepared, send
from tests.upload.store import Store
from tests.waiting import happens

# Set up, write the batch down, find it, settle where it goes, begin, pace, asked, granted, sending, last block; then sent.
CHANGES = 12
# From the permission on, something may be at the store: there each kill is tried in each way, before that one in three.
AT_RISK = 9
WAYS = {"instead": 0, "before": 1, "after": 2}


def start(store: Store, out: Path, *folders: Path, **order: Any) -> subprocess.Popen[str]:
    batches = [str(folder) for folder in folders]
    return helpers.start(
        "tests.upload.driver", {"url": store.url, "out": str(out), "batches": batches, **order}
    )


def run(store: Store, out: Path, *folders: Path, **order: Any) -> tuple[int, str]:
    process = start(store, out, *folders, **order)
    stdout, stderr = process.communicate(timeout=300)
    assert process.returncode in (0, 4, 5, -9), stderr
    return process.returncode, stdout


def test_the_kills_below_cover_every_change(store: Store, out: Path) -> None:
    code, stdout = run(store, out, prepared(out).path)

    assert code == 0
    assert json.loads(stdout)["changes"] == CHANGES + 1


@also_drilled
@pytest.mark.parametrize("die", WAYS)
def test_a_kill_at_any_change_loses_nothing_and_sends_nothing_twice(tmp_path: Path, die: str) -> None:
    every = many(3, drill=1)
    for die_at in range(1, CHANGES + 2):
        if die_at < AT_RISK and die_at % every != WAYS[die] % every:
            continue
        out = tmp_path / str(die_at)
        out.mkdir()
        batch = prepared(out)
        with Store() as store:
            assert run(store, out, batch.path, die_at=die_at, die=die)[0] == -9
            (receipt,) = send(store, out, batch)

        assert (receipt.state, receipt.verified) == ("sent", True), die_at
        assert len(store.objects) == 1, die_at
        assert {put.upload_id for put in store.puts} == set(store.objects) == {receipt.upload_id}
        assert (batch.path / "receipt.json").exists()


def test_a_crash_after_the_put_and_an_expired_url_is_in_doubt(store: Store, out: Path) -> None:
    batch = prepared(out)
    assert run(store, out, batch.path, die_at=CHANGES + 1, die="instead")[0] == -9
    store.expired = set(store.objects)

    (receipt,) = send(store, out, batch)

    assert (receipt.state, len(store.posts), len(store.stored)) == ("in_doubt", 1, 1)


@pytest.mark.parametrize("die", ["instead", "after"])
def test_a_crash_before_any_byte_and_an_expired_url_asks_anew(store: Store, out: Path, die: str) -> None:
    batch = prepared(out)
    assert run(store, out, batch.path, die_at=CHANGES - 1, die=die)[0] == -9
    store.expired = {"101"}

    assert send(store, out, batch)[0].upload_id == "102"
    assert len(store.objects) == 1


@pytest.mark.parametrize("die", ["instead", "before"])
def test_a_crash_just_before_the_last_block_and_an_expired_url_asks_anew(
    store: Store, out: Path, die: str
) -> None:
    batch = prepared(out, data=LINE * 100_000)
    assert run(store, out, batch.path, die_at=CHANGES, die=die)[0] == -9
    assert happens(lambda: store.puts[0].taken)  # of the body much had left
    assert (entries(out)[0].state, entries(out)[0].last_block) == ("sending", 0)
    store.expired = {"101"}

    (receipt,) = send(store, out, batch)

    assert (receipt.state, receipt.upload_id) == ("sent", "102")
    assert set(store.objects) == {"102"}


def test_a_crash_when_the_last_block_may_leave_and_an_expired_url_is_in_doubt(
    store: Store, out: Path
) -> None:
    batch = prepared(out, data=LINE * 100_000)
    assert run(store, out, batch.path, die_at=CHANGES, die="after")[0] == -9
    assert (entries(out)[0].state, entries(out)[0].last_block) == ("sending", 1)
    store.expired = {"101"}

    (receipt,) = send(store, out, batch)

    assert (receipt.state, len(store.posts), store.objects) == ("in_doubt", 1, {})
    assert (entries(out)[0].last_block, entries(out)[0].unanswered) == (0, 1)


def test_a_file_that_changed_after_a_crash_behind_the_last_block_may_have_arrived(
    store: Store, out: Path
) -> None:
    batch = prepared(out)
    assert run(store, out, batch.path, die_at=CHANGES, die="after")[0] == -9
    batch.file.write_bytes(b"x" * batch.manifest.bytes)

    (receipt,) = send(store, out, batch)

    assert receipt.state == "changed"
    assert "may have arrived as upload 101" in receipt.reason


def test_a_kill_in_the_middle_of_the_body_goes_on_with_the_same_url(store: Store, out: Path) -> None:
    batch = prepared(out, data=LINE * 300_000)
    process = start(store, out, batch.path, settings={"limit_rate": 500_000})
    assert happens(lambda: store.puts and store.puts[0].taken)
    process.kill()
    process.communicate()

    assert entries(out)[0].state == "sending"
    assert send(store, out, batch)[0].state == "sent"
    assert len(store.posts) == 1


def test_two_uploaders_at_once_send_each_batch_once(store: Store, out: Path) -> None:
    batches = [prepared(out, f"part_{n:02}-20240306-a", LINE * n) for n in range(1, 9)]
    folders = [batch.path for batch in batches]
    both = [start(store, out, *folders, settings={"parallel": 4}) for _ in range(2)]
    for process in both:
        process.communicate(timeout=300)

    receipts = send(store, out, *batches)

    assert {receipt.state for receipt in receipts} == {"sent"}
    assert len(store.posts) == len(store.objects) == 8
    assert len({md5 for _, md5 in store.stored}) == 8


def test_two_uploaders_together_keep_below_the_permitted_rate(store: Store, out: Path) -> None:
    batches = [prepared(out, f"part_{n:02}-20240306-a", LINE * n) for n in range(1, 25)]
    # Both clocks stand still at one time, and nobody waits: the turns are those that the ledger gives, not the machine.
    order = {"settings": {"parallel": 8}, "stopped_at": time.time(), "hurry": 0}
    halves = ([batch.path for batch in half] for half in (batches[::2], batches[1::2]))
    turns: list[float] = []
    for process in [start(store, out, *half, **order) for half in halves]:
        said, _ = process.communicate(timeout=300)
        turns += json.loads(said)["turns"]
        assert process.returncode == 0

    assert len(store.posts) == 24
    assert sorted(turns) == pytest.approx([SPACING * turn for turn in range(24)])
    assert SPACING > 1 / 8


def test_a_batch_that_another_uploader_is_busy_with_is_left_to_it(store: Store, out: Path) -> None:
    batch = prepared(out)
    store.put_faults = ["held"]
    process = start(store, out, batch.path)
    assert happens(lambda: store.puts)

    (receipt,) = send(store, out, batch)

    assert (receipt.state, receipt.reason) == ("sending", "another upload is busy with this batch")
    store.release.set()
    process.communicate(timeout=300)
    assert process.returncode == 0
    assert len(store.puts) == 1
