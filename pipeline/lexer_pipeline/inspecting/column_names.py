"""The names of columns that are rather values of a record, which nothing may show."""

from collections.abc import Sequence

from lexer_pipeline.inspecting import semantic_types

# Looks that a column's name does not have.
DATA = (
    semantic_types.EMAIL,
    semantic_types.HASH,
    semantic_types.PHONE,
    semantic_types.NUMBER,
    semantic_types.MONEY,
    semantic_types.ZEROS,
    *semantic_types.DATES,
)


def shown(name: str, number: int) -> str:
    """What a column may be called: by its name, unless that looks like the value of a record."""
    return f"column {number}" if not name or semantic_types.look_at(name).kind in DATA else name


def has_no_header(names: Sequence[str]) -> bool:
    """Whether what should be the names of the columns looks like a record."""
    return sum(bool(name) and semantic_types.look_at(name).kind in DATA for name in names) * 3 >= len(names)
