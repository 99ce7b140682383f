"""Stage: accepted records become NDJSON, empty fields left out, in the order of the source."""

from collections import deque
from collections.abc import Mapping, Sequence

import numpy as np

from lexer_pipeline.chunks.results import Checked, ShapedDocuments, ShapedRows
from lexer_pipeline.chunks.rows import Rows, Written
from lexer_pipeline.kernels import dispatch
from lexer_pipeline.kernels.arrays import Int32s, Int64s
from lexer_pipeline.validating.layout import Layout


def convert_rows(checked: Checked, layout: Layout) -> Sequence[bytes]:
    """The NDJSON of the accepted records of a chunk of rows, in pieces."""
    shaped = checked.shaped
    assert isinstance(shaped, ShapedRows)
    data, ends = dispatch.encode(
        shaped.cells,
        shaped.chunk.firsts,
        shaped.chunk.lasts,
        checked.vouched.view(np.uint8),
        layout.program,
    )
    written = shaped.chunk.written
    if written is None:
        return (_spliced(data, ends, checked.lines),)
    return _filled_in(written, shaped.chunk.firsts, data, ends, checked.lines)


def _filled_in(
    written: Written[Rows], firsts: Int32s, data: bytes, ends: Int64s, lines: Mapping[int, bytes]
) -> Sequence[bytes]:
    """What was written as it was read, with the lines of the other records in their places."""
    others: deque[tuple[int, bytes]] = deque()
    at = 0
    for record, (place, end) in enumerate(zip(written.places[firsts].tolist(), ends.tolist(), strict=True)):
        if line := lines.get(record) or data[at:end]:
            others.append((place, line))
        at = end
    pieces, begin = [], 0
    for piece in written.pieces:
        parts, at = [], 0
        while others and others[0][0] <= begin + len(piece):
            place, line = others.popleft()
            parts += [piece[at : place - begin], line]
            at = place - begin
        pieces.append(b"".join([*parts, piece[at:]]) if parts else piece)
        begin += len(piece)
    return pieces


def convert_documents(checked: Checked) -> Sequence[bytes]:
    """The NDJSON of the accepted documents of a chunk."""
    shaped = checked.shaped
    assert isinstance(shaped, ShapedDocuments)
    return (_spliced(shaped.data, shaped.ends, checked.lines),)


def _spliced(data: bytes, ends: Int64s, lines: Mapping[int, bytes]) -> bytes:
    """`data` with the reference's lines put in; ends[r] is the place behind record r."""
    if not lines:
        return data
    pieces, at = [], 0
    for record, line in sorted(lines.items()):
        pieces += [data[at : ends[record]], line]
        at = int(ends[record])
    return b"".join([*pieces, data[at:]])
