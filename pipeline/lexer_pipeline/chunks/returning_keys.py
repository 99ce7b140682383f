"""Whether a key comes back behind rows of another one, so that the rows of a record must be brought together."""

from collections.abc import Iterator
from contextlib import ExitStack, closing

import numpy as np

from lexer_pipeline.chunks.group import Key, Keys, marks_of, too_large
from lexer_pipeline.chunks.hashes import by_beginning
from lexer_pipeline.chunks.rows import Rows
from lexer_pipeline.kernels import dispatch
from lexer_pipeline.kernels.arrays import UInt64s
from lexer_pipeline.kernels.codes import KEY_SAME, KEY_STARTS
from lexer_pipeline.limits import RECORD_ROWS
from lexer_pipeline.system.scratch import Parted, Scratch

MOST_KEYS = 1 << 21
SPILL_BITS = 6
SPILLS = 1 << SPILL_BITS


def marked(blocks: Iterator[Rows], key: Key) -> Iterator[Keys]:
    """The keys of some chunks of rows."""
    return (marks_of(rows, key) for rows in blocks)


def comes_back(keys: Iterator[Keys], scratch: Scratch, source: str) -> bool:
    """Whether some key stands again behind rows of another key; memory stays constant, hashes go to disk.

    Raises SourceError where a key has more rows side by side than a record may have.
    """
    seen, last = dispatch.KeySet(MOST_KEYS), 0
    rows, began = 0, 0
    with ExitStack() as held:
        spill: _Spill | None = None
        for marks, hashes in keys:
            places = np.flatnonzero((marks == KEY_STARTS) | (marks == KEY_SAME))
            keyed = hashes[places]
            begins = np.append(keyed[:1] != last, keyed[1:] != keyed[:-1])
            turns = np.concatenate([[began], rows + places[begins], [rows + len(marks)]])
            for turn in np.flatnonzero(np.diff(turns) > RECORD_ROWS)[:1].tolist():
                raise too_large(source, f"that begins with row {int(turns[turn]) + 1}")
            rows, began = int(turns[-1]), int(turns[-2])
            if not len(keyed):
                continue
            last, begun = int(keyed[-1]), keyed[begins]
            if spill is not None:
                spill.write(begun)
            elif seen.add(begun) < len(begun):
                return True
            elif seen.count > MOST_KEYS // 2:
                spill = _Spill(held.enter_context(closing(Parted(scratch.file(), SPILLS))))
                spill.write(seen.values())
        return spill is not None and spill.has_doubles()


class _Spill:
    """Hashes on disk, parted so that one part fits in memory."""

    def __init__(self, parts: Parted) -> None:
        self._parts = parts

    def write(self, hashes: UInt64s) -> None:
        odd = hashes | np.uint64(1)
        order, ends = by_beginning(odd, SPILL_BITS)
        for number, some in enumerate(np.split(odd[order], ends)):
            self._parts.write(number, some.tobytes())

    def has_doubles(self) -> bool:
        for number in range(SPILLS):
            hashes = np.sort(np.frombuffer(self._parts.read(number), np.uint64))
            if (hashes[1:] == hashes[:-1]).any():
                return True
        return False
