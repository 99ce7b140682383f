"""Rows that a batch never rejected are none to fix: they were accepted, and would be sent once more."""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import orjson

from lexer_pipeline.errors import UsageError
from lexer_pipeline.loading.format import REJECTS, TABLE
from lexer_pipeline.outbox.part import Part
from lexer_pipeline.preparing.fixed import Fixed
from lexer_pipeline.system.stores import Folder

SHOWN = 5
LINE = re.compile(rb'"?([0-9]+)')


def refuse_strangers(fixed: Fixed, parts: Sequence[Part]) -> None:
    """UsageError where a row that is valid now stood on a line that the batch did not reject.

    Which lines it rejected is told by its issues, which name the first row of a record, and by its rejects as they lie there.
    Documents have no lines, and are taken as they come.
    """
    tables = {number for number, one in enumerate(fixed.decisions) if one.reading.form in (TABLE, REJECTS)}
    if not tables:
        return
    folders = [batch.path for batch, _ in fixed.parts]
    known = {line for folder in folders for line in (*_of_issues(folder), *_of_rejects(folder))}
    rows = {int(one.row) for part in parts for one in part.accepted() if one.source in tables}
    if strangers := sorted(rows - known):
        shown = ", ".join(map(str, strangers[:SHOWN])) + (", ..." if len(strangers) > SHOWN else "")
        raise UsageError(
            f"what came as line {shown} of the source was not rejected by {Path(fixed.entry.folder).name}",
            "Take out the rows that are no rejects of it; what was accepted was made already.",
        )


def _of_issues(folder: Folder) -> Iterator[int]:
    for file in folder.glob("issues*.ndjson"):
        with file.open("rb") as lines:
            for line in lines:
                # What somebody wrote there since tells no line; then the rejects alone do.
                with suppress(orjson.JSONDecodeError):
                    issue = orjson.loads(line)
                    if isinstance(issue, dict) and isinstance(issue.get("line"), int):
                        yield issue["line"]


def _of_rejects(folder: Folder) -> Iterator[int]:
    for file in folder.glob("rejects*.csv"):
        with file.open("rb") as lines:
            yield from (int(found[1]) for line in lines if (found := LINE.match(line)))
