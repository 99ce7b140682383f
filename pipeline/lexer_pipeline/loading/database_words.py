"""What a database refuses, in our words: its own quote the query, the address and values of rows.

PostgreSQL says by a code what kind of trouble it is (SQLSTATE) and where in the query; other databases, and a connection that fails,
say it in English alone.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from lexer_pipeline.errors import PipelineError, SourceError, UsageError
from lexer_pipeline.loading.database import Query

NAME = re.compile(r'(?:"[^"]*"|[\w$]+)(?:\.(?:"[^"]*"|[\w$]+))*')
NAMED = re.compile(
    r'near "([^"\n]+)"|unrecognized token: "([^"\n]+)"|no such (?:column|table|function): ([\w.]+)'
    r'|Table with name ([\w.]+)|Referenced column "([^"\n]+)"'
)
POSITION = "PG_DIAG_STATEMENT_POSITION"
# What the driver puts in front of a query that it has copied.
COPY = len("COPY (")
CORRECT = "Correct the query; it is one SELECT."
WHOLE = "Put the whole address into a variable of the environment, and type env:VARIABLE in its place."
LOGIN: Mapping[str, str] = MappingProxyType({
    "postgresql": "Say who you are where its own programs look: PGUSER, PGPASSWORD, PGSERVICE or ~/.pgpass; or put the whole address into a variable of the environment, and type env:VARIABLE in its place.",
    "bigquery": "Log in with gcloud auth application-default login, or name a key in GOOGLE_APPLICATION_CREDENTIALS.",
})  # fmt: skip
# By the beginnings of SQLSTATEs, the longest first: whether it is the query's fault, what it is, and what to do.
STATES: tuple[tuple[str, type[PipelineError], str, str], ...] = (
    ("42601", UsageError, "the query cannot be understood", CORRECT),
    ("42P01", UsageError, "there is no table called {name}", "Check the name, and the schema before it."),
    ("42703", UsageError, "there is no column called {name}", "Check the name; a name with capitals stands in double quotes."),
    ("42883", UsageError, "there is no such function or operator for these types", CORRECT),
    ("42501", SourceError, "this user may not read what the query asks for", "Have the right to read it granted: GRANT SELECT ON TABLE TO USER."),
    ("42P02", UsageError, "the query has a parameter, for which there is no value", "Write the value into the query."),
    ("42", UsageError, "the query is not one that the database can answer", CORRECT),
    ("25006", UsageError, "the query would change the database, which is only read", CORRECT),
    ("57014", SourceError, "the database stopped the query: it took longer than it may (statement_timeout), or somebody cancelled it", "Ask for less, or have the limit raised."),
    ("57P", SourceError, "the server ended the connection, since it was shut down or somebody ended it there", "Try again when it is up."),
    ("53", SourceError, "the server has no room left: connections, memory or disk", "Try again later."),
    ("40", SourceError, "the database gave the query up for the sake of another one", "Try again."),
    ("28", SourceError, "the server does not let this user in", WHOLE),
    ("3D", SourceError, "the server has no such database", "Check the name behind the last slash."),
    ("08", SourceError, "the connection to the server was lost", "Try again."),
    ("22012", SourceError, "the query divides by zero in one of its rows", "Write NULLIF(..., 0) around what is divided by."),
    ("22P02", SourceError, "the query reads a text as a type that it is not", "Leave the cast out, or the rows that cannot be cast."),
    ("22", SourceError, "the query cannot be worked out for one of its rows", "Leave such rows out, or what is computed of them."),
)  # fmt: skip
# What stands in the words of a driver where there is no code, and the code that means the same.
SAID: tuple[tuple[str, str], ...] = (
    (r"no such table|Table with name \S+ does not exist|Catalog Error", "42P01"),
    (r"no such column|Referenced column|Binder Error", "42703"),
    (r"syntax error|unrecognized token|incomplete input|Parser Error", "42601"),
    (r"no such function", "42883"),
    (r"parameter count mismatch", "42P02"),
    (r"readonly database|read-only mode", "25006"),
    (r"password|authentication|credentials|role \S+ does not exist|no pg_hba\.conf entry|peer", "28000"),
    (r"database \S+ does not exist", "3D000"),
    (r"too many clients|connection slots", "53300"),
    (r"starting up|shutting down|recovery mode", "57P03"),
    (
        r"server closed the connection|no connection to the server|SSL SYSCALL|connection not open|could not receive data",
        "08006",
    ),
    (r"integer overflow|Out of Range Error", "22003"),
    (r"Conversion Error", "22P02"),
)
# What has no code at all: what is said of it, and what to do.
PLAIN: tuple[tuple[str, type[PipelineError], str, str], ...] = (
    (r"could not translate host name|Name or service not known", SourceError, "there is no host of this name", "Check the address."),
    (r"Connection refused|could not connect|No such file or directory", SourceError, "no server answers there", "Check host and port, and whether it is up."),
    (r"timeout expired|timed out|No route to host|unreachable", SourceError, "the server cannot be reached", "Check host and port, and what lies between."),
    (r"SSL|certificate", SourceError, "the server and this side do not agree on encryption", "Say sslmode in the address, as ?sslmode=require, or in PGSSLMODE."),
    (r"service|invalid URI|invalid connection option|invalid (integer|port)|query parameter|missing .* in", UsageError, "the address is not one that the driver understands", "Check its settings behind the question mark, or the service that it names."),
    (r"not a database|malformed|corrupt", SourceError, "is no database of this kind, or a broken one", "Check which file it is."),
    (r"locked", SourceError, "another program writes to the database, and has it locked", "Try again when it is done."),
)  # fmt: skip


def told(problem: Exception, query: Query, rows: int | None = None) -> PipelineError:
    """The error that a driver raised while it connected, or behind so many rows; no word of the driver is repeated."""
    message, state = str(problem), getattr(problem, "sqlstate", None)
    state = state or next((code for sign, code in SAID if re.search(sign, message, re.IGNORECASE)), "")
    behind = f", behind row {rows:,}" if rows else ""
    for begin, kind, what, remedy in STATES if state else ():
        if state.startswith(begin):
            at = _position(problem, message, query)
            name = _name(query, at, message)
            said = (
                what.format(name=name) if name else what.replace(" called {name}", " of a name that it has")
            )
            to_do = LOGIN.get(query.scheme, WHOLE) if remedy == WHOLE else remedy
            return kind(f"{query.name}: {said}{_place(query, at)}{behind}", to_do)
    for sign, kind, what, remedy in () if state else PLAIN:
        if re.search(sign, message, re.IGNORECASE):
            return kind(f"{query.name}: {what}{behind}", remedy)
    code = f"SQLSTATE {state}" if state else type(problem).__name__
    return SourceError(
        f"{query.name}: the database cannot be read{behind} ({code})",
        "Try the query with the database's own program.",
    )


def _position(problem: Exception, message: str, query: Query) -> int | None:
    """Where in the query (from 0) the trouble lies, where that is said; else where the word that is named stands, if it stands there once."""
    details = {_text(name): _text(value) for name, value in getattr(problem, "details", None) or ()}
    if POSITION in details:
        at = int(details[POSITION]) - 1
        return at - COPY if "COPY (" in message else at
    word = _named(message)
    return query.sql.find(word) if word and query.sql.count(word) == 1 else None


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _named(message: str) -> str:
    """What a message without a code says of the query: a word of it; empty where it says none."""
    found = NAMED.search(message)
    return next(filter(None, found.groups()), "") if found else ""


def _name(query: Query, at: int | None, message: str) -> str:
    """The name that the query has at a place, or that the message has where it stands there several times."""
    found = NAME.match(query.sql, at) if at is not None else NAME.fullmatch(_named(message))
    return found[0] if found else ""


def _place(query: Query, at: int | None) -> str:
    if at is None or not 0 <= at <= len(query.sql):
        return ""
    before = query.sql[:at]
    return f" (line {before.count(chr(10)) + 1}, column {at - before.rfind(chr(10))} of the query)"
