"""A mapping understood for one header: the columns that it makes, and which of the source's they read."""

from collections.abc import Mapping as Names
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from lexer_pipeline.errors import UsageError
from lexer_pipeline.mapping import conversions
from lexer_pipeline.mapping.header import Header
from lexer_pipeline.mapping.reconcile import SUMMED, Movable, Reconciling
from lexer_pipeline.mapping.rules import TOTAL, FieldDecisions, FieldRule, Mapping, RecordMap, Skip
from lexer_pipeline.mapping.target_columns import Step, TargetColumn, columns_of, order_of
from lexer_pipeline.model import Specification
from lexer_pipeline.specs.paths import FieldPath
from lexer_pipeline.specs.schema_tree import SchemaTree
from lexer_pipeline.validating.layout import Layout, compile_mapped


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


@dataclass(frozen=True, slots=True)
class Mapper:
    """One record map of a mapping, understood for one header.

    `order` is that in which the columns can be made; a skip whose column the header lacks has the number NOWHERE.
    `together` are places of columns that are filled from one row of a record alone. Behind the columns that are `fields` of
    the record stands what is only looked at. `amounts` are the names of the source's columns that hold amounts,
    `lines` the places of what is told of a line, where its price is a column as it is, and `names` the header.
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
    decided: FieldDecisions
    reconciling: Reconciling | None
    amounts: Names[int, str]
    lines: Names[str, int]
    names: tuple[str, ...]

    @property
    def fields(self) -> int:
        """How many of the columns are fields of the record."""
        return sum(not one.is_hidden for one in self.target_columns)

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
    """Find the columns that a mapping names in a header; what was decided over them before is not asked again.

    Without a mapping each column is a field already, and `dates` says how its dates are written.
    """
    mapping = plan.mapping or _plain()
    record = plan.record or _as_it_is(header, tree, plan.specification.name)
    columns = Header(mapping, header, source, plan.original)
    target_columns = settled(columns_of(record.rules, columns, tree, dates), plan.fields_decided)
    if not any(one.columns for one in target_columns):
        raise UsageError(f"{source}: no column of the mapping {mapping.name} is in the header")
    folds = not record.carry and (bool(record.key) or not all(one.is_once for one in target_columns))
    fields = [one for one in target_columns if not one.is_hidden]
    targets, labels = [str(one.path) for one in fields], [one.label for one in fields]
    closes_gaps = plan.mapping is not None
    layout = compile_mapped(targets, labels, tree, source, folds, record.takes_first, closes_gaps)
    carry = [columns.find((name,)) for name in record.carry]
    key = record.key or plan.specification.key
    return Mapper(
        target_columns, order_of(target_columns), layout, _key(key, target_columns, columns) if folds or record.carry else None,
        tuple(column for column in carry if column is not None),
        tuple(place for place, one in enumerate(target_columns) if one.rule.target in record.together),
        tuple((columns.place(skip.columns), skip) for skip in record.skips), columns.secret(), columns.unused(),
        plan.mapping, source, plan.fields_decided, _reconciling(record, target_columns),
        {column: columns.name(column) for one in target_columns if _holds_amounts(one.rule) for column in one.columns},
        _lines(target_columns), tuple(header),
    )  # fmt: skip


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
    places = {str(one.path): place for place, one in enumerate(target_columns)}
    price = places.get("products[].price_paid")
    if price is None or not target_columns[price].columns:
        return {}
    wanted = ("products[].price_paid", "products[].quantity", "products[].product_reference.id")
    return {name.rpartition(".")[2]: places[name] for name in wanted if name in places}


def _reconciling(record: RecordMap, target_columns: Sequence[TargetColumn]) -> Reconciling | None:
    """What a record's reconcile names, by the places of the columns; what the header lacks is left out."""
    if record.reconcile is None:
        return None
    places = {one.rule.target: place for place, one in enumerate(target_columns)}
    movable = [
        Movable(
            places[amount],
            tuple(at for at, one in enumerate(target_columns)
                  if FieldPath.named(one.rule.target).is_within(FieldPath.named(amount).parent)),
            tuple(places[field] for field in (instead,) if field in places), is_added,
        )
        for listed, is_added in ((record.reconcile.on_top, True), (record.reconcile.contained, False))
        for amount, instead in listed if amount in places
    ]  # fmt: skip
    moved = {one.amount for one in movable}
    summed = [
        at for at, one in enumerate(target_columns) if str(one.path.general) in SUMMED and at not in moved
    ]
    total = places.get(TOTAL)
    label = target_columns[total].label if total is not None else ""
    return Reconciling(total, tuple(summed), tuple(movable), label)


def _plain() -> Mapping:
    return Mapping(Path("as it is"), "", (), (), (), "", False, ())


def _as_it_is(header: Sequence[str], tree: SchemaTree, specification: str) -> RecordMap:
    """Every column fills the field that it names; dates are converted."""
    rules = []
    for name in header:
        named = FieldPath.parse(name)
        found = tree.find(named) if named else None
        target = str(found[0]) if found else name
        is_date = found is not None and found[1].keyword("format") in ("date", "date-time")
        rules.append(FieldRule(target, ((name,),), conversions=(("date", None),) if is_date else ()))
    return RecordMap(specification, None, False, (), tuple(rules))


def _key(wanted: str | None, target_columns: Sequence[TargetColumn], header: Header) -> int:
    columns = next((one.columns for one in target_columns if str(one.path) == wanted), ())
    if columns:
        return columns[0]
    found = header.find((wanted,)) if wanted else None
    if found is None:
        raise UsageError(
            f"{header.source}: nothing says which rows belong together",
            f"Add a column for {wanted or 'the key'}.",
        )
    return found
