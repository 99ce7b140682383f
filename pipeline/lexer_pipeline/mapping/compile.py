"""A mapping understood for one header: the columns that it makes, and which of the source's they read."""

import shlex
from collections.abc import Iterator, Sequence
from collections.abc import Mapping as Names
from pathlib import Path
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from lexer_pipeline.chunks.group import Key
from lexer_pipeline.errors import UsageError
from lexer_pipeline.mapping import conversions
from lexer_pipeline.mapping.document_table import DocumentTable, takes_lists
from lexer_pipeline.mapping.header import NOWHERE, Header
from lexer_pipeline.mapping.key_column import as_sent, key_of
from lexer_pipeline.mapping.name_words import name_word
from lexer_pipeline.mapping.no_field import no_field
from lexer_pipeline.mapping.reconcile import Reconciling
from lexer_pipeline.mapping.reconcile_columns import reconciling, rounding_rules
from lexer_pipeline.mapping.rest import has_custom_fields, is_kept_by_some, kept_columns, rest_rules
from lexer_pipeline.mapping.rules import (
    SKIP_PLACEHOLDERS,
    FieldDecisions,
    FieldRule,
    Mapping,
    RecordMap,
    Signature,
    Skip,
    Told,
)
from lexer_pipeline.mapping.target_columns import BORN, Step, TargetColumn, columns_of, order_of
from lexer_pipeline.mapping.unpacking import Unpacking, unpacking_of
from lexer_pipeline.model import Specification
from lexer_pipeline.specs.names import shown
from lexer_pipeline.specs.placeholders import USUAL
from lexer_pipeline.specs.schema_tree import SchemaTree
from lexer_pipeline.validating.cleaning import Cleaning
from lexer_pipeline.validating.header_checks import (
    UnknownColumnsError,
    columns_left_out,
    fields_of,
    refuse_duplicates,
)
from lexer_pipeline.validating.layout import Layout, compile_mapped
from lexer_pipeline.validating.line_prices import line_places


class Plan(Protocol):
    """What a source is to become: by a mapping's record, or as it is."""

    @property
    def specification(self) -> Specification: ...
    @property
    def mapping(self) -> Mapping | None: ...
    @property
    def record(self) -> RecordMap | None: ...
    @property
    def original(self) -> str: ...
    @property
    def fields_decided(self) -> FieldDecisions: ...


class PlacedSkip(Struct, frozen=True):
    """A skip with the places of its column (NOWHERE where the header lacks it), of those beside it, and what must hold too."""

    column: int
    beside: tuple[int, ...]
    skip: Skip
    further: "PlacedSkip | None" = None


class Mapper(Struct, frozen=True):
    """One record map of a mapping, understood for one header.

    `order` is that in which the columns can be made. `together` are places of columns that are filled from one row of a record
    alone. `unused` are columns that the mapping does not name, `left_out` all that no record reads, and `doubled` names of several
    columns, of which the first is read. Behind the columns that are `fields` of the record stands what is only looked at.
    `amounts` are the names of the source's columns that hold amounts, `lines` the places of what is told of a line, where its price
    is a column as it is, and `names` the header. `unpacking` takes the cells apart that hold lists.
    """

    target_columns: tuple[TargetColumn, ...]
    order: tuple[int, ...]
    layout: Layout
    key: Key | None
    carry: tuple[int, ...]
    unlinked: str
    together: tuple[int, ...]
    skips: tuple[PlacedSkip, ...]
    secret: tuple[int, ...]
    unused: tuple[str, ...]
    mapping: Mapping | None
    source: str
    decided: FieldDecisions
    reconciling: Reconciling | None
    amounts: Names[int, str]
    lines: Names[str, int]
    names: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    doubled: tuple[str, ...] = ()
    documents: DocumentTable | None = None
    unpacking: Unpacking | None = None

    @property
    def fields(self) -> int:
        """How many of the columns are fields of the record."""
        return sum(not one.is_hidden for one in self.target_columns)

    def says_one_thing(self, one: TargetColumn) -> bool:
        """Whether a column, read of documents, is the same in all rows of a record, so that its first row is enough."""
        table = self.documents
        if table is None or self.key is not None or not one.is_once:
            return False
        return all(table.is_of_record(column) for column in (*one.columns, *one.telling))

    def takes_nested(self, one: TargetColumn) -> bool:
        """Whether a column may hold the JSON of a list or an object."""
        return (self.documents is None and self.unpacking is None) or takes_lists(one.rule)

    @property
    def once(self) -> list[int]:
        """The columns of the source that tell, where they are filled, that a row without a key starts a record."""
        return [] if self.layout.takes_first else self.of_records

    @property
    def of_records(self) -> list[int]:
        """The columns of the source that say one thing a record."""
        columns = {column for one in self.target_columns if one.is_once for column in one.columns}
        return sorted(columns if self.unpacking is None else set(map(self.unpacking.base, columns)))

    @property
    def leaves_placeholders(self) -> bool:
        """Whether a word for nothing in a link is no link at all."""
        return self.unlinked == SKIP_PLACEHOLDERS

    @property
    def cleaning(self) -> Cleaning:
        """What no text of the mapping's export may be where it identifies."""
        return Cleaning(placeholders=self.mapping.placeholders if self.mapping is not None else USUAL)

    @property
    def waits(self) -> bool:
        """Whether some conversion must see its whole column first."""
        return any(
            isinstance(step, conversions.NeedsColumn) for one in self.target_columns for step in one.chain
        )

    @property
    def completes_births(self) -> bool:
        """Whether years of two digits become years of birth."""
        born = [one for one in self.target_columns if one.path[-1] == BORN]
        return any(conversions.completes_years(step) for one in born for step in one.steps)

    @property
    def notes(self) -> tuple[str, ...]:
        """What should be said aloud: which mapping was taken, and which columns it leaves out."""
        if self.mapping is None:
            return ()
        doubled = (
            f"more than one column is called {shown(name)}; the first is read" for name in self.doubled
        )
        return (
            f"read as {self.mapping.title} (mapping {self.mapping.name})", *doubled, *columns_left_out(self.unused)
        )  # fmt: skip

    def refuse_unused(self, ignore: bool) -> None:
        """Stop where a column is neither mapped nor dropped, unless columns of such an export vary."""
        if self.unused and not ignore and not (self.mapping is not None and self.mapping.columns_vary):
            raise UsageError(
                f"{self.source}: the mapping says nothing of the columns {', '.join(map(shown, self.unused))}",
                "Map them, list them under drop, or leave them out with --ignore-unknown.",
                flags=("--ignore-unknown",),
            )


def compile_mapper(
    plan: Plan,
    header: Sequence[str],
    tree: SchemaTree,
    source: str,
    told: Told,
    table: DocumentTable | None = None,
) -> Mapper:
    """Find the columns that a mapping names in a header; what was decided over them before is not asked again.

    Without a mapping each column is a field already. `told` is what the run says of all columns. The header may be that of a
    `table` that is made of documents.
    """
    mapping = plan.mapping or _plain()
    leaves_unknown = told.leaves_out or (told.keep_rest and has_custom_fields(tree))
    record = plan.record or _as_it_is(header, tree, plan.specification.name, source, leaves_unknown)
    columns = Header(mapping, header, source, plan.original, table.late if table is not None else ())
    rest = (
        _of_lists(one, header, table) for one in rest_rules(mapping, record, header, tree, told.keep_rest)
    )
    # What is only looked at stands behind all fields.
    rules = (*record.fields, *rest, *rounding_rules(record, tree), *record.rules[len(record.fields) :])
    lists = table.lists if table is not None else {}
    target_columns = settled(columns_of(rules, columns, tree, told, lists), plan.fields_decided)
    if not any(one.columns for one in target_columns):
        raise UsageError(
            f"{source}: no column of the mapping {mapping.name} is in the header",
            f"lexer-pipeline inspect {shlex.quote(source)} shows its columns, and which preset they fit.",
        )
    folds = not record.carry and (bool(record.key) or not all(one.is_once for one in target_columns))
    wanted = record.key or plan.specification.key
    is_keyed = bool(record.key) if table is not None else folds or bool(record.carry)
    key = key_of(wanted, target_columns, columns, tree) if is_keyed else None
    target_columns = tuple(as_sent(one, tree, key) for one in target_columns)
    fields = [one for one in target_columns if not one.is_hidden]
    targets, labels = [str(one.path) for one in fields], [one.label for one in fields]
    closes_gaps = plan.mapping is not None
    try:
        layout = compile_mapped(
            targets,
            labels,
            tree,
            source,
            folds,
            record.takes_first,
            closes_gaps,
            mapping.placeholders.further,
        )
    except UnknownColumnsError as problem:
        raise no_field(problem.names, mapping, plan.specification) if closes_gaps else problem from None
    carry = [columns.find((name,)) for name in record.carry]
    unpacking = unpacking_of(record, columns, len(header)) if table is None else None
    names = (
        header[: table.columns] if table is not None else columns.names if unpacking is not None else header
    )
    return Mapper(
        target_columns, order_of(target_columns), layout,
        key,
        tuple(column for column in carry if column is not None), record.unlinked,
        tuple(place for place, one in enumerate(target_columns) if one.rule.target in record.together),
        (*_all_left_out(record, columns), *(_placed(skip, columns, table is not None) for skip in record.skips if _asks(skip, columns))),
        columns.secret(),
        _unused(columns, mapping, record, header, told.keep_rest),
        plan.mapping, source, plan.fields_decided, reconciling(record, target_columns),
        {column: columns.name(column) for one in target_columns if _holds_amounts(one.rule) for column in one.columns},
        _lines(target_columns), tuple(names), columns.left_out(record), columns.doubled, table,
        unpacking,
    )  # fmt: skip


def _of_lists(rule: FieldRule, header: Sequence[str], table: DocumentTable | None) -> FieldRule:
    """A field of what was not named; all that a list of a document says is one text."""
    ((name,),) = rule.columns
    is_list = table is not None and header.index(name) in table.lists
    return replace(rule, conversions=(("join", ", "),)) if is_list else rule


def _asks(skip: Skip, columns: Header) -> bool:
    """Whether an export has the column that a skip asks, where it leaves nothing out without it."""
    return not skip.is_optional or columns.place(skip.columns) != NOWHERE


def _placed(skip: Skip, columns: Header, is_own: bool) -> PlacedSkip:
    """A skip in its place; where it `is_own` an empty cell is one: each row of a document says all that the document does."""
    beside = (columns.place((name,)) for name in skip.beside)
    further = _placed(skip.further, columns, is_own) if skip.further is not None else None
    return PlacedSkip(
        columns.place(skip.columns), tuple(place for place in beside if place != NOWHERE),
        replace(skip, own=skip.own or is_own), further,
    )  # fmt: skip


def _all_left_out(record: RecordMap, header: Header) -> Iterator[PlacedSkip]:
    """A skip of every row, where the name of the file says that nothing is to be made of it."""
    for rule in record.fields:
        if rule.filename and not any(header.has(names) for names in rule.columns):
            reason = name_word(rule, header.original).reason
            # A column that is not there is empty in all rows.
            yield from [PlacedSkip(NOWHERE, (), Skip((), ("",), False, reason))] if reason else []


def settled(target_columns: Sequence[TargetColumn], decided: FieldDecisions) -> tuple[TargetColumn, ...]:
    """The columns without a question where it was decided before how they are read; UsageError where that cannot be."""
    return tuple(
        replace(one, chain=tuple(_settled(step, one.rule.target, decided) for step in one.chain))
        for one in target_columns
    )


def _settled(step: Step, target: str, decided: FieldDecisions) -> Step:
    said = decided.get(target, {})
    if not isinstance(step, conversions.NeedsColumn) or step.conversion not in said:
        return step
    try:
        return step.by(said[step.conversion])
    except UsageError as problem:
        raise UsageError(
            f"what was decided on {target} ({step.conversion}): {problem.message}", problem.hint
        ) from None


def _holds_amounts(rule: FieldRule) -> bool:
    """Whether the columns of a rule hold amounts of money, and nothing around them."""
    return next((name for name, _ in rule.conversions if name != "trim"), "") == "money"


def _lines(target_columns: Sequence[TargetColumn]) -> Names[str, int]:
    """Where a line's price stands, its quantity and product beside it; nothing where the price is no column as it is."""
    places = line_places({str(one.path): place for place, one in enumerate(target_columns)})
    return places if places and target_columns[places["price_paid"]].columns else {}


def _plain() -> Mapping:
    return Mapping(Path("as it is"), "", Signature(), (), (), "", False, ())


def _unused(
    columns: Header, mapping: Mapping, record: RecordMap, header: Sequence[str], keep_rest: bool
) -> tuple[str, ...]:
    """The columns that no record of the mapping takes."""
    kept = kept_columns(mapping, record, header, keep_rest) if is_kept_by_some(mapping) else ()
    return tuple(name for name in columns.unused() if name not in kept)


def _as_it_is(
    header: Sequence[str], tree: SchemaTree, specification: str, source: str, leaves_unknown: bool
) -> RecordMap:
    """Every column fills the field that it names; dates are converted. One that names none is an error, or is left to the rest."""
    refuse_duplicates(header, source)
    rules = []
    for name, found in zip(header, fields_of(header, tree, source), strict=True):
        if found is None and leaves_unknown:
            continue
        target = str(found[0]) if found else name
        is_date = found is not None and found[1].keyword("format") in ("date", "date-time")
        rules.append(FieldRule(target, ((name,),), conversions=(("date", None),) if is_date else ()))
    return RecordMap(specification, None, False, (), tuple(rules))
