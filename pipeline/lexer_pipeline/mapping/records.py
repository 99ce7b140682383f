"""The rows of a table as a mapping makes them, in chunks of whole records."""

from collections import Counter, deque
from collections.abc import Collection, Iterator
from contextlib import closing

from lexer_pipeline.chunks import returning_keys
from lexer_pipeline.chunks.coalesce import thick
from lexer_pipeline.chunks.records import Records
from lexer_pipeline.chunks.rejected import unaccepted
from lexer_pipeline.chunks.rows import Rows
from lexer_pipeline.loading.records import brought_together, in_order_of, spooled_body, with_left_out
from lexer_pipeline.loading.source import LoadedTable
from lexer_pipeline.mapping.apply import apply
from lexer_pipeline.mapping.column_survey import ColumnSurvey
from lexer_pipeline.mapping.compile import Mapper
from lexer_pipeline.mapping.noted import Noted
from lexer_pipeline.mapping.outcomes import Outcomes
from lexer_pipeline.mapping.people import linked
from lexer_pipeline.mapping.products import with_unnamed
from lexer_pipeline.mapping.row_filters import carried, sifted, skipped
from lexer_pipeline.system.parallel import IN_TURN, Ahead


def load_chosen(
    loaded: LoadedTable, survey: ColumnSurvey, accepted: Collection[int] = (), ahead: Ahead = IN_TURN
) -> Iterator[Records]:
    """The rows of a table in chunks of whole records, without those that a mapping leaves out, still in the source's columns.

    `survey` is settled once the first chunk is there; rows of a rejects file on the lines `accepted` are left out. Blocks are read
    `ahead`.
    """
    mapper = survey.mapper
    with spooled_body(loaded) as spool:

        def blocks() -> Iterator[Rows]:
            left.clear()
            found = in_turn()
            if accepted:
                found = (unaccepted(rows, accepted, left) for rows in found)
            return thick(sifted(mapper, rows, left) for rows in found) if mapper.skips else found

        left: Counter[str] = Counter()
        in_turn = in_order_of(loaded, spool, mapper.key is not None, left, ahead)
        # Closed, since whoever reads ahead must be done with the file before it is read again.
        with closing(survey.over(blocks())) as seen:
            comes_back = mapper.key is not None and returning_keys.comes_back(
                returning_keys.marked(seen, mapper.key), loaded.scratch, loaded.name
            )
            if mapper.waits:
                deque(seen, maxlen=0)
        settled = survey.settle()

        def made(rows: Records) -> Records:
            return apply(settled, rows, Outcomes(mapper.cleaning, mapper.leaves_placeholders), Noted())

        records = brought_together(blocks, mapper.key, mapper.once, comes_back, loaded, spool.again().size)
        chosen = (skipped(settled, carried(settled, rows), made) for rows in records)
        yield from with_left_out(chosen, left)


def mapped(mapper: Mapper, rows: Records, outcomes: Outcomes) -> tuple[Records, Noted]:
    """A chunk in the columns of the specification, and what was noted of it; `outcomes` serve all chunks of a source."""
    noted = Noted()
    return with_unnamed(mapper, linked(mapper, apply(mapper, rows, outcomes, noted))), noted
