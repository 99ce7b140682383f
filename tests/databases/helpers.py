"""Queries as tests put them: what comes of one as text, and databases that are made for it."""

import sqlite3
from pathlib import Path

from lexer_pipeline.loading.answers import Answer
from lexer_pipeline.loading.database import Query
from lexer_pipeline.system.scratch import Scratch

BLOCK = 1 << 16


def text_of(address: str, sql: str, times: int = 1) -> str:
    """The rows of a query as the text that becomes of them; where it is read several times it is the same each time."""
    with Scratch() as scratch:
        answer = Answer(Query(address, sql), scratch)
        if times > 1:
            answer.keep()
        try:
            (text,) = {_read(answer) for _ in range(times)}
            return text
        finally:
            answer.close()


def _read(answer: Answer) -> str:
    stream, found = answer.open_text(), b""
    while block := stream.read(BLOCK):
        found += block
    return found.decode()


def sqlite(path: Path, script: str) -> str:
    """The address of an SQLite file that a script has made."""
    made = sqlite3.connect(path)
    made.executescript(script)
    made.close()
    return f"sqlite:///{path}"
