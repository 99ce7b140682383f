"""Which lines of a source made each line of NDJSON that a chunk gives."""

from dataclasses import dataclass

import numpy as np

from lexer_pipeline.chunks.records import Records
from lexer_pipeline.chunks.results import Checked
from lexer_pipeline.chunks.rows import Written
from lexer_pipeline.kernels.arrays import Int64s
from lexer_pipeline.kernels.codes import ROW_BLANK


@dataclass(frozen=True, slots=True)
class Traced:
    """The `lines` on which rows or documents begin; `sizes` says how many of them made each line of NDJSON, one after another."""

    lines: Int64s
    sizes: Int64s


def traced(checked: Checked) -> Traced:
    """Where the accepted records of a chunk come from, in the order of their NDJSON."""
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
    folds = len(written.row_lines) > 0
    lines = written.row_lines if folds else written.lines
    sizes = (
        np.bincount(written.row_records, minlength=written.records)
        if folds
        else np.ones(written.records, np.int64)
    )
    if not len(rest.sizes):
        return Traced(lines, sizes)
    before = np.searchsorted(written.ends, places, "right")
    rows_before = np.append(0, np.cumsum(sizes))[before]
    return Traced(
        np.insert(lines, np.repeat(rows_before, rest.sizes), rest.lines), np.insert(sizes, before, rest.sizes)
    )
