"""The column that says which rows belong together, and as what its cells are compared."""

from collections.abc import Sequence

from msgspec.structs import replace

from lexer_pipeline.chunks.group import Key
from lexer_pipeline.errors import UsageError
from lexer_pipeline.kernels import codes
from lexer_pipeline.mapping import conversions
from lexer_pipeline.mapping.header import Header
from lexer_pipeline.mapping.target_columns import TargetColumn
from lexer_pipeline.specs.schema_tree import SchemaTree


def key_of(
    wanted: str | None, target_columns: Sequence[TargetColumn], header: Header, tree: SchemaTree
) -> Key:
    """The column of the key that is `wanted`; UsageError where the header has none."""
    columns = next((one.columns for one in target_columns if str(one.path) == wanted), ())
    found = columns[0] if columns else header.find((wanted,)) if wanted else None
    if found is None:
        raise UsageError(
            f"{header.source}: nothing says which rows belong together",
            f"Add a column for {wanted or 'the key'}.",
        )
    return Key(
        found,
        max(
            (_key_kind(one, tree) for one in target_columns if one.columns == (found,)),
            default=codes.KEY_EXACT,
        ),
    )


def _key_kind(one: TargetColumn, tree: SchemaTree) -> int:
    """As what the cells of a column are compared where they say which rows belong together."""
    if _is_address(one, tree):
        return codes.KEY_ADDRESS
    trims = any(
        isinstance(step, conversions.Vectorised) and step.kernel in (codes.TO_ID, codes.TO_TRIMMED)
        for step in one.chain
    )
    return codes.KEY_TRIMMED if trims else codes.KEY_EXACT


def as_sent(one: TargetColumn, tree: SchemaTree, key: Key | None) -> TargetColumn:
    """A column of an address by which rows are brought together, cleaned before the rows are compared."""
    if (
        key is None
        or key.kind != codes.KEY_ADDRESS
        or one.columns != (key.column,)
        or one.chain
        or not _is_address(one, tree)
    ):
        return one
    return replace(one, chain=(conversions.compile_conversion("email", None),))


def _is_address(one: TargetColumn, tree: SchemaTree) -> bool:
    """Whether a column is sent as an e-mail address."""
    place = tree.find(one.path)
    return place is not None and place[1].cleaning == "email"
