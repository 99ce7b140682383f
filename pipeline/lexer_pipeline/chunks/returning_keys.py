"""Whether a key comes back behind rows of another one, so that the rows of a record must be brought together."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from lexer_pipeline.chunks.group import Key, Keys, marks_of
from lexer_pipeline.chunks.rows import Rows
from lexer_pipeline.kernels import dispatch
from lexer_pipeline.kernels.arrays import UInt64s
from lexer_pipeline.kernels.codes import KEY_SAME, KEY_STARTS

MOST_KEYS = 1 << 21
SPILLS = 64


def marked(blocks: Iterator[Rows], key: Key) -> Iterator[Keys]:
    """The keys of some chunks of rows."""
    return (marks_of(rows, key) for rows in blocks)


def comes_back(keys: Iterator[Keys]) -> bool:
    """Whether some key stands again behind rows of another key; memory stays constant, hashes go to disk."""
    seen, last = dispatch.KeySet(MOST_KEYS), 0
    with tempfile.TemporaryDirectory() as folder:
        spill: _Spill | None = None
        for marks, hashes in keys:
            keyed = hashes[(marks == KEY_STARTS) | (marks == KEY_SAME)]
            if not len(keyed):
                continue
            begins = np.concatenate([[keyed[0] != last], keyed[1:] != keyed[:-1]])
            last, begun = int(keyed[-1]), keyed[begins]
            if spill is not None:
                spill.write(begun)
            elif seen.add(begun) < len(begun):
                return True
            elif seen.count > MOST_KEYS // 2:
                spill = _Spill(Path(folder))
                spill.write(seen.values())
        return spill is not None and spill.has_doubles()


class _Spill:
    """Hashes on disk, parted so that one part fits in memory."""

    def __init__(self, folder: Path) -> None:
        self._files: list[BinaryIO] = [(folder / str(number)).open("w+b") for number in range(SPILLS)]

    def write(self, hashes: UInt64s) -> None:
        odd = hashes | np.uint64(1)
        parts = (odd >> np.uint64(58)).astype(np.int64)
        for number, file in enumerate(self._files):
            file.write(odd[parts == number].tobytes())

    def has_doubles(self) -> bool:
        found = False
        for file in self._files:
            file.seek(0)
            hashes = np.sort(np.frombuffer(file.read(), np.uint64))
            found = found or bool((hashes[1:] == hashes[:-1]).any())
            file.close()
        return found
