"""Which lines of a source made each line of NDJSON that a chunk gives."""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from lexer_pipeline.chunks.ndjson_lines import line_ends
from lexer_pipeline.chunks.records import Records
from lexer_pipeline.chunks.results import Checked
from lexer_pipeline.chunks.rows import Written
from lexer_pipeline.kernels.arrays import Bools, Int64s
from lexer_pipeline.kernels.codes import ROW_BLANK


class Traced(Struct, frozen=True):
    """The `lines` on which rows or documents begin; `sizes` says how many of them made each line of NDJSON, one after another."""

    lines: Int64s
    sizes: Int64s


def traced(checked: Checked) -> Traced:
    """Where the records of a chunk that are sent come from, in the order of their NDJSON."""
    found = _traced(checked)
    if checked.sent is None:
        return found
    return Traced(found.lines[np.repeat(checked.sent, found.sizes)], found.sizes[checked.sent])


def unsent_lines(checked: Checked) -> Int64s:
    """The lines on which rows of accepted records begin that are not sent."""
    if checked.sent is None:
        return np.zeros(0, np.int64)
    found = _traced(checked)
    return found.lines[np.repeat(~checked.sent, found.sizes)]


def rows_of_lines(checked: Checked) -> Int64s:
    """How many rows each record of a chunk that is sent takes, in the order of their NDJSON."""
    rows = _rows_of_lines(checked)
    return rows if checked.sent is None else np.compress(checked.sent, rows)


def _rows_of_lines(checked: Checked) -> Int64s:
    chunk, accepted = checked.shaped.chunk, accepted_of(checked)
    if not isinstance(chunk, Records):
        return np.ones(len(accepted), np.int64)
    before = np.append(0, np.cumsum((chunk.faults != ROW_BLANK) & chunk.own))
    rows: Int64s = (before[chunk.lasts] - before[chunk.firsts])[accepted].astype(np.int64)
    written = chunk.written
    if written is None:
        return rows
    sizes = _sizes_of(written)
    if not len(rows):
        return sizes
    places = written.places[chunk.firsts[accepted]]
    return np.insert(sizes, np.searchsorted(written.ends, places, "right"), rows)


def sent_ranks(checked: Checked) -> dict[int, int]:
    """For each accepted record of a chunk of which no row was written as it was read its number among those that are sent, from 1; 0 for none."""
    accepted = accepted_of(checked)
    sent: Bools = checked.sent if checked.sent is not None else np.ones(len(accepted), np.bool_)
    return dict(zip(accepted.tolist(), np.where(sent, np.cumsum(sent), 0).tolist(), strict=True))


def record_beyond(checked: Checked, lines: Sequence[bytes], room: int) -> int:
    """The first record of which the NDJSON ends beyond `room` bytes; no row of the chunk was written as it was read, and some do."""
    ends = line_ends(b"".join(lines))
    accepted = accepted_of(checked)
    sent = accepted if checked.sent is None else accepted[checked.sent]
    return int(sent[np.searchsorted(ends, room, "right")])


def _traced(checked: Checked) -> Traced:
    chunk = checked.shaped.chunk
    accepted = accepted_of(checked)
    if not isinstance(chunk, Records):
        lines = chunk.lines[accepted].astype(np.int64)
        return Traced(lines, np.ones(len(lines), np.int64))
    found = _of_records(chunk)
    is_accepted = np.zeros(chunk.records, np.bool_)
    is_accepted[accepted] = True
    rest = Traced(found.lines[np.repeat(is_accepted, found.sizes)], found.sizes[accepted])
    if chunk.written is None:
        return rest
    return _filled_in(chunk.written, chunk.written.places[chunk.firsts[accepted]], rest)


def accepted_of(checked: Checked) -> Int64s:
    """The records of a chunk that are accepted and were not written as they were read."""
    accepted = checked.vouched.copy()
    accepted[list(checked.lines)] = True
    return np.flatnonzero(accepted).astype(np.int64, copy=False)


def lines_of(checked: Checked, record: int) -> Int64s:
    """Where one record of a chunk comes from, whatever became of it."""
    chunk = checked.shaped.chunk
    if not isinstance(chunk, Records):
        return chunk.lines[record : record + 1]
    return _of_records(chunk.part(record, record + 1)).lines


def _of_records(chunk: Records) -> Traced:
    """All records of a chunk; several rows that were made of one line, or of one document, are one."""
    record = np.repeat(np.arange(chunk.records), chunk.lasts - chunk.firsts)
    begin = len(chunk.faults) - len(record)
    lines, filled = chunk.lines[begin:], chunk.faults[begin:] != ROW_BLANK
    record, lines = record[filled], lines[filled]
    if len(lines):
        is_new = np.append(True, (record[1:] != record[:-1]) | (lines[1:] != lines[:-1]))
        record, lines = record[is_new], lines[is_new]
    return Traced(lines, np.bincount(record, minlength=chunk.records).astype(np.int64))


def _filled_in(written: Written[Records], places: Int64s, rest: Traced) -> Traced:
    """The records that were written as they were read, with the others in their places."""
    lines = written.row_lines if len(written.row_lines) else written.lines
    sizes = _sizes_of(written)
    if not len(rest.sizes):
        return Traced(lines, sizes)
    before = np.searchsorted(written.ends, places, "right")
    rows_before = np.append(0, np.cumsum(sizes))[before]
    return Traced(
        np.insert(lines, np.repeat(rows_before, rest.sizes), rest.lines), np.insert(sizes, before, rest.sizes)
    )


def _sizes_of(written: Written[Records]) -> Int64s:
    """How many rows each record has that was written as it was read."""
    if not len(written.row_lines):
        return np.ones(written.records, np.int64)
    return np.bincount(written.row_records, minlength=written.records).astype(np.int64)
