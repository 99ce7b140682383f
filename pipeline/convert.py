"""Stage: accepted records become NDJSON, empty fields left out, in the order of the source."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from pipeline import compiled
from pipeline.layout import Layout
from pipeline.rows import Checked, ShapedDocuments, ShapedRows, Written


def convert_rows(checked: Checked, layout: Layout) -> bytes:
    """The NDJSON of the accepted records of a batch of rows."""
    shaped = checked.shaped
    assert isinstance(shaped, ShapedRows)
    cells, program = shaped.cells, layout.program
    data, ends = compiled.encode(
        cells.data, cells.starts, cells.ends, cells.flags, cells.columns, shaped.batch.firsts, shaped.batch.lasts,
        checked.vouched.view(np.uint8), program.operations, program.arguments, program.keys,
    )  # fmt: skip
    written = shaped.batch.written
    if written is None:
        return _spliced(data, ends, checked.lines)
    return _filled_in(written, shaped.batch.firsts, data, ends, checked.lines)


def _filled_in(written: Written, firsts: Any, data: bytes, ends: Any, lines: Mapping[int, bytes]) -> bytes:
    """What was written as it was read, with the lines of the other records in their places."""
    pieces, at, end = [], 0, 0
    for record, place in enumerate(written.places[firsts].tolist()):
        begin, end = end, int(ends[record])
        pieces += [written.data[at:place], lines.get(record) or data[begin:end]]
        at = place
    return b"".join([*pieces, written.data[at:]])


def convert_documents(checked: Checked) -> bytes:
    """The NDJSON of the accepted documents of a batch."""
    shaped = checked.shaped
    assert isinstance(shaped, ShapedDocuments)
    return _spliced(shaped.data, shaped.ends, checked.lines)


def _spliced(data: bytes, ends: Any, lines: Mapping[int, bytes]) -> bytes:
    """`data` with the exact twin's lines put in; ends[r] is the place behind record r."""
    if not lines:
        return data
    pieces, at = [], 0
    for record, line in sorted(lines.items()):
        pieces += [data[at : ends[record]], line]
        at = int(ends[record])
    return b"".join([*pieces, data[at:]])
