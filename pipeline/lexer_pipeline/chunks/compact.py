"""Rows of documents with no bytes but their own, put together, and as bytes to be put aside on disk."""

from collections import Counter
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from lexer_pipeline.chunks.records import Records
from lexer_pipeline.kernels.arrays import Int32s, Int64s

# What is told of the bytes of some rows: how many they are, of how many columns, and the sizes of their texts and documents.
HEAD = 4
Scalar = TypeVar("Scalar", np.uint8, np.int32, np.int64)


def put_together(chunks: Sequence[Records]) -> Records:
    """Chunks of rows of documents as one."""
    if len(chunks) == 1:
        return chunks[0]
    rows, texts, sources = (
        np.cumsum([0, *sizes]).astype(np.int32)
        for sizes in (
            [len(one.faults) for one in chunks],
            [len(one.data) for one in chunks],
            [len(one.originals or b"") for one in chunks],
        )
    )
    skipped: Counter[str] = Counter()
    for one in chunks:
        skipped.update(one.skipped)
    each = list(zip(chunks, rows.tolist(), texts[:-1], sources[:-1], strict=False))
    return Records(
        b"".join([one.data for one in chunks]), chunks[0].columns,
        np.concatenate([one.starts + by for one, _, by, _ in each]),
        np.concatenate([one.ends + by for one, _, by, _ in each]),
        np.concatenate([one.flags for one in chunks]),
        np.concatenate([one.row_starts + by for one, _, _, by in each]),
        np.concatenate([one.row_ends + by for one, _, _, by in each]),
        np.concatenate([one.cells for one in chunks]), np.concatenate([one.faults for one in chunks]),
        np.concatenate([one.lines for one in chunks]), np.concatenate([one.numbers for one in chunks]), None,
        b"".join([one.originals or b"" for one in chunks]),
        np.concatenate([one.firsts + np.int32(by) for one, by, _, _ in each]), chunks[0].width,
        problems={row + by: found for one, by, _, _ in each for row, found in one.problems.items()}, skipped=dict(skipped),
    )  # fmt: skip


def to_bytes(records: Records, rows: Int64s) -> bytes:
    """Some rows without problems, with the documents that they are of; each a record of its own."""
    wide = records.columns
    cells = (rows[:, np.newaxis] * wide + np.arange(wide)).ravel()
    texts, starts, ends = _gathered(records.data, records.starts[cells], records.ends[cells])
    begins, behind = records.row_starts[rows], records.row_ends[rows]
    first = np.append(True, (begins[1:] != begins[:-1]) | (behind[1:] != behind[:-1]))[: len(rows)]
    sources, row_starts, row_ends = _gathered(records.originals or b"", begins[first], behind[first])
    of = np.cumsum(first) - 1
    return b"".join([
        np.array([len(rows), wide, len(texts), len(sources)], np.int64).tobytes(),
        starts.tobytes(), ends.tobytes(), row_starts[of].tobytes(), row_ends[of].tobytes(),
        records.lines[rows].tobytes(), records.numbers[rows].tobytes(), records.flags[cells].tobytes(), texts, sources,
    ])  # fmt: skip


def from_bytes(data: bytes) -> list[Records]:
    """The rows that were put aside, as often as they were."""
    found, at = list[Records](), 0

    def taken(kind: type[Scalar], count: int) -> NDArray[Scalar]:
        nonlocal at
        values = np.frombuffer(data, kind, count, at)
        at += values.nbytes
        return values

    while at < len(data):
        rows, wide, texts, sources = taken(np.int64, HEAD).tolist()
        starts, ends = taken(np.int32, rows * wide), taken(np.int32, rows * wide)
        row_starts, row_ends = taken(np.int32, rows), taken(np.int32, rows)
        lines, numbers, flags = taken(np.int64, rows), taken(np.int64, rows), taken(np.uint8, rows * wide)
        behind = at + texts
        found.append(Records(
            data[at:behind], wide, starts, ends, flags, row_starts, row_ends, np.full(rows, wide, np.int32),
            np.zeros(rows, np.uint8), lines, numbers, None, data[behind : behind + sources],
            np.arange(rows, dtype=np.int32), wide,
        ))  # fmt: skip
        at = behind + sources
    return found


def _gathered(data: bytes, starts: Int32s, ends: Int32s) -> tuple[bytes, Int32s, Int32s]:
    """Some bytes, one after another, and where each of them starts and ends now."""
    sizes = (ends - starts).astype(np.int64)
    behind = np.cumsum(sizes)
    places = np.arange(int(behind[-1]) if len(behind) else 0) + np.repeat(starts - (behind - sizes), sizes)
    gathered = np.frombuffer(data, np.uint8)[places].tobytes()
    return gathered, (behind - sizes).astype(np.int32), behind.astype(np.int32)
