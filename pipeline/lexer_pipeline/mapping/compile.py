"""A mapping understood for one header: the columns that it makes, and which of the source's they read."""

import re
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Mapping as Map
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path, PurePath
from typing import Any, Protocol

from lexer_pipeline.errors import UsageError
from lexer_pipeline.mapping import conversions
from lexer_pipeline.mapping.file import normalised
from lexer_pipeline.mapping.rules import FieldRule, Mapping, RecordMap, Skip
from lexer_pipeline.model import Specification
from lexer_pipeline.specs.paths import find_place, named_path, path_text
from lexer_pipeline.specs.schema_tree import SchemaTree
from lexer_pipeline.validating.layout import BOOKKEEPING, Layout, compile_mapped

# The place of a column that is not there, whose cells are all empty.
NOWHERE = -1
# In a mapping: the number of an item, in a table that has a column for each.
NUMBER_SIGN = "#"
FIRST_INDEX = re.compile(r"(?P<list>[^\[]+)\[(?P<index>[0-9]+)\]")


class Plan(Protocol):
    """What a source is to become: by a mapping's record, or as it is."""

    @property
    def specification(self) -> Specification: ...
    @property
    def mapping(self) -> Mapping | None: ...
    @property
    def record(self) -> RecordMap | None: ...


@dataclass(frozen=True, slots=True)
class TargetColumn:
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
    """One record map of a mapping, understood for one header.

    `order` is that in which the columns can be made; a skip whose column the header lacks has the number NOWHERE.
    `together` are places of columns that are filled from one row of a record alone.
    """

    target_columns: tuple[TargetColumn, ...]
    order: tuple[int, ...]
    layout: Layout
    key: int | None
    carry: tuple[int, ...]
    together: tuple[int, ...]
    skips: tuple[tuple[int, Skip], ...]
    secret: tuple[int, ...]
    unused: tuple[str, ...]
    mapping: Mapping | None
    source: str

    @property
    def once(self) -> list[int]:
        """The columns of the source that tell, where they are filled, that a row without a key starts a record."""
        if self.layout.takes_first:
            return []
        return sorted({column for one in self.target_columns if one.is_once for column in one.columns})

    @property
    def waits(self) -> bool:
        """Whether some conversion must see its whole column first."""
        return any(
            isinstance(step, conversions.NeedsColumn) for one in self.target_columns for step in one.chain
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """What should be said aloud: which mapping was taken, and which columns it leaves out."""
        if self.mapping is None:
            return ()
        left = f"columns left out: {', '.join(self.unused)}"
        return (
            f"read as {self.mapping.title} (mapping {self.mapping.name})",
            *([left] if self.unused else []),
        )

    def refuse_unused(self, ignore: bool) -> None:
        """Stop where a column is neither mapped nor dropped, unless columns of such an export vary."""
        if self.unused and not ignore and not (self.mapping is not None and self.mapping.columns_vary):
            raise UsageError(
                f"{self.source}: the mapping says nothing of the columns {', '.join(self.unused)}",
                "Map them, list them under drop, or leave them out with --ignore-unknown.",
            )


def compile_mapper(
    plan: Plan, header: Sequence[str], tree: SchemaTree, source: str, dates: str | None
) -> Mapper:
    """Find the columns that a mapping names in a header.

    Without a mapping each column is a field already, and `dates` says how its dates are written.
    """
    mapping = plan.mapping or _plain()
    record = plan.record or _as_it_is(header, tree, plan.specification.name)
    finder = _Columns(mapping, header, source)
    rules = list(_expanded(record.fields, finder))
    target_columns = _moved_up(
        _linked(rules, [one for rule in rules for one in _target_columns(rule, finder, tree, dates)])
    )
    if not any(one.columns for one in target_columns):
        raise UsageError(f"{source}: no column of the mapping {mapping.name} is in the header")
    folds = not record.carry and (bool(record.key) or not all(one.is_once for one in target_columns))
    targets, labels = [one.target for one in target_columns], [one.label for one in target_columns]
    closes_gaps = plan.mapping is not None
    layout = compile_mapped(targets, labels, tree, source, folds, record.takes_first, closes_gaps)
    carry = [finder.find((name,)) for name in record.carry]
    key = record.key or plan.specification.key
    return Mapper(
        target_columns, _order(target_columns), layout, _key(key, target_columns, finder) if folds or record.carry else None,
        tuple(column for column in carry if column is not None),
        tuple(place for place, one in enumerate(target_columns) if one.rule.target in record.together),
        tuple((finder.place(skip.columns), skip) for skip in record.skips), finder.secret(), finder.unused(),
        plan.mapping, source,
    )  # fmt: skip


def _plain() -> Mapping:
    return Mapping(Path("as it is"), "", (), (), (), "", False, ())


def _as_it_is(header: Sequence[str], tree: SchemaTree, specification: str) -> RecordMap:
    """Every column fills the field that it names; dates are converted."""
    rules = []
    for name in header:
        found = find_place(tree, named_path(name) or ())
        target = path_text(found[0]) if found else name
        is_date = found is not None and found[1].keyword("format") in ("date", "date-time")
        rules.append(FieldRule(target, ((name,),), conversions=(("date", None),) if is_date else ()))
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
        raise UsageError(
            f"{self.source}: there is no column {names[0]}, which {self.mapping.path} names", hint
        )

    def place(self, names: Sequence[str]) -> int:
        """Like `find`, with NOWHERE for a column that is not there."""
        found = self.find(names)
        return NOWHERE if found is None else found

    def has(self, names: Sequence[str]) -> bool:
        return any(normalised(name) in self._places for name in names)

    def name(self, column: int) -> str:
        return self._header[column]

    def secret(self) -> tuple[int, ...]:
        """Columns that nobody may pass on."""
        names = {normalised(name) for name in self.mapping.secret}
        return tuple(column for column, name in enumerate(self._header) if normalised(name) in names)

    def unused(self) -> tuple[str, ...]:
        """Columns that no record of the mapping uses and that it does not drop."""
        named = {_as_named(name) for name in (*self.mapping.drop, *self.mapping.secret)}
        for record in self.mapping.records:
            named |= {_as_named(name) for name in record.columns()}
        left = [name for column, name in enumerate(self._header) if column not in self._asked]
        return tuple(
            name for name in left
            if name not in BOOKKEEPING and normalised(name) not in named and _numberless(name) not in named
        )  # fmt: skip


def _as_named(name: str) -> str:
    """A column's name in a mapping as headers are compared with it: `#` there stands for any number."""
    return NUMBER_SIGN.join(normalised(part) for part in name.split(NUMBER_SIGN))


def _numberless(name: str) -> str:
    return re.sub(r"[0-9]+", NUMBER_SIGN, normalised(name))


def _expanded(rules: Iterable[FieldRule], finder: _Columns) -> Iterator[FieldRule]:
    """`#` in a target stands for the items of a wide table: once for each number that the header has."""
    rules = list(rules)
    wide = [rule for rule in rules if NUMBER_SIGN in rule.target]
    count = 0
    while any(finder.has(names) for rule in wide for names in _numbered(rule, count + 1).columns):
        count += 1
    for rule in rules:
        if NUMBER_SIGN not in rule.target:
            yield rule
            continue
        for number in range(1, count + 1):
            yield _numbered(rule, number)


def _numbered(rule: FieldRule, number: int) -> FieldRule:
    pieces = tuple(
        tuple(name.replace("#", str(number)) for name in piece) if isinstance(piece, tuple) else piece
        for piece in rule.pieces
    )
    at = str(number - 1)
    return replace(
        rule, target=rule.target.replace("#", at), pieces=pieces, made=tuple(one.replace("#", at) for one in rule.made),
        given=rule.given.replace("#", at), unless=tuple(one.replace("#", at) for one in rule.unless),
    )  # fmt: skip


def _target_columns(
    rule: FieldRule, finder: _Columns, tree: SchemaTree, dates: str | None
) -> Iterator[TargetColumn]:
    """The columns that a rule makes of this header: none where it lacks the columns that the rule reads."""
    pieces = [piece if isinstance(piece, str) else finder.place(piece) for piece in rule.pieces]
    pieces = [piece for piece in pieces if piece != NOWHERE]
    columns = [piece for piece in pieces if isinstance(piece, int)]
    steps = rule.conversions
    if rule.filename:
        pieces = [_from_name(rule, finder.source)]
    elif rule.columns and not columns:
        if not rule.default:
            return
        pieces, steps = [rule.default], ()
    label = finder.name(columns[0]) if columns else ""
    chain = tuple(_compiled(name, argument, rule, tree, dates) for name, argument in steps)
    if rule.made and any(isinstance(step, conversions.NeedsColumn) for step in chain):
        raise UsageError(f"{rule.target}: a field made of fields cannot have a conversion that looks at its whole column",
                         "Convert the fields that it is made of, or give the conversion its argument.")  # fmt: skip
    if not rule.split or not columns:
        yield TargetColumn(rule.target, label, tuple(pieces), rule, 0, chain)
        return
    base = rule.target.removesuffix("[]")
    for index in range(rule.most):
        yield TargetColumn(f"{base}[{index}]", label, tuple(pieces), rule, index, chain)


def _compiled(name: str, argument: Any, rule: FieldRule, tree: SchemaTree, dates: str | None) -> Any:
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
    # A member of a zip is called export.zip!members.csv.
    name = PurePath(source.rpartition("!")[2]).name.casefold()
    found = [(word, text) for word, text in rule.filename if word.casefold() in name]
    if not found:
        words = ", ".join(word for word, _ in rule.filename)
        raise UsageError(
            f"{source}: the file's name does not say what {rule.target} is",
            f"Its name must contain one of: {words}.",
        )
    return max(found, key=lambda pair: len(pair[0]))[1]


def _linked(rules: Sequence[FieldRule], target_columns: Sequence[TargetColumn]) -> list[TargetColumn]:
    """The columns with the places of those that they lean on, without those that can then never be filled."""
    places = {one.rule.target: place for place, one in reversed(list(enumerate(target_columns)))}
    kept = [one for one in target_columns if _can_stand(one.rule, rules, places)]
    if len(kept) < len(target_columns):
        return _linked(rules, kept)
    return [_leaning(one, target_columns, places) for one in target_columns]


def _can_stand(rule: FieldRule, rules: Sequence[FieldRule], places: Map[str, int]) -> bool:
    """Whether the header has what a field leans on; a constant leans on the other fields of its object."""
    if rule.given:
        return rule.given in places
    if rule.made:
        return any(target in places for target in rule.made)
    parent = rule.target.rpartition(".")[0]
    if rule.columns or not parent:
        return True
    beside = [
        one.target for one in rules if one.target.startswith(f"{parent}.") and (one.columns or one.made)
    ]
    return not beside or any(target in places for target in beside)


def _leaning(
    one: TargetColumn, target_columns: Sequence[TargetColumn], places: Map[str, int]
) -> TargetColumn:
    rule, parent = one.rule, one.target.rpartition(".")[0]
    beside: tuple[int, ...] = (places[rule.given],) if rule.given else ()
    if not beside and not one.columns and not rule.made and parent:
        beside = tuple(
            place for place, other in enumerate(target_columns)
            if (other.columns or other.rule.made) and other.target.startswith(f"{parent}.")
        )  # fmt: skip
    unless = tuple(places[target] for target in rule.unless if target in places)
    made = tuple(places.get(target, NOWHERE) for target in rule.made)
    return replace(one, made=made, beside=beside, unless=unless)


def _moved_up(target_columns: Sequence[TargetColumn]) -> tuple[TargetColumn, ...]:
    """The items of each numbered list counted from 0, where the header lacks the columns of an earlier one."""
    found: dict[str, set[int]] = {}
    for one in target_columns:
        if match := FIRST_INDEX.match(one.target):
            found.setdefault(match["list"], set()).add(int(match["index"]))

    def moved(target: str) -> str:
        match = FIRST_INDEX.match(target)
        if not match:
            return target
        at = sorted(found[match["list"]]).index(int(match["index"]))
        return f"{match['list']}[{at}]{target[match.end() :]}"

    return tuple(replace(one, target=moved(one.target)) for one in target_columns)


def _order(target_columns: Sequence[TargetColumn]) -> tuple[int, ...]:
    """The places of the columns, each behind those that it leans on."""
    depths = [0] * len(target_columns)
    for _ in target_columns:
        for place, one in enumerate(target_columns):
            leans = [at for at in (*one.made, *one.beside, *one.unless) if at != NOWHERE]
            depths[place] = max((depths[at] + 1 for at in leans), default=0)
    return tuple(sorted(range(len(target_columns)), key=depths.__getitem__))


def _key(wanted: str | None, target_columns: Sequence[TargetColumn], finder: _Columns) -> int:
    columns = next((one.columns for one in target_columns if one.target == wanted), ())
    if columns:
        return columns[0]
    found = finder.find((wanted,)) if wanted else None
    if found is None:
        raise UsageError(
            f"{finder.source}: nothing says which rows belong together",
            f"Add a column for {wanted or 'the key'}.",
        )
    return found
