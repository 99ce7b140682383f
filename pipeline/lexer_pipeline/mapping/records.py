"""The rows of a table as a mapping makes them, in chunks of whole records."""

from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import replace

from lexer_pipeline.chunks import group, regroup, returning_keys
from lexer_pipeline.chunks.records import Records
from lexer_pipeline.chunks.rows import Rows
from lexer_pipeline.loading.records import each_a_record, rows_of, spooled_body
from lexer_pipeline.loading.source import LoadedTable
from lexer_pipeline.mapping.apply import apply
from lexer_pipeline.mapping.column_survey import ColumnSurvey
from lexer_pipeline.mapping.compile import Mapper
from lexer_pipeline.mapping.outcomes import Outcomes
from lexer_pipeline.mapping.row_filters import carried, sifted, skipped


def load_mapped(loaded: LoadedTable, mapper: Mapper) -> Iterator[Records]:
    """The rows of a table in chunks of whole records, turned by a mapping into columns of the specification."""
    with spooled_body(loaded) as spool:

        def blocks() -> Iterator[Rows]:
            left.clear()
            return (sifted(mapper, rows, left) for rows in rows_of(loaded, spool.again()))

        left: Counter[str] = Counter()
        survey = ColumnSurvey(mapper)
        seen = survey.over(blocks())
        comes_back = mapper.key is not None and returning_keys.comes_back(
            returning_keys.marked(seen, mapper.key)
        )
        if mapper.waits:
            deque(seen, maxlen=0)
        settled, outcomes = survey.settled(), Outcomes()
        records = _brought_together(blocks, mapper, comes_back, loaded, spool.again().size)
        held: Records | None = None
        for rows in records:
            if held is not None:
                yield held
            held = apply(settled, skipped(settled, carried(settled, rows)), outcomes)
        if held is not None:
            # What was sifted out before the rows were brought together is counted once all were read.
            yield replace(held, skipped={**held.skipped, **left})


def _brought_together(
    blocks: Callable[[], Iterator[Rows]], mapper: Mapper, comes_back: bool, loaded: LoadedTable, size: int
) -> Iterator[Records]:
    """The rows in chunks of whole records; `comes_back` says that some key stands again behind others."""
    if mapper.key is None:
        return each_a_record(blocks())
    if comes_back:
        return regroup.regrouped(blocks, mapper.key, mapper.once, loaded.head.delimiter, size)
    return group.adjacent(blocks(), mapper.key, mapper.once, loaded.name)
