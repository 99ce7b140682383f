"""The rows that were accepted and are suspicious: the first of each suspicion, as they stand in the source."""

from array import array
from collections.abc import Sequence
from contextlib import ExitStack

import numpy as np

from lexer_pipeline.chunks.rows import Rows
from lexer_pipeline.loading.records import rows_of, spooled_body
from lexer_pipeline.loading.source import LoadedTable, Source
from lexer_pipeline.loading.unchanged import unchanged
from lexer_pipeline.outbox.batch import ISSUES, MANIFEST, PreparedBatch
from lexer_pipeline.preparing import decisions, rejects
from lexer_pipeline.reviewing.faulty_rows import Fault, FaultyRows, bits, fault_of, lines_of
from lexer_pipeline.suspicions import ISSUE, from_json
from lexer_pipeline.system.scratch import Scratch


def suspected(batch: PreparedBatch) -> dict[int, list[Fault]]:
    """What is suspicious in a batch, by the lines that are told of it, and what is wrong there."""
    found: dict[int, list[Fault]] = {}
    for one in from_json(batch.manifest.suspicions):
        kind = one.suspicion
        if kind.weight != ISSUE:
            for line in one.lines:
                fault = Fault("", "", one.code, f"{kind.meaning}; {kind.remedy}")
                found.setdefault(line, []).append(fault)
    for _begin, _end, said in lines_of(batch.on_disk / ISSUES):
        found.setdefault(said["line"], []).append(fault_of(said))
    return found


def suspected_rows(
    batch: PreparedBatch, source: Source, beside: Sequence[FaultyRows], scratch: Scratch, held: ExitStack
) -> FaultyRows | None:
    """Those rows of a table; None where there are none, or the source is none."""
    found = suspected(batch)
    known = {line for table in beside if table.batch is batch for line in table.lines.tolist()}
    wanted = sorted(set(found) - known)
    if not wanted:
        return None
    reading = decisions.from_json(batch.manifest.decisions, str(batch.path / MANIFEST))[0].reading
    with unchanged(source, None, reading, scratch=scratch) as loaded:
        if not isinstance(loaded, LoadedTable):
            return None
        texts, lines = _raw(loaded, wanted)
    return _table(batch, loaded, texts, lines, found, scratch, held)


def _raw(loaded: LoadedTable, wanted: Sequence[int]) -> tuple[list[bytes], list[int]]:
    """The rows on some lines, and those lines that have one."""
    texts, lines = list[bytes](), list[int]()
    with spooled_body(loaded) as spool:
        for rows in rows_of(loaded, spool.again()):
            for row in _on(rows, wanted):
                texts.append(rows.raw(row))
                lines.append(rows.lines.item(row))
    return texts, lines


def _on(rows: Rows, wanted: Sequence[int]) -> list[int]:
    found: list[int] = np.flatnonzero(np.isin(rows.lines, wanted)).tolist()
    return found


def _table(
    batch: PreparedBatch, loaded: LoadedTable, texts: Sequence[bytes], lines: Sequence[int],
    found: dict[int, list[Fault]], scratch: Scratch, held: ExitStack,
) -> FaultyRows:  # fmt: skip
    file, names = held.enter_context(scratch.file()), list[str]()
    places = array("q", [0])
    for text in texts:
        file.write(text)
        places.append(places[-1] + len(text))
    file.flush()
    count = len(lines)
    codes = np.array([bits(names, [one.code for one in found[line]]) for line in lines], np.uint64)
    numbers = np.arange(count + 1, dtype=np.int64)
    return FaultyRows(
        batch, "", loaded.name, loaded.head.distinct, rejects.header(loaded.head), loaded.head.dialect, file,
        np.frombuffer(places, np.int64).copy(), np.array(lines, np.int64), numbers[:-1], numbers, codes,
        np.zeros((count, 2), np.int64), names, {row: tuple(found[line]) for row, line in enumerate(lines)},
    )  # fmt: skip
