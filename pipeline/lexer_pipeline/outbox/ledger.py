"""The ledger: what was made, asked, granted and sent, committed before each act, so that a crash loses nothing."""

from collections import defaultdict
from collections.abc import Mapping
from contextlib import AbstractContextManager, closing
from importlib import import_module
from math import inf
from pathlib import Path
from types import ModuleType

from lexer_pipeline.errors import PersonNeeded, UsageError
from lexer_pipeline.outbox import ledger_file
from lexer_pipeline.outbox.address import LedgerPlace
from lexer_pipeline.outbox.connection import Connection, Store
from lexer_pipeline.outbox.entry import ENDED, BatchEntry, Entry, State
from lexer_pipeline.outbox.ledger_file import FILE
from lexer_pipeline.outbox.ledger_file import REMEDY as _REMEDY
from lexer_pipeline.outbox.locks import BATCH, NAMES, is_elsewhere
from lexer_pipeline.outbox.order import UPLOADS, Obstacle, obstacle
from lexer_pipeline.outbox.sqlite_store import SqliteStore
from lexer_pipeline.system import stores
from lexer_pipeline.system.runtime import Runtime
from lexer_pipeline.system.store_path import StorePath
from lexer_pipeline.system.stores import Folder

LEDGER_HINT = (
    "Say where it lies, on a disk that stays or in PostgreSQL: export LEXER_LEDGER=/var/lib/lexer/ledger.sqlite3,"
    " or postgresql://USER@HOST/DATABASE; or path in [ledger] of pipeline.toml."
)
SPACING = 0.13  # seconds between two requests for permission, over all processes: below 8 a second
BEGIN = """INSERT INTO uploads (batch, service, dataset, sha256, state, created_at, updated_at)
    VALUES (:batch, :service, :dataset, :sha256, 'prepared', :now, :now)"""


class Ledger:
    """The ledger of one out folder, or of several that share it; every method that returns has its change on disk.

    It lies in the folder unless `file` says where. Several threads may share one, several processes may have one each.
    """

    def __init__(self, out: Folder, runtime: Runtime = Runtime(), file: LedgerPlace | None = None) -> None:
        self.place = place(out, file)
        self.seen = out
        self._clock = runtime.clock
        self._store = _store(self.place, runtime)
        try:
            if not self._store.is_set_up:
                with self.transaction():
                    self._store.set_up()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Give it back, and all locks with it."""
        self._store.close()

    def transaction(self) -> AbstractContextManager[Connection]:
        """One change: on disk when the block ends, or not at all."""
        return self._store.transaction()

    def alone(self, name: str, purpose: str = NAMES, patience: float = inf) -> AbstractContextManager[bool]:
        """Hold the right to give names in what the ledger calls so (or to be its one JOB); waits for others.

        For so many seconds at most: whether that was enough.
        """
        return self._store.lock(name, purpose, patience)

    def claim(self, name: str) -> AbstractContextManager[bool]:
        """Whether the batch that the ledger calls so (or a piece of work) is ours alone for now.

        It is free again when the process ends in any way. Should the lock be lost before (its connection broke), a second
        sending is prevented all the same: each step is recorded against the state and tries that it was decided by.
        """
        return self._store.lock(name, BATCH, 0)

    def now(self) -> float:
        """The time that the ledger goes by, in Unix seconds."""
        return self._clock()

    def text_of(self, folder: Folder) -> str:
        """How the ledger calls a folder: from its own on where it lies in it, so that both can be moved together; or its address."""
        if isinstance(folder, StorePath):
            return str(folder)
        path, home = folder.resolve(), self._store.home
        text = path.relative_to(home).as_posix() if home and path.is_relative_to(home) else str(path)
        if not text.isprintable() and not _is_unicode(text):
            raise UsageError(
                "the folder of batches has a name that is not in UTF-8", "Name another one with --out."
            )
        return text

    def folder_of(self, text: str) -> Folder:
        """The folder that the ledger calls so."""
        if is_elsewhere(text):
            return stores.folder(text)
        return self._store.home / text if self._store.home else Path(text)

    def seen_at(self, text: str) -> Folder:
        """The same for looking at, as `seen` was when it was last looked through: no request for each question, where it is in a store."""
        inside = f"{self.seen}/"
        if isinstance(self.seen, StorePath) and text.startswith(inside):
            return self.seen / text.removeprefix(inside)
        return self.folder_of(text)

    def begin(self, one: BatchEntry, service: str, former: str = "") -> Entry:
        """The upload of this batch to this service (`former` is its name in 0.1.0), made if there is none."""
        now = self._clock()
        row = {
            "batch": one.id, "service": service, "former": former, "dataset": one.dataset, "sha256": one.sha256,
            "now": now,
        }  # fmt: skip
        where = """u.batch = :batch AND u.service IN (:service, :former) AND u.sha256 = :sha256
            ORDER BY u.dataset = :dataset DESC, u.id DESC"""
        with self.transaction() as connection:
            found = _find(connection, where, row)
            if found is None or (found.dataset != one.dataset and found.state == State.SENT):
                connection.execute(BEGIN, row)
            elif found.dataset != one.dataset and found.state == State.PREPARED and found.upload_id is None:
                connection.execute("UPDATE uploads SET dataset = ? WHERE id = ?", (one.dataset, found.id))
            return _one(connection, where, row)

    def ask(
        self, entry: Entry, host: str = "", *, resend: bool = False, older: bool = False
    ) -> tuple[Entry, Obstacle | None]:
        """Record that permission is asked for; with what stands in the way instead, if something does (order.py).

        What has ended stays as it is until there is a new permission.
        """
        with self.transaction() as connection:
            if (found := obstacle(connection, entry, host, resend=resend, older=older)) is not None:
                return entry, found
            if entry.state in ENDED:
                self._note(connection, entry, entry.state, entry.upload_id, "asking for a new permission")
                return entry, None
            started = {} if entry.started_at else {"started_at": self._clock()}
            columns = {**started, "asked": 1}
            return self._change(connection, entry, State.ASKED, "asking for permission", columns), None

    def move(self, entry: Entry, state: str, what: str, **columns: object) -> Entry:
        """Record that `entry` is now in `state` because of `what`; outside granted and sending the url is wiped."""
        if state not in (State.GRANTED, State.SENDING):
            columns["url"] = None
        with self.transaction() as connection:
            return self._change(connection, entry, state, what, columns)

    def reopen(self, connection: Connection, one: BatchEntry) -> None:
        """Within a transaction: a batch whose file was made anew waits again where only the file was in the way."""
        for upload in uploads_of(connection, one):
            if upload.state == State.CHANGED and not upload.unanswered:
                self._change(connection, upload, State.PREPARED, "the file was made anew", {"reason": ""})

    def _change(
        self,
        connection: Connection,
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
        after = _one(connection, "u.id = :the_id", key)
        self._note(connection, after, state, after.upload_id or entry.upload_id, what)
        return after

    def _note(
        self, connection: Connection, entry: Entry, state: str, upload_id: str | None, what: str
    ) -> None:
        row = (entry.id, self._clock(), state, upload_id, what)
        connection.execute(
            "INSERT INTO events (upload, at, state, upload_id, what) VALUES (?, ?, ?, ?, ?)", row
        )

    def pace(self) -> float:
        """Reserve the next request for permission; the seconds to wait for it."""
        with self.transaction() as connection:
            now = self._store.now(connection)
            (next_at,) = connection.execute("SELECT next_at FROM pace").fetchone()
            if next_at > now + 60:
                next_at = now  # the clock was set back
            at = max(now, next_at)
            connection.execute("UPDATE pace SET next_at = ?", (at + SPACING,))
        return float(at - now)


def _is_unicode(text: str) -> bool:
    """Whether a name of a file can be written down; bytes of it that are no text cannot."""
    return not any("\udc80" <= sign <= "\udcff" for sign in text)


def place(out: Folder, file: LedgerPlace | None) -> LedgerPlace:
    """Where the ledger of an out folder lies: in it, or where settings say (a folder means the usual name in it).

    UsageError where nobody says it and it cannot lie in the folder, since that is in a store.
    """
    if file is None:
        if isinstance(out, StorePath):
            raise UsageError(f"{out}: a ledger cannot lie in an object store, and none is named", LEDGER_HINT)
        return out / FILE
    return file / FILE if isinstance(file, Path) and file.is_dir() else file


def _store(at: LedgerPlace, runtime: Runtime) -> Store:
    if isinstance(at, Path):
        return SqliteStore(at, runtime)
    store: Store = in_postgres("postgres_store").PostgresStore(at, runtime)
    return store


def in_postgres(module: str) -> ModuleType:
    """The module of this folder that speaks with PostgreSQL; its library is an extra, and takes a moment to be read."""
    try:
        return import_module(f"lexer_pipeline.outbox.{module}")
    except ImportError:
        raise UsageError(
            "a ledger in PostgreSQL needs psycopg, which is not installed",
            "pip install 'lexer-pipeline[postgres]'",
        ) from None


def uploads_of(connection: Connection, one: BatchEntry) -> list[Entry]:
    """The uploads of one batch, to all services, in the order they were begun."""
    found = connection.execute(f"{UPLOADS} WHERE u.batch = ? ORDER BY u.id", (one.id,))
    return [Entry(**row) for row in found]


def uploads_by_batch(connection: Connection) -> Mapping[int, list[Entry]]:
    """The uploads of all batches, by the id of the batch, in the order they were begun; empty for one that has none."""
    found = defaultdict[int, list[Entry]](list)
    for row in connection.execute(f"{UPLOADS} ORDER BY u.id"):
        found[row["batch_id"]].append(Entry(**row))
    return found


def entries(out: Folder, file: LedgerPlace | None = None) -> tuple[Entry, ...]:
    """All uploads that the ledger of `out` knows, oldest first; none where there is no ledger."""
    at, query = place(out, file), f"{UPLOADS} ORDER BY u.id"
    if isinstance(at, Path):
        return tuple(Entry(**row) for row in ledger_file.read(at, query))
    with closing(Ledger(out, file=at)) as ledger, ledger.transaction() as connection:
        return tuple(Entry(**row) for row in connection.execute(query))


def _one(connection: Connection, where: str, key: Mapping[str, object]) -> Entry:
    found = _find(connection, where, key)
    assert found is not None
    return found


def _find(connection: Connection, where: str, key: Mapping[str, object]) -> Entry | None:
    row = connection.execute(f"{UPLOADS} WHERE {where}", key).fetchone()
    return Entry(**row) if row is not None else None
