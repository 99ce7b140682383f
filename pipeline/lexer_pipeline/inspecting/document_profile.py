"""JSON documents profiled as they go by: the paths, in how many documents they are filled, what stands there, and what repeats."""

from collections.abc import Iterable

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from lexer_pipeline.chunks.documents import Documents
from lexer_pipeline.inspecting.column_profile import ColumnProfile
from lexer_pipeline.inspecting.document_names import called
from lexer_pipeline.inspecting.document_walk import Walk
from lexer_pipeline.inspecting.event_kinds import EVENT, WORDS
from lexer_pipeline.inspecting.level_table import LevelTable, is_nested, outer_list
from lexer_pipeline.inspecting.row_sample import RowSample
from lexer_pipeline.kernels.arrays import Bools
from lexer_pipeline.kernels.path_tree import ITEMS
from lexer_pipeline.mapping.document_paths import Steps
from lexer_pipeline.specs.names import normalised
from lexer_pipeline.specs.paths import ANY

# The values in the items of so many lists are looked at.
MOST_LISTS = 100


NO_VALUES = ColumnProfile("", 0, 0, False, False, (), ())


class KeyProfile(Struct, frozen=True):
    """One path (`products[].sku`), in how many documents it is filled, and how often with which type.

    `column` says what its values look like, where it can be named, and `kinds` what stands there: a list or an object too.
    """

    path: str
    filled: int
    types: dict[str, int]
    steps: Steps = ()
    column: ColumnProfile | None = None
    kinds: tuple[str, ...] = ()

    @property
    def is_mixed(self) -> bool:
        """Whether values of several types stand there, of which one may be a list or an object."""
        return len(self.kinds) > 1


class ListProfile(Struct, frozen=True):
    """What repeats: the path of a list (`line_items[]`), how many such lists have items, how many items are in them, and whether these are objects."""

    path: str
    lists: int
    items: int
    of_objects: bool
    steps: Steps = ()


class DocumentsProfile(Struct, frozen=True):
    """Documents as they are; `broken` cannot be read, the first of them on line `first_broken`, `doubled` have a key twice.

    `events` are words for kinds of events that some are.
    """

    documents: int
    blank: int
    broken: int
    first_broken: int
    keys: tuple[KeyProfile, ...]
    lists: tuple[ListProfile, ...] = ()
    doubled: int = 0
    first_doubled: int = 0
    events: frozenset[str] = frozenset()


def profile(chunks: Iterable[Documents]) -> DocumentsProfile:
    """Profile documents that come in chunks."""
    documents = blank = broken = first = known = 0
    walk = Walk()
    sample = RowSample()
    levels: dict[Steps, LevelTable] = {(): LevelTable((), sample=sample)}
    for chunk in chunks:
        documents += chunk.records
        blank += chunk.blank
        good = walk.over(chunk)
        if not good.all():
            broken += int((~good).sum())
            first = first or int(chunk.lines[np.argmin(good)])
        for place in walk.places[known:]:
            rows = outer_list(place.steps)
            if place.is_value and not is_nested(rows) and (rows in levels or len(levels) < MOST_LISTS):
                levels.setdefault(rows, LevelTable(rows)).learn(place.steps)
        known = len(walk.places)
        whole = readable(chunk, good)
        for level in levels.values():
            level.add(whole)
    doubled = [level for level in levels.values() if level.doubled]
    return DocumentsProfile(
        documents, blank, broken, first, _keys(walk, levels), lists_found(walk),
        sum(level.doubled for level in doubled), min((level.first_doubled for level in doubled), default=0),
        _events(levels[()], sample),
    )  # fmt: skip


def _events(level: LevelTable, sample: RowSample) -> frozenset[str]:
    """The words for kinds of events in the columns that may say them."""
    sample.settle(len(level.columns))
    places = [place for place, steps in enumerate(level.columns) if EVENT.search(normalised(called(steps)))]
    return WORDS.intersection(text.casefold() for place in places for text in sample.column(place))


def readable(chunk: Documents, good: Bools) -> Documents:
    """The documents of a chunk that can be read."""
    return replace(chunk, starts=chunk.starts[good], ends=chunk.ends[good], lines=chunk.lines[good],
                   numbers=chunk.numbers[good], blank=0)  # fmt: skip


def _keys(walk: Walk, levels: dict[Steps, LevelTable]) -> tuple[KeyProfile, ...]:
    columns = {steps: counts for level in levels.values() for steps, counts in level.columns.items()}
    return tuple(
        KeyProfile(
            place.path, place.filled, place.counted(), place.steps,
            columns[place.steps].result(place.path) if place.steps in columns else None, place.kinds,
        )
        for place in walk.places
    )  # fmt: skip


def lists_found(walk: Walk) -> tuple[ListProfile, ...]:
    """The lists that can be named."""
    return tuple(
        ListProfile(
            f"{place.path}[]", place.lists, place.listed, place.items.is_object, (*place.steps, ITEMS)
        )
        for place in walk.lists
        if place.items is not None and ANY not in place.steps
    )
