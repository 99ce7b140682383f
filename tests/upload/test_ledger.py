"""The ledger: its file, its states, its words when it cannot be written, and the pace it keeps."""

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from lexer_pipeline.errors import PersonNeeded, ServiceUnavailable, UsageError
from lexer_pipeline.outbox.ledger import FILE, Ledger, entries
from lexer_pipeline.system.runtime import Runtime

from tests.ledger.helpers import SERVICE, granted, written
from tests.upload.helpers import LINE, prepared, send
from tests.upload.store import Store
from tests.upload.test_crash import CHANGES


@pytest.fixture
def ledger(out: Path) -> Iterator[Ledger]:
    with closing(Ledger(out, Runtime(clock=lambda: 1000.0))) as ledger:
        yield ledger


def test_the_file_is_its_owners_alone(ledger: Ledger, out: Path) -> None:
    assert stat.S_IMODE((out / FILE).stat().st_mode) == 0o600


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


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_ledger_can_still_be_read(out: Path) -> None:
    with closing(Ledger(out)) as ledger:
        ledger.begin(written(ledger), SERVICE)
    (out / FILE).chmod(0o400)
    assert len(entries(out)) == 1
