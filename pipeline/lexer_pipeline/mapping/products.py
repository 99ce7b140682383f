"""Lines of purchases and returns that name no product."""

from collections.abc import Iterator

import numpy as np
from msgspec.structs import replace

from lexer_pipeline.chunks.records import Change, Records
from lexer_pipeline.kernels.arrays import Bools
from lexer_pipeline.mapping.compile import Mapper
from lexer_pipeline.specs.paths import FieldPath

PRODUCTS = "products"
REFERENCE = FieldPath(("product_reference", "id"))
UNNAMED = "line_without_product"


def with_unnamed(mapper: Mapper, rows: Records) -> Records:
    """The mapped records, the lines among them marked that name no product by a reference."""
    found = tuple(_unnamed(mapper, rows))
    return replace(rows, changes=(*rows.changes, *found)) if found else rows


def _unnamed(mapper: Mapper, rows: Records) -> Iterator[Change]:
    shape = (-1, rows.columns)
    filled: Bools = rows.ends.reshape(shape) > rows.starts.reshape(shape)
    lines: dict[FieldPath, list[int]] = {}
    for place, one in enumerate(mapper.target_columns):
        if one.path[0] == PRODUCTS and len(one.path) > 2:
            lines.setdefault(FieldPath(one.path[:2]), []).append(place)
    for line, places in lines.items():
        reference = FieldPath((*line, *REFERENCE))
        named = [place for place in places if mapper.target_columns[place].path == reference]
        without = filled[:, places].any(axis=1) & ~filled[:, named].any(axis=1)
        if without.any():
            once = all(mapper.target_columns[place].is_once for place in places)
            yield Change(UNNAMED, str(reference.general), np.flatnonzero(without), once)
