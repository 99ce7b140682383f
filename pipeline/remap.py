"""A mapping put to work on one table: its rows become rows of the specification's columns.

What comes out is a table like any other, so that everything behind it is the same with a mapping and without.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path, PurePath
from typing import Any, Protocol

import numpy as np

from pipeline import cells, conversions
from pipeline.errors import UsageError
from pipeline.layout import Layout, compile_mapped, find_place, named_path
from pipeline.mapping import FieldRule, Mapping, RecordMap, Skip, normalised
from pipeline.model import Specification
from pipeline.rows import Change, Rows
from pipeline.shapes import ShapeTree
from pipeline.wording import Problem, path_text

OK, HAS_ESCAPE, HAS_HIGH = 0, 1, 2
NEEDS_ESCAPE = re.compile(r'[\x00-\x1f"\\]')
Outcome = tuple[str, tuple[str, ...], conversions.Failed | None]


class Plan(Protocol):
    """What a source is to become: by a mapping's record, or as it is."""

    @property
    def specification(self) -> Specification: ...
    @property
    def mapping(self) -> Mapping | None: ...
    @property
    def record(self) -> RecordMap | None: ...


@dataclass(frozen=True, slots=True)
class Virtual:
    """One column that a mapping makes: from which columns of the source, and how.

    `pieces` are texts and column numbers; without a column it is a constant. The others are places of columns
    that the mapping makes: `made` are read instead of the source, `beside` are those of which one must be filled
    (if there are any), `unless` those of which none may be. `index` counts the items of a split text.
    """

    target: str
    label: str
    pieces: tuple[str | int, ...]
    rule: FieldRule
    index: int
    chain: tuple[Any, ...]
    made: tuple[int, ...] = ()
    beside: tuple[int, ...] = ()
    unless: tuple[int, ...] = ()

    @property
    def columns(self) -> tuple[int, ...]:
        """The columns of the source that it reads."""
        return tuple(piece for piece in self.pieces if isinstance(piece, int))

    @property
    def is_copy(self) -> bool:
        """Whether the cells stay as they are."""
        return len(self.pieces) == 1 and bool(self.columns) and not self.chain and not self.rule.split

    @property
    def is_once(self) -> bool:
        """Whether it is filled once a record."""
        return "[]" not in self.target


@dataclass(frozen=True, slots=True)
class Mapper:
    """One record map of a mapping, understood for one header."""

    virtuals: tuple[Virtual, ...]
    layout: Layout
    key: int | None
    skips: tuple[tuple[int, Skip], ...]
    secret: tuple[int, ...]
    unused: tuple[str, ...]
    mapping: Mapping | None
    source: str

    @property
    def once(self) -> list[int]:
        """The columns of the source that are read once a record."""
        return sorted({column for one in self.virtuals if "[]" not in one.target for column in one.columns})

    @property
    def waits(self) -> bool:
        """Whether some conversion must see its whole column first."""
        return any(isinstance(step, conversions.NeedsColumn) for one in self.virtuals for step in one.chain)


    @property
    def notes(self) -> tuple[str, ...]:
        """What should be said aloud: which mapping was taken, and which columns it leaves out."""
        if self.mapping is None:
            return ()
        left = f"columns left out: {', '.join(self.unused)}"
        return (f"read as {self.mapping.title} (mapping {self.mapping.name})", *([left] if self.unused else []))

    def refuse_unused(self, ignore: bool) -> None:
        """Stop where a column is neither mapped nor dropped, unless columns of such an export vary."""
        if self.unused and not ignore and not (self.mapping is not None and self.mapping.columns_vary):
            raise UsageError(
                f"{self.source}: the mapping says nothing of the columns {', '.join(self.unused)}",
                "Map them, list them under drop, or leave them out with --ignore-unknown.",
            )


def compile_mapper(plan: Plan, header: Sequence[str], tree: ShapeTree, source: str, dates: str | None) -> Mapper:
    """Find the columns that a mapping names in a header.

    Without a mapping each column is a field already, and `dates` says how its dates are written.
    """
    mapping = plan.mapping or _plain()
    record = plan.record or _as_it_is(header, tree, plan.specification.name)
    finder = _Columns(mapping, header, source)
    rules = list(_expanded(record.fields, finder))
    virtuals = _with_neighbours([one for rule in rules for one in _virtuals(rule, finder, tree, dates)])
    if not virtuals:
        raise UsageError(f"{source}: no column of the mapping {mapping.name} is in the header")
    folds = bool(record.key) or any("[]" in one.target for one in virtuals)
    targets, labels = [one.target for one in virtuals], [one.label for one in virtuals]
    layout = compile_mapped(targets, labels, tree, source, folds, record.takes_first)
    skips = [(finder.find(skip.columns), skip) for skip in record.skips]
    return Mapper(
        tuple(virtuals), layout, _key(record.key or plan.specification.key, virtuals, finder) if folds else None,
        tuple((column, skip) for column, skip in skips if column is not None), finder.secret(), finder.unused(),
        plan.mapping, source,
    )  # fmt: skip


def _plain() -> Mapping:
    return Mapping(Path("as it is"), "", (), (), (), "", False, ())


def _as_it_is(header: Sequence[str], tree: ShapeTree, specification: str) -> RecordMap:
    """Every column fills the field that it names; dates are converted."""
    rules = []
    for name in header:
        found = find_place(tree, named_path(name) or ())
        target = path_text(found[0]) if found else name
        is_date = found is not None and found[1].keyword("format") in ("date", "date-time")
        rules.append(FieldRule(target, ((name,),), None, (("date", None),) if is_date else (), "", 0, ()))
    return RecordMap(specification, None, False, (), tuple(rules))


class _Columns:
    """Finds columns of a header by their normalised names, and remembers which were asked for."""

    def __init__(self, mapping: Mapping, header: Sequence[str], source: str) -> None:
        self.mapping = mapping
        self.source = source
        self._header = header
        self._places: dict[str, int] = {}
        for column, name in enumerate(header):
            self._places.setdefault(normalised(name), column)
        self._asked: set[int] = set()

    def find(self, names: Sequence[str]) -> int | None:
        """The first of `names` that the header has; UsageError if there is none and columns must not vary."""
        for name in names:
            found = self._places.get(normalised(name))
            if found is not None:
                self._asked.add(found)
                return found
        if self.mapping.columns_vary:
            return None
        near = get_close_matches(names[0], self._header, 1)
        hint = f"Did you mean {near[0]}?" if near else "Check the header."
        raise UsageError(f"{self.source}: there is no column {names[0]}, which {self.mapping.path} names", hint)

    def has(self, names: Sequence[str]) -> bool:
        return any(normalised(name) in self._places for name in names)

    def name(self, column: int) -> str:
        return self._header[column]

    def secret(self) -> tuple[int, ...]:
        """Columns that nobody may pass on."""
        names = {normalised(name) for name in self.mapping.secret}
        return tuple(column for column, name in enumerate(self._header) if normalised(name) in names)

    def unused(self) -> tuple[str, ...]:
        """Columns that the mapping neither uses nor drops."""
        dropped = {normalised(name) for name in (*self.mapping.drop, *self.mapping.secret)}
        left = [name for column, name in enumerate(self._header) if column not in self._asked]
        return tuple(name for name in left if normalised(name) not in dropped)


def _expanded(rules: Iterable[FieldRule], finder: _Columns) -> Iterator[FieldRule]:
    """`#` in a target stands for the items of a wide table: once for each number that the header has."""
    rules = list(rules)
    wide = [rule for rule in rules if "#" in rule.target]
    count = 0
    while any(finder.has(piece) for rule in wide for piece in _numbered(rule, count + 1).pieces if isinstance(piece, tuple)):
        count += 1
    for rule in rules:
        if "#" not in rule.target:
            yield rule
            continue
        for number in range(1, count + 1):
            yield _numbered(rule, number)


def _numbered(rule: FieldRule, number: int) -> FieldRule:
    pieces = tuple(
        tuple(name.replace("#", str(number)) for name in piece) if isinstance(piece, tuple) else piece
        for piece in rule.pieces
    )
    return replace(rule, target=rule.target.replace("#", str(number - 1)), pieces=pieces)


def _virtuals(rule: FieldRule, finder: _Columns, tree: ShapeTree, dates: str | None) -> Iterator[Virtual]:
    pieces: list[str | int] = []
    for piece in rule.pieces:
        if isinstance(piece, str):
            pieces.append(piece)
        elif (found := finder.find(piece)) is not None:
            pieces.append(found)
    if rule.filename:
        pieces = [_from_name(rule, finder.source)]
    if not pieces or (not any(isinstance(piece, int) for piece in pieces) and len(rule.pieces) > 1):
        return
    columns = [piece for piece in pieces if isinstance(piece, int)]
    if any(isinstance(piece, tuple) for piece in rule.pieces) and not columns:
        return
    label = finder.name(columns[0]) if columns else ""
    chain = tuple(_compiled(name, argument, rule, tree, dates) for name, argument in rule.conversions)
    if not rule.split:
        yield Virtual(rule.target, label, tuple(pieces), rule.join, "", 0, 0, chain, ())
        return
    base = rule.target.removesuffix("[]")
    for index in range(rule.most):
        yield Virtual(f"{base}[{index}]", label, tuple(pieces), rule.join, rule.split, index, rule.most, chain, ())


def _compiled(name: str, argument: Any, rule: FieldRule, tree: ShapeTree, dates: str | None) -> Any:
    """A conversion; a date is told whether its field is a day or a moment, and the format that a flag gives."""
    if name == "date":
        found = find_place(tree, named_path(rule.target) or ())
        wants_day = found is not None and found[1].keyword("format") == "date"
        given = argument if isinstance(argument, dict) else {"format": argument} if argument else {}
        if dates is not None and "format" not in given:
            given = {**given, "format": dates}
        argument = {"to": "date" if wants_day else "date-time", **given}
    return conversions.compile_conversion(name, argument)


def _from_name(rule: FieldRule, source: str) -> str:
    """The constant that a word in the file's name asks for."""
    name = PurePath(source).name.casefold()
    found = [(word, text) for word, text in rule.filename if word.casefold() in name]
    if not found:
        words = ", ".join(word for word, _ in rule.filename)
        raise UsageError(
            f"{source}: the file's name does not say what {rule.target} is", f"Its name must contain one of: {words}."
        )
    return max(found, key=lambda pair: len(pair[0]))[1]


def _with_neighbours(virtuals: Sequence[Virtual]) -> list[Virtual]:
    """Tell each constant which columns of its own object it goes with; one without any cannot stand alone."""
    done = []
    for one in virtuals:
        parent = one.target.rpartition(".")[0]
        if one.columns or not parent:
            done.append(one)
            continue
        beside = tuple(
            place for place, other in enumerate(virtuals) if other.columns and other.target.startswith(f"{parent}.")
        )
        done.append(replace(one, beside=beside))
    return done


def _key(wanted: str | None, virtuals: Sequence[Virtual], finder: _Columns) -> int:
    columns = next((one.columns for one in virtuals if one.target == wanted), ())
    if columns:
        return columns[0]
    found = finder.find((wanted,)) if wanted else None
    if found is None:
        raise UsageError(
            f"{finder.source}: nothing says which rows belong together", f"Add a column for {wanted or 'the key'}."
        )
    return found


def decided(mapper: Mapper, blocks: Iterable[Rows]) -> Mapper:
    """The mapper with each conversion settled that had to see its whole column."""
    if not mapper.waits:
        return mapper
    for rows in blocks:
        texts = cells.of_rows(rows)
        good = np.flatnonzero(rows.faults == OK).tolist()
        for one in mapper.virtuals:
            _look(one, texts, good)
    virtuals = tuple(replace(one, chain=tuple(_settle(step, one) for step in one.chain)) for one in mapper.virtuals)
    return replace(mapper, virtuals=virtuals)


def _look(one: Virtual, texts: cells.Cells, rows: Sequence[int]) -> None:
    place = next((at for at, step in enumerate(one.chain) if isinstance(step, conversions.NeedsColumn)), None)
    if place is None or one.index:
        return
    before = replace(one, chain=one.chain[:place])
    found = (_made(before, texts, row) for row in rows)
    one.chain[place].look(text for text, _, failed in found if text and failed is None)


def _settle(step: Any, one: Virtual) -> Any:
    if not isinstance(step, conversions.NeedsColumn):
        return step
    try:
        return step.decide()
    except UsageError as problem:
        raise UsageError(f"column {one.label}: {problem.message}", problem.hint) from None


def skipped(mapper: Mapper, rows: Rows) -> Rows:
    """The rows without those that the mapping leaves out, which are counted by reason.

    An empty cell means what the row before it in the same record says.
    """
    texts = cells.of_rows(rows)
    keep = np.ones(len(rows.faults), np.bool_)
    counts: dict[str, int] = {}
    for column, skip in mapper.skips:
        for first, last in zip(rows.firsts.tolist(), rows.lasts.tolist(), strict=True):
            said = ""
            for row in range(first, last):
                if rows.faults[row] != OK:
                    continue
                said = texts.text(row, column).strip().casefold() or said
                if keep[row] and (said in skip.words) != skip.negated:
                    keep[row] = False
                    counts[skip.reason] = counts.get(skip.reason, 0) + 1
    return rows.kept(keep, counts) if counts else rows


def apply(mapper: Mapper, rows: Rows) -> Rows:
    """The same rows as a table of the mapping's columns."""
    return _Work(mapper, rows).result()


class _Work:
    """One batch being remapped: new cells point into the old bytes, or to texts written behind them."""

    def __init__(self, mapper: Mapper, rows: Rows) -> None:
        self._mapper = mapper
        self._rows = rows
        self._texts = cells.of_rows(rows)
        self._good = rows.faults == OK
        shape = (len(rows.faults), len(mapper.virtuals))
        self._starts = np.zeros(shape, np.int32)
        self._ends = np.zeros(shape, np.int32)
        self._flags = np.zeros(shape, np.uint8)
        self._pieces = [rows.data]
        self._size = len(rows.data)
        self._changes: list[Change] = []
        self._problems: dict[int, tuple[Problem, ...]] = {}

    def result(self) -> Rows:
        constants = [place for place, one in enumerate(self._mapper.virtuals) if not one.columns]
        for place, one in enumerate(self._mapper.virtuals):
            if one.is_copy:
                self._copy(place, one.columns[0])
            elif one.columns:
                self._make(place, one)
        for place in constants:
            self._fill(place, self._mapper.virtuals[place])
        return replace(
            self._rows, data=b"".join(self._pieces), columns=len(self._mapper.virtuals), starts=self._starts.ravel(),
            ends=self._ends.ravel(), flags=self._flags.ravel(), changes=tuple(self._changes), problems=self._problems,
        )  # fmt: skip

    def _copy(self, place: int, column: int) -> None:
        rows, wide = self._rows, self._rows.columns
        self._starts[self._good, place] = rows.starts[column::wide][self._good]
        self._ends[self._good, place] = rows.ends[column::wide][self._good]
        self._flags[self._good, place] = rows.flags[column::wide][self._good]

    def _fill(self, place: int, one: Virtual) -> None:
        where = self._good.copy()
        if one.beside:
            where &= (self._ends[:, one.beside] > self._starts[:, one.beside]).any(axis=1)
        self._put(place, np.flatnonzero(where), str(one.pieces[0]))

    def _put(self, place: int, rows: Any, text: str) -> None:
        piece = text.encode()
        self._pieces.append(piece)
        self._starts[rows, place] = self._size
        self._size += len(piece)
        self._ends[rows, place] = self._size
        self._flags[rows, place] = (HAS_ESCAPE if NEEDS_ESCAPE.search(text) else 0) | (
            0 if piece.isascii() else HAS_HIGH
        )

    def _make(self, place: int, one: Virtual) -> None:
        filled = np.logical_or.reduce([self._texts.filled(column) for column in one.columns])
        known: dict[tuple[str, ...], tuple[Outcome, list[int]]] = {}
        for row in np.flatnonzero(self._good & filled).tolist():
            said = tuple(self._texts.text(row, column) for column in one.columns)
            if said not in known:
                known[said] = (_converted(one, said), [])
            known[said][1].append(row)
        named: dict[str, list[int]] = {}
        for (text, names, failed), rows in known.values():
            if failed is not None:
                self._refuse(one, rows, failed)
            elif text:
                self._put(place, np.array(rows), text)
            for name in names:
                named.setdefault(name, []).extend(rows)
        once = "[]" not in one.target
        self._changes += [Change(name, one.target, np.sort(np.array(rows)), once) for name, rows in named.items()]

    def _refuse(self, one: Virtual, rows: Sequence[int], failed: conversions.Failed) -> None:
        path = tuple(0 if part == -1 else part for part in named_path(one.target) or ())
        problem = Problem(path, failed.code, failed.rule, failed.message)
        for row in rows:
            self._problems[row] = (*self._problems.get(row, ()), problem)


def _made(one: Virtual, texts: cells.Cells, row: int) -> Outcome:
    return _converted(one, tuple(texts.text(row, column) for column in one.columns))


def _converted(one: Virtual, said: Sequence[str]) -> Outcome:
    """What a column of the mapping says where the columns that it reads say `said`."""
    text = _joined(one, said)
    if one.split:
        parts = [part.strip() for part in text.split(one.split)]
        filled = [part for part in parts if part]
        if len(filled) > one.most:
            message = f"has more than {one.most} items; allow more with most = ... in the mapping"
            return "", (), conversions.Failed("length", f"at most {one.most} items", message)
        text = filled[one.index] if one.index < len(filled) else ""
    names: list[str] = []
    for step in one.chain:
        if not text:
            break
        done = step(text)
        if isinstance(done, conversions.Failed):
            return "", (), done
        names.extend(done.names)
        text = done.text
    return text, tuple(names), None


def _joined(one: Virtual, said: Sequence[str]) -> str:
    if not any(said):
        return ""
    if one.join is not None:
        return one.join.join(text for text in said if text)
    if len(one.pieces) == 1:
        return said[0]
    texts = iter(said)
    return "".join(next(texts) if isinstance(piece, int) else piece for piece in one.pieces).strip()
