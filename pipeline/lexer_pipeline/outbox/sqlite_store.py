"""A ledger that is a file: SQLite, and locks of this machine."""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from lexer_pipeline.outbox import ledger_file, locks, migration
from lexer_pipeline.outbox.connection import Connection
from lexer_pipeline.system.runtime import Runtime


class SqliteStore:
    """The ledger in this file, which is made if there is none."""

    def __init__(self, file: Path, runtime: Runtime) -> None:
        self.home = file.parent.resolve()
        self._file, self._runtime = file, runtime
        self._turn = threading.Lock()
        with ledger_file.worded(file):
            self._connection = ledger_file.open_for_writing(file)
            try:
                for pragma in (
                    "journal_mode=DELETE",
                    "synchronous=FULL",
                    "secure_delete=ON",
                    "foreign_keys=ON",
                ):
                    self._connection.execute(f"PRAGMA {pragma}")
                self.is_set_up = ledger_file.version(self._connection) == ledger_file.VERSION
            except BaseException:
                self._connection.close()
                raise

    def set_up(self) -> None:
        """Within a transaction: the tables of today, with what those of before hold."""
        migration.migrate(self._connection, self.home, self._runtime.clock())

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One change: on disk when the block ends, or not at all."""
        with self._turn, ledger_file.worded(self._file):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def lock(self, name: str, purpose: str, patience: float) -> AbstractContextManager[bool]:
        """Whether what the ledger calls so is ours for this purpose, on this machine."""
        if locks.is_elsewhere(name):
            beside = self.home / f".{self._file.name}-locks"
            return locks.file_lock(beside, name, purpose, patience, self._runtime.sleep)
        return locks.folder_lock(self.home / name, purpose, patience, self._runtime.sleep)

    def now(self, _: Connection) -> float:
        """The time of this machine."""
        return self._runtime.clock()

    def close(self) -> None:
        """Give the file back."""
        self._connection.close()
