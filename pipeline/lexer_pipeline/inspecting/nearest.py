"""The field whose name is nearest to that of a column."""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher, get_close_matches
from functools import lru_cache

from lexer_pipeline.specs.names import normalised
from lexer_pipeline.specs.paths import ANY, FieldPath

# Of names with the same ending, so much of what stands before it must be alike.
STEM, ENDING = 0.6, re.compile(r"(id|name|type|number|date|code|at|paid|url)$")
# So many answers are remembered: the columns of one source are asked about several times, specification after specification.
ANSWERS, LISTS = 1 << 13, 1 << 6


def nearest(name: str, paths: Sequence[FieldPath], least: float = 0.75) -> FieldPath | None:
    """The field whose name looks most like a column's, if any is near; of several of one name the outermost."""
    return _nearest(normalised(name), tuple(paths), least)


@lru_cache(ANSWERS)
def _nearest(wanted: str, paths: tuple[FieldPath, ...], least: float) -> FieldPath | None:
    by_leaf = _by_leaf(paths)
    for found in get_close_matches(wanted, by_leaf, 3, least):
        if SequenceMatcher(None, wanted, found).ratio() >= least and _is_about_the_same(wanted, found):
            return by_leaf[found]
    return None


@lru_cache(LISTS)
def _by_leaf(paths: tuple[FieldPath, ...]) -> dict[str, FieldPath]:
    return {normalised(path.name): path for path in sorted(paths, key=len, reverse=True) if path[-1] != ANY}


def _is_about_the_same(one: str, other: str) -> bool:
    """Whether two names are near beyond an ending that half of all names have: campaign_id and email_id are not."""
    stems = [ENDING.sub("", name) for name in (one, other)]
    return not all(stems) or SequenceMatcher(None, stems[0], stems[1]).ratio() >= STEM
