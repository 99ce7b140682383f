"""How the columns of a table fill the fields of a specification."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np

from lexer_pipeline.errors import UsageError
from lexer_pipeline.kernels import codes
from lexer_pipeline.specs.paths import EACH, Path, find_place, general, named_path, path_text
from lexer_pipeline.specs.schema_tree import Place, SchemaTree

# Columns that the rejects file adds; they are not data when it comes back.
BOOKKEEPING = ("_line", "_issues")
# What a column is called, as far as a message may repeat it.
COLUMN_NAME = re.compile(r"[\w .()\[\]/#&'-]{1,60}")
PLAIN_WORD = re.compile(r"[A-Za-z0-9_. -]+")
Branch = dict[str | int, Any]
# The kernels that say whether text needs one of the clean-ups of `exact.clean_text`.
CLEANED = {"email": codes.KIND_EMAIL, "hash": codes.KIND_HASH, "date-time": codes.KIND_DATE_TIME}


@dataclass(frozen=True, slots=True)
class Leaf:
    """One column and the field that it fills; `kind` is the kernel that can vouch for its cells."""

    column: int
    header: str
    path: Path
    place: Place
    kind: int
    words: tuple[bytes, ...]

    @property
    def is_repeated(self) -> bool:
        """Whether the column has a value for each row of a record."""
        return EACH in self.path

    @property
    def is_compared(self) -> bool:
        """Whether the schema compares the field with words, on which other rules may then depend."""
        return any("enum" in view or "const" in view for view in self.place.views)

    @property
    def is_raw(self) -> bool:
        """Whether the text stands in JSON without quotes."""
        return self.kind in (codes.KIND_NUMBER, codes.KIND_INTEGER, codes.KIND_BOOLEAN)


@dataclass(frozen=True, slots=True)
class Program:
    """The steps that write one record, for `cells.encode`."""

    operations: Any
    arguments: Any
    keys: list[bytes]


@dataclass(frozen=True, slots=True)
class Layout:
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
    headers: Mapping[str, str]

    @property
    def once(self) -> list[int]:
        """The columns that are filled once a record."""
        return [leaf.column for leaf in self.leaves if not leaf.is_repeated]

    def names_of(self, path: Path) -> tuple[str, str]:
        """A path as text, and the column that fills it ("" when none does)."""
        text = path_text(path)
        return text, self.headers.get(text) or self.headers.get(general(path), "")


def compile_layout(
    header: Sequence[str], tree: SchemaTree, key: str | None, source: str, ignore_unknown: bool
) -> Layout:
    """Match each column to a field of the specification; a column that is none stops the run.

    Headers are dotted paths with indexes: `link.email`, `products[0].price_paid`, `custom_fields.tier`. An
    empty index (`products[].price_paid`, or `products.price_paid`) means that each row adds an item: rows with
    the same `key` make one record.
    """
    _refuse_strayed(header, source)
    _refuse_duplicates(header, source)
    leaves = _leaves(header, header, tree, source, ignore_unknown)
    column = _key_column(leaves, key, source)
    return _layout(len(header), leaves, source, column is not None, column, False, False)


def compile_mapped(
    targets: Sequence[str], labels: Sequence[str], tree: SchemaTree, source: str, folds: bool, takes_first: bool,
    closes_gaps: bool,
) -> Layout:  # fmt: skip
    """The layout of a table that a mapping makes: a column for each of `targets`, called by its label in messages.

    `takes_first` lets the rows of a record differ in a once-a-record column: the first that is filled wins.
    """
    leaves = _leaves(targets, labels, tree, source, False)
    if not folds and any(leaf.is_repeated for leaf in leaves):
        raise UsageError(f"{source}: a list has an item a row, but no key says which rows belong together",
                         'Add key = "..." to the record of the mapping.')  # fmt: skip
    return _layout(len(targets), leaves, source, folds, None, takes_first, closes_gaps)


def _layout(
    columns: int, leaves: Sequence[Leaf], source: str, folds: bool, key: int | None, takes_first: bool,
    closes_gaps: bool,
) -> Layout:  # fmt: skip
    branch = _branch(leaves, source)
    headers = {path_text(leaf.path): leaf.header for leaf in leaves}
    return Layout(
        columns, folds, key, takes_first, closes_gaps, tuple(leaves), branch, _program(branch), headers
    )


def _leaves(
    header: Sequence[str], labels: Sequence[str], tree: SchemaTree, source: str, ignore_unknown: bool
) -> list[Leaf]:
    leaves: list[Leaf] = []
    unknown: list[str] = []
    for column, name in enumerate(header):
        if name in BOOKKEEPING:
            continue
        named = named_path(name)
        found = find_place(tree, named) if named else None
        if found is None:
            unknown.append(name)
        else:
            path, place = found
            _refuse_container(name, place, source)
            leaves.append(Leaf(column, labels[column], path, place, *_kind(place)))
    if unknown and not ignore_unknown:
        raise _unknown_column(unknown, len(leaves), tree, source)
    if not leaves:
        raise UsageError(f"{source}: no column of the header is a field", "Run `lexer-pipeline specs SPEC`.")
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


def _refuse_strayed(header: Sequence[str], source: str) -> None:
    """What a rejects file adds stands in front, or the next one could not tell it from data."""
    for place, name in enumerate(header):
        if name in BOOKKEEPING and header[: len(BOOKKEEPING)] != BOOKKEEPING:
            raise UsageError(
                f"{source}: column {place + 1} is {name}, which a rejects file has in front",
                f"Move {' and '.join(BOOKKEEPING)} to the front, or remove both.",
            )


def _refuse_duplicates(header: Sequence[str], source: str) -> None:
    seen: set[str] = set()
    for number, name in enumerate(header, 1):
        if not name:
            raise UsageError(
                f"{source}: column {number} has no header",
                "Name it, or remove the column with all its cells.",
            )
        if name in seen:
            raise UsageError(f"{source}: two columns are called {name}", "Rename or remove one of them.")
        seen.add(name)


def _refuse_container(name: str, place: Place, source: str) -> None:
    if place.types & {"string", "number", "integer", "boolean"} or not place.views[0]:
        return
    if place.is_object:
        near = ", ".join(f"{name}.{key}" for key in place.keys()[:3])
        raise UsageError(
            f"{source}: column {name} is an object, not one value", f"Name its fields: {near or name + '.…'}."
        )
    if place.is_array:
        raise UsageError(
            f"{source}: column {name} is a list, not one value", f"Number its columns: {name}[0]."
        )


def _unknown_column(unknown: Sequence[str], found: int, tree: SchemaTree, source: str) -> UsageError:
    """Name the nearest field of each; what may be a value and no name, since a header is missing, is not shown."""
    known = list(_names(tree, tree.root, "", 0))
    hints = []
    for name in unknown:
        plain = re.sub(r"\[[0-9]+\]", "[0]", name)
        near = get_close_matches(plain, known, 1) or get_close_matches(plain.lower(), known, 1, 0.5)
        if near and COLUMN_NAME.fullmatch(name):
            hints.append(f"{name}: did you mean {near[0]}?")
        elif found and COLUMN_NAME.fullmatch(name):
            hints.append(f"{name}: no field is near")
    shown = "; ".join(hints[:5])
    more = f" and {len(unknown) - len(hints[:5])} more" if len(unknown) > len(hints[:5]) and shown else ""
    plural = "columns are" if len(unknown) > 1 else "column is"
    remedy = "Rename the columns, or leave them out with --ignore-unknown."
    if not found:
        remedy = "Check that the first line holds the names of the columns; a mapping (--map) may give them fields."
    return UsageError(
        f"{source}: {len(unknown)} {plural} not in the specification. {shown}{more}".strip(), remedy
    )


def _names(tree: SchemaTree, place: Place, prefix: str, depth: int) -> Iterator[str]:
    if depth > 8:
        return
    for key in place.keys():
        below = tree.child(place, key)
        name = f"{prefix}{key}"
        while below is not None and below.is_array and not below.is_object:
            below, name = tree.item(below), f"{name}[0]"
        if below is None or not below.keys():
            yield name
        else:
            yield from _names(tree, below, f"{name}.", depth + 1)


def _kind(place: Place) -> tuple[int, tuple[bytes, ...]]:
    types = place.types
    if types and "string" not in types:
        for word, kind in (
            ("boolean", codes.KIND_BOOLEAN),
            ("number", codes.KIND_NUMBER),
            ("integer", codes.KIND_INTEGER),
        ):
            if word in types:
                return kind, ()
    if place.cleaning in CLEANED:
        return CLEANED[place.cleaning], ()
    if place.cleaning == "deprecated":
        deprecated = place.keyword("x-deprecated-values")
        return enum_kind([word for word in place.keyword("enum") or () if word not in deprecated])
    return codes.KIND_TEXT, ()


def enum_kind(options: Sequence[object]) -> tuple[int, tuple[bytes, ...]]:
    """The kernel and its words for an enum; UNSURE when it cannot be one."""
    words = enum_words(options)
    return (codes.KIND_UNSURE, ()) if words is None else (codes.KIND_ENUM, words)


def enum_words(options: Sequence[object]) -> tuple[bytes, ...] | None:
    """The words of an enum for a kernel; None unless all of them are plain text."""
    words = tuple(
        option.encode() for option in options if isinstance(option, str) and PLAIN_WORD.fullmatch(option)
    )
    return words if len(words) == len(options) <= 64 else None


def _branch(leaves: Sequence[Leaf], source: str) -> Branch:
    root: Branch = {}
    for leaf in leaves:
        at = root
        for part in leaf.path[:-1]:
            at = at.setdefault(part, {})
            if isinstance(at, Leaf):
                raise UsageError(f"{source}: columns {at.header} and {leaf.header} exclude each other")
        if leaf.path[-1] in at:
            raise UsageError(f"{source}: column {leaf.header} and another fill the same field")
        at[leaf.path[-1]] = leaf
    _check_indexes(root, source, ())
    return root


def _check_indexes(branch: Branch, source: str, path: Path) -> None:
    indexes = sorted(part for part in branch if isinstance(part, int))
    if EACH in indexes and (len(indexes) > 1 or EACH in path):
        raise UsageError(
            f"{source}: {path_text(path)} has columns with an index and without, or a list in a list",
            "Number all columns of a list, or none.",
        )
    if indexes and indexes != [EACH] and indexes != list(range(len(branch))):
        missing = next(index for index in range(len(branch) + 1) if index not in branch)
        raise UsageError(
            f"{source}: there is no column for {path_text((*path, missing))}",
            "Number the columns from [0] on.",
        )
    for part, below in branch.items():
        if isinstance(below, dict):
            _check_indexes(below, source, (*path, part))


def children(branch: Branch) -> list[tuple[str | int, Any]]:
    """The parts of a branch: keys in the order of the columns, indexes in their own."""
    if any(isinstance(part, int) for part in branch):
        return sorted(branch.items())
    return list(branch.items())


def _program(branch: Branch) -> Program:
    steps: list[tuple[int, int, bytes]] = []

    def add(part: str | int, below: Any) -> None:
        key = b"" if isinstance(part, int) else json.dumps(part, ensure_ascii=False).encode() + b":"
        if isinstance(below, Leaf):
            steps.append((codes.RAW_LEAF if below.is_raw else codes.TEXT_LEAF, below.column, key))
            return
        is_array = any(isinstance(inner, int) for inner in below)
        steps.append((codes.OPEN_ARRAY if is_array else codes.OPEN_OBJECT, 0, key))
        begin = len(steps)
        if EACH in below:
            steps.append((codes.REPEAT, 0, b""))
        for inner, deeper in children(below):
            add(inner, deeper)
        if EACH in below:
            steps.append((codes.REPEAT_END, begin, b""))
        steps.append((codes.CLOSE_ARRAY if is_array else codes.CLOSE_OBJECT, 0, b""))

    for part, below in children(branch):
        add(part, below)
    operations, arguments, keys = zip(*steps, strict=True)
    return Program(np.array(operations, np.int32), np.array(arguments, np.int32), list(keys))
