"""The columns of a table in the form of the record that they fill: a tree of names and indexes."""

from collections.abc import Sequence
from operator import itemgetter
from typing import TypeAlias

from msgspec import Struct

from lexer_pipeline.errors import UsageError
from lexer_pipeline.kernels import codes
from lexer_pipeline.specs.paths import EACH, FieldPath, Part
from lexer_pipeline.specs.schema_tree import Place

Branch: TypeAlias = dict[Part, "Branch | Leaf"]


class Leaf(Struct, frozen=True):
    """One column and the field that it fills; `kind` is the kernel that can vouch for its cells."""

    column: int
    header: str
    path: FieldPath
    place: Place
    kind: int
    words: tuple[bytes, ...]

    @property
    def is_repeated(self) -> bool:
        """Whether the column has a value for each row of a record."""
        return self.path.is_repeated

    @property
    def is_compared(self) -> bool:
        """Whether the schema compares the field with words, on which other rules may then depend."""
        return any("enum" in view or "const" in view for view in self.place.views)

    @property
    def is_raw(self) -> bool:
        """Whether the text stands in JSON without quotes."""
        return self.kind in (codes.KIND_NUMBER, codes.KIND_INTEGER, codes.KIND_BOOLEAN)


def fields_of(branch: Branch) -> list[tuple[str, "Branch | Leaf"]]:
    """The fields of a branch, in the order of the columns."""
    return [(part, below) for part, below in branch.items() if isinstance(part, str)]


def items_of(branch: Branch) -> list[tuple[int, "Branch | Leaf"]]:
    """The items of a branch that is a list, in the order of their indexes."""
    return sorted(
        ((part, below) for part, below in branch.items() if isinstance(part, int)), key=itemgetter(0)
    )


def children(branch: Branch) -> Sequence[tuple[Part, "Branch | Leaf"]]:
    """The parts of a branch: fields in the order of the columns, items in that of their indexes."""
    return items_of(branch) if is_list(branch) else fields_of(branch)


def is_list(branch: Branch) -> bool:
    """Whether a branch is a list, whose parts are indexes."""
    return any(isinstance(part, int) for part in branch)


def branch_of(leaves: Sequence[Leaf], source: str) -> Branch:
    """The tree of some leaves; UsageError where two of them exclude each other."""
    root: Branch = {}
    for leaf in leaves:
        at = root
        for part in leaf.path[:-1]:
            below = at.setdefault(part, {})
            if isinstance(below, Leaf):
                raise UsageError(f"{source}: columns {below.header} and {leaf.header} exclude each other")
            at = below
        if leaf.path[-1] in at:
            raise UsageError(f"{source}: column {leaf.header} and another fill the same field")
        at[leaf.path[-1]] = leaf
    _check_indexes(root, source, FieldPath())
    return root


def _check_indexes(branch: Branch, source: str, path: FieldPath) -> None:
    indexes = sorted(part for part in branch if isinstance(part, int))
    if EACH in indexes and (len(indexes) > 1 or EACH in path):
        raise UsageError(
            f"{source}: {path} has columns with an index and without, or a list in a list",
            "Number all columns of a list, or none.",
        )
    if indexes and indexes != [EACH] and indexes != list(range(len(branch))):
        missing = next(index for index in range(len(branch) + 1) if index not in branch)
        raise UsageError(
            f"{source}: there is no column for {path / missing}",
            "Number the columns from [0] on.",
        )
    for part, below in branch.items():
        if isinstance(below, dict):
            _check_indexes(below, source, path / part)
