"""Rows of documents put side by side by their key, through a file on disk: documents of one key may stand anywhere."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing

import numpy as np
from msgspec.structs import replace

from lexer_pipeline.chunks.compact import from_bytes, put_together, to_bytes
from lexer_pipeline.chunks.group import Key, marks_of, too_large
from lexer_pipeline.chunks.records import Records
from lexer_pipeline.chunks.regroup import side_by_side
from lexer_pipeline.kernels.arrays import Int64s, UInt64s
from lexer_pipeline.kernels.clean_key import clean_key
from lexer_pipeline.kernels.codes import KEY_SAME, KEY_STARTS, ROW_BLANK, ROW_OK
from lexer_pipeline.limits import RECORD_BYTES, RECORD_ROWS
from lexer_pipeline.system.scratch import Parted, Scratch

# Rows are parted by so many bits of the hash of their key, and those of a part that is too large for memory by the next ones.
BITS, LEVELS = 6, 9
CHUNK_ROWS = 8192


def regrouped(chunks: Iterable[Records], key: Key, scratch: Scratch, source: str) -> Iterator[Records]:
    """All rows in chunks where those of one key make one record, in the order in which they stand in the source.

    A row without a key is a record of its own, and so is one of a document that cannot be read. Where none is left of some rows,
    a chunk of no rows says so, so that what was left out of them can be counted.
    """
    with closing(Parted(scratch.file(), 1 << BITS)) as parts:
        for chunk in chunks:
            marks, hashes = marks_of(chunk, key)
            keyed = ((marks == KEY_STARTS) | (marks == KEY_SAME)) & (chunk.faults == ROW_OK)
            _put(parts, chunk, np.flatnonzero(keyed), hashes, 0)
            rest = chunk.kept(~keyed)
            yield replace(rest, firsts=np.flatnonzero(rest.faults != ROW_BLANK).astype(np.int32))
        for found in _each(parts, key, 0, scratch, source):
            yield from _in_chunks(_sorted(found, key, source))


def _put(parts: Parted, chunk: Records, rows: Int64s, hashes: UInt64s, level: int) -> None:
    """Put rows into their parts."""
    numbers = (hashes[rows] >> np.uint64(64 - BITS * (level + 1))) & np.uint64((1 << BITS) - 1)
    for number in np.unique(numbers).tolist():
        parts.write(number, to_bytes(chunk, rows[numbers == number]))


def _each(parts: Parted, key: Key, level: int, scratch: Scratch, source: str) -> Iterator[Records]:
    """The rows of the parts, as many parts at a time as fit in memory; SourceError where a key has more rows than a record may have.

    What fits as a whole comes as a whole, so that the order of its records does not depend on how keys are hashed.
    """
    held, size = list[bytes](), 0
    for number in range(1 << BITS):
        found = list(_up_to(parts.pieces(number), RECORD_BYTES + 1))
        more = sum(map(len, found))
        if held and size + more > RECORD_BYTES:
            yield _read(held)
            held, size = [], 0
        if more > RECORD_BYTES:
            yield from _finer(parts, number, key, level + 1, scratch, source)
        else:
            held, size = [*held, *found], size + more
    if held:
        yield _read(held)


def _up_to(pieces: Iterator[bytes], size: int) -> Iterator[bytes]:
    """As many of some pieces as have so many bytes."""
    for piece in pieces:
        yield piece
        size -= len(piece)
        if size <= 0:
            return


def _read(pieces: Sequence[bytes]) -> Records:
    return put_together([one for piece in pieces for one in from_bytes(piece)])


def _finer(
    parts: Parted, number: int, key: Key, level: int, scratch: Scratch, source: str
) -> Iterator[Records]:
    known = np.zeros(0, np.uint64)
    with closing(Parted(scratch.file(), 1 << BITS)) as finer:
        for piece in parts.pieces(number):
            for chunk in from_bytes(piece):
                hashes = marks_of(chunk, key)[1]
                _put(finer, chunk, np.arange(len(chunk.faults)), hashes, level)
                # Two are enough to know that they can be told apart.
                known = np.unique(np.append(known, hashes))[:2]
        if len(known) == 1 or level == LEVELS:
            raise too_large(source, f"on line {_first_line(parts, number)}")
        yield from _each(finer, key, level, scratch, source)


def _first_line(parts: Parted, number: int) -> int:
    return min(int(chunk.lines.min()) for piece in parts.pieces(number) for chunk in from_bytes(piece))


def _sorted(rows: Records, key: Key, source: str) -> Records:
    """Rows with those of one key side by side, where the first of them stands."""
    rows = rows.in_turn(np.argsort(rows.numbers, kind="stable"))
    hashes = marks_of(rows, key)[1]
    order, groups = side_by_side(hashes.view(np.int64))
    in_order = rows.in_turn(order)
    begins = marks_of(in_order, key)[0] == KEY_STARTS
    if begins.sum() > groups:
        # Two keys have one hash, once in the life of a universe: then the keys themselves decide.
        keys = [_key(rows, row, key) for row in range(len(rows.faults))]
        first_of = {text: row for row, text in reversed(list(enumerate(keys)))}
        in_order = rows.in_turn(np.argsort([first_of[text] for text in keys], kind="stable"))
        begins = marks_of(in_order, key)[0] == KEY_STARTS
    firsts = np.flatnonzero(begins).astype(np.int32)
    sizes = np.diff(np.append(firsts, len(begins)))
    if len(sizes) and sizes.max() > RECORD_ROWS:
        raise too_large(source, f"on line {int(in_order.lines[firsts[sizes.argmax()]])}")
    return replace(in_order, firsts=firsts)


def _key(rows: Records, row: int, key: Key) -> bytes:
    at = row * rows.columns + key.column
    return clean_key(key.kind, rows.data[rows.starts[at] : rows.ends[at]])


def _in_chunks(rows: Records) -> Iterator[Records]:
    wide = max(1, CHUNK_ROWS * rows.records // max(1, len(rows.faults)))
    for start in range(0, rows.records, wide):
        yield rows.part(start, min(start + wide, rows.records))
