"""The texts of the source's columns that one column of a mapping reads, row by row or told apart."""

from collections.abc import Sequence

import numpy as np

from lexer_pipeline.chunks import cells
from lexer_pipeline.kernels import dispatch
from lexer_pipeline.kernels.arrays import Bools, Int32s, Integers, UInt8s
from lexer_pipeline.mapping.header import NOWHERE
from lexer_pipeline.mapping.target_columns import TargetColumn

# Between the texts of the fields that a field is made of.
UNIT_SEPARATOR = "\x1f"
# What some columns say in one row.
Said = tuple[str, ...]
# Texts as places: bytes, and where each text starts and ends in them, and its flags.
Places = tuple[bytes, Int32s, Int32s, UInt8s]


def any_filled(texts: cells.Cells, columns: Sequence[int]) -> Bools:
    """The rows in which one of some columns is filled."""
    filled: Bools = np.logical_or.reduce([texts.filled(column) for column in columns if column != NOWHERE])
    return filled


def told_apart(texts: cells.Cells, columns: Sequence[int], rows: Integers) -> tuple[Integers, list[Said]]:
    """For each row the number of what some columns say, and what each number stands for."""
    numbers, first = np.zeros(len(rows), np.int64), np.zeros(min(len(rows), 1), np.int64)
    for column in columns:
        if column == NOWHERE:
            continue
        at = rows * texts.columns + column
        found, begins = dispatch.distinct(texts.data, texts.starts[at], texts.ends[at], texts.flags[at])
        if len(first) <= 1:
            numbers, first = found, begins
        elif len(begins) > 1:
            both = numbers * len(begins) + found
            _, first, numbers = np.unique(both, return_index=True, return_inverse=True)
    return numbers, [
        tuple("" if column == NOWHERE else texts.text(row, column) for column in columns)
        for row in rows[first].tolist()
    ]


def places_of(one: TargetColumn, texts: cells.Cells, columns: Sequence[int], rows: Integers) -> Places | None:
    """The texts that a column of the mapping is converted from, in rows that fill one of `columns`.

    None where they are pieced together in a way that only `outcomes.converted` knows.
    """
    if one.rule.split:
        return None
    if one.made:
        return _side_by_side(texts, columns, rows)
    if len(one.pieces) > 1 and not one.rule.takes_first:
        return None
    at = rows * texts.columns + columns[-1]
    for column in columns[-2::-1]:
        earlier = rows * texts.columns + column
        at = np.where(texts.filled(column)[rows], earlier, at)
    return texts.data, texts.starts[at], texts.ends[at], texts.flags[at]


def _side_by_side(texts: cells.Cells, columns: Sequence[int], rows: Integers) -> Places:
    """The texts of some columns as one, the unit separator between them; a column that is not there is empty."""
    at = rows[:, np.newaxis] * texts.columns + np.array(columns)
    is_there = np.array(columns) != NOWHERE
    starts = np.where(is_there, texts.starts[at], np.int32(0))
    ends = np.where(is_there, texts.ends[at], np.int32(0))
    flags = np.where(is_there, texts.flags[at], np.uint8(0))
    return dispatch.joined(texts.data, starts, ends, flags, ord(UNIT_SEPARATOR))
