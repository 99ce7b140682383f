"""Stage: accepted records become NDJSON, empty fields left out, in the order of the source."""

import numpy as np

from pipeline import compiled
from pipeline.layout import Layout
from pipeline.rows import Checked, ShapedDocuments, ShapedRows


def convert_rows(checked: Checked, layout: Layout) -> bytes:
    """The NDJSON of the accepted rows of a batch."""
    shaped = checked.shaped
    assert isinstance(shaped, ShapedRows)
    cells, program = shaped.cells, layout.program
    data, ends = compiled.encode(
        cells.data, cells.starts, cells.ends, cells.flags, cells.columns, shaped.batch.firsts, shaped.batch.lasts,
        checked.vouched.view(np.uint8), program.operations, program.arguments, program.keys,
    )  # fmt: skip
    if not checked.lines:
        return data
    pieces, at = [], 0
    for record, line in sorted(checked.lines.items()):
        pieces += [data[at : ends[record]], line]
        at = int(ends[record])
    return b"".join([*pieces, data[at:]])


def convert_documents(checked: Checked) -> bytes:
    """The NDJSON of the accepted documents of a batch."""
    shaped = checked.shaped
    assert isinstance(shaped, ShapedDocuments)
    lines = [
        line + b"\n" if vouched else checked.lines.get(row, b"")
        for row, (line, vouched) in enumerate(zip(shaped.lines, checked.vouched.tolist(), strict=True))
    ]
    return b"".join(lines)
