"""The rejected rows of one source of a batch, by their number: their text lies on disk, and of each only a few bytes in memory."""

import re
from array import array
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import orjson
from msgspec import Struct, field

from lexer_pipeline.chunks.edits import Edits, cells_of, with_cell
from lexer_pipeline.kernels.arrays import Int64s, UInt64s
from lexer_pipeline.kernels.codes import ROW_BLANK
from lexer_pipeline.kernels.dialect import Dialect
from lexer_pipeline.loading.records import rows_of, spooled_body
from lexer_pipeline.loading.source import LoadedTable
from lexer_pipeline.outbox.batch import ISSUES, PreparedBatch
from lexer_pipeline.preparing import rejects
from lexer_pipeline.preparing.rejects_files import source_number
from lexer_pipeline.system.files import read_at
from lexer_pipeline.system.scratch import Scratch

# The place in a list that a path names: products[1].quantity.
ITEM = re.compile(r"\[(\d+)\]")
# Codes are few; each is a bit.
MOST_CODES = 64


class Fault(Struct, frozen=True):
    """One thing wrong with a record, as issues.ndjson has it."""

    column: str
    path: str
    code: str
    message: str


class FaultyRows(Struct):
    """The rows that a batch rejected of one source, and what is wrong with their records by now.

    Row r is on the line `lines[r]` of the `source` and belongs to the record `records[r]`; its text is in `texts` from
    `places[r]` to `places[r + 1]`. `codes[c]` are the bits of what is wrong with record c, in the order of `names_of_codes`; `first`
    and `behind` are its rows, `said` the places of its issues in issues.ndjson. `checked` are the faults of those that were
    checked since. A table without a `file` has rows that were accepted and are suspicious.
    """

    batch: PreparedBatch
    file: str
    source: str
    names: tuple[str, ...]
    header: bytes
    dialect: Dialect
    texts: BinaryIO
    places: Int64s
    lines: Int64s
    records: Int64s
    first: Int64s
    codes: UInt64s
    said: Int64s
    names_of_codes: list[str]
    checked: dict[int, tuple[Fault, ...]] = field(default_factory=dict)

    @property
    def specification(self) -> str:
        """What the records are."""
        return self.batch.manifest.specification

    @property
    def is_suspected(self) -> bool:
        """Whether its rows were accepted, and are suspicious."""
        return not self.file

    @property
    def number(self) -> int:
        """The number of the source in its batch, from 0."""
        return source_number(self.file)

    def __len__(self) -> int:
        return len(self.lines)

    def raw(self, row: int) -> bytes:
        """A row as it stood in the source."""
        begin, end = self.places[row : row + 2].tolist()
        return read_at(self.texts.fileno(), end - begin, begin)

    def text(self, row: int, edits: Edits) -> str:
        """A row as a person made it."""
        line = self.lines.item(row)
        said = edits.rows.get(line)
        raw = self.raw(row).decode(errors="replace") if said is None else said
        for name, text in edits.cells.get(line, {}).items():
            raw = with_cell(raw, self.names.index(name), text, len(self.names), self.dialect)
        return raw

    def cells(self, row: int, edits: Edits) -> list[str]:
        """The cells of a row as a person made them; behind those of the header what stands there beyond."""
        return cells_of(self.text(row, edits), len(self.names), self.dialect)

    def changed_cells(self, row: int, edits: Edits) -> list[str]:
        """The columns whose cells a person changed."""
        return list(edits.cells.get(self.lines.item(row), ()))

    def edit(self, _: int, place: int, text: str, __: Edits) -> dict[str, object]:
        """What is to be kept of a change of one cell."""
        return {"column": self.names[place], "to": text}

    def edit_row(self, _: int, text: str) -> dict[str, object]:
        """The same for a row that was written anew."""
        return {"row": text}

    def leave_out(self, _: int) -> dict[str, object]:
        """The same for one that was left out."""
        return {"left_out": True}

    def place_of(self, fault: Fault) -> str:
        """The column in which a fault stands; empty where none does."""
        return fault.column if fault.column in self.names else ""

    def rows_of(self, record: int) -> range:
        """The rows of a record."""
        return range(self.first.item(record), self.first.item(record + 1))

    def rejects(self, records: Sequence[int]) -> Iterator[bytes]:
        """Some records as a file of rejects has them."""
        mark = self.dialect.delimiter
        yield self.header
        for record in records:
            for row in self.rows_of(record):
                yield b"%b%b\n" % (f"{self.lines.item(row)}{mark}{mark}".encode(), self.raw(row))

    def told_on(self, record: int, number: int) -> list[int]:  # noqa: ARG002 - documents ask for it
        """The lines on which the issues of such a file tell of a record, which has this number in it."""
        return sorted({self.lines.item(row) for row in self.rows_of(record)})

    def faults(self, record: int) -> tuple[Fault, ...]:
        """What is wrong with a record."""
        if record in self.checked:
            return self.checked[record]
        begin, end = self.said[record].tolist()
        with (self.batch.on_disk / ISSUES).open("rb") as issues:
            said = map(orjson.loads, read_at(issues.fileno(), end - begin, begin).splitlines())
        line = self.lines.item(self.first.item(record))
        return tuple(fault_of(one) for one in said if one["line"] == line and one["source"] == self.source)

    def faulty_cells(self, row: int) -> dict[str, str]:
        """The columns of a row whose cells are wrong, each with the sentences; under an empty name what is wrong with the row itself."""
        record = self.records.item(row)
        rows = self.rows_of(record)
        found: dict[str, list[str]] = {}
        for fault in self.faults(record):
            item = ITEM.search(fault.path)
            is_elsewhere = item is not None and len(rows) > 1 and rows.start + int(item[1]) != row
            place = self.place_of(fault)
            if not is_elsewhere or not place:
                found.setdefault(place, []).append(fault.message)
        return {name: " ".join(dict.fromkeys(said)) for name, said in found.items()}

    def became(self, record: int, faults: tuple[Fault, ...]) -> None:
        """What is wrong with a record since it was checked again."""
        self.checked[record] = faults
        self.codes[record] = bits(self.names_of_codes, [one.code for one in faults])


def fault_of(said: Mapping[str, Any]) -> Fault:
    """An issue of issues.ndjson."""
    return Fault(said["column"], said["path"], said["code"], said["message"])


def bits(names: list[str], codes: Sequence[str]) -> int:
    """Codes as bits; names that are new come behind the others, and the last one stands for all beyond."""
    found = 0
    for code in codes:
        if code not in names and len(names) < MOST_CODES:
            names.append(code)
        found |= 1 << (names.index(code) if code in names else MOST_CODES - 1)
    return found


def faulty_table(
    batch: PreparedBatch, file: str, source: str, loaded: LoadedTable, scratch: Scratch, held: ExitStack
) -> FaultyRows:
    """The rows of one file of rejects."""
    texts, places, lines = held.enter_context(scratch.file()), array("q", [0]), array("q")
    with spooled_body(loaded) as spool:
        for rows in rows_of(loaded, spool.again()):
            for row in np.flatnonzero(rows.faults != ROW_BLANK).tolist():
                raw = rows.raw(row)
                texts.write(raw)
                places.append(places[-1] + len(raw))
                lines.append(rows.lines.item(row))
    texts.flush()
    names: list[str] = []
    of = np.frombuffer(lines, np.int64).copy()
    begun, codes, said = _records(batch.on_disk / ISSUES, source, names)
    starts = np.isin(of, begun)
    starts[:1] = True
    first = np.append(np.flatnonzero(starts), len(of)).astype(np.int64)
    known = np.searchsorted(begun, of[first[:-1]]).clip(max=max(len(begun) - 1, 0))
    return FaultyRows(
        batch, file, source, loaded.head.distinct, rejects.header(loaded.head), loaded.head.dialect, texts,
        np.frombuffer(places, np.int64).copy(), of, np.cumsum(starts) - 1, first, codes[known], said[known], names,
    )  # fmt: skip


def _records(issues: Path, source: str, names: list[str]) -> tuple[Int64s, UInt64s, Int64s]:
    """The lines on which records begin that have issues, in order, with the bits of their codes and where these issues stand."""
    found: dict[int, list[int]] = {}
    for begin, end, said in lines_of(issues):
        if said["source"] == source:
            known = found.setdefault(said["line"], [0, begin, end])
            known[0] |= bits(names, [said["code"]])
            known[2] = end
    lines = sorted(found)
    table = [found[line] for line in lines] or [[0, 0, 0]]
    codes = np.array([one[0] for one in table], np.uint64)
    return np.array(lines or [0], np.int64), codes, np.array([one[1:] for one in table], np.int64)


def lines_of(issues: Path) -> Iterator[tuple[int, int, Mapping[str, Any]]]:
    """Each issue of a file with the place where it stands."""
    at = 0
    with issues.open("rb") as file:
        for line in file:
            yield at, at + len(line), orjson.loads(line)
            at += len(line)
