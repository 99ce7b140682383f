"""Whatever ends while a batch is sent, it is there once afterwards: the process, the other uploader, the database, the way to it."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from lexer_pipeline.errors import PersonNeeded, ServiceUnavailable
from lexer_pipeline.outbox.address import LedgerAddress, LedgerPlace
from lexer_pipeline.outbox.batch import PreparedBatch
from lexer_pipeline.outbox.ledger import entries
from lexer_pipeline.uploading.send import upload
from lexer_pipeline.uploading.settings import Token

from tests.ledger.proxy import Proxy
from tests.postgres import Postgres
from tests.upload import helpers
from tests.upload.helpers import LINE, prepared, send
from tests.upload.store import Store
from tests.upload.test_crash import CHANGES
from tests.waiting import happens


def start(
    store: Store, out: Path, at: LedgerPlace, *batches: PreparedBatch, **order: object
) -> subprocess.Popen[str]:
    where = at.secret if isinstance(at, LedgerAddress) else str(at)
    folders = [str(batch.path) for batch in batches]
    return helpers.start(
        "tests.upload.driver",
        {"url": store.url, "out": str(out), "batches": folders, "ledger": where, **order},
    )


def is_there_once(store: Store, out: Path, at: LedgerPlace, batch: PreparedBatch) -> None:
    """The next run ends it, and the store has it once."""
    (receipt,) = send(store, out, batch, settings={"ledger": at})
    assert (receipt.state, receipt.verified) == ("sent", True)
    assert set(store.objects) == {receipt.upload_id}
    assert {put.upload_id for put in store.puts} == {receipt.upload_id}
    assert [entry.state for entry in entries(out, at)] == ["sent"]


KILLS = [(at, die) for at in range(1, CHANGES + 2) for die in ("instead", "before", "after")]
# One of each kind where it matters most; the rest takes long.
FEW = {(CHANGES, "after"), (CHANGES + 1, "before"), (CHANGES - 2, "after")}


@pytest.mark.parametrize(
    ("die_at", "die"), [one if one in FEW else pytest.param(*one, marks=pytest.mark.drill) for one in KILLS]
)
def test_a_kill_at_any_change_loses_nothing_and_sends_nothing_twice(
    store: Store, out: Path, address: LedgerAddress, die_at: int, die: str
) -> None:
    """Of a ledger in a file upload/test_crash.py says the same."""
    batch = prepared(out)
    process = start(store, out, address, batch, die_at=die_at, die=die)
    process.communicate(timeout=300)
    assert process.returncode == -9

    is_there_once(store, out, address, batch)


def test_two_uploaders_at_once_send_each_batch_once(store: Store, out: Path, at: LedgerPlace) -> None:
    batches = [prepared(out, f"part_{n:02}-20240306-a", LINE * n) for n in range(1, 5)]
    for process in [start(store, out, at, *batches, settings={"parallel": 2}) for _ in range(2)]:
        process.communicate(timeout=300)

    receipts = send(store, out, *batches, settings={"ledger": at})

    assert {receipt.state for receipt in receipts} == {"sent"}
    assert len(store.posts) == len(store.objects) == len(batches)


def test_a_batch_that_another_uploader_is_busy_with_is_left_to_it(
    store: Store, out: Path, at: LedgerPlace
) -> None:
    batch = prepared(out)
    store.put_faults = ["held"]
    process = start(store, out, at, batch)
    assert happens(lambda: store.puts)

    (receipt,) = send(store, out, batch, settings={"ledger": at})

    assert (receipt.state, receipt.reason) == ("sending", "another upload is busy with this batch")
    store.release.set()
    said, _ = process.communicate(timeout=300)
    assert [one["state"] for one in json.loads(said)["receipts"]] == ["sent"]
    assert len(store.puts) == 1


# ---------------------------------------------------------------------------------------------------- the database


def by_way_of(proxy: Proxy, address: LedgerAddress) -> LedgerAddress:
    host, _, rest = address.secret.rpartition("@")
    return LedgerAddress(f"{host}@127.0.0.1:{proxy.port}/{rest.partition('/')[2]}")


def test_a_server_that_started_anew_between_two_changes_is_no_fault(
    store: Store, out: Path, address: LedgerAddress, postgres: Postgres
) -> None:
    batch, seen = prepared(out, data=LINE * 100_000), list[object]()

    def restart(told: object) -> None:
        if not seen:
            postgres.stop()
            postgres.start()
        seen.append(told)

    (receipt,) = send(store, out, batch, settings={"ledger": address}, progress=restart)

    assert (receipt.state, len(store.puts), len(seen) > 0) == ("sent", 1, True)


def words(store: Store, out: Path, address: LedgerAddress, postgres: Postgres) -> int:
    """How many words one upload has with its ledger, from the first to the last."""
    with Proxy(postgres.port) as proxy:
        (receipt,) = send(store, out, prepared(out), settings={"ledger": by_way_of(proxy, address)})
    assert receipt.state == "sent"
    return proxy.words


@pytest.mark.parametrize("after", [False, True], ids=["before it arrives", "before its answer does"])
@pytest.mark.parametrize("step", [11, pytest.param(1, marks=pytest.mark.drill)])
def test_a_way_that_breaks_at_any_word_loses_nothing_and_sends_nothing_twice(
    tmp_path: Path,
    store: Store,
    out: Path,
    address: LedgerAddress,
    postgres: Postgres,
    step: int,
    after: bool,
) -> None:
    all_of_them, broke = words(store, out, address, postgres), 0
    for at in range(1, all_of_them + 1, step):
        out = tmp_path / f"{at}"
        batch = prepared(out)
        here = LedgerAddress(f"{address.secret}_{at}_{int(after)}")
        with Store() as service, Proxy(postgres.port, at, after) as proxy:
            try:
                (receipt,) = send(service, out, batch, settings={"ledger": by_way_of(proxy, here)})
                assert receipt.state == "sent", at
            except ServiceUnavailable as problem:
                broke += 1
                assert "the ledger postgresql://" in problem.message
            assert proxy.words >= min(
                at, all_of_them - 2
            )  # the last words are good-byes, which may go together
            is_there_once(service, out, here, batch)
    assert 0 < broke < all_of_them


def test_a_lock_that_was_lost_lets_no_other_send_the_same_anew(
    store: Store, out: Path, address: LedgerAddress, postgres: Postgres
) -> None:
    """The connection that holds the locks breaks while the body is under way, and another machine comes."""
    batch = prepared(out)
    store.put_faults = ["held"]
    process = start(store, out, address, batch)
    assert happens(lambda: store.puts)
    ended = "SELECT count(pg_terminate_backend(pid)) FROM pg_locks WHERE locktype = 'advisory'"
    assert postgres.sql(ended) == "1"
    batch.path.rename(
        out / "first"
    )  # what lies at this path from now on is not locked on this machine, as on another one
    shutil.copytree(out / "first", batch.path)

    (receipt,) = send(store, out, batch, settings={"ledger": address})
    store.release.set()
    process.communicate(timeout=300)

    assert receipt.state == "sent"
    assert (
        process.returncode == PersonNeeded.exit_code
    )  # it cannot record what was recorded otherwise meanwhile
    assert len(store.posts) == len(store.objects) == 1  # both wrote the same to the same place
    assert [entry.state for entry in entries(out, address)] == ["sent"]


def test_a_machine_on_which_a_batch_does_not_lie_leaves_it_to_the_one_that_sends_it(
    store: Store, out: Path, address: LedgerAddress
) -> None:
    batch = prepared(out)
    store.put_faults = ["held"]
    process = start(store, out, address, batch)
    assert happens(lambda: store.puts)
    batch.path.rename(out.parent / "elsewhere")

    (receipt,) = upload(None, out, helpers.settings(store, ledger=address))

    assert (receipt.reason, receipt.needs) == ("its folder is gone", "person")
    (out.parent / "elsewhere").rename(batch.path)
    store.release.set()
    process.communicate(timeout=300)
    assert process.returncode == 0
    assert [entry.state for entry in entries(out, address)] == ["sent"]


@pytest.mark.parametrize(("die_at", "state"), [(CHANGES - 2, "sent"), (CHANGES, "in_doubt")])
def test_a_token_that_was_changed_meanwhile_asks_anew_unless_it_may_have_arrived(
    store: Store, out: Path, address: LedgerAddress, die_at: int, state: str
) -> None:
    """The address of the upload lies in the database, sealed with the token of then."""
    batch = prepared(out)
    process = start(store, out, address, batch, die_at=die_at, die="after")
    process.communicate(timeout=300)
    (left,) = entries(out, address)
    assert left.url
    assert "://" not in left.url

    (receipt,) = send(
        store, out, batch, settings={"ledger": address, "token": Token("token-of-jon-eld-11aa22")}
    )

    assert receipt.state == state
    assert len(store.objects) == (state == "sent")
    assert len(store.posts) == (2 if state == "sent" else 1)
