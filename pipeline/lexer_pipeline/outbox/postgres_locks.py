"""Locks that all who share a database respect: advisory ones, on a connection of their own."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import psycopg

from lexer_pipeline.outbox.address import LedgerAddress
from lexer_pipeline.outbox.locks import PAUSE
from lexer_pipeline.outbox.postgres_connection import ALIVE, Raw, connected, one
from lexer_pipeline.outbox.postgres_words import worded

# The transaction lasts as long as the locks: a pool of connections must not give the connection to others meanwhile.
BEGIN = f"BEGIN; {ALIVE}; SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0"
TAKE = "SELECT pg_try_advisory_lock(%s)"


class Locks:
    """The locks of one process, which the server frees when the connection ends.

    Where it breaks, the next who asks takes all anew that are still free. Until then another machine may take them too: that is
    no second sending, since each step is recorded against the state and tries that it was decided by.
    """

    def __init__(self, address: LedgerAddress, sleep: Callable[[float], None]) -> None:
        self._address, self._sleep = address, sleep
        self._turn = threading.Lock()
        self._held: set[int] = set()
        self._raw: Raw | None = None

    @contextmanager
    def held(self, key: int, patience: float) -> Iterator[bool]:
        """Whether this lock is ours, after so many seconds at most; of two threads one has it."""
        looks = patience / PAUSE
        while not (ours := self._taken(key)) and looks >= 1:
            looks -= 1
            self._sleep(PAUSE)
        try:
            yield ours
        finally:
            if ours:
                self._give(key)

    def _taken(self, key: int) -> bool:
        with self._turn, worded(self._address):
            if key in self._held:
                return False
            try:
                ours = self._asked(key)
            except psycopg.Error:
                self.close()
                ours = self._asked(key)
            if ours:
                self._held.add(key)
            return ours

    def _asked(self, key: int) -> bool:
        if self._raw is None:
            self._raw = connected(self._address)
            self._raw.execute(BEGIN)
            for other in self._held:
                self._raw.execute(TAKE, [other])
        (ours,) = one(self._raw, TAKE, key)
        return bool(ours)

    def _give(self, key: int) -> None:
        with self._turn, suppress(psycopg.Error):  # where its connection broke, it is free
            self._held.discard(key)
            if self._raw is not None:
                self._raw.execute("SELECT pg_advisory_unlock(%s)", [key])

    def close(self) -> None:
        """Free all of them."""
        if self._raw is not None:
            self._raw.close()
            self._raw = None
