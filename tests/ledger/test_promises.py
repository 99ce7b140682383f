"""What a ledger promises, in a file and in a database alike."""

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lexer_pipeline.errors import PersonNeeded, PipelineError, ServiceUnavailable, UsageError
from lexer_pipeline.outbox import deliveries, ledger_file
from lexer_pipeline.outbox.address import LedgerPlace
from lexer_pipeline.outbox.ledger import Ledger, entries, uploads_of
from lexer_pipeline.outbox.locks import JOB
from lexer_pipeline.system.runtime import Runtime
from lexer_pipeline.system.stores import folder
from lexer_pipeline.uploading.sealed import Seal

from tests.ledger.helpers import SERVICE, granted, written

FAR = "s3://lake/batches/customers-20240306-a"


def test_an_entry_is_found_again(ledger: Ledger, out: Path, at: LedgerPlace) -> None:
    batch = written(ledger)

    assert ledger.begin(batch, SERVICE) == ledger.begin(batch, SERVICE)
    assert [(entry.state, entry.service) for entry in entries(out, at)] == [("prepared", SERVICE)]


def test_what_the_ledger_of_0_1_0_knew_by_its_host_is_found_again(
    ledger: Ledger, out: Path, at: LedgerPlace
) -> None:
    batch = written(ledger)

    assert ledger.begin(batch, "api.lexer.io") == ledger.begin(batch, SERVICE, "api.lexer.io")
    assert [entry.service for entry in entries(out, at)] == ["api.lexer.io"]


def test_each_service_has_an_entry_of_its_own(ledger: Ledger) -> None:
    batch = written(ledger)
    here, there = ledger.begin(batch, SERVICE), ledger.begin(batch, "http://127.0.0.1:8080/v1/uploads")
    ledger.move(here, "sent", "a test")

    with ledger.transaction() as connection:
        found = {entry.service: entry.state for entry in uploads_of(connection, batch)}
    assert found == {here.service: "sent", there.service: "prepared"}


def test_a_url_can_only_stand_beside_granted_and_sending(ledger: Ledger) -> None:
    entry = granted(ledger)
    for state in ("sent", "refused", "in_doubt", "changed", "prepared"):
        entry = ledger.move(entry, state, "a test")
        assert entry.url is None
    with pytest.raises(PersonNeeded), ledger.transaction() as connection:
        connection.execute("UPDATE uploads SET url = 'x'")


def test_an_unknown_state_is_refused(ledger: Ledger) -> None:
    with pytest.raises(PipelineError):
        ledger.move(ledger.begin(written(ledger), SERVICE), "lost", "a test")


def test_a_change_that_fails_leaves_nothing_behind(ledger: Ledger, out: Path, at: LedgerPlace) -> None:
    entry = ledger.begin(written(ledger), SERVICE)
    with pytest.raises(RuntimeError), ledger.transaction() as connection:
        connection.execute("UPDATE uploads SET tries = 7")
        raise RuntimeError
    assert [one.tries for one in entries(out, at)] == [entry.tries] == [0]
    assert ledger.move(entry, "asked", "goes on").state == "asked"


def test_an_entry_that_somebody_else_moved_is_not_moved(ledger: Ledger) -> None:
    entry = granted(ledger)
    ledger.move(entry, "sending", "by the other")
    with pytest.raises(PersonNeeded, match="changed by something else"):
        ledger.move(entry, "sending", "by this one")


def test_every_change_is_in_the_events_without_a_secret(ledger: Ledger) -> None:
    ledger.move(granted(ledger), "sent", "stored")
    with ledger.transaction() as connection:
        rows = [
            tuple(row) for row in connection.execute("SELECT state, upload_id, what FROM events ORDER BY id")
        ]

    assert [state for state, *_ in rows] == ["asked", "granted", "sent"]
    assert "X-Amz" not in repr(rows)


def test_values_come_back_as_they_were(ledger: Ledger) -> None:
    odd = "50 % of 'it' :name ? \\ \N{SNOWMAN} \N{GRINNING FACE}"
    entry = ledger.move(
        ledger.begin(written(ledger), SERVICE),
        "asked",
        odd,
        reason=odd,
        expires_at=0.1 + 0.2,
        body_bytes=5 << 40,
    )

    assert (entry.reason, entry.expires_at, entry.body_bytes) == (odd, 0.1 + 0.2, 5 << 40)
    with ledger.transaction() as connection:
        query = "SELECT count(*) AS n, ':x ? 100%' AS text FROM uploads WHERE reason LIKE '50 \\%%' ESCAPE '\\' OR reason = ?"
        row = connection.execute(query, (odd,)).fetchone()
        assert (list(row.keys()), tuple(row), row["n"], row[1]) == (
            ["n", "text"],
            (1, ":x ? 100%"),
            1,
            ":x ? 100%",
        )


def test_permission_is_asked_for_less_than_eight_times_a_second(out: Path, at: LedgerPlace) -> None:
    """Where a server has a clock, that one counts: two machines may be minutes apart."""
    with (
        closing(Ledger(out, Runtime(clock=lambda: 1000.0), at)) as one,
        closing(Ledger(out, Runtime(clock=lambda: 1000.0), at)) as other,
    ):
        # Each turn comes a fixed time after the one before; what passed meanwhile is taken off on a clock that goes on.
        waits = [ledger.pace() for ledger in (one, other) * 10]
        with one.transaction() as connection:
            (last,) = connection.execute("SELECT next_at FROM pace").fetchone()
            connection.execute("UPDATE pace SET next_at = ?", (last + 3600.0,))
        assert waits == sorted(waits) or at is not None
        assert all(0 <= wait <= 0.13 * turn + 1e-6 for turn, wait in enumerate(waits))
        assert one.pace() == 0  # a clock that was set back must not stop the world


@pytest.mark.parametrize("name", ["customers-20240306-a", FAR])
def test_a_claim_is_for_one_at_a_time(ledger: Ledger, out: Path, at: LedgerPlace, name: str) -> None:
    name = name if name == FAR else ledger.text_of(out)
    with closing(Ledger(out, file=at)) as other:
        with ledger.claim(name) as first, ledger.claim(name) as second, other.claim(name) as third:
            assert (first, second, third) == (True, False, False)
            with other.claim(f"{FAR}/another") as another:
                assert another
        with other.claim(name) as again:
            assert again


@pytest.mark.parametrize("is_far", [False, True])
def test_one_alone_gives_names_and_others_wait(
    ledger: Ledger, out: Path, at: LedgerPlace, is_far: bool
) -> None:
    name, order = FAR if is_far else ledger.text_of(out), list[str]()

    def later() -> None:
        with closing(Ledger(out, file=at)) as other, other.alone(name):
            order.append("other")

    with ledger.alone(name) as ours, ledger.alone(name, JOB, 0) as job:
        assert (ours, job) == (True, True)  # to give names is another right than to be the only job
        with closing(Ledger(out, file=at)) as another, another.alone(name, JOB, 0) as taken:
            assert not taken
        thread = threading.Thread(target=later)
        thread.start()
        order.append("first")
    thread.join()
    assert order == ["first", "other"]


def test_what_is_locked_lies_about_nowhere_afterwards(ledger: Ledger, tmp_path: Path) -> None:
    with ledger.claim(FAR), ledger.alone(FAR):
        pass
    assert [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "ledger.sqlite3"] == []


def test_threads_share_a_ledger(ledger: Ledger, out: Path, at: LedgerPlace) -> None:
    batches = [written(ledger, number) for number in range(4)]

    def begin(number: int) -> None:
        for _ in range(10):
            ledger.begin(batches[number], SERVICE)

    threads = [threading.Thread(target=begin, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(entries(out, at)) == 4


def test_users_who_come_first_at_once_make_one_ledger(out: Path, at: LedgerPlace) -> None:
    def first(number: int) -> None:
        with closing(Ledger(out, file=at)) as ledger:
            written(ledger, number)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(first, range(6)))
    with closing(Ledger(out, file=at)) as ledger, ledger.transaction() as connection:
        found = deliveries.select(connection, "TRUE")
        assert sorted(one.id for one in found) == sorted(one.delivery for one in found)
        assert len(found) == 6


def test_a_ledger_that_another_writes_for_long_is_a_matter_of_time(
    out: Path, at: LedgerPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_file, "PATIENCE", 0.1)
    with closing(Ledger(out, file=at)) as one, closing(Ledger(out, file=at)) as other:
        batch = written(one)
        with one.transaction(), pytest.raises(ServiceUnavailable, match="locked by another process"):
            other.begin(batch, SERVICE)
        assert other.begin(batch, SERVICE).state == "prepared"


def test_a_ledger_of_a_newer_program_is_left_alone(out: Path, at: LedgerPlace) -> None:
    with closing(Ledger(out, file=at)) as ledger:
        if isinstance(at, Path):
            with closing(sqlite3.connect(at)) as connection:
                connection.execute("PRAGMA user_version=99")
        else:
            with ledger.transaction() as change:
                change.execute("UPDATE ledger SET version = 99")
    with pytest.raises(UsageError, match="newer"):
        Ledger(out, file=at)


def test_an_address_is_called_as_it_is(ledger: Ledger, out: Path, at: LedgerPlace) -> None:
    address = folder("s3://lake/batches")
    assert (ledger.text_of(address), ledger.folder_of("s3://lake/batches")) == ("s3://lake/batches", address)
    assert ledger.folder_of(ledger.text_of(out / "a")) == out / "a"
    assert ledger.text_of(out / "a") == ("batches/a" if isinstance(at, Path) else str(out / "a"))


@settings(max_examples=200)
@given(st.text(max_size=300), st.text(min_size=1), st.text(min_size=1))
@example("https://s3.example.com/k", "token", "token\0")
def test_a_seal_is_opened_by_its_own_secret_alone(text: str, secret: str, other: str) -> None:
    sealed = Seal(secret).close(text)
    assert Seal(secret).open(sealed) == text
    assert sealed != Seal(secret).close(text)
    if other != secret:
        assert Seal(other).open(sealed) is None
    for broken in ("", text, sealed[:-4], "A" + sealed[1:] if sealed[0] != "A" else "B" + sealed[1:]):
        assert Seal(secret).open(broken) is None
