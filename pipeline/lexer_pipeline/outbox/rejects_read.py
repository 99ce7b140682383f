"""The rejects and issues of a batch, looked through for lines of a source."""

import re
from collections.abc import Collection, Iterator
from functools import cache
from typing import Any

import orjson
from msgspec import Struct

from lexer_pipeline.model import Json
from lexer_pipeline.outbox.batch import ISSUES, PreparedBatch
from lexer_pipeline.system.stores import Folder

REJECTS = re.compile(r"rejects(?:-([0-9]+))?\.(csv|ndjson)")
HEADER = re.compile(rb'"?_line"?(?P<delimiter>[^\w"])')
TOLD = ("path", "column", "code", "rule", "message")


class Reject(Struct, frozen=True):
    """What was rejected on a line of a source, and why: in words, and as issues where a record begins there; line 0 is none."""

    line: int
    words: str = ""
    issues: tuple[dict[str, Json], ...] = ()


def rejects_file(batch: PreparedBatch, source: int) -> Folder | None:
    """The rejects of one source, by its number from 0, if they lie there."""
    for name in batch.manifest.rejects:
        match = REJECTS.fullmatch(name)
        if match and int(match[1] or 1) == source + 1 and (batch.path / name).is_file():
            return batch.path / name
    return None


def lines_in(rejects: Folder, lines: Collection[int]) -> tuple[int, ...]:
    """The lines of a file of rejects, from 1, whose rows stood on these lines of their source."""
    wanted = frozenset(lines)
    return tuple(place for place, line, _ in _rows(rejects) if line in wanted)


def rejected_up_to(batch: PreparedBatch, sources: Collection[int], line: int) -> Reject:
    """The last row or document of some sources, by their numbers from 0, that begins up to this line and was rejected."""
    best = _issues_up_to(batch, {batch.manifest.sources[one].path for one in sources}, line)
    for rejects in (rejects_file(batch, one) for one in sources):
        for _, at, words in _rows(rejects) if rejects is not None else ():
            # Issues are told where a record begins, and its further rows stand in the file of rejects alone.
            if best.line < at <= line:
                best = Reject(at, words)
    return best


def _issues_up_to(batch: PreparedBatch, sources: Collection[str], line: int) -> Reject:
    best, issues = 0, list[Any]()
    try:
        with (batch.path / ISSUES).open("rb") as file:
            for text in file:
                one = orjson.loads(text)
                at = one["line"]
                if one["source"] in sources and best <= at <= line:
                    issues = [*issues, one] if at == best else [one]
                    best = at
    except FileNotFoundError:
        pass  # purged
    told = tuple({key: one[key] for key in TOLD} for one in issues)
    return Reject(best, "; ".join(dict.fromkeys(one["message"] for one in issues)), told)


def _rows(rejects: Folder) -> Iterator[tuple[int, int, str]]:
    """Each row of a table of rejects: its own line, that of its source, and its issues in words; nothing of documents."""
    with rejects.open("rb") as file:
        header = file.readline()
        found = HEADER.match(header.removeprefix(b"\xef\xbb\xbf"))
        if found is None:
            return
        row = _row(found["delimiter"])
        for place, text in enumerate(file, 2):
            if match := row.match(text):
                said = match["quoted"] or match["plain"] or b""
                yield place, int(match["line"]), said.replace(b'""', b'"').decode(errors="replace")


@cache
def _row(delimiter: bytes) -> re.Pattern[bytes]:
    """A row that begins with its line and its issues; one that goes on with a cell of several lines does not."""
    mark = re.escape(delimiter)
    return re.compile(
        b'"?(?P<line>[0-9]{1,18})"?'
        + mark
        + b'(?:"(?P<quoted>(?:[^"]|"")*)"|(?P<plain>[^"'
        + mark
        + b"\r\n]*))(?:"
        + mark
        + b"|[\r\n]|$)"
    )
