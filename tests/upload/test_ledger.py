"""The ledger: its file, its states, its words when it cannot be written, and the pace it keeps."""

import os
import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from lexer_pipeline.errors import PersonNeeded, PipelineError, ServiceUnavailable, UsageError
from lexer_pipeline.outbox import deliveries
from lexer_pipeline.outbox.entry import BatchEntry, Entry, NewBatch
from lexer_pipeline.outbox.ledger import FILE, Ledger, entries, uploads_of
from lexer_pipeline.system.runtime import Runtime

from tests.upload.helpers import LINE, prepared, send
from tests.upload.store import Store
from tests.upload.test_crash import CHANGES

SERVICE = "https://api.lexer.io/v1/uploads"


@pytest.fixture
def ledger(out: Path) -> Iterator[Ledger]:
    with closing(Ledger(out, Runtime(clock=lambda: 1000.0))) as ledger:
        yield ledger


def written(ledger: Ledger, number: int = 1) -> BatchEntry:
    """A batch that was made."""
    name = f"customers_{number}-20240306"
    new = NewBatch(
        part=1, folder=f"{name}-a", file=f"{name}-a.json", name=name, version="a", specification="customers",
        record_type=None, series=f"{number}.csv", content=f"{number:064}", sha256=f"{number:064}", bytes=5, records=1,
        dataset="", made_for="", state="prepared",
    )  # fmt: skip
    with ledger.transaction() as connection:
        (one,) = deliveries.add(connection, [new], 1000.0)
    return one


def granted(
    ledger: Ledger, number: int = 1, url: str = "https://s3.example.com/k?X-Amz-Signature=5ca1ab1e"
) -> Entry:
    entry, obstacle = ledger.ask(ledger.begin(written(ledger, number), SERVICE))
    assert obstacle is None
    return ledger.move(entry, "granted", "granted", upload_id=str(number), url=url)


def test_the_file_is_its_owners_alone(ledger: Ledger, out: Path) -> None:
    assert stat.S_IMODE((out / FILE).stat().st_mode) == 0o600


def test_an_entry_is_found_again(ledger: Ledger, out: Path) -> None:
    batch = written(ledger)

    assert ledger.begin(batch, SERVICE) == ledger.begin(batch, SERVICE)
    assert [(entry.state, entry.service) for entry in entries(out)] == [("prepared", SERVICE)]


def test_what_the_ledger_of_0_1_0_knew_by_its_host_is_found_again(ledger: Ledger, out: Path) -> None:
    batch = written(ledger)

    assert ledger.begin(batch, "api.lexer.io") == ledger.begin(batch, SERVICE, "api.lexer.io")
    assert [entry.service for entry in entries(out)] == ["api.lexer.io"]


def test_each_service_has_an_entry_of_its_own(ledger: Ledger) -> None:
    batch = written(ledger)
    here, there = ledger.begin(batch, SERVICE), ledger.begin(batch, "http://127.0.0.1:8080/v1/uploads")
    ledger.move(here, "sent", "a test")

    with ledger.transaction() as connection:
        found = {entry.service: entry.state for entry in uploads_of(connection, batch)}
    assert found == {here.service: "sent", there.service: "prepared"}


def test_a_url_can_only_stand_beside_granted_and_sending(ledger: Ledger, out: Path) -> None:
    entry = granted(ledger)
    for state in ("sent", "refused", "in_doubt", "changed", "prepared"):
        entry = ledger.move(entry, state, "a test")
        assert entry.url is None
    with pytest.raises(PersonNeeded), ledger.transaction() as connection:
        connection.execute("UPDATE uploads SET url = 'x'")


def test_an_unknown_state_is_refused(ledger: Ledger) -> None:
    with pytest.raises(PipelineError):
        ledger.move(ledger.begin(written(ledger), SERVICE), "lost", "a test")


def test_an_entry_that_somebody_else_moved_is_not_moved(ledger: Ledger) -> None:
    entry = granted(ledger)
    ledger.move(entry, "sending", "by the other")
    with pytest.raises(PersonNeeded, match="changed by something else"):
        ledger.move(entry, "sending", "by this one")


def test_every_change_is_in_the_events_without_a_secret(ledger: Ledger, out: Path) -> None:
    ledger.move(granted(ledger), "sent", "stored")
    with closing(sqlite3.connect(out / FILE)) as connection:
        rows = connection.execute("SELECT state, upload_id, what FROM events ORDER BY id").fetchall()

    assert [state for state, *_ in rows] == ["asked", "granted", "sent"]
    assert "X-Amz" not in repr(rows)


def test_wiped_urls_leave_no_trace_on_disk(out: Path) -> None:
    with closing(Ledger(out, Runtime(clock=lambda: 1000.0))) as ledger:
        started = []
        for number in range(120):
            url = f"https://s3.example.com/k?{'q' * (number * 37 % 3000)}&X-Amz-Signature=5ca1ab1e"
            started.append(granted(ledger, number, url))
        for entry in started[::2] + started[1::2]:
            ledger.move(ledger.move(entry, "sending", "sending"), "sent", "stored")
        for path in out.iterdir():
            assert b"5ca1ab1e" not in path.read_bytes(), path.name
        assert sorted(path.name for path in out.iterdir()) == [FILE]


def test_reading_makes_no_ledger_and_leaves_nothing_beside_one(out: Path) -> None:
    assert entries(out) == ()
    assert list(out.iterdir()) == []
    with closing(Ledger(out)) as ledger:
        ledger.begin(written(ledger), SERVICE)
        assert [entry.name for entry in entries(out)] == ["customers_1-20240306-a.json"]
    assert sorted(path.name for path in out.iterdir()) == [FILE]


def test_entries_are_read_while_another_writes(ledger: Ledger, out: Path) -> None:
    ledger.begin(written(ledger), SERVICE)
    with ledger.transaction() as connection:
        connection.execute("UPDATE uploads SET tries = 1")
        assert [entry.tries for entry in entries(out)] == [0]


def test_permission_is_asked_for_less_than_eight_times_a_second(out: Path) -> None:
    now = [1000.0]
    runtime = Runtime(clock=lambda: now[0])
    with closing(Ledger(out, runtime)) as one, closing(Ledger(out, runtime)) as other:
        waits = [ledger.pace() for ledger in (one, other) * 10]
        assert waits == pytest.approx([0.13 * n for n in range(20)])
        now[0] = 500.0  # a clock that is set back must not stop the world
        assert one.pace() == 0


def test_a_damaged_ledger_stops_the_run_before_anything_is_asked(store: Store, out: Path) -> None:
    (out / FILE).write_bytes(b"not a database at all" * 500)
    with pytest.raises(PersonNeeded, match="damaged") as caught:
        send(store, out, prepared(out))
    assert "restore" in caught.value.hint
    assert store.posts == []


def test_a_newer_ledger_is_left_alone(store: Store, out: Path) -> None:
    Ledger(out).close()
    with closing(sqlite3.connect(out / FILE)) as connection:
        connection.execute("PRAGMA user_version=99")
    with pytest.raises(UsageError, match="newer"):
        entries(out)
    with pytest.raises(UsageError, match="newer"):
        send(store, out, prepared(out))


def test_a_locked_ledger_is_a_matter_of_time(
    store: Store, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lexer_pipeline.outbox.ledger_file.PATIENCE", 0.1)
    Ledger(out).close()
    with closing(sqlite3.connect(out / FILE, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(ServiceUnavailable, match="locked"):
            send(store, out, prepared(out))
    assert store.posts == []


def test_a_folder_that_is_no_folder_has_words(store: Store, out: Path, tmp_path: Path) -> None:
    with pytest.raises(PersonNeeded, match="cannot be written"):
        send(store, tmp_path / "absent", prepared(out))


class FullLedger(Ledger):
    """A ledger on a disk that has room for a number of changes only."""

    room = 0

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        with super().transaction() as connection:
            FullLedger.room -= 1
            if FullLedger.room < 0:
                raise _full()
            yield connection


def _full() -> sqlite3.OperationalError:
    """SQLite's own error, from a database that may not grow."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("PRAGMA max_page_count=2")
        try:
            connection.execute("CREATE TABLE t AS SELECT zeroblob(100000)")
        except sqlite3.OperationalError as error:
            return error
    raise AssertionError("it had room")


@pytest.mark.parametrize("room", range(CHANGES + 1))
def test_a_full_disk_stops_safely_wherever_it_strikes(store: Store, out: Path, room: int) -> None:
    batch = prepared(out)
    FullLedger.room = room
    with pytest.raises(PersonNeeded, match="full"):
        send(store, out, batch, open_ledger=FullLedger)
    assert len(store.puts) == (1 if room >= CHANGES - 1 else 0)  # without its last block, or its end

    (receipt,) = send(store, out, batch)

    assert receipt.state == "sent"
    assert len(store.objects) == 1


def test_a_broken_ledger_stops_the_other_uploads_and_the_next_run_resumes(store: Store, out: Path) -> None:
    batches = [prepared(out, f"part_{n}-20240306-a", LINE * n) for n in range(1, 5)]
    FullLedger.room = 20
    with pytest.raises(PersonNeeded):
        send(store, out, *batches, open_ledger=FullLedger)

    assert {receipt.state for receipt in send(store, out, *batches)} == {"sent"}
    assert len(store.objects) == 4


@pytest.mark.parametrize("name", ["customers-20240306-a", "s3://lake/batches/customers-20240306-a"])
def test_a_claim_is_for_one_at_a_time(out: Path, ledger: Ledger, name: str) -> None:
    (out / "customers-20240306-a").mkdir()
    with ledger.claim(name) as first, ledger.claim(name) as second:
        assert (first, second) == (True, False)
        with ledger.claim(f"{name}a") as other:
            assert other
    with ledger.claim(name) as again:
        assert again


def test_threads_share_a_ledger(ledger: Ledger, out: Path) -> None:
    batches = [written(ledger, number) for number in range(4)]

    def begin(number: int) -> None:
        for _ in range(10):
            ledger.begin(batches[number], SERVICE)

    threads = [threading.Thread(target=begin, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(entries(out)) == 4


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_ledger_can_still_be_read(out: Path) -> None:
    with closing(Ledger(out)) as ledger:
        ledger.begin(written(ledger), SERVICE)
    (out / FILE).chmod(0o400)
    assert len(entries(out)) == 1
