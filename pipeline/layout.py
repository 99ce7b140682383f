"""How the columns of a table fill the fields of a specification."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np

from pipeline import compiled, values
from pipeline.errors import UsageError
from pipeline.exact import NumberText
from pipeline.shapes import Place, ShapeTree
from pipeline.wording import Path, Problem, path_text

# Columns that the rejects file adds; they are not data when it comes back.
BOOKKEEPING = ("_line", "_issues")
PART = re.compile(r"(?P<name>[^\[\]]*)(?P<indexes>(?:\[[0-9]{1,6}\])*)", re.DOTALL)
Branch = dict[str | int, Any]


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
    def is_raw(self) -> bool:
        """Whether the text stands in JSON without quotes."""
        return self.kind in (compiled.NUMBER, compiled.INTEGER, compiled.BOOLEAN)


@dataclass(frozen=True, slots=True)
class Program:
    """The steps that write one record, for `kernels.encode`."""

    operations: Any
    arguments: Any
    keys: list[bytes]


@dataclass(frozen=True, slots=True)
class Layout:
    """A header understood: the leaves in a tree of keys and indexes, and the program that writes them."""

    columns: int
    leaves: tuple[Leaf, ...]
    branch: Branch
    program: Program
    headers: Mapping[str, str]

    def header_of(self, path: Path) -> str:
        """The column that fills `path` ("" when none does)."""
        return self.headers.get(path_text(path), "")


def compile_layout(header: Sequence[str], tree: ShapeTree, source: str, ignore_unknown: bool) -> Layout:
    """Match each column to a field of the specification; a column that is none stops the run.

    Headers are dotted paths with indexes: `link.email`, `products[0].price_paid`, `custom_fields.tier`.
    """
    _refuse_duplicates(header, source)
    leaves: list[Leaf] = []
    unknown: list[str] = []
    for column, name in enumerate(header):
        if name in BOOKKEEPING:
            continue
        path = _parse(name)
        place = _place(tree, path) if path else None
        if place is None or path is None:
            unknown.append(name)
        else:
            _refuse_container(name, place, source)
            leaves.append(Leaf(column, name, path, place, *_kind(place)))
    if unknown and not ignore_unknown:
        raise _unknown_column(unknown, tree, source)
    if not leaves:
        raise UsageError(f"{source}: no column of the header is a field", "Run `lexer-pipeline specs SPEC`.")
    branch = _branch(leaves, source)
    headers = {path_text(leaf.path): leaf.header for leaf in leaves}
    return Layout(len(header), tuple(leaves), branch, _program(branch), headers)


def _refuse_duplicates(header: Sequence[str], source: str) -> None:
    seen: set[str] = set()
    for number, name in enumerate(header, 1):
        if not name:
            raise UsageError(
                f"{source}: column {number} has no header", "Name it, or remove the column with all its cells."
            )
        if name in seen:
            raise UsageError(f"{source}: two columns are called {name}", "Rename or remove one of them.")
        seen.add(name)


def _parse(name: str) -> Path | None:
    path: list[str | int] = []
    for part in name.split("."):
        match = PART.fullmatch(part)
        if not match or not match["name"]:
            return None
        path.append(match["name"])
        path.extend(int(index) for index in re.findall(r"[0-9]+", match["indexes"]))
    return tuple(path)


def _place(tree: ShapeTree, path: Path) -> Place | None:
    place: Place | None = tree.root
    for part in path:
        if place is not None:
            place = tree.item(place) if isinstance(part, int) else tree.child(place, part)
    return place


def _refuse_container(name: str, place: Place, source: str) -> None:
    if place.types & {"string", "number", "integer", "boolean"} or not place.views[0]:
        return
    if place.is_object:
        near = ", ".join(f"{name}.{key}" for key in place.keys()[:3])
        raise UsageError(
            f"{source}: column {name} is an object, not one value", f"Name its fields: {near or name + '.…'}."
        )
    if place.is_array:
        raise UsageError(f"{source}: column {name} is a list, not one value", f"Number its columns: {name}[0].")


def _unknown_column(unknown: Sequence[str], tree: ShapeTree, source: str) -> UsageError:
    known = list(_names(tree, tree.root, "", 0))
    hints = []
    for name in unknown[:5]:
        plain = re.sub(r"\[[0-9]+\]", "[0]", name)
        near = get_close_matches(plain, known, 1) or get_close_matches(plain.lower(), known, 1, 0.5)
        hints.append(f"{name}: did you mean {near[0]}?" if near else f"{name}: no field is near")
    more = f" and {len(unknown) - 5} more" if len(unknown) > 5 else ""
    plural = "columns are" if len(unknown) > 1 else "column is"
    return UsageError(
        f"{source}: {len(unknown)} {plural} not in the specification. {'; '.join(hints)}{more}",
        "Rename the columns, or leave them out with --ignore-unknown.",
    )


def _names(tree: ShapeTree, place: Place, prefix: str, depth: int) -> Iterator[str]:
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
        for word, kind in (("boolean", compiled.BOOLEAN), ("number", compiled.NUMBER), ("integer", compiled.INTEGER)):
            if word in types:
                return kind, ()
    kind = {"email": compiled.EMAIL, "hash": compiled.HASH}.get(place.keyword("x-normalise") or "")
    if kind is not None:
        return kind, ()
    if place.keyword("format") == "date-time":
        return compiled.DATE_TIME, ()
    deprecated = place.keyword("x-deprecated-values")
    if deprecated:
        return enum_kind([word for word in place.keyword("enum") or () if word not in deprecated])
    return compiled.TEXT, ()


def enum_kind(options: Sequence[object]) -> tuple[int, tuple[bytes, ...]]:
    """The kernel and its words for an enum; UNSURE when it cannot be one."""
    words = tuple(option.encode() for option in options if isinstance(option, str))
    is_plain = len(words) == len(options) <= 64 and all(word.isalnum() or b"_" in word for word in words)
    return (compiled.ENUM, words) if is_plain else (compiled.UNSURE, ())


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
    if indexes and indexes != list(range(len(branch))):
        missing = next(index for index in range(len(branch) + 1) if index not in branch)
        raise UsageError(
            f"{source}: there is no column for {path_text((*path, missing))}", "Number the columns from [0] on."
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
            steps.append((compiled.RAW_LEAF if below.is_raw else compiled.TEXT_LEAF, below.column, key))
            return
        is_array = any(isinstance(inner, int) for inner in below)
        steps.append((compiled.OPEN_ARRAY if is_array else compiled.OPEN_OBJECT, 0, key))
        for inner, deeper in children(below):
            add(inner, deeper)
        steps.append((compiled.CLOSE_ARRAY if is_array else compiled.CLOSE_OBJECT, 0, b""))

    for part, below in children(branch):
        add(part, below)
    operations, arguments, keys = zip(*steps, strict=True)
    return Program(np.array(operations, np.int32), np.array(arguments, np.int32), list(keys))


def build(layout: Layout, texts: Sequence[str], problems: list[Problem]) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """One record from the cells of a row, empty cells left out; and the conversions of its plain values.

    A cell that is no value of its type, or an empty one before a filled one of a list, adds a problem.
    """
    conversions: list[tuple[str, str]] = []

    def fill(below: Any, path: Path) -> Any:
        if isinstance(below, Leaf):
            return _value(below, texts[below.column], problems, conversions)
        parts = [(part, fill(deeper, (*path, part))) for part, deeper in children(below)]
        if any(isinstance(part, int) for part in below):
            return _list(parts, path, problems)
        return {part: value for part, value in parts if value is not None} or None

    record = fill(layout.branch, ())
    return record or {}, conversions


def _list(parts: list[tuple[Any, Any]], path: Path, problems: list[Problem]) -> list[Any] | None:
    while parts and parts[-1][1] is None:
        parts.pop()
    for index, value in parts:
        if value is None:
            message = "is empty although a later one is filled; move the later ones up"
            problems.append(Problem((*path, index), "gap", "no gaps in a list", message))
    return [value for _, value in parts if value is not None] or None


def _value(leaf: Leaf, text: str, problems: list[Problem], conversions: list[tuple[str, str]]) -> Any:
    if not text:
        return None
    if not leaf.is_raw:
        return text
    done = convert_raw(leaf.kind, text)
    if isinstance(done, values.Unconvertible):
        problems.append(Problem(leaf.path, done.code, done.rule, done.message))
        return UNUSABLE
    conversions.extend((name, path_text(leaf.path)) for name in done.conversions)
    return done.text == "true" if leaf.kind == compiled.BOOLEAN else NumberText(done.text)


# Stands where a cell could not be read, so that the field does not count as missing.
UNUSABLE = NumberText("0")


def convert_raw(kind: int, text: str) -> values.Converted | values.Unconvertible:
    """The text of a cell as a number, an integer or a boolean."""
    if kind == compiled.BOOLEAN:
        return values.boolean(text)
    return values.integer(text) if kind == compiled.INTEGER else values.number(text)
