"""The rows of a table as a mapping makes them, in chunks of whole records."""

from collections import Counter, deque
from collections.abc import Collection, Iterator

from lexer_pipeline.chunks import returning_keys
from lexer_pipeline.chunks.coalesce import thick
from lexer_pipeline.chunks.records import Records
from lexer_pipeline.chunks.rejected import unaccepted
from lexer_pipeline.chunks.rows import Rows
from lexer_pipeline.loading.records import brought_together, in_order_of, spooled_body, with_left_out
from lexer_pipeline.loading.source import LoadedTable
from lexer_pipeline.mapping.apply import apply
from lexer_pipeline.mapping.column_survey import ColumnSurvey
from lexer_pipeline.mapping.currencies import Currencies
from lexer_pipeline.mapping.outcomes import Outcomes
from lexer_pipeline.mapping.people import linked
from lexer_pipeline.mapping.products import with_unnamed
from lexer_pipeline.mapping.row_filters import carried, sifted, skipped
from lexer_pipeline.validating.line_prices import LinePrices


def load_mapped(
    loaded: LoadedTable,
    survey: ColumnSurvey,
    currencies: Currencies,
    prices: LinePrices,
    accepted: Collection[int] = (),
) -> Iterator[Records]:
    """The rows of a table in chunks of whole records, turned by a mapping into columns of the specification.

    `currencies` and `prices` take in what all rows say. `survey` tells what was decided over whole columns once the first chunk is there; rows of a rejects file on the lines
    `accepted` are left out.
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
        in_turn = in_order_of(loaded, spool, mapper.key is not None)
        seen = survey.over(blocks())
        comes_back = mapper.key is not None and returning_keys.comes_back(
            returning_keys.marked(seen, mapper.key), loaded.scratch
        )
        if mapper.waits:
            deque(seen, maxlen=0)
        settled, outcomes = survey.settled(), Outcomes(mapper.cleaning, mapper.leaves_placeholders)

        def made(rows: Records) -> Records:
            return apply(settled, rows, outcomes, Currencies(), LinePrices())

        records = brought_together(blocks, mapper.key, mapper.once, comes_back, loaded, spool.again().size)
        mapped = (
            with_unnamed(
                settled,
                linked(
                    settled,
                    apply(
                        settled, skipped(settled, carried(settled, rows), made), outcomes, currencies, prices
                    ),
                ),
            )
            for rows in records
        )
        yield from with_left_out(mapped, left)
