"""The file that a ledger is: an SQLite database, its tables, and words for what goes wrong with it.

A rollback journal, not a write-ahead log: a log file would keep the presigned urls after they are wiped, and needs
shared memory that network folders do not have. `secure_delete` overwrites what is wiped.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from lexer_pipeline.errors import PersonNeeded, ServiceUnavailable, UsageError
from lexer_pipeline.system.files import open_or_make

FILE = "ledger.sqlite3"
MOVED = f"{FILE}.moved"  # how it is called once a database knows what it knew
VERSION = 5
PATIENCE = 30.0  # seconds to wait for another process that is writing
LOCKED = (
    f"the ledger has been locked by another process for {PATIENCE:.0f} s",
    "Try again when it has ended.",
)
REMEDY = "what was recorded stays; fix this, then run upload again: it goes on from there"

SOURCES = """
CREATE TABLE IF NOT EXISTS sources (              -- what batches were made of, since their manifests may be gone
    batch INTEGER NOT NULL REFERENCES batches (id),
    bytes INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    mapping TEXT NOT NULL,
    label TEXT NOT NULL,
    UNIQUE (batch, bytes, sha256)
) STRICT"""
HASHES = """
CREATE TABLE IF NOT EXISTS record_hashes (        -- what the records of batches are known by, and what they say (changes.py)
    batch INTEGER NOT NULL REFERENCES batches (id),
    piece INTEGER NOT NULL,
    low INTEGER NOT NULL,           -- the first eight bits of the first and the last that is in it
    high INTEGER NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (batch, piece)
) STRICT"""
HASH_KEY = """
CREATE TABLE IF NOT EXISTS hash_key (id INTEGER PRIMARY KEY CHECK (id = 1), secret BLOB NOT NULL) STRICT"""
STAGED = """
CREATE TABLE IF NOT EXISTS staged (               -- prefixes in object stores at which somebody is or was at work
    work TEXT NOT NULL,             -- its address
    folder TEXT NOT NULL            -- a batch that is being put into its place from there; empty as long as there is none
) STRICT"""
SCHEMA = """
CREATE TABLE batches (              -- every batch that was made here, and every file sent as it is
    id INTEGER PRIMARY KEY,
    delivery INTEGER NOT NULL,      -- the id of the first part of what one run made of one specification
    part INTEGER NOT NULL,
    folder TEXT NOT NULL UNIQUE,    -- from the ledger's folder on where it lies in it, else absolute
    file TEXT NOT NULL,             -- the file name that the service sees
    name TEXT NOT NULL,             -- all of it before the version
    version TEXT NOT NULL,
    specification TEXT NOT NULL,    -- empty for a file that is sent as it is
    record_type TEXT,
    series TEXT NOT NULL,
    content TEXT NOT NULL,          -- tells the whole delivery from others by what is in it
    sha256 TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    records INTEGER,
    dataset TEXT NOT NULL,          -- empty: none
    made_for TEXT NOT NULL,         -- the dataset it was made with
    state TEXT NOT NULL CHECK (state IN ('prepared', 'held', 'rejected', 'superseded', 'dropped')),
    state_before TEXT NOT NULL DEFAULT '',  -- of what was superseded or dropped
    replaces INTEGER REFERENCES batches (id),
    fixes INTEGER REFERENCES batches (id),
    after INTEGER NOT NULL DEFAULT 0,       -- content sent before this delivery may be sent again by this one
    asides TEXT NOT NULL DEFAULT '{}',      -- checksums of the rejects written beside it
    seen INTEGER NOT NULL DEFAULT 0,        -- when its manifest last changed, as far as it was looked at
    made_at REAL NOT NULL,
    purged_at REAL NOT NULL DEFAULT 0,      -- when its data was removed
    compared TEXT NOT NULL DEFAULT '',      -- the service with which its records were compared; empty: none
    renews INTEGER NOT NULL DEFAULT 0,      -- it holds all, so nothing that was sent before it counts
    hashed INTEGER NOT NULL DEFAULT 0       -- what its records are is in record_hashes
) STRICT;
CREATE INDEX batches_by_content ON batches (content, specification);
CREATE INDEX batches_by_series ON batches (series, specification, dataset);
CREATE INDEX batches_by_delivery ON batches (delivery);
CREATE TABLE uploads (              -- from `asked` on a state is one of batch and service
    id INTEGER PRIMARY KEY,
    batch INTEGER NOT NULL REFERENCES batches (id),
    service TEXT NOT NULL,
    dataset TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    md5 TEXT NOT NULL DEFAULT '',   -- known once a PUT has ended
    state TEXT NOT NULL CHECK (state IN
        ('prepared', 'asked', 'granted', 'sending', 'sent', 'in_doubt', 'refused', 'changed')),
    upload_id TEXT,
    url TEXT CHECK (url IS NULL OR state IN ('granted', 'sending')),
    expires_at REAL,
    tries INTEGER NOT NULL DEFAULT 0,
    unanswered INTEGER NOT NULL DEFAULT 0,  -- PUTs of this upload id, before the one under way, that may have landed
    last_block INTEGER NOT NULL DEFAULT 0   -- the last block of the one under way may have left
        CHECK (last_block = 0 OR state = 'sending'),
    body_bytes INTEGER NOT NULL DEFAULT 0,  -- the most that one PUT of this upload id handed over
    denied INTEGER NOT NULL DEFAULT 0,      -- new permissions asked for after an unexplained denial
    etag TEXT NOT NULL DEFAULT '',
    verified INTEGER NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT '',
    created_at REAL NOT NULL,
    asked INTEGER NOT NULL DEFAULT 0,       -- whether permission was ever asked for; never goes back
    started_at REAL,
    updated_at REAL NOT NULL,
    UNIQUE (batch, service, dataset, sha256)
) STRICT;
CREATE INDEX uploads_by_content ON uploads (sha256, dataset);
CREATE TABLE events (               -- what happened, without a secret
    id INTEGER PRIMARY KEY,
    upload INTEGER NOT NULL REFERENCES uploads (id),
    at REAL NOT NULL,
    state TEXT NOT NULL,
    upload_id TEXT,
    what TEXT NOT NULL
) STRICT;
CREATE TABLE fixed (                -- rows of a batch's rejects that a fix of it accepted
    batch INTEGER NOT NULL REFERENCES batches (id),
    by INTEGER NOT NULL REFERENCES batches (id),
    source INTEGER NOT NULL,
    row TEXT NOT NULL               -- a line of the source, or the checksum of a document
) STRICT;
CREATE INDEX fixed_by_batch ON fixed (batch);
CREATE TABLE pace (id INTEGER PRIMARY KEY CHECK (id = 1), next_at REAL NOT NULL) STRICT;
INSERT INTO pace VALUES (1, 0)"""
STATEMENTS = (*SCHEMA.split(";\n"), SOURCES, STAGED, HASHES, HASH_KEY)


def open_for_writing(path: Path) -> sqlite3.Connection:
    """A connection to the ledger, whose file is made if there is none, for its owner alone."""
    try:
        # SQLite would make the file by the umask; its journal takes over the mode given here.
        os.close(open_or_make(path))
    except OSError as error:
        raise PersonNeeded(f"the ledger {path} cannot be written ({error.strerror})", REMEDY) from None
    return _connect(path)


def make_tables(connection: sqlite3.Connection) -> None:
    """Within a transaction: the tables, where none of their names are there."""
    for statement in STATEMENTS:
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version={VERSION}")


def read(path: Path, query: str) -> list[sqlite3.Row]:
    """What a query finds; nothing where there is no ledger."""
    if not path.exists():
        return []
    # Not opened as read-only: after a crash, reading must first undo the half-made change.
    with worded(path), closing(_connect(path)) as connection:
        connection.execute("PRAGMA query_only=ON")
        return connection.execute(query).fetchall() if version(connection) else []


def version(connection: sqlite3.Connection) -> int:
    """The version of the tables; 0 where there are none."""
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    return checked(int(found))


def checked(found: int) -> int:
    """The version of a ledger's tables; UsageError where they are newer than this program."""
    if found > VERSION:
        raise UsageError(
            "the ledger was written by a newer lexer-pipeline",
            "Update this one: pip install --upgrade lexer-pipeline",
        )
    return found


def _connect(path: Path) -> sqlite3.Connection:
    address = f"{path.resolve().as_uri()}?mode=rw"
    connection = sqlite3.connect(
        address, uri=True, timeout=PATIENCE, isolation_level=None, check_same_thread=False
    )
    connection.row_factory = sqlite3.Row
    return connection


@contextmanager
def worded(path: Path) -> Iterator[None]:
    """Turn SQLite's errors on the ledger at `path` into words with a remedy."""
    try:
        yield
    except sqlite3.OperationalError as error:
        # Python has no code for a text that is not UTF-8.
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        if code == sqlite3.SQLITE_ERROR:  # a table or a column that is not there
            raise _damaged(error) from None
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise ServiceUnavailable(*LOCKED) from None
        remedy = (
            "free some space" if code == sqlite3.SQLITE_FULL else "check the folder's rights and its disk"
        )
        raise PersonNeeded(f"the ledger cannot be written ({path}: {error}); {remedy}", REMEDY) from None
    except sqlite3.DatabaseError as error:
        raise _damaged(error) from None
    except UnicodeDecodeError:  # what SQLite says of a schema that is none may quote it
        raise _damaged("it holds text that is no UTF-8") from None


def _damaged(error: sqlite3.DatabaseError | str) -> PersonNeeded:
    return PersonNeeded(
        f"the ledger is damaged ({error})",
        f"restore {FILE} from a copy; without it nobody knows what was sent (each receipt.json says it for its batch)",
    )
