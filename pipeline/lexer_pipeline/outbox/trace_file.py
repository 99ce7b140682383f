"""The file beside a batch that says which lines of its sources made each line of its NDJSON.

    blocks      some records of one source each: how many rows each has, and the lines of the rows
    index       a row of INDEX for each block
    end         END: how many blocks, where the index begins, how many records, the SHA-256 of the NDJSON

Numbers are told as differences from the one before, of which most are small or all alike; their bytes are put side by side by
weight and deflated. A block is small enough to be read alone. It holds no value of a record.
"""

import os
import struct
import zlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from lexer_pipeline.kernels.arrays import Int64s
from lexer_pipeline.outbox.line_packing import BrokenTraceError, of_records, packed, rows_of, steps, unpacked
from lexer_pipeline.system import files
from lexer_pipeline.system.stores import Folder

MAGIC, VERSION = b"LXTRACE\n", 1
# Where some of the rows are unchanged, which the version before does not know.
WITH_UNCHANGED = 2
# The magic bytes, the version, how many blocks, where the index begins, how many records, the SHA-256, and a checksum of all this and the index.
END = struct.Struct("<8sIIQQ32sI")
# What a block holds: records one after another; rows that records of before have in another source; records of which nothing is known; rows
# of records that are not sent, since they are at the destination already.
RECORDS, MORE, UNKNOWN, UNCHANGED = range(4)
# The records of a block are `count`, from the line `first` of the NDJSON on; their rows stand on lines of the source from `low` to `high`,
# or of its mended rejects. Its bytes lie `at` a place of the file.
INDEX = np.dtype([
    ("kind", "<u2"), ("fixes", "<u2"), ("source", "<u4"), ("first", "<u8"), ("count", "<u8"), ("low", "<u8"), ("high", "<u8"),
    ("at", "<u8"), ("size", "<u4"), ("rows", "<u4"),
])  # fmt: skip
# So many rows make a block, and so many bytes of blocks are written at a time.
BLOCK_ROWS, WRITTEN = 1 << 16, 1 << 18
DECODED = 4


class Origin(NamedTuple):
    """Where one record comes from, or a part of it: the number of its source (from 0), and the lines of its rows there.

    Where they are lines of rejects that were mended, `fixes` says whose: 1 of the batch that this one fixes, 2 of the one that that one does.
    """

    source: int
    lines: tuple[int, ...]
    fixes: int


class TraceWriter:
    """Writes the file of one batch, while its records are written; no descriptor stays open."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.records = 0
        self._index: list[tuple[int, ...]] = []
        self._blocks = [MAGIC]
        self._at = len(MAGIC)
        self._waiting = len(MAGIC)
        # Of the block at hand: its source, and the rows and lines so far.
        self._source = (0, 0)
        self._lines: list[Int64s] = []
        self._sizes: list[Int64s] = []
        self._rows = 0
        self._more: dict[tuple[int, int], list[tuple[int, Int64s]]] = {}
        self._unchanged: dict[int, list[Int64s]] = {}
        self._version = VERSION

    def add(self, source: int, lines: Int64s, sizes: Int64s, fixes: int = 0) -> None:
        """The next records are made of rows of this source, `sizes` of them each, which begin on these `lines`."""
        if not len(sizes):
            return
        if (source, fixes) != self._source:
            self._end_block()
            self._source = (source, fixes)
        self._lines.append(lines)
        self._sizes.append(sizes)
        self._rows += len(lines)
        self.records += len(sizes)
        while self._rows >= BLOCK_ROWS:
            self._end_block(BLOCK_ROWS)

    def settle(self) -> None:
        """No further record is added; what is held of those that were goes to the disk, so that many parts need no more memory than one."""
        self._end_block()
        self._write()

    def add_more(self, record: int, source: int, lines: Int64s, fixes: int = 0) -> None:
        """The record on this line of the NDJSON, from 1, also has rows of another source."""
        some = self._more.setdefault((source, fixes), [])
        some.append((record, lines))
        if len(some) >= BLOCK_ROWS:
            self._end_more(source, fixes)

    def add_unchanged(self, source: int, lines: Int64s) -> None:
        """On these lines of a source stand rows of records that are at the destination already."""
        if not len(lines):
            return
        some = self._unchanged.setdefault(source, [])
        some.append(lines)
        if sum(map(len, some)) >= BLOCK_ROWS:
            self._end_unchanged(source)

    def renumber(self, shift: int) -> None:
        """The sources have numbers that are so much lower."""
        self._end_block()
        self._index = [(*one[:2], one[2] - shift, *one[3:]) for one in self._index]
        self._more = {(source - shift, fixes): some for (source, fixes), some in self._more.items()}
        self._unchanged = {source - shift: some for source, some in self._unchanged.items()}

    def add_unknown(self, count: int) -> None:
        """Of the next records nobody knows where they come from."""
        self._end_block()
        if count:
            self._index.append((UNKNOWN, 0, 0, self.records + 1, count, 0, 0, self._at, 0, 0))
            self.records += count

    def take_over(self, before: "TraceFile | None", count: int) -> None:
        """The next records are those of a batch of before, so many."""
        if before is None:
            self.add_unknown(count)
            return
        shift = self.records
        for kind, source, whose, first, sizes, lines in before.blocks():
            fixes = whose and whose + 1
            if kind == RECORDS:
                self.add(source, lines, sizes, fixes)
            elif kind == UNKNOWN:
                self.add_unknown(int(sizes.sum()))
            elif kind == UNCHANGED:
                self.add_unchanged(source, lines)
            else:
                for record, some in zip(first.tolist(), np.split(lines, np.cumsum(sizes)[:-1]), strict=True):
                    self.add_more(shift + record, source, some, fixes)

    def close(self, sha256: str) -> None:
        """The file is whole and on the disk; `sha256` is that of the NDJSON."""
        self._end_block()
        for source, fixes in list(self._more):
            self._end_more(source, fixes)
        for source in list(self._unchanged):
            self._end_unchanged(source)
        index = np.array(self._index, INDEX).tobytes()
        end = (
            MAGIC, self._version, len(self._index), self._at, self.records, bytes.fromhex(sha256),
        )  # fmt: skip
        checked = zlib.crc32(index + END.pack(*end, 0))
        self._put(index + END.pack(*end, checked))
        self._write(synced=True)

    def _end_block(self, rows: int = 0) -> None:
        """Put away what was added; with `rows` the first records that have so many, so that blocks do not depend on how records came."""
        if not self._sizes:
            return
        sizes, lines = np.concatenate(self._sizes), np.concatenate(self._lines)
        first = self.records + 1 - len(sizes)
        ends = np.cumsum(sizes)
        count = int(np.searchsorted(ends, rows)) + 1 if rows else len(sizes)
        end = int(ends[count - 1])
        rest = [sizes[count:]], [lines[end:]]
        self._sizes, self._lines = rest if count < len(sizes) else ([], [])
        self._rows = len(lines) - end
        data = of_records(sizes[:count], lines[:end])
        self._add_block(RECORDS, *self._source, first, count, data, lines[:end])

    def _end_more(self, source: int, fixes: int) -> None:
        some = sorted(self._more.pop((source, fixes)), key=lambda one: one[0])
        records = np.repeat(
            np.array([record for record, _ in some], np.int64), [len(lines) for _, lines in some]
        )
        lines = np.concatenate([lines for _, lines in some])
        first, last = some[0][0], some[-1][0]
        self._add_block(
            MORE,
            source,
            fixes,
            first,
            last - first + 1,
            packed(steps(records)) + packed(steps(lines)),
            lines,
        )

    def _end_unchanged(self, source: int) -> None:
        lines = np.concatenate(self._unchanged.pop(source))
        self._version = WITH_UNCHANGED
        self._add_block(UNCHANGED, source, 0, self.records + 1, 0, packed(steps(lines)), lines)

    def _add_block(
        self, kind: int, source: int, fixes: int, first: int, count: int, data: bytes, lines: Int64s
    ) -> None:
        low, high = int(lines.min()), int(lines.max())
        self._index.append((kind, fixes, source, first, count, low, high, self._at, len(data), len(lines)))
        self._put(data)

    def _put(self, data: bytes) -> None:
        self._blocks.append(data)
        self._at += len(data)
        self._waiting += len(data)
        if self._waiting >= WRITTEN:
            self._write()

    def _write(self, synced: bool = False) -> None:
        with os.fdopen(files.open_to_append(self.path), "ab") as file:
            file.write(b"".join(self._blocks))
            file.flush()
            if synced:
                os.fsync(file.fileno())
        self._blocks, self._waiting = [], 0


class TraceFile:
    """The file of one batch; BrokenTraceError where it is not what was written."""

    def __init__(self, path: Folder) -> None:
        self.path = path
        try:
            size = path.stat().st_size
            magic, version, blocks, at, self.records, sha256, checked = END.unpack(
                _read(path, size - END.size, END.size)
            )
            index = _read(path, at, size - END.size - at)
            end = END.pack(magic, version, blocks, at, self.records, sha256, 0)
            is_whole = (
                magic == MAGIC
                and version in (VERSION, WITH_UNCHANGED)
                and len(index) == blocks * INDEX.itemsize
            )
            if not is_whole or zlib.crc32(index + end) != checked:
                raise BrokenTraceError
        except (struct.error, ValueError, OverflowError) as problem:
            raise BrokenTraceError from problem
        self.sha256 = sha256.hex()
        self._index = np.frombuffer(index, INDEX)
        self._decoded = lru_cache(DECODED)(self._decode)

    def origins(self, record: int) -> tuple[Origin, ...]:
        """Where the record on this line of the NDJSON comes from; nothing where nobody knows."""
        first, count = self._index["first"].astype(np.int64), self._index["count"].astype(np.int64)
        found = []
        for block in np.flatnonzero((first <= record) & (record < first + count)).tolist():
            about = self._index[block]
            if about["kind"] == UNKNOWN:
                continue
            records, lines = self._decoded(block)
            of_it = tuple(lines[slice(*np.searchsorted(records, [record, record + 1]))].tolist())
            if of_it:
                found.append(Origin(int(about["source"]), of_it, int(about["fixes"])))
        return tuple(found)

    def at_or_before(self, sources: frozenset[int], line: int) -> tuple[int, tuple[int, ...]]:
        """The last line of some sources, up to this one, on which something begins that is sent, and the lines of the NDJSON it is in.

        Lines of mended rejects are none of a source. (0, ()) where there is none.
        """
        best, found = 0, set[int]()
        blocks = np.flatnonzero(self._may_have(sources, line))
        highest = self._index["high"][blocks].astype(np.int64)
        # In a source that stands in order the first block tells, and the others cannot.
        for at in np.argsort(-highest, kind="stable").tolist():
            block = int(blocks[at])
            if highest[at] < best:
                break
            records, lines = self._decoded(block)
            before = lines[lines <= line]
            last = int(before.max())
            if last > best:
                best, found = last, set()
            if last == best:
                found.update(records[lines == best].tolist())
        return best, tuple(sorted(found))

    def is_unchanged(self, sources: frozenset[int], line: int) -> bool:
        """Whether a row of a record that is at the destination already begins on a line of some sources."""
        index = self._index
        of_them = np.isin(index["source"], list(sources)) & (index["kind"] == UNCHANGED)
        blocks = np.flatnonzero(of_them & (index["low"] <= line) & (index["high"] >= line)).tolist()
        return any(line in self._decoded(block)[1] for block in blocks)

    def _may_have(self, sources: frozenset[int], line: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        index = self._index
        says = np.isin(index["kind"], [RECORDS, MORE])
        of_them = np.isin(index["source"], list(sources)) & (index["fixes"] == 0) & says
        may: np.ndarray[tuple[int], np.dtype[np.bool_]] = of_them & (index["low"] <= line)
        return may

    def blocks(self) -> Iterator[tuple[int, int, int, Int64s, Int64s, Int64s]]:
        """All blocks: kind, source and whose rejects they are of; records, how many rows each has, and the lines of these."""
        for block, about in enumerate(self._index):
            kind, source, fixes = int(about["kind"]), int(about["source"]), int(about["fixes"])
            if kind == UNKNOWN:
                counted = np.array([about["count"]], np.int64)
                yield kind, source, fixes, np.zeros(1, np.int64), counted, np.zeros(0, np.int64)
                continue
            of_rows, lines = self._decoded(block)
            records, sizes = np.unique(of_rows, return_counts=True)
            yield kind, source, fixes, records, sizes, lines

    def _decode(self, block: int) -> tuple[Int64s, Int64s]:
        """Of each row of a block the line of the NDJSON, in order, and that of its source."""
        about = self._index[block]
        try:
            data = _read(self.path, int(about["at"]), int(about["size"]))
            if about["kind"] == UNCHANGED:
                lines = np.cumsum(unpacked(data)[0])
                return np.zeros(len(lines), np.int64), lines
            if about["kind"] == MORE:
                records, data = unpacked(data)
                return np.cumsum(records), np.cumsum(unpacked(data)[0])
            sizes, lines = rows_of(data)
            return np.repeat(np.arange(len(sizes)) + int(about["first"]), sizes), lines
        except (zlib.error, struct.error, ValueError, IndexError) as problem:
            raise BrokenTraceError from problem


def _read(path: Folder, at: int, size: int) -> bytes:
    if at < 0 or size < 0:
        raise BrokenTraceError
    with path.open("rb") as file:
        file.seek(at)
        data = file.read(size)
    if len(data) != size:
        raise BrokenTraceError
    return data
