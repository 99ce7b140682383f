"""The ledger: what was asked, granted and sent, committed before each act, so that a crash loses nothing.

SQLite with a rollback journal, not a write-ahead log: a log file would keep the presigned urls after they are
wiped, and needs shared memory that network folders do not have. `secure_delete` overwrites what is wiped.
"""

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from filelock import lock_descriptor

from lexer_pipeline.errors import PersonNeeded, ServiceUnavailable, UsageError
from lexer_pipeline.system import files

FILE = "ledger.sqlite3"
VERSION = 1
PATIENCE = 30.0  # seconds to wait for another process that is writing
SPACING = 0.13  # seconds between two requests for permission, over all processes: below 8 a second

SCHEMA = """
CREATE TABLE uploads (
    id INTEGER PRIMARY KEY,
    batch TEXT NOT NULL,            -- the batch folder, relative to the out folder where it lies in it
    name TEXT NOT NULL,             -- the file name that the vendor sees
    bytes INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    md5 TEXT NOT NULL,
    records INTEGER,
    destination TEXT NOT NULL,      -- host of the API, dataset id and record type
    state TEXT NOT NULL CHECK (state IN
        ('prepared', 'asked', 'granted', 'sending', 'sent', 'in_doubt', 'refused', 'changed')),
    upload_id TEXT,
    url TEXT CHECK (url IS NULL OR state IN ('granted', 'sending')),
    expires_at REAL,
    tries INTEGER NOT NULL DEFAULT 0,
    unanswered INTEGER NOT NULL DEFAULT 0,  -- PUTs of this upload id that may have landed
    body_bytes INTEGER NOT NULL DEFAULT 0,  -- the most that one PUT of this upload id handed over
    denied INTEGER NOT NULL DEFAULT 0,      -- new permissions asked for after an unexplained denial
    etag TEXT NOT NULL DEFAULT '',
    verified INTEGER NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT '',
    created_at REAL NOT NULL,
    started_at REAL,
    updated_at REAL NOT NULL,
    UNIQUE (batch, destination, sha256)
) STRICT;
CREATE INDEX uploads_by_content ON uploads (sha256, destination);
CREATE TABLE events (               -- what happened, without a secret
    id INTEGER PRIMARY KEY,
    upload INTEGER NOT NULL REFERENCES uploads (id),
    at REAL NOT NULL,
    state TEXT NOT NULL,
    upload_id TEXT,
    what TEXT NOT NULL
) STRICT;
CREATE TABLE pace (id INTEGER PRIMARY KEY CHECK (id = 1), next_at REAL NOT NULL) STRICT;
INSERT INTO pace VALUES (1, 0);
"""

RIVALS = """
SELECT * FROM uploads WHERE id != :id AND (
    (sha256 = :sha256 AND destination = :destination
        AND (state IN ('asked', 'granted', 'sending', 'sent', 'in_doubt') OR unanswered > 0))
    OR (batch = :batch AND state IN ('granted', 'sending', 'in_doubt')))
ORDER BY state = 'sent' DESC, updated_at DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One upload as the ledger knows it; times are Unix seconds."""

    id: int
    batch: str
    name: str
    bytes: int
    sha256: str
    md5: str
    records: int | None
    destination: str
    state: str
    upload_id: str | None
    url: str | None = field(repr=False)
    expires_at: float | None
    tries: int
    unanswered: int
    body_bytes: int
    denied: int
    etag: str
    verified: int
    reason: str
    created_at: float
    started_at: float | None
    updated_at: float


@dataclass(frozen=True, slots=True)
class Content:
    """What is to be sent, under which name, and where to."""

    batch: str
    name: str
    bytes: int
    sha256: str
    md5: str
    records: int | None
    destination: str


class Ledger:
    """The ledger of one out folder; every method that returns has its change on disk.

    Several threads may share one, several processes may have one each.
    """

    def __init__(self, out: Path, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        path = out / FILE
        with _worded():
            try:
                # SQLite would make the file by the umask; its journal takes over the mode given here.
                os.close(files.open_lock(path))
            except OSError as error:
                raise PersonNeeded(
                    f"the ledger {path} cannot be written ({error.strerror})", _REMEDY
                ) from None
            self._connection = _connect(path)
            try:
                self._set_up()
            except BaseException:
                self._connection.close()
                raise

    def _set_up(self) -> None:
        for pragma in ("journal_mode=DELETE", "synchronous=FULL", "secure_delete=ON", "foreign_keys=ON"):
            self._connection.execute(f"PRAGMA {pragma}")
        with self.transaction() as connection:
            version = _version(connection)
            if version == 0:
                for statement in SCHEMA.split(";\n"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version={VERSION}")

    def close(self) -> None:
        """Give the file back."""
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One change: on disk when the block ends, or not at all."""
        with self._lock, _worded():
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
        key = (content.batch, content.destination, content.sha256)
        now = self._clock()
        with self.transaction() as connection:
            connection.execute(
                "INSERT INTO uploads (batch, name, bytes, sha256, md5, records, destination, state, created_at,"
                " updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, 'prepared', ?, ?) ON CONFLICT DO NOTHING",
                (content.batch, content.name, content.bytes, content.sha256, content.md5, content.records,
                 content.destination, now, now),
            )  # fmt: skip
            return _one(connection, "batch = ? AND destination = ? AND sha256 = ?", key)

    def ask(self, entry: Entry, *, resend: bool) -> tuple[Entry, Entry | None]:
        """Record that permission is asked for; with the entry that forbids it instead, if there is one.

        Forbidden, unless `resend`, is what may already be at the destination: the same content under any
        name, or this batch's earlier content while nobody knows whether that arrived.
        """
        with self.transaction() as connection:
            if not resend:
                key = {
                    "id": entry.id,
                    "sha256": entry.sha256,
                    "destination": entry.destination,
                    "batch": entry.batch,
                }
                row = connection.execute(RIVALS, key).fetchone()
                if row is not None:
                    return entry, Entry(*row)
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
        after = _one(connection, "id = ?", (entry.id,))
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
            return tuple(Entry(*row) for row in connection.execute(query, (sha256,)))

    def names(self) -> frozenset[str]:
        """Every file name that was ever given."""
        with self.transaction() as connection:
            return frozenset(name for (name,) in connection.execute("SELECT DISTINCT name FROM uploads"))


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
    return tuple(Entry(*row) for row in _rows(out, "SELECT * FROM uploads ORDER BY id"))


def known_names(out: Path) -> frozenset[str]:
    """Every file name that the ledger of `out` knows; none where there is no ledger."""
    return frozenset(name for (name,) in _rows(out, "SELECT DISTINCT name FROM uploads"))


def _rows(out: Path, query: str) -> list[tuple[Any, ...]]:
    path = out / FILE
    if not path.exists():
        return []
    # Not opened as read-only: after a crash, reading must first undo the half-made change.
    with _worded(), closing(_connect(path)) as connection:
        connection.execute("PRAGMA query_only=ON")
        return connection.execute(query).fetchall() if _version(connection) else []


def _connect(path: Path) -> sqlite3.Connection:
    address = f"{path.resolve().as_uri()}?mode=rw"
    return sqlite3.connect(address, uri=True, timeout=PATIENCE, isolation_level=None, check_same_thread=False)


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise UsageError("the ledger was written by a newer lexer-pipeline", "update this one")
    return int(version)


def _one(connection: sqlite3.Connection, where: str, key: tuple[object, ...]) -> Entry:
    query = f"SELECT * FROM uploads WHERE {where}"  # noqa: S608 - the condition is this module's own
    return Entry(*connection.execute(query, key).fetchone())


_REMEDY = "what was recorded stays; mend this, then run upload again: it goes on from there"


@contextmanager
def _worded() -> Iterator[None]:
    """Turn SQLite's errors into words with a remedy."""
    try:
        yield
    except sqlite3.OperationalError as error:
        code = error.sqlite_errorcode & 0xFF
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise ServiceUnavailable(
                f"the ledger has been locked by another process for {PATIENCE:.0f} s",
                "try again when it has ended",
            ) from None
        remedy = (
            "free some space" if code == sqlite3.SQLITE_FULL else "check the folder's rights and its disk"
        )
        raise PersonNeeded(f"the ledger cannot be written ({error}); {remedy}", _REMEDY) from None
    except sqlite3.DatabaseError as error:
        raise PersonNeeded(
            f"the ledger is damaged ({error})",
            f"restore {FILE} from a copy; without it nobody knows what was sent (each receipt.json says it for its batch)",
        ) from None


class State(StrEnum):
    """Where an upload stands; the ledger holds one of these for each."""

    PREPARED = "prepared"
    ASKED = "asked"
    GRANTED = "granted"
    SENDING = "sending"
    SENT = "sent"
    IN_DOUBT = "in_doubt"
    REFUSED = "refused"
    CHANGED = "changed"
