"""What a ledger is asked with, wherever it lies: SQL that SQLite and PostgreSQL understand alike, with `:name` or `?` for values."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol, TypeAlias

Values: TypeAlias = Sequence[Any] | Mapping[str, Any]


class Answer(Protocol):
    """What a query found, or how many rows it changed; a row has its values by their place and by the names of their columns."""

    @property
    def rowcount(self) -> int:
        """How many rows were changed."""

    def fetchone(self) -> Any:
        """The next row; None behind the last."""

    def fetchall(self) -> list[Any]:
        """The rows that are left."""

    def __iter__(self) -> Iterator[Any]: ...


class Connection(Protocol):
    """The connection of a transaction: what it finds still holds when its user writes."""

    def execute(self, query: str, values: Values = ..., /) -> Answer:
        """Carry out one query."""

    def executemany(self, query: str, rows: Iterable[Values], /) -> Any:
        """Carry out a query that finds nothing once for each row."""


class Store(Protocol):
    """Where a ledger lies: its tables, and locks that hold for all who use it."""

    @property
    def home(self) -> Path | None:
        """The folder from which on it calls the folders that lie in it; None where it lies in none."""

    @property
    def is_set_up(self) -> bool:
        """Whether its tables were those of today when it was opened."""

    def set_up(self) -> None:
        """Within a transaction: the tables of today, with what those of before hold."""

    def now(self, connection: Connection, /) -> float:
        """The time in Unix seconds, the same for all who use it as far as it has one of its own."""

    def transaction(self) -> AbstractContextManager[Connection]:
        """One change, alone with the ledger: kept when the block ends, or not at all."""

    def lock(self, name: str, purpose: str, patience: float) -> AbstractContextManager[bool]:
        """Whether what the ledger calls so is ours for this purpose (locks.py), after so many seconds at most."""

    def close(self) -> None:
        """Give all of it back."""
