"""How the columns of a table fill the fields of a specification."""

import shlex
from collections.abc import Mapping, Sequence

from msgspec import Struct

from lexer_pipeline.chunks.rejected import BOOKKEEPING
from lexer_pipeline.errors import UsageError
from lexer_pipeline.specs.paths import FieldPath, Parts
from lexer_pipeline.specs.schema_tree import Place, SchemaTree
from lexer_pipeline.validating.branches import Branch, Leaf, branch_of
from lexer_pipeline.validating.cell_kinds import kind_of
from lexer_pipeline.validating.header_checks import (
    exact_fields,
    fields_of,
    refuse_container,
    refuse_duplicates,
    refuse_strayed,
    unknown_column,
)
from lexer_pipeline.validating.program import Program, program_of


class Layout(Struct, frozen=True):
    """A header understood: the leaves in a tree of keys and indexes, and the program that writes them.

    `folds` says that several rows may make one record, and `key` (of a table without mapping) is the column
    that says which. `closes_gaps` (with a mapping) lets the later items of a numbered list move up where an
    earlier one is empty: the numbers are the mapping's, not the source's.
    """

    columns: int
    folds: bool
    key: int | None
    takes_first: bool
    closes_gaps: bool
    leaves: tuple[Leaf, ...]
    branch: Branch
    program: Program
    headers: Mapping[FieldPath, str]

    @property
    def once(self) -> list[int]:
        """The columns that are filled once a record."""
        return [leaf.column for leaf in self.leaves if not leaf.is_repeated]

    def names_of(self, path: Parts) -> tuple[str, str]:
        """A path as text, and the column that fills it ("" when none does)."""
        named = FieldPath(path)
        return str(named), self.headers.get(named) or self.headers.get(named.general, "")


def compile_layout(
    header: Sequence[str], tree: SchemaTree, key: str | None, source: str, ignore_unknown: bool
) -> Layout:
    """Match each column to a field of the specification; a column that is none stops the run.

    Headers are dotted paths with indexes: `link.email`, `products[0].price_paid`, `custom_fields.tier`. An
    empty index (`products[].price_paid`, or `products.price_paid`) means that each row adds an item: rows with
    the same `key` make one record.
    """
    refuse_strayed(header, source)
    refuse_duplicates(header, source)
    fields = fields_of(header, tree, source)
    leaves = _leaves(header, header, fields, tree, source, ignore_unknown)
    column = _key_column(leaves, key, source)
    return _layout(len(header), leaves, source, column is not None, column, False, False)


def compile_mapped(
    targets: Sequence[str], labels: Sequence[str], tree: SchemaTree, source: str, folds: bool, takes_first: bool,
    closes_gaps: bool, placeholders: Sequence[str] = (),
) -> Layout:  # fmt: skip
    """The layout of a table that a mapping makes: a column for each of `targets`, called by its label in messages.

    `placeholders` are the mapping's own words for nothing. `takes_first` lets the rows of a record differ in a once-a-record column: the first that is filled wins.
    """
    leaves = _leaves(targets, labels, exact_fields(targets, tree), tree, source, False, placeholders)
    if not folds and any(leaf.is_repeated for leaf in leaves):
        raise UsageError(f"{source}: a list has an item a row, but no key says which rows belong together",
                         'Add key = "..." to the record of the mapping.')  # fmt: skip
    return _layout(len(targets), leaves, source, folds, None, takes_first, closes_gaps)


def _layout(
    columns: int, leaves: Sequence[Leaf], source: str, folds: bool, key: int | None, takes_first: bool,
    closes_gaps: bool,
) -> Layout:  # fmt: skip
    branch = branch_of(leaves, source)
    headers = {leaf.path: leaf.header for leaf in leaves}
    return Layout(
        columns, folds, key, takes_first, closes_gaps, tuple(leaves), branch, program_of(branch), headers
    )


def _leaves(
    header: Sequence[str], labels: Sequence[str], fields: Sequence[tuple[FieldPath, Place] | None], tree: SchemaTree,
    source: str, ignore_unknown: bool, placeholders: Sequence[str] = (),
) -> list[Leaf]:  # fmt: skip
    leaves: list[Leaf] = []
    unknown: list[str] = []
    for column, (name, found) in enumerate(zip(header, fields, strict=True)):
        if name in BOOKKEEPING:
            continue
        if found is None:
            unknown.append(name)
        else:
            path, place = found
            refuse_container(name, place, source)
            leaves.append(Leaf(column, labels[column], path, place, *kind_of(place, placeholders)))
    if unknown and not ignore_unknown:
        raise unknown_column(unknown, len(leaves), tree, source)
    if not leaves:
        raise UsageError(
            f"{source}: no column of the header is a field",
            f"lexer-pipeline inspect {shlex.quote(source)} shows what it holds, and lexer-pipeline specs the fields.",
        )
    return leaves


def _key_column(leaves: Sequence[Leaf], key: str | None, source: str) -> int | None:
    repeated = next((leaf.header for leaf in leaves if leaf.is_repeated), None)
    if repeated is None:
        return None
    found = next((leaf.column for leaf in leaves if key and leaf.path == (key,)), None)
    if found is None:
        wanted = (
            f"Add the column {key}" if key else "The specification has no key; number the columns from [0]"
        )
        raise UsageError(
            f"{source}: column {repeated} has an item a row, but no column says which rows belong together",
            f"{wanted}.",
        )
    return found
