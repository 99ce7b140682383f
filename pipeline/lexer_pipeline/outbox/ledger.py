"""The ledger: what was asked, granted and sent, committed before each act, so that a crash loses nothing."""

import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from filelock import lock_descriptor

from lexer_pipeline.errors import PersonNeeded
from lexer_pipeline.outbox import ledger_file
from lexer_pipeline.outbox.entry import Content, Entry
from lexer_pipeline.outbox.ledger_file import FILE
from lexer_pipeline.outbox.ledger_file import REMEDY as _REMEDY
from lexer_pipeline.system import files
from lexer_pipeline.system.runtime import Runtime

SPACING = 0.13  # seconds between two requests for permission, over all processes: below 8 a second
NAMES = "SELECT DISTINCT name FROM uploads"
RIVALS = """
SELECT * FROM uploads WHERE id != :id AND (
    (sha256 = :sha256 AND destination = :destination
        AND (state IN ('asked', 'granted', 'sending', 'sent', 'in_doubt') OR unanswered > 0))
    OR (batch = :batch AND state IN ('granted', 'sending', 'in_doubt')))
ORDER BY state = 'sent' DESC, updated_at DESC LIMIT 1
"""


class Ledger:
    """The ledger of one out folder; every method that returns has its change on disk.

    Several threads may share one, several processes may have one each.
    """

    def __init__(self, out: Path, runtime: Runtime = Runtime()) -> None:
        self._clock = runtime.clock
        self._lock = threading.Lock()
        with ledger_file.worded():
            self._connection = ledger_file.open_for_writing(out / FILE)
            try:
                self._set_up()
            except BaseException:
                self._connection.close()
                raise

    def _set_up(self) -> None:
        for pragma in ("journal_mode=DELETE", "synchronous=FULL", "secure_delete=ON", "foreign_keys=ON"):
            self._connection.execute(f"PRAGMA {pragma}")
        with self.transaction() as connection:
            ledger_file.make_tables(connection)

    def close(self) -> None:
        """Give the file back."""
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One change: on disk when the block ends, or not at all."""
        with self._lock, ledger_file.worded():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def begin(self, content: Content) -> Entry:
        """The entry of this content in this batch to this destination, made if there is none."""
        now = self._clock()
        row = {**asdict(content), "state": "prepared", "created_at": now, "updated_at": now}
        insert = f"INSERT INTO uploads ({', '.join(row)}) VALUES (:{', :'.join(row)}) ON CONFLICT DO NOTHING"  # noqa: S608 - the names are this module's own
        with self.transaction() as connection:
            connection.execute(insert, row)
            return _one(connection, "batch = :batch AND destination = :destination AND sha256 = :sha256", row)

    def ask(self, entry: Entry, *, resend: bool) -> tuple[Entry, Entry | None]:
        """Record that permission is asked for; with the entry that forbids it instead, if there is one.

        Forbidden, unless `resend`, is what may already be at the destination: the same content under any
        name, or this batch's earlier content while nobody knows whether that arrived.
        """
        with self.transaction() as connection:
            if not resend:
                rival = connection.execute(RIVALS, asdict(entry)).fetchone()
                if rival is not None:
                    return entry, Entry(**rival)
            started = {} if entry.started_at else {"started_at": self._clock()}
            return self._change(connection, entry, "asked", "asking for permission", started), None

    def move(self, entry: Entry, state: str, what: str, **columns: object) -> Entry:
        """Record that `entry` is now in `state` because of `what`; outside granted and sending the url is wiped."""
        if state not in ("granted", "sending"):
            columns["url"] = None
        with self.transaction() as connection:
            return self._change(connection, entry, state, what, columns)

    def _change(
        self,
        connection: sqlite3.Connection,
        entry: Entry,
        state: str,
        what: str,
        columns: Mapping[str, object],
    ) -> Entry:
        values = {**columns, "state": state, "updated_at": self._clock()}
        changes = ", ".join(f"{name} = :{name}" for name in values)
        key = {"the_id": entry.id, "the_state": entry.state, "the_tries": entry.tries}
        where = "id = :the_id AND state = :the_state AND tries = :the_tries"
        query = f"UPDATE uploads SET {changes} WHERE {where}"  # noqa: S608 - the names are this module's callers' own
        changed = connection.execute(query, {**values, **key}).rowcount
        if changed != 1:
            raise PersonNeeded(f"the ledger's entry of {entry.batch} was changed by something else", _REMEDY)
        after = _one(connection, "id = :the_id", key)
        connection.execute(
            "INSERT INTO events (upload, at, state, upload_id, what) VALUES (?, ?, ?, ?, ?)",
            (entry.id, self._clock(), state, after.upload_id or entry.upload_id, what),
        )
        return after

    def pace(self) -> float:
        """Reserve the next request for permission; the seconds to wait for it."""
        now = self._clock()
        with self.transaction() as connection:
            (next_at,) = connection.execute("SELECT next_at FROM pace").fetchone()
            if next_at > now + 60:
                next_at = now  # the clock was set back
            at = max(now, next_at)
            connection.execute("UPDATE pace SET next_at = ?", (at + SPACING,))
        return float(at - now)

    def find(self, sha256: str) -> tuple[Entry, ...]:
        """The entries of this content, to any destination, newest first."""
        with self.transaction() as connection:
            query = "SELECT * FROM uploads WHERE sha256 = ? ORDER BY updated_at DESC"
            return tuple(Entry(**row) for row in connection.execute(query, (sha256,)))

    def names(self) -> frozenset[str]:
        """Every file name that was ever given."""
        with self.transaction() as connection:
            return frozenset(name for (name,) in connection.execute(NAMES))


@contextmanager
def claim(folder: Path) -> Iterator[bool]:
    """Whether this batch folder is ours alone for now; the system frees it when the process ends in any way."""
    try:
        descriptor = files.open_folder_lock(folder)
    except OSError as error:
        raise PersonNeeded(
            f"the batch folder {folder} cannot be opened ({error.strerror})", _REMEDY
        ) from None
    try:
        yield _locked(descriptor, folder)
    finally:
        os.close(descriptor)


def _locked(descriptor: int, folder: Path) -> bool:
    try:
        return lock_descriptor(descriptor, blocking=False)
    except OSError as error:
        remedy = (
            "keep batches on a disk of this machine: without locks, two uploads could send the same batch"
        )
        raise PersonNeeded(f"{folder} cannot be locked ({error.strerror})", remedy) from None


def entries(out: Path) -> tuple[Entry, ...]:
    """All uploads that the ledger of `out` knows, oldest first; none where there is no ledger."""
    rows = ledger_file.read(out / FILE, "SELECT * FROM uploads ORDER BY id")
    return tuple(Entry(**row) for row in rows)


def known_names(out: Path) -> frozenset[str]:
    """Every file name that the ledger of `out` knows; none where there is no ledger."""
    return frozenset(name for (name,) in ledger_file.read(out / FILE, NAMES))


def _one(connection: sqlite3.Connection, where: str, key: Mapping[str, object]) -> Entry:
    query = f"SELECT * FROM uploads WHERE {where}"  # noqa: S608 - the condition is this module's own
    return Entry(**connection.execute(query, key).fetchone())
