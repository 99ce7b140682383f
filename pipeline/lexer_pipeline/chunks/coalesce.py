"""Chunks of a handful of rows put together, so that the stages are not run for so few: almost all is written already, or left out."""

from collections.abc import Iterable, Iterator

import numpy as np
from msgspec.structs import replace

from lexer_pipeline.chunks.records import Records, joined_records
from lexer_pipeline.chunks.rows import Rows, Written, joined

# So many rows left over are worth a run of the stages; until there are that many, chunks of so many bytes of the source are held.
ENOUGH = 256
MOST_HELD = 3 << 19


def coalesce(chunks: Iterable[Records]) -> Iterator[Records]:
    """The same records in fewer chunks; one of which nothing is written stays as it is."""
    held: list[Records] = []
    for rows in chunks:
        if rows.written is not None:
            held.append(rows)
        left, size = sum(len(chunk.faults) for chunk in held), sum(chunk.size for chunk in held)
        if held and (rows.written is None or left >= ENOUGH or size >= MOST_HELD):
            yield _put_together(held)
            held = []
        if rows.written is None:
            yield rows
    if held:
        yield _put_together(held)


def thick(blocks: Iterable[Rows]) -> Iterator[Rows]:
    """The same rows in fewer chunks, where most of them were left out; one at the least, if there were any."""
    held: list[Rows] = []
    count = 0
    for rows in blocks:
        few = len(rows.faults) < ENOUGH
        if few and (len(rows.faults) or not held):
            held.append(rows.alone())
            count += len(rows.faults)
        if held and (not few or count >= ENOUGH):
            yield joined(held)
            held, count = [], 0
        if not few:
            yield rows
    if held:
        yield joined(held)


def _put_together(chunks: list[Records]) -> Records:
    if len(chunks) == 1:
        return chunks[0]
    written = [chunk.written for chunk in chunks if chunk.written is not None]
    sizes = [sum(map(len, one.pieces)) for one in written]
    begins = np.cumsum([0, *sizes[:-1]])
    records = np.cumsum([0, *(one.records for one in written[:-1])])
    return replace(
        joined_records([chunk.alone() for chunk in chunks]),
        written=Written(
            tuple(piece for one in written for piece in one.pieces),
            np.concatenate([one.places + begin for one, begin in zip(written, begins, strict=True)]),
            sum(one.rows for one in written), sum(one.records for one in written),
            np.concatenate([one.lines for one in written]),
            np.concatenate([one.row_lines for one in written]),
            np.concatenate([one.row_records + before for one, before in zip(written, records, strict=True)]),
            np.concatenate([one.ends + begin for one, begin in zip(written, begins, strict=True)]),
            np.concatenate([one.hashes for one in written]), sum(one.blank for one in written),
            np.sum([one.cleaned for one in written], axis=0).tolist(), sum(one.size for one in written),
            lambda: joined_records([one.again() for one in written]),
        ),
    )  # fmt: skip
