"""Rows put aside by the hash of their key, so that all rows of a key lie in one bucket that fits in memory."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing

import numpy as np

from lexer_pipeline.chunks.group import too_large
from lexer_pipeline.kernels import dispatch
from lexer_pipeline.kernels.arrays import Int32s, Int64s, Integers, UInt64s
from lexer_pipeline.kernels.codes import KEY_SAME, KEY_STARTS, KEYS_END, KEYS_HASH, KEYS_MARK, KEYS_START
from lexer_pipeline.limits import RECORD_BYTES, RECORD_ROWS
from lexer_pipeline.system.scratch import Parted, Scratch

# What is found of the rows of some bytes: where each lies, and its key (`dispatch.scan_keys`).
Keys = Callable[[bytes], Int64s]
# Rows, one after another, and the line and number of each.
Lying = tuple[bytes, Int64s]


def carried(marks: Integers, hashes: UInt64s, last: np.uint64) -> tuple[UInt64s, np.uint64]:
    """The hash of the key that each row belongs to, and that of the last one: a row without a key goes on with the row before it."""
    places = np.maximum.accumulate(
        np.where((marks == KEY_STARTS) | (marks == KEY_SAME), np.arange(len(marks)), -1)
    )
    of = np.where(places >= 0, hashes[places], last).astype(np.uint64)
    return of, of[-1] if len(of) else last


class Buckets:
    """So many buckets in one file; of each it is known how many bytes and rows lie in it."""

    def __init__(self, scratch: Scratch, parts: int) -> None:
        self._parts = Parted(scratch.file(), parts)
        self.bytes = np.zeros(parts, np.int64)
        self.rows = np.zeros(parts, np.int64)

    def __len__(self) -> int:
        return len(self.bytes)

    def add(
        self, numbers: Int64s, chosen: Int64s, rows: bytes, ends: tuple[Int32s, Int32s], places: Int64s
    ) -> None:
        """Put each of the `chosen` rows into the bucket of its number; `ends` say where rows begin and end."""
        order = chosen[np.argsort(numbers[chosen], kind="stable")]
        wanted, begins = np.unique(numbers[order], return_index=True)
        for number, some in zip(
            wanted.tolist(), np.split(order, begins[1:]) if len(order) else [], strict=True
        ):
            data = dispatch.gather(rows, *ends, some.astype(np.int64, copy=False))
            self._parts.write(
                number, np.array([len(some), len(data)], np.int64).tobytes() + places[some].tobytes() + data
            )
            self.bytes[number] += len(data)
            self.rows[number] += len(some)

    def read(self, number: int) -> Lying:
        """All rows of a bucket."""
        found = list(self._pieces(number))
        places = [np.zeros((0, 2), np.int64), *(places for _, places in found)]
        return b"".join([data for data, _ in found]), np.concatenate(places)

    def _pieces(self, number: int) -> Iterator[Lying]:
        """The rows of a bucket a few at a time, however many they are."""
        for piece in self._parts.pieces(number):
            at = 0
            while at < len(piece):
                count, size = np.frombuffer(piece, np.int64, 2, at).tolist()
                at += 16 * (1 + count)
                yield (
                    piece[at : at + size],
                    np.frombuffer(piece, np.int64, 2 * count, at - 16 * count).reshape(-1, 2),
                )
                at += size

    def each(self, keys: Keys, scratch: Scratch, source: str) -> Iterator[Lying]:
        """The rows of each bucket; one that is too large for memory is parted again, a key at a time if need be.

        Raises SourceError where a key has more rows than a record may have.
        """
        passed = 0
        for number in np.flatnonzero(self.rows).tolist():
            scratch.passed(passed)
            passed += int(self.bytes[number])
            if self.bytes[number] <= RECORD_BYTES and self.rows[number] <= RECORD_ROWS:
                yield self.read(number)
                continue
            groups = self._groups(number, keys, source)
            with closing(Buckets(scratch, max(groups.values()) + 1)) as finer:
                for data, about, of, places in self._keyed(number, keys):
                    numbers = np.array([groups[one] for one in of.tolist()], np.int64)
                    lie = about[:, KEYS_START].astype(np.int32), about[:, KEYS_END].astype(np.int32)
                    finer.add(numbers, np.arange(len(of)), data, lie, places)
                yield from map(finer.read, range(len(finer)))

    def _keyed(self, number: int, keys: Keys) -> Iterator[tuple[bytes, Int64s, UInt64s, Int64s]]:
        last = np.uint64(0)
        for data, places in self._pieces(number):
            about = keys(data)
            of, last = carried(about[:, KEYS_MARK], about[:, KEYS_HASH].view(np.uint64), last)
            yield data, about, of, places

    def _groups(self, number: int, keys: Keys, source: str) -> dict[int, int]:
        """For each key of a bucket the one of smaller buckets that it goes to."""
        known: dict[int, list[int]] = {}
        for _, about, of, places in self._keyed(number, keys):
            some, firsts, turns = np.unique(of, return_index=True, return_inverse=True)
            sizes = np.bincount(turns, about[:, KEYS_END] - about[:, KEYS_START]).astype(np.int64)
            found = zip(
                some.tolist(),
                sizes.tolist(),
                np.bincount(turns).tolist(),
                places[firsts, 0].tolist(),
                strict=True,
            )
            for one, size, count, line in found:
                total = known.setdefault(one, [0, 0, line])
                total[0] += size
                total[1] += count
                if total[0] > RECORD_BYTES or total[1] > RECORD_ROWS:
                    raise too_large(source, f"on line {total[2]}")
        return _packed(known)

    def close(self) -> None:
        """Let go of the file."""
        self._parts.close()


def _packed(known: Mapping[int, Sequence[int]]) -> dict[int, int]:
    """Keys put together as long as their bytes and rows are those that one record may have."""
    groups: dict[int, int] = {}
    group = size = count = 0
    for one, (more, rows, _) in known.items():
        if groups and (size + more > RECORD_BYTES or count + rows > RECORD_ROWS):
            group, size, count = group + 1, 0, 0
        size, count = size + more, count + rows
        groups[one] = group
    return groups
