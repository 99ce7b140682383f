"""Cells that hold a list taken apart: each item of one list a row, and what its parts say in columns behind those of the source."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
import orjson
from msgspec.structs import replace

from lexer_pipeline.chunks import cells
from lexer_pipeline.chunks.records import Records
from lexer_pipeline.chunks.rows import Rows
from lexer_pipeline.errors import UsageError
from lexer_pipeline.kernels.codes import HAS_ESCAPE, HAS_HIGH, HAS_NESTED, ROW_OK
from lexer_pipeline.limits import MADE_BYTES, RECORD_ROWS
from lexer_pipeline.mapping.conversions.lists import as_cell
from lexer_pipeline.mapping.document_table import repeats, takes_lists
from lexer_pipeline.mapping.header import Header
from lexer_pipeline.mapping.packed_text import Item, Unpacker
from lexer_pipeline.mapping.part_columns import OF_EACH, PartColumns, owner
from lexer_pipeline.mapping.rules import FieldRule, RecordMap
from lexer_pipeline.model import Problem
from lexer_pipeline.specs.names import normalised, shown
from lexer_pipeline.validating.document import Value

RowsT = TypeVar("RowsT", bound=Rows)
# The bytes that one cell takes: where it starts and ends, and its flags.
CELL = 9
NEEDS_ESCAPE = re.compile(r'[\x00-\x1f"\\]')


@dataclass(frozen=True)
class Unpacking:
    """The columns of a source that hold lists, with the parts of them that are read, in the order in which their columns follow.

    Of the list that is the `repeated` one each item is a row; what the items of another one say is a list as JSON writes it.
    """

    lists: tuple[PartColumns, ...]
    repeated: int | None
    width: int
    source: str

    @property
    def columns(self) -> int:
        """How many columns there are with those of the parts."""
        return self.width + sum(len(one.parts) for one in self.lists)

    @cached_property
    def unpackers(self) -> tuple[Unpacker, ...]:
        """Each takes the cells of one list apart."""
        return tuple(Unpacker(one.packing) for one in self.lists)

    def base(self, column: int) -> int:
        """The column of the source that a column is a part of: itself, if it is one."""
        bases = [one.column for one in self.lists for _ in one.parts]
        return column if column < self.width else bases[column - self.width]


def unpacking_of(record: RecordMap, header: Header, width: int) -> Unpacking | None:
    """How the cells of a source with so many columns are taken apart for a record; None where it reads no part of a list."""
    lists = {normalised(one.packing.column): at for at, one in enumerate(header.parts)}
    read = [
        (name, lists[owner(name)], rule)
        for rule in record.rules for names in rule.columns for name in names if owner(name) in lists
    ]  # fmt: skip
    repeated = list(dict.fromkeys(at for _, at, rule in read if repeats(rule)))
    if len(repeated) > 1:
        both = " and ".join(shown(header.parts[at].packing.column) for at in repeated[:2])
        raise UsageError(
            f"{header.source}: {both} would both repeat in one record of {record.specification}",
            "Read one of them with one of the conversions first, count, join, pick and sum.",
        )
    for name, at, rule in read:
        _check(name, rule, at in repeated, header.source)
    return Unpacking(header.parts, next(iter(repeated), None), width, header.source) if read else None


def _check(name: str, rule: FieldRule, is_row: bool, source: str) -> None:
    """Refuse a rule that reads all items of a list where one value belongs, or those of a list whose items are rows."""
    if is_row and not repeats(rule):
        raise UsageError(
            f"{source}: each item of {shown(name.partition(OF_EACH)[0])} is a line, and {rule.target} is none of a line",
            "Leave the field out, or give it to the lines, as in products[] or custom_fields.names[].",
        )
    if not is_row and not takes_lists(rule):
        raise UsageError(
            f"{source}: {shown(name)} is a list, and {rule.target} is one value",
            'Say which is meant: convert = ["first"], ["count"], [{ join = ", " }] or [{ pick = ... }].',
        )


def unpacked(how: Unpacking | None, rows: Records) -> Records:
    """The rows with the parts of their lists as columns behind their own; a row becomes as many as its list has items, at least one."""
    return _Chunk(how, rows).records(rows) if how is not None else rows


def rows_unpacked(how: Unpacking | None, rows: Rows) -> Rows:
    """The same for rows that were not brought together yet."""
    return _Chunk(how, rows).rows() if how is not None else rows


class _Chunk:
    """The rows of one chunk being taken apart: what is read of their lists is written behind their bytes."""

    def __init__(self, how: Unpacking, rows: Rows) -> None:
        self._how = how
        self._rows = rows
        self._pieces = [rows.data]
        self._size = len(rows.data)
        self._problems: dict[int, Problem] = {}
        self._counts = np.ones(len(rows.faults), np.int64)
        # For each cell that is filled: its row and item, its column, and where it lies.
        self._found: list[tuple[int, int, int, int, int, int]] = []
        self._read()
        if int(self._counts.sum()) * how.columns * CELL > MADE_BYTES:
            raise UsageError(
                f"{how.source}: the lists in its cells have more items than {MADE_BYTES >> 20} MiB hold in one part of the source",
                "What repeats so often is no line: leave its list out.",
            )
        # The row of the source that each row is of, and the first of those of each.
        self._order = np.repeat(np.arange(len(self._counts)), self._counts)
        self._begins = np.append(0, np.cumsum(self._counts))[:-1]

    def rows(self) -> Rows:
        """The rows, those of one row side by side."""
        return self._with_parts(self._rows)

    def records(self, records: Records) -> Records:
        """The same, where they are those of records."""
        made, begins = self._with_parts(records), self._begins
        problems = {int(begins[row]): found for row, found in records.problems.items()}
        for row, problem in self._problems.items():
            problems[int(begins[row])] = (*problems.get(int(begins[row]), ()), problem)
        return replace(
            made, firsts=begins[records.firsts].astype(np.int32), problems=problems,
            carried=records.carried.of(self._order) if records.carried else None,
        )  # fmt: skip

    def _with_parts(self, rows: RowsT) -> RowsT:
        how, order = self._how, self._order
        shape = (len(order), how.columns)
        starts, ends = np.zeros(shape, np.int32), np.zeros(shape, np.int32)
        flags = np.zeros(shape, np.uint8)
        wide = (-1, rows.columns)
        starts[:, : how.width] = rows.starts.reshape(wide)[order]
        ends[:, : how.width] = rows.ends.reshape(wide)[order]
        flags[:, : how.width] = rows.flags.reshape(wide)[order]
        if self._found:
            row, item, column, start, end, flag = np.array(self._found, np.int64).T
            at = self._begins[row] + item
            starts[at, column], ends[at, column], flags[at, column] = start, end, flag
        return replace(
            rows, data=b"".join(self._pieces), columns=shape[1], starts=starts.ravel(), ends=ends.ravel(), flags=flags.ravel(),
            row_starts=rows.row_starts[order], row_ends=rows.row_ends[order], cells=rows.cells[order],
            faults=rows.faults[order], lines=rows.lines[order], numbers=rows.numbers[order],
        )  # fmt: skip

    def _read(self) -> None:
        texts, first = cells.of_rows(self._rows), self._how.width
        good = self._rows.faults == ROW_OK
        for at, (one, unpacker) in enumerate(zip(self._how.lists, self._how.unpackers, strict=True)):
            read = self._items if at == self._how.repeated else self._list
            for row in np.flatnonzero(good & texts.filled(one.column)).tolist() if one.parts else ():
                text = texts.text(row, one.column)
                items = unpacker.items(text)
                if items is not None:
                    read(row, items, one.parts, first)
                elif at == self._how.repeated:
                    self._problems[row] = _unreadable(one)
                else:
                    # Conversions of lists take it for the one item, or refuse it.
                    for column in range(first, first + len(one.parts)):
                        self._put(row, 0, column, text, False)
            first += len(one.parts)

    def _items(self, row: int, items: Sequence[Item], parts: Sequence[str], first: int) -> None:
        """Each item a row."""
        if len(items) > RECORD_ROWS:
            self._problems[row] = TOO_MANY
            return
        self._counts[row] = max(1, len(items))
        for number, item in enumerate(items):
            for column, part in enumerate(parts, first):
                value = item.get(part)
                if value is not None and value != "":
                    self._put(row, number, column, value, bool(value) and isinstance(value, list | dict))

    def _list(self, row: int, items: Sequence[Item], parts: Sequence[str], first: int) -> None:
        """All that the items say under one name as one list."""
        for column, part in enumerate(parts, first):
            values: list[Value] = [item[part] for item in items if part in item]
            if values:
                self._put(row, 0, column, values, True)

    def _put(self, row: int, item: int, column: int, value: Value, is_nested: bool) -> None:
        try:
            text = value if isinstance(value, str) else as_cell(value)
            piece = text.encode()
        except (UnicodeEncodeError, orjson.JSONEncodeError, RecursionError):
            self._problems[row] = NOT_UNICODE
            return
        flags = (HAS_ESCAPE if NEEDS_ESCAPE.search(text) else 0) | (0 if piece.isascii() else HAS_HIGH)
        self._pieces.append(piece)
        start, self._size = self._size, self._size + len(piece)
        self._found.append((row, item, column, start, self._size, flags | (HAS_NESTED if is_nested else 0)))


TOO_MANY = Problem(
    (), "too_large", f"at most {RECORD_ROWS:,} items", f"holds a list of more than {RECORD_ROWS:,} items in one cell; what repeats so often is no line"
)  # fmt: skip
NOT_UNICODE = Problem(
    (), "encoding", "text", "holds half of a sign that is written in two escapes; fix it where it comes from"
)


def _unreadable(one: PartColumns) -> Problem:
    form = _form(one)
    return Problem(
        (), "packed", f"a list in the form {form}",
        f"holds in the column {shown(one.packing.column)} no list in the form {form}, or an item that says one thing twice; fix the cell, or describe the form under packed in a mapping",
    )  # fmt: skip


def _form(one: PartColumns) -> str:
    """How a cell looks, in short."""
    packing = one.packing
    names: Iterator[str] = iter((*packing.names, "name", "name"))
    first, second = next(names), next(names)
    item = f"{first}{packing.mark}...{packing.parts[0]}{second}{packing.mark}..."
    return f"{item}{packing.items[0]}{first}{packing.mark}..."
