"""A connection to a PostgreSQL database, which understands the queries of this package and gives rows as SQLite does."""

import os
import re
import socket
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

import psycopg
from psycopg import conninfo

from lexer_pipeline.outbox import ledger_file
from lexer_pipeline.outbox.address import LedgerAddress
from lexer_pipeline.outbox.connection import Answer, Values
from lexer_pipeline.outbox.postgres_words import refused

Raw: TypeAlias = "psycopg.Connection[Any]"
# A server or a network that is gone without a word is noticed within a minute, here and (ALIVE, within a transaction) there.
USUAL = {"connect_timeout": "10", "keepalives_idle": "30", "keepalives_interval": "10", "keepalives_count": "3", "tcp_user_timeout": "60000"}  # fmt: skip
ALIVE = "SET LOCAL tcp_keepalives_idle = 30; SET LOCAL tcp_keepalives_interval = 10; SET LOCAL tcp_keepalives_count = 3"
# A table is read, since the functions of the catalogue go by what this session saw when its transaction began.
HAS_TABLE = "SELECT 1 FROM pg_class WHERE relname = 'ledger' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = %s)"
TOKENS = re.compile(r"'[^']*'|:(\w+)|\?|%")


@lru_cache(256)
def translated(query: str) -> str:
    """A query with its values named as psycopg has them."""
    return TOKENS.sub(_token, query)


def _token(found: re.Match[str]) -> str:
    if found[1]:
        return f"%({found[1]})s"
    return "%s" if found[0] == "?" else found[0].replace("%", "%%")


class Row:
    """Values by their place and by the names of their columns, as SQLite gives them."""

    __slots__ = ("_places", "_values")

    def __init__(self, values: Sequence[Any], places: dict[str, int]) -> None:
        self._values, self._places = values, places

    def __getitem__(self, key: int | str) -> Any:
        return self._values[key if isinstance(key, int) else self._places[key]]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def keys(self) -> Iterable[str]:
        """The names of the columns."""
        return self._places


def _rows(cursor: "psycopg.Cursor[Any]") -> Callable[[Sequence[Any]], Row]:
    places = {column.name: place for place, column in enumerate(cursor.description or ())}
    return lambda values: Row(values, places)


def one(raw: Raw, query: str, *values: object) -> Any:
    """The first row that a query finds; None where there is none."""
    return raw.execute(query, values).fetchone()


def connected(address: LedgerAddress) -> Raw:
    """A new connection, on which each statement counts by itself; words for why there is none."""
    try:
        given = {**USUAL, **conninfo.conninfo_to_dict(address.conninfo), "client_encoding": "UTF8"}
        return psycopg.connect(
            conninfo.make_conninfo("", **given), autocommit=True, prepare_threshold=None, row_factory=_rows,
            fallback_application_name=f"lexer-pipeline on {socket.gethostname()} ({os.getpid()})",
        )  # fmt: skip
    except psycopg.Error as error:
        raise refused(error, address) from None


def version(raw: Raw, address: LedgerAddress) -> int:
    """The version of the tables; 0 where there are none."""
    if one(raw, HAS_TABLE, address.schema) is None:
        return 0
    (found,) = one(raw, f'SELECT version FROM "{address.schema}".ledger')  # noqa: S608 - a plain name
    return ledger_file.checked(int(found))


class Asked:
    """A connection that understands the queries of this package."""

    def __init__(self, raw: Raw) -> None:
        self._raw = raw

    def execute(self, query: str, values: Values = ()) -> Answer:
        return self._raw.execute(translated(query), values)

    def executemany(self, query: str, rows: Iterable[Values]) -> None:
        with self._raw.cursor() as cursor:
            cursor.executemany(translated(query), rows)
