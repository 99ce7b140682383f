"""Cells that hold several things: the lines of an order packed into one column, or several codes of articles."""

import re
from collections.abc import Sequence

from lexer_pipeline.inspecting.tested_table import TestedTable
from lexer_pipeline.specs.names import normalised

# What a column with all lines of an order is called.
OWNER = "(?:order|cart|basket|line|product|purchased|sold|item)"
LINES = re.compile(
    rf"{OWNER}*(?:items|products|articles|artikel|positionen)\d*|{OWNER}+(?:details|lines)|lineitem\d+"
)
# How such a cell looks: JSON, signs between lines, or names before values.
PACKED = re.compile(
    r"[|;]|^\s*\[?\s*\{|\b(?:qty|quantity|sku|price|total|product id)\b[\s\"']*[:=]", re.IGNORECASE
)
CODES = re.compile(r"[^\s,;|]{2,}(?:\s*[,;|]\s*[^\s,;|]{2,})+")


def packed_lines(table: TestedTable, groups: Sequence[Sequence[int]]) -> int | None:
    """The column that holds the lines of an order in one cell; None where there is none, or where each row is a line."""
    if any(len(group) > 1 for group in groups):
        return None
    for place in range(len(table.columns)):
        texts = [text for text in table.sample.column(place) if text]
        is_named = LINES.fullmatch(normalised(table.called(place)))
        if is_named and texts and 2 * sum(bool(PACKED.search(text)) for text in texts) > len(texts):
            return place
    return None


def holds_several_codes(table: TestedTable, place: int) -> bool:
    """Whether some cells of a column list codes of several articles."""
    return any(CODES.fullmatch(text) for text in table.sample.column(place))
