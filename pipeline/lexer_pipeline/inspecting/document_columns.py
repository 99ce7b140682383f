"""Documents as the table on which guesses are tested: a row for each line, or for each document."""

from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from lexer_pipeline.chunks.documents import Documents
from lexer_pipeline.inspecting.column_profile import ColumnProfile
from lexer_pipeline.inspecting.document_lists import Repeats
from lexer_pipeline.inspecting.document_names import ENVELOPE, called
from lexer_pipeline.inspecting.document_profile import KeyProfile, ListProfile, lists_found, readable
from lexer_pipeline.inspecting.document_walk import Place, Walk
from lexer_pipeline.inspecting.level_table import LevelTable, lists_of
from lexer_pipeline.inspecting.row_sample import RowSample
from lexer_pipeline.inspecting.tested_table import DocumentRows, TestedTable
from lexer_pipeline.mapping.document_paths import Steps, leads_into, spelled, steps_of


class DocumentColumns(Struct, frozen=True):
    """Documents as a table, the names of its columns, and the `lists` that are no columns of it."""

    table: TestedTable
    names: tuple[str, ...]
    lists: tuple[ListProfile, ...]


def is_column(steps: Steps, rows: Steps) -> bool:
    """Whether a path is a cell in a table with such rows: no other list lies on its way."""
    return all(leads_into(one, rows) for one in lists_of(steps))


def worded(found: Sequence[KeyProfile], repeats: Repeats, records: str) -> list[ColumnProfile]:
    """The columns of a table with such rows, called by their paths and compared by their words."""
    is_event = any(leads_into(ENVELOPE, one.steps) for one in found)
    return [
        replace(one.column, words=called(one.steps, repeats.lines, records, is_event)) for one in found
        if one.column is not None and is_column(one.steps, repeats.rows)
    ]  # fmt: skip


def table_of(chunks: Iterable[Documents], repeats: Repeats, records: str) -> DocumentColumns:
    """The table of documents that come in chunks; `records` is what the list of them is called."""
    walk, sample, known = Walk(), RowSample(), 0
    level = LevelTable(repeats.rows, 1 if repeats.each else 0, sample)
    for chunk in chunks:
        good = walk.over(chunk)
        for place in walk.places[known:]:
            if place.is_value and is_column(place.steps, repeats.rows):
                level.learn(place.steps)
        known = len(walk.places)
        level.add(readable(chunk, good))
    sample.settle(len(level.columns))
    is_event = any(leads_into(ENVELOPE, steps) for steps in level.columns)
    columns = [
        replace(counts.result(spelled(steps)), words=called(steps, repeats.lines, records, is_event))
        for steps, counts in level.columns.items()
    ]
    columns.append(ColumnProfile("", level.rows, level.records, False, False, (), ()))
    documents = _documents(level, repeats, {place.steps: place for place in walk.places})
    found = TestedTable(columns, level.rows, sample, documents)
    others = [one for one in lists_found(walk) if not leads_into(one.steps, repeats.rows)]
    return DocumentColumns(found, tuple(map(spelled, level.columns)), tuple(others))


def _documents(level: LevelTable, repeats: Repeats, places: dict[Steps, Place]) -> DocumentRows:
    """What is known of the rows, and the columns of each kind."""

    def columns(are: Callable[[Steps], bool]) -> frozenset[int]:
        return frozenset(at for at, steps in enumerate(level.columns) if are(steps))

    return DocumentRows(
        len(level.columns),
        columns(lambda steps: bool(repeats.lines) and leads_into(repeats.lines, steps)),
        columns(lambda steps: bool(repeats.each) and not leads_into(steps_of(f"{repeats.each}[]"), steps)),
        columns(lambda steps: _is_whole(places[steps])),
    )


def _is_whole(place: Place) -> bool:
    """Whether all values are whole numbers."""
    return int in place.types and place.types.keys() <= {int, type(None)}
