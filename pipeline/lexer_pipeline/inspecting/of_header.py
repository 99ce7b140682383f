"""What a table probably holds, told from the names of its columns alone."""

from collections.abc import Sequence

from lexer_pipeline.inspecting.candidates import Candidate, of_table, ranked
from lexer_pipeline.inspecting.column_names import has_no_header
from lexer_pipeline.inspecting.column_profile import ColumnProfile
from lexer_pipeline.specs import catalog


def likely(names: Sequence[str]) -> Candidate | None:
    """The specification that a table with such columns is likeliest to become; None where no column is called like a field."""
    if has_no_header(names):
        return None
    columns = [ColumnProfile(name, 0, 0, False, False, (), ()) for name in names if name]
    return next(iter(ranked(of_table(columns, one) for one in catalog.every())), None)
