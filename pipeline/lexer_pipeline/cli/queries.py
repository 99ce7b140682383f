"""What is typed to read a database: its address in the place of a file, and --query."""

import argparse
import os
import shlex
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path

from lexer_pipeline.cli.streams import standard_input
from lexer_pipeline.errors import PipelineError, UsageError
from lexer_pipeline.loading.database import Query, is_address
from lexer_pipeline.loading.source import Source

# An address may stand in a variable of the environment, where no other program sees it and no shell keeps it.
VARIABLE = "env:"
MOST_TABLES = 10


def resolve(asked: argparse.Namespace) -> None:
    """Put the text of the query into `asked`, where a file or standard input was named for it; `typed_query` is what was typed."""
    typed: str = asked.query
    asked.typed_query = typed
    if typed == "-":
        stdin = standard_input()
        asked.query = _text("standard input", stdin.read() if stdin is not None else b"")
    elif typed.startswith("@"):
        file = Path(typed[1:])
        try:
            asked.query = _text(str(file), file.read_bytes())
        except OSError as problem:
            raise UsageError(
                f"--query: {file} cannot be read ({problem.strerror})",
                "Behind the @ stands the file of the query: --query @customers.sql",
            ) from None


def _text(name: str, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"--query: {name} is no text in UTF-8", "Save it as UTF-8.") from None


def sources(asked: argparse.Namespace) -> list[Source]:
    """The sources that were typed; with --query that query put to each of them, which are databases then.

    Raises UsageError for a database without a query, and for a query without a database; no secret of an address is repeated.
    """
    words: Sequence[str] = asked.sources
    if asked.query is None:
        for word in words:
            if is_address(_address(word)):
                raise _unasked(word)
        return list(words)
    if getattr(asked, "fix", None):
        raise UsageError(
            "--query with --fix: what was rejected lies in the batch",
            "Leave out --query.",
            without=("--query",),
        )
    return [_query(word, asked.query) for word in words]


def _unasked(word: str) -> UsageError:
    """The error for a database of which nobody said what to read from it, with its tables where these can be found out."""
    database, tables = _query(word, "SELECT 1 AS one"), list[str]()
    with suppress(PipelineError):
        tables = import_module("lexer_pipeline.loading.database_tables").tables_of(database)
    more = f" and {len(tables) - MOST_TABLES} more" if len(tables) > MOST_TABLES else ""
    table = tables[0] if len(tables) == 1 else "TABLE"
    known = f" Its tables are: {', '.join(tables[:MOST_TABLES])}{more}." if tables else ""
    return UsageError(
        f"{database.place}: is a database, and it is not said what to read from it",
        f"Say it with --query and a SELECT, or --query @FILE.sql.{known}",
        flags=("--query", f"SELECT * FROM {table}"),  # noqa: S608 - a line to be typed
    )


def _address(word: str) -> str:
    """The address that is meant by a word: of the variable that it names, or itself."""
    return os.environ.get(word.removeprefix(VARIABLE), "").strip() if word.startswith(VARIABLE) else word


def as_typed(asked: argparse.Namespace, problem: PipelineError) -> None:
    """Let the commands of a hint name a query as it was typed: what messages call it is no source."""
    with suppress(PipelineError):
        for word in asked.sources:
            name = shlex.quote(str(_query(word, asked.query)))
            problem.hint = problem.hint.replace(name, shlex.join(["--query", asked.typed_query, word]))


def _query(word: str, sql: str) -> Query:
    if word.startswith(VARIABLE):
        variable, address = word.removeprefix(VARIABLE), _address(word)
        if not is_address(address):
            what = "holds no address of a database" if address else "is not set"
            raise UsageError(
                f"{word}: {variable} {what}", f"For example: export {variable}=postgresql://HOST/DATABASE"
            )
        return Query(address, sql)
    if not is_address(word):
        raise UsageError(
            f"--query reads a database, and {word} is none",
            "Name its address, as postgresql://HOST/DATABASE or sqlite:///FILE, or the variable that holds it, as env:LEXER_DATABASE_URL.",
        )
    query = Query(word, sql)
    if query.holds_secret:
        raise UsageError(
            f"{query.place}: the address holds a password, and other programs see what is typed",
            "Put the whole address into LEXER_DATABASE_URL and type env:LEXER_DATABASE_URL in its place; or leave the password to PGPASSWORD, PGSERVICE or ~/.pgpass.",
            instead=(word, f"{VARIABLE}LEXER_DATABASE_URL"),
        )
    return query
