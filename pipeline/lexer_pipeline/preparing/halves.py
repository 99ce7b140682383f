"""Some rows of an order alone are no order: they would stand in place of the whole one that was accepted before."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import orjson

from lexer_pipeline.errors import UsageError
from lexer_pipeline.loading.format import REJECTS, TABLE
from lexer_pipeline.outbox.part import Part
from lexer_pipeline.outbox.recovery import DATA
from lexer_pipeline.preparing.fixed import Fixed
from lexer_pipeline.system.stores import Folder

SHOWN = 5


def refuse_halves(fixed: Fixed, parts: Sequence[Part]) -> None:
    """UsageError where rows that were fixed belong to a record that was accepted before without them.

    A document is whole whatever came before it.
    """
    key = fixed.specification.key
    tables = {number for number, one in enumerate(fixed.decisions) if one.reading.form in (TABLE, REJECTS)}
    if key is None or not tables:
        return
    lines: dict[int, str] = {}
    for part in parts:
        firsts = (one for one in part.accepted() if one.is_first)
        for mended, first in zip(_keys(part.folder / DATA, key, part.taken), firsts, strict=True):
            if first.source in tables:
                lines[mended] = first.row
    halves: list[str] = []
    for file in fixed.made_before if lines else ():
        halves += [lines[one] for one in _keys(file, key) if one in lines]
    if halves:
        shown = ", ".join(halves[:SHOWN]) + (", ..." if len(halves) > SHOWN else "")
        raise UsageError(
            f"what was fixed on line {shown} of the source has a {key} that was accepted before without it, and would be sent as"
            " a whole in its place",
            f"Fix it in the source, and convert that with --replaces {Path(fixed.entry.folder).name}; or take it out of the rejects.",
        )


def _keys(file: Folder, key: str, start: int = 0) -> Iterator[int]:
    """A number that stands for the key of each record in a file, from a byte on; none where the file is gone."""
    if file.is_file():
        with file.open("rb") as records:
            records.seek(start)
            for line in records:
                yield hash(orjson.loads(line).get(key))
