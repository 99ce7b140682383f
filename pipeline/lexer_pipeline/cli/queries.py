"""What is typed to read a database: its address in the place of a file, and --query."""

import argparse
import os
import shlex
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from lexer_pipeline.cli.streams import standard_input
from lexer_pipeline.errors import PipelineError, UsageError
from lexer_pipeline.loading.database import Query, is_address, refuse_unasked
from lexer_pipeline.loading.source import Source

# An address may stand in a variable of the environment, where no other program sees it and no shell keeps it.
VARIABLE = "env:"


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
            refuse_unasked(word, ("--query", "SELECT * FROM TABLE"))
        return list(words)
    if getattr(asked, "fix", None):
        raise UsageError(
            "--query with --fix: what was rejected lies in the batch",
            "Leave out --query.",
            without=("--query",),
        )
    return [_query(word, asked.query) for word in words]


def as_typed(asked: argparse.Namespace, problem: PipelineError) -> None:
    """Let the commands of a hint name a query as it was typed: what messages call it is no source."""
    with suppress(PipelineError):
        for word in asked.sources:
            name = shlex.quote(str(_query(word, asked.query)))
            problem.hint = problem.hint.replace(name, shlex.join(["--query", asked.typed_query, word]))


def _query(word: str, sql: str) -> Query:
    if word.startswith(VARIABLE):
        variable = word.removeprefix(VARIABLE)
        address = os.environ.get(variable, "").strip()
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
