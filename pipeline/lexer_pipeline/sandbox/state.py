"""What the sandbox remembers over a restart: tokens, uploads, loads, and the event log, in one SQLite file.

The event log is the judge of what happened. Rows are only ever added (triggers see to it), and none holds a
token or a signature.
"""

import hashlib
import json
import secrets
import sqlite3
import threading
from datetime import UTC, datetime
from pathlib import Path

from msgspec import to_builtins

from lexer_pipeline.model import Json
from lexer_pipeline.sandbox.aws import Keys
from lexer_pipeline.sandbox.entries import Load, Refusal, Reject, Token, Upload
from lexer_pipeline.system.files import FILE_MODE

MOST_TOKENS = 5
SCHEMA = """
CREATE TABLE IF NOT EXISTS keys (access TEXT NOT NULL, secret TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS tokens (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, hash TEXT NOT NULL UNIQUE,
    created_at TEXT NOT NULL, revoked_at TEXT);
CREATE TABLE IF NOT EXISTS uploads (
    id INTEGER PRIMARY KEY AUTOINCREMENT, filename TEXT NOT NULL, dataset TEXT, record_type TEXT,
    token TEXT NOT NULL, granted_at TEXT NOT NULL, puts INTEGER NOT NULL DEFAULT 0,
    size INTEGER, md5 TEXT, stored_at TEXT, service TEXT, fingerprint TEXT);
CREATE TABLE IF NOT EXISTS loads (
    upload INTEGER PRIMARY KEY, dataset TEXT, specification TEXT, record_type TEXT,
    state TEXT NOT NULL, accepted INTEGER NOT NULL, rejected INTEGER NOT NULL,
    codes TEXT NOT NULL, rejects TEXT NOT NULL, preview TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS events (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, kind TEXT NOT NULL, upload INTEGER,
    data TEXT NOT NULL);
CREATE TRIGGER IF NOT EXISTS events_stay BEFORE UPDATE ON events
    BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END;
CREATE TRIGGER IF NOT EXISTS events_last BEFORE DELETE ON events
    BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END;
"""
# A folder of 0.1.0 told rules in place of sentences; its files are checked anew.
NEWER = """
BEGIN;
ALTER TABLE uploads ADD COLUMN service TEXT;
ALTER TABLE uploads ADD COLUMN fingerprint TEXT;
DROP TABLE loads;
COMMIT;
"""
COLUMNS_SHOWN = "id, name, substr(hash, 1, 6) AS fingerprint, created_at, revoked_at"
REFUSALS = """
SELECT id, at, kind, upload, data FROM events
WHERE kind IN ('refused', 'answered') AND json_extract(data, '$.status') >= 300 ORDER BY id DESC LIMIT ?
"""


class TooManyTokensError(Exception):
    """Five tokens are active; one must be revoked first."""


def now() -> str:
    """The time in UTC, to the microsecond."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


class State:
    """The open file; every method may be called from any thread."""

    def __init__(self, file: Path) -> None:
        file.touch(FILE_MODE)
        self._lock = threading.Lock()
        self._file = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        self._file.row_factory = sqlite3.Row
        self._file.execute("PRAGMA journal_mode = WAL")
        self._file.execute("PRAGMA synchronous = NORMAL")
        columns = {row["name"] for row in self._file.execute("PRAGMA table_info(uploads)")}
        if columns and "service" not in columns:
            self._file.executescript(NEWER)
        self._file.executescript(SCHEMA)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._file.close()

    def keys(self) -> Keys:
        """The store's key pair, made once, so that urls stay good over a restart."""
        rows = self._rows("SELECT access, secret FROM keys")
        if not rows:
            pair = (f"AKID{secrets.token_hex(8).upper()}", secrets.token_hex(20))
            self._rows("INSERT INTO keys VALUES (?, ?)", *pair)
            return Keys(*pair)
        return Keys(rows[0]["access"], rows[0]["secret"])

    def new_token(self, name: str) -> str:
        """A new token, to be shown this once; only its hash is kept.

        The vendor allows five active tokens an account.
        """
        secret = secrets.token_urlsafe(30)
        made = self._rows(
            "INSERT INTO tokens (name, hash, created_at) SELECT ?, ?, ?"
            " WHERE (SELECT count(*) FROM tokens WHERE revoked_at IS NULL) < ? RETURNING id",
            *(name, _hash(secret), now(), MOST_TOKENS),
        )
        if not made:
            raise TooManyTokensError
        return secret

    def revoke_token(self, number: int) -> bool:
        """Make a token useless; False if there is no such active token."""
        order = "UPDATE tokens SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL RETURNING id"
        return bool(self._rows(order, now(), number))

    def token(self, secret: str) -> Token | None:
        """The active token with this secret."""
        order = f"SELECT {COLUMNS_SHOWN} FROM tokens WHERE hash = ? AND revoked_at IS NULL"  # noqa: S608 - ours
        rows = self._rows(order, _hash(secret))
        return Token(**dict(rows[0])) if rows else None

    def tokens(self) -> list[Token]:
        """Every token, oldest first."""
        return [Token(**dict(row)) for row in self._rows(f"SELECT {COLUMNS_SHOWN} FROM tokens")]  # noqa: S608

    def new_upload(
        self, filename: str, dataset: str | None, record_type: str | None, token: Token, service: str
    ) -> int:
        """A new upload id, never given before."""
        order = (
            "INSERT INTO uploads (filename, dataset, record_type, token, fingerprint, service, granted_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id"
        )
        values = (filename, dataset, record_type, token.name, token.fingerprint, service, now())
        return int(self._rows(order, *values)[0]["id"])

    def begun(self, upload: int) -> None:
        """Count a PUT for this upload."""
        self._rows("UPDATE uploads SET puts = puts + 1 WHERE id = ?", upload)

    def stored(self, upload: int, size: int, md5: str) -> None:
        """Remember what now lies in the store."""
        order = "UPDATE uploads SET size = ?, md5 = ?, stored_at = ? WHERE id = ?"
        self._rows(order, size, md5, now(), upload)

    def uploads(self) -> list[Upload]:
        """Every upload, oldest first."""
        return [Upload(**dict(row)) for row in self._rows("SELECT * FROM uploads ORDER BY id")]

    def upload(self, number: int) -> Upload | None:
        """The upload with this id."""
        rows = self._rows("SELECT * FROM uploads WHERE id = ?", number)
        return Upload(**dict(rows[0])) if rows else None

    def keep_load(self, load: Load) -> None:
        """Remember a load; a later one of the same upload takes its place."""
        rejects = [to_builtins(reject) for reject in load.rejects]
        texts = [json.dumps(value, ensure_ascii=False) for value in (load.codes, rejects, load.preview)]
        self._rows(
            "INSERT OR REPLACE INTO loads VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            *(load.upload, load.dataset, load.specification, load.record_type, load.state),
            *(load.accepted, load.rejected, *texts),
        )

    def loads(self) -> list[Load]:
        """Every load, by upload id."""
        return [_load(row) for row in self._rows("SELECT * FROM loads ORDER BY upload")]

    def log(self, kind: str, upload: int | None = None, **data: object) -> None:
        """Add an event."""
        order = "INSERT INTO events (at, kind, upload, data) VALUES (?, ?, ?, ?)"
        self._rows(order, now(), kind, upload, json.dumps(data, ensure_ascii=False))

    def events(self, since: int = 0) -> list[dict[str, Json]]:
        """The events after number `since`, oldest first."""
        rows = self._rows("SELECT * FROM events WHERE id > ? ORDER BY id", since)
        heads = ("id", "at", "kind", "upload")
        return [{**{name: row[name] for name in heads}, **json.loads(row["data"])} for row in rows]

    def refusals(self, most: int) -> list[Refusal]:
        """The newest requests that were answered with an error, newest first."""
        return [_refusal(row) for row in self._rows(REFUSALS, most)]

    def has(self, kind: str) -> bool:
        """Whether there ever was an event of this kind."""
        return bool(self._rows("SELECT 1 FROM events WHERE kind = ? LIMIT 1", kind))

    def last_event(self) -> int:
        """The number of the newest event, 0 before the first."""
        return int(self._rows("SELECT coalesce(max(id), 0) AS last FROM events")[0]["last"])

    def _rows(self, order: str, *values: object) -> list[sqlite3.Row]:
        with self._lock:
            return self._file.execute(order, values).fetchall()


def _load(row: sqlite3.Row) -> Load:
    return Load(
        row["upload"], row["dataset"], row["specification"], row["record_type"], row["state"], row["accepted"],
        row["rejected"], json.loads(row["codes"]), [Reject(**one) for one in json.loads(row["rejects"])],
        json.loads(row["preview"]),
    )  # fmt: skip


def _refusal(row: sqlite3.Row) -> Refusal:
    data = json.loads(row["data"])
    on = "put" if row["kind"] == "answered" else data.get("on", "ask")
    return Refusal(
        row["id"], row["at"], on, row["upload"], data.get("filename", ""), data.get("dataset"),
        data.get("record_type"), data.get("token"), data["status"], data["code"], data.get("message", ""),
    )  # fmt: skip


def _hash(secret: str) -> str:
    # The secret is random, not chosen by a person, so a plain hash is enough.
    return hashlib.sha256(secret.encode()).hexdigest()
