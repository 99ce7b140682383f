"""The columns that a mapping makes of one header, each with what it is made of and what it leans on."""

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Mapping as Map

from msgspec import Struct
from msgspec.structs import replace

from lexer_pipeline.errors import UsageError
from lexer_pipeline.mapping import conversions
from lexer_pipeline.mapping.header import NOWHERE, NUMBER_SIGN, Header
from lexer_pipeline.mapping.name_words import name_word
from lexer_pipeline.mapping.rules import LINE_TOTAL, TOTAL, FieldRule, Told
from lexer_pipeline.specs.paths import EACH, FieldPath
from lexer_pipeline.specs.schema_tree import Place, SchemaTree

# Nobody was born after the day of the run.
BORN = "date_of_birth"
# The place of a field that the specification does not have.
NOWHERE_KNOWN = Place(())
# One step of a chain; one that must see its whole column first becomes a conversion once it has.
Step = conversions.Conversion | conversions.NeedsColumn


class TargetColumn(Struct, frozen=True):
    """One column that a mapping makes: from which columns of the source, and how.

    `pieces` are texts and column numbers; without a column it is a constant. The others are places of columns
    that the mapping makes: `made` are read instead of the source, `beside` are those of which one must be filled
    (if there are any), `unless` those of which none may be. `index` counts the items of a split text. `telling` are
    columns of the source that tell how to read it, the first that is filled: the country of a phone number, the
    currency of an amount. `place` is the field that it fills.
    """

    path: FieldPath
    label: str
    pieces: tuple[str | int, ...]
    rule: FieldRule
    index: int
    chain: tuple[Step, ...]
    made: tuple[int, ...] = ()
    beside: tuple[int, ...] = ()
    unless: tuple[int, ...] = ()
    telling: tuple[int, ...] = ()
    place: Place = NOWHERE_KNOWN

    @property
    def columns(self) -> tuple[int, ...]:
        """The columns of the source that it reads."""
        return tuple(piece for piece in self.pieces if isinstance(piece, int))

    @property
    def steps(self) -> tuple[conversions.Conversion, ...]:
        """Its chain without those steps that must see the whole column first: all of it, once they have."""
        return tuple(step for step in self.chain if not isinstance(step, conversions.NeedsColumn))

    @property
    def is_copy(self) -> bool:
        """Whether the cells stay as they are."""
        return len(self.pieces) == 1 and bool(self.columns) and not self.chain and not self.rule.split

    @property
    def is_link(self) -> bool:
        """Whether it says whom the record is about."""
        return self.path[0] == "link"

    @property
    def is_hidden(self) -> bool:
        """Whether it is only looked at, and no field of the record."""
        return self.rule.target in (TOTAL, LINE_TOTAL)

    @property
    def is_once(self) -> bool:
        """Whether it is filled once a record."""
        return not self.path.is_repeated


def columns_of(
    rules: Iterable[FieldRule],
    header: Header,
    tree: SchemaTree,
    told: Told,
    lists: Map[int, Sequence[str | int]],
) -> tuple[TargetColumn, ...]:
    """The columns that the rules of a record make of a header; `told` is what the run says of all columns.

    `lists` are columns that hold lists of a document, with the rest of the path that each item is to be followed by.
    """
    expanded = list(_expanded(rules, header))
    made = [one for rule in expanded for one in _made_by(rule, header, tree, told, lists)]
    return _moved_up(_linked(expanded, made))


def _expanded(rules: Iterable[FieldRule], header: Header) -> Iterator[FieldRule]:
    """`#` in a target stands for the items of a wide table: once for each number that the header has."""
    rules = list(rules)
    wide = [rule for rule in rules if NUMBER_SIGN in rule.target]
    count = 0
    while any(header.has(names) for rule in wide for names in _numbered(rule, count + 1).columns):
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


def _made_by(
    rule: FieldRule, header: Header, tree: SchemaTree, told: Told, lists: Map[int, Sequence[str | int]]
) -> Iterator[TargetColumn]:
    """The columns that a rule makes of this header: none where it lacks the columns that the rule reads."""
    by_name = bool(rule.filename) and not any(header.has(names) for names in rule.columns)
    pieces = [
        piece if isinstance(piece, str) else header.place(piece) for piece in rule.pieces if not by_name
    ]
    pieces = [piece for piece in pieces if piece != NOWHERE]
    columns = [piece for piece in pieces if isinstance(piece, int)]
    steps = rule.conversions
    if by_name:
        pieces, steps = [name_word(rule, header.original).text], ()
    elif rule.columns and not columns:
        if not rule.default:
            return
        pieces, steps = [rule.default], ()
    path = FieldPath.named(rule.target)
    found = tree.find(path)
    place = found[1] if found is not None else NOWHERE_KNOWN
    label = header.name(columns[0]) if columns else ""
    chain = tuple(_compiled(name, argument, path, tree, told) for name, argument in steps)
    ways = dict.fromkeys(tuple(lists[one][1:]) for one in columns if one in lists)
    if ways:
        chain = conversions.through(tuple(ways), chain, any(one not in lists for one in columns))
    if rule.made and any(isinstance(step, conversions.NeedsColumn) for step in chain):
        raise UsageError(f"{rule.target}: a field made of fields cannot have a conversion that looks at its whole column",
                         "Convert the fields that it is made of, or give the conversion its argument.")  # fmt: skip
    telling = _telling(rule, header)
    if not rule.split or not columns:
        yield TargetColumn(path, label, tuple(pieces), rule, 0, chain, telling=telling, place=place)
        return
    item = tree.item(place) or place
    for index in range(rule.most):
        yield TargetColumn(
            path.item(index), label, tuple(pieces), rule, index, chain, telling=telling, place=item
        )


def _telling(rule: FieldRule, header: Header) -> tuple[int, ...]:
    """The columns that tell how to read a field, as far as the header has them; one of them must be there."""
    if rule.made and rule.telling:
        raise UsageError(f"{rule.target}: a field made of fields has no column that tells its country or its currency",
                         "Convert the fields that it is made of.")  # fmt: skip
    there = [name for name in rule.telling if header.has((name,))] or rule.telling[:1]
    found = [header.find((name,)) for name in there]
    return tuple(column for column in found if column is not None)


def _compiled(name: str, argument: object, path: FieldPath, tree: SchemaTree, told: Told) -> Step:
    """A conversion that knows its field: whether a date is a day or a moment, and a phone number names a person."""
    if name == "strip-plus":
        return conversions.strip_plus_of(argument, stops=path[0] == "link")
    if name == "phone":
        return conversions.phone_of(argument, told.country, stops=path[0] == "link")
    if name in ("date", "epoch"):
        found = tree.find(path)
        wants_day = found is not None and found[1].keyword("format") == "date"
        given = argument if isinstance(argument, dict) else {"format": argument} if argument else {}
        if name == "date" and told.dates is not None and "format" not in given:
            given = {**given, "format": told.dates}
        argument = {"to": "date" if wants_day else "date-time", **given}
        if name == "date" and path[-1] == BORN:
            argument = {"latest": told.day, **argument}
    return conversions.compile_conversion(name, argument)


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
    parent = FieldPath.named(rule.target).parent
    if rule.columns or rule.filename or not parent:
        return True
    beside = [
        one.target
        for one in rules
        if FieldPath.named(one.target).is_within(parent) and (one.columns or one.made)
    ]
    return not beside or any(target in places for target in beside)


def _leaning(
    one: TargetColumn, target_columns: Sequence[TargetColumn], places: Map[str, int]
) -> TargetColumn:
    rule, parent = one.rule, one.path.parent
    beside: tuple[int, ...] = (places[rule.given],) if rule.given else ()
    # The name of a file says something of each row, however empty.
    if not beside and not one.columns and not rule.made and not rule.filename and parent:
        beside = tuple(
            place for place, other in enumerate(target_columns)
            if (other.columns or other.rule.made) and other.path.is_within(parent)
        )  # fmt: skip
    unless = tuple(places[target] for target in rule.unless if target in places)
    made = tuple(places.get(target, NOWHERE) for target in rule.made)
    return replace(one, made=made, beside=beside, unless=unless)


def _moved_up(target_columns: Sequence[TargetColumn]) -> tuple[TargetColumn, ...]:
    """The items of each numbered list counted from 0, where the header lacks the columns of an earlier one."""
    found: dict[FieldPath, set[int]] = {}
    for one in target_columns:
        if (item := _outer_item(one.path)) is not None:
            found.setdefault(item[0], set()).add(item[1])

    def moved(path: FieldPath) -> FieldPath:
        item = _outer_item(path)
        if item is None:
            return path
        at = sorted(found[item[0]]).index(item[1])
        return FieldPath((*item[0], at, *path[len(item[0]) + 1 :]))

    return tuple(replace(one, path=moved(one.path)) for one in target_columns)


def _outer_item(path: FieldPath) -> tuple[FieldPath, int] | None:
    """The outermost list that a path leads into, and the index of its item, where that has one."""
    outer = path.outer_list
    index = path[len(outer)] if outer is not None else EACH
    return None if outer is None or index == EACH or isinstance(index, str) else (outer, index)


def order_of(target_columns: Sequence[TargetColumn]) -> tuple[int, ...]:
    """The places of the columns, each behind those that it leans on."""
    depths = [0] * len(target_columns)
    leaning = [
        (place, [at for at in (*one.made, *one.beside, *one.unless) if at != NOWHERE])
        for place, one in enumerate(target_columns)
    ]
    leaning = [(place, leans) for place, leans in leaning if leans]
    for _ in leaning:
        before = tuple(depths)
        for place, leans in leaning:
            depths[place] = max(depths[at] + 1 for at in leans)
        if before == tuple(depths):
            break
    return tuple(sorted(range(len(target_columns)), key=depths.__getitem__))
