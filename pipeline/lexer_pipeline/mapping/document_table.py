"""Documents as the table that one record of a mapping reads: its header, and how a document gives its rows."""

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Mapping as Names

from msgspec import Struct

from lexer_pipeline.errors import UsageError
from lexer_pipeline.kernels.path_tree import ITEMS, PathTree
from lexer_pipeline.mapping.document_paths import SeenPath, Steps, leads_into, spelled, steps_of
from lexer_pipeline.mapping.header import Header
from lexer_pipeline.mapping.rest import rest_rules
from lexer_pipeline.mapping.rules import LINE_TOTAL, LIST_CONVERSIONS, FieldRule, Mapping, RecordMap
from lexer_pipeline.specs.names import shown
from lexer_pipeline.specs.paths import FieldPath
from lexer_pipeline.specs.schema_tree import SchemaTree


class DocumentTable(Struct, frozen=True):
    """The header of the table that documents are to one record, and the paths that they are read by.

    The first `columns` of its `names` are read; the others stand in the documents, and nothing of the record is made of them.
    `rows` is the list of which each item is a row, `places` says which column of the `tree` each of them is, `lists` what is still to be taken of each item where it holds
    a list, and `levels` how many lists of rows it lies in. Those that are `late` no document has had yet. A record is each item of as many lists as `each` says, or a document.
    """

    names: tuple[str, ...]
    tree: PathTree
    rows: Steps
    places: tuple[int, ...]
    lists: Names[int, Steps]
    levels: tuple[int, ...]
    late: frozenset[str] = frozenset()

    @property
    def columns(self) -> int:
        """How many columns are read."""
        return len(self.places)

    @property
    def each(self) -> int:
        """How many lists lie around a record."""
        return self.tree.each

    @property
    def around(self) -> tuple[str, ...]:
        """The keys of the list whose items are records."""
        return (
            tuple(step for step in self.rows[: self.rows.index(ITEMS)] if isinstance(step, str))
            if self.each
            else ()
        )

    def is_of_record(self, column: int) -> bool:
        """Whether a column says the same in all rows that a document gives to a record."""
        return self.levels[column] <= self.each


def table_of(
    mapping: Mapping,
    record: RecordMap,
    seen: Sequence[SeenPath],
    tree: SchemaTree,
    keeps_rest: bool,
    source: str,
    original: str = "",
) -> DocumentTable:
    """The table that documents with the paths `seen` are to a record; UsageError where it asks for what no table can be."""
    found = Header(mapping, [one.name for one in seen], source, original)
    rows, each = _rows(record, found, source)
    read = {name: steps_of(name) for name in _read_names(record, found, rows, mapping.columns_vary)}
    cuts = {name: _cut(steps, rows) for name, steps in read.items()}
    _check_lists(
        record, found, {name: steps[len(cuts[name]) :] for name, steps in read.items()}, rows, source
    )
    known = [*read.values(), *(steps_of(name) for name in named_paths(mapping))]
    others = [one.name for one in seen if one.is_leaf and not _is_known(one.steps, known)]
    for rule in rest_rules(mapping, record, [*read, *others], tree, keeps_rest):
        for name in (name for names in rule.columns for name in names):
            others.remove(name)
            read[name] = steps_of(name)
            # All that the items of a list say is one text.
            cuts[name] = _cut(read[name], ())
    paths = list(dict.fromkeys(cuts.values()))
    return DocumentTable(
        (*read, *others), PathTree(paths, rows, each.count(ITEMS)), rows, tuple(paths.index(cut) for cut in cuts.values()),
        {at: read[name][len(cut) :] for at, (name, cut) in enumerate(cuts.items()) if cut != read[name]},
        tuple(cut.count(ITEMS) for cut in cuts.values()), frozenset(name for name in read if not found.has((name,))),
    )  # fmt: skip


def _is_known(steps: Steps, known: Iterable[Steps]) -> bool:
    """Whether a path lies in a known one, or is what in other documents leads to one, as a null in place of a list."""
    return any(leads_into(path, steps) or leads_into(steps, path) for path in known)


def named_paths(mapping: Mapping) -> Iterator[str]:
    """All paths that a mapping reads, drops or keeps to itself."""
    yield from (*mapping.drop, *mapping.secret)
    for record in mapping.records:
        yield from record.columns()
        yield from [record.each] if record.each else []


def _read_names(record: RecordMap, found: Header, rows: Steps, varies: bool) -> Iterator[str]:
    """The names of the paths that a record reads, as the documents have them; of those that no document has, as the mapping does."""
    asked = [
        *(names for rule in record.rules for names in rule.columns),
        *(one.columns for one in record.skips),
    ]
    listed = {name for names in asked for name in names}
    asked += [(name,) for name in record.columns() if name not in listed]
    asked += (
        [(record.key,)] if record.key and record.key not in {rule.target for rule in record.fields} else []
    )
    for names in asked:
        if found.has(names) or varies:
            # A document that comes later may have what none has yet.
            yield _called(names, found, rows)


def _called(names: Sequence[str], found: Header, rows: Steps) -> str:
    """Which of several names is read: the first that the documents have, else the first that lies in no other list than the rows do."""
    if found.has(names):
        return found.name(found.place(names))
    return next((name for name in names if leads_into(_outer_list(steps_of(name)), rows)), names[0])


def _rows(record: RecordMap, found: Header, source: str) -> tuple[Steps, Steps]:
    """The list whose items are rows, and the one whose items are records: each an empty path where there is none."""
    each = (*steps_of(record.each), ITEMS) if record.each else ()
    if each.count(ITEMS) > 1:
        raise UsageError(
            f"{source}: each = {shown(record.each)} lies in another list",
            "Let [documents] records name the list around it, so that its items are the documents.",
        )
    asked = [names for rule in record.rules if repeats(rule) for names in rule.columns]
    # What no document has yet may be called otherwise in them than in the mapping's first choice.
    there = [names for names in asked if found.has(names)] or asked
    named = (_outer_list(steps_of(_called(names, found, ()))) for names in there)
    lists = dict.fromkeys([*([each] if each else []), *named])
    rows = max(lists, key=len, default=())
    for one in lists:
        if not leads_into(one, rows):
            raise UsageError(
                f"{source}: {spelled(one)} and {spelled(rows)} would both repeat in one record of {record.specification}",
                "Make a further [[records]] for one of them, or read it with one of the conversions first, count, join, pick and sum.",
            )
    return rows, each


def _outer_list(steps: Steps) -> Steps:
    """A path up to the last list that it leads through."""
    return steps[: len(steps) - steps[::-1].index(ITEMS)] if ITEMS in steps else ()


def _cut(steps: Steps, rows: Steps) -> Steps:
    """A path up to the first list on its way whose items are no rows."""
    for at, step in enumerate(steps):
        if step == ITEMS and not leads_into(steps[: at + 1], rows):
            return steps[:at]
    return steps


def repeats(rule: FieldRule) -> bool:
    """Whether a rule makes something of each row."""
    is_repeated = rule.target == LINE_TOTAL or FieldPath.named(rule.target).is_repeated
    return is_repeated and not rule.split and not takes_lists(rule)


def takes_lists(rule: FieldRule) -> bool:
    """Whether a rule takes a list or an object as it stands in a document."""
    return bool(rule.conversions) and rule.conversions[0][0] in LIST_CONVERSIONS


def _check_lists(
    record: RecordMap, found: Header, rests: Names[str, Steps], rows: Steps, source: str
) -> None:
    """Refuse a rule that reads all items of a list where one value belongs, or those of several lists in different ways."""
    for rule in record.rules:
        names = [_called(one, found, rows) for one in rule.columns]
        lists = [name for name in names if rests.get(name)]
        if lists and not takes_lists(rule):
            raise UsageError(
                f"{source}: {shown(lists[0])} is a list, and {rule.target} is one value",
                'Say which is meant: convert = ["first"], ["count"], [{ join = ", " }] or [{ pick = ... }].',
            )
        ways = {rests.get(name, ()) for name in names}
        cuts = {steps_of(name)[: -len(rests[name])] for name in lists}
        if len(ways) > 1 and (len(cuts) > 1 or not rule.takes_first):
            raise UsageError(
                f"{source}: {rule.target} reads several lists in different ways",
                "Make a field of each of them.",
            )
