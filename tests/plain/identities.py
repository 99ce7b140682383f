"""By which records are known: what `identities` does."""

import hashlib
import json
from collections.abc import Sequence

import numpy as np
from lexer_pipeline.kernels.arrays import HasCells, Int32s, Int64s, UInt64s


def hash_text(text: bytes, is_folded: bool) -> int:
    """The hash of one text; see `identities.hash_text`."""
    if not text:
        return 0
    plain = bytes(sign | 0x20 for sign in text.strip(b" ") or b" ") if is_folded else text
    return int.from_bytes(hashlib.blake2b(plain, digest_size=8).digest(), "little") | 1


def hash_cells(cells: HasCells, column: int, rows: Int32s, is_folded: bool) -> UInt64s:
    """The hash of a column's cell in each of some rows; see `identities.hash_cells`."""
    places = [row * cells.columns + column for row in rows.tolist()]
    texts = [cells.data[cells.starts[at] : cells.ends[at]] for at in places]
    return np.array([hash_text(text, is_folded) for text in texts], np.uint64)


def hash_lines(
    data: bytes,
    ends: Int64s,
    keys: tuple[bytes, ...],
    links: Sequence[bool],
    folded: Sequence[bool],
    enough: int,
) -> tuple[UInt64s, int, list[int]]:
    """The hashes of some fields of each line; see `identities.hash_lines`."""
    stops = ends.tolist()
    lines = [data[begin:end] for begin, end in zip([0, *stops], stops, strict=False)]
    hashes = np.zeros((len(keys), len(lines)), np.uint64)
    odd = []
    for number, line in enumerate(lines):
        if b"\\" in line:
            odd.append(number)
            continue
        record = json.loads(line, parse_int=str, parse_float=str)
        for place, key in enumerate(keys):
            value = (record.get("link", {}) if links[place] else record).get(key.decode())
            if isinstance(value, str):
                hashes[place, number] = hash_text(value.encode(), folded[place])
    met = sum(1 << place for place in range(len(keys)) if hashes[place].any())
    return hashes, met, odd


class BloomFilter:
    """Tells which hashes were added before; see `identities.BloomFilter`, which may say so of others too."""

    def __init__(self) -> None:
        self._seen: set[int] = set()

    def add(self, hashes: UInt64s) -> UInt64s:
        """Add some hashes; returns those that were added before."""
        again = []
        for one in hashes.tolist():
            if one in self._seen:
                again.append(one)
            self._seen.add(one)
        return np.array(again, np.uint64)
