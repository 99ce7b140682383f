"""Records that name no one: sales at a till without a customer, anonymous profiles."""

import numpy as np
from msgspec.structs import replace

from lexer_pipeline.chunks.records import LeftOut, Records
from lexer_pipeline.kernels.arrays import Bools
from lexer_pipeline.kernels.codes import ROW_BLANK, ROW_OK
from lexer_pipeline.mapping.compile import Mapper
from lexer_pipeline.mapping.rules import REFUSE

LINK = ("link",)
NO_ONE = "it names no one to link to: no e-mail address, phone or customer number"


def linked(mapper: Mapper, rows: Records) -> Records:
    """The mapped records without those that name no one, whose rows are counted, where the mapping leaves such records out.

    One with a row that cannot be read, or a link that cannot be converted, stays and is rejected with its own reason.
    """
    places = [place for place, one in enumerate(mapper.target_columns) if one.is_link]
    if mapper.unlinked == REFUSE or not rows.records:
        return rows
    shape = (-1, rows.columns)
    sizes = rows.ends.reshape(shape)[:, places] - rows.starts.reshape(shape)[:, places]
    names: Bools = np.logical_or.reduce(sizes > 0, axis=1)
    filled = rows.faults != ROW_BLANK
    names |= filled & (rows.faults != ROW_OK)
    names[[row for row, found in rows.problems.items() if any(one.path[:1] == LINK for one in found)]] = True
    nameless = ~np.logical_or.reduceat(names, rows.firsts)
    gone = rows.rows_of(nameless) & filled
    if not gone.any():
        return rows
    left_out = LeftOut((NO_ONE,) * int(nameless.sum()), lambda: rows.kept(gone))
    skipped = {**rows.skipped, NO_ONE: rows.skipped.get(NO_ONE, 0) + int((gone & rows.own).sum())}
    return replace(rows.kept(~gone), skipped=skipped, left_out=(*rows.left_out, left_out))
