"""Which of the columns that a mapping makes are added up, and compared with the total of their record."""

from collections.abc import Iterator, Sequence

from lexer_pipeline.mapping.header import NUMBER_SIGN
from lexer_pipeline.mapping.reconcile import PRICES, SUMMED, Movable, Reconciling
from lexer_pipeline.mapping.rules import LINE_TOTAL, FieldRule, RecordMap
from lexer_pipeline.mapping.target_columns import TargetColumn
from lexer_pipeline.specs.paths import EACH, FieldPath
from lexer_pipeline.specs.schema_tree import SchemaTree

# The pieces of a field that stays empty until something fills it.
NOTHING = ("",)


def reconciling(record: RecordMap, target_columns: Sequence[TargetColumn]) -> Reconciling | None:
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
    rounding = tuple(at for at, one in enumerate(target_columns) if one.pieces == NOTHING)
    moved = {*rounding, *(one.amount for one in movable)}
    # What lines say of themselves holds nothing of the whole order.
    is_of_lines = record.reconcile.total.target == LINE_TOTAL
    wanted = {
        *([PRICES] if is_of_lines else SUMMED),
        *(str(FieldPath.named(target).general) for target in record.reconcile.plus),
    }
    summed = [
        at for at, one in enumerate(target_columns) if str(one.path.general) in wanted and at not in moved
    ]
    total = places.get(record.reconcile.total.target)
    if total is None and is_of_lines:
        return None
    named = record.reconcile.discount
    discount = (places[named[0]], named[1]) if named is not None and named[0] in places else None
    label = target_columns[total].label if total is not None else ""
    return Reconciling(
        total, tuple(summed), tuple(movable), label, places.get("currency"), rounding, discount
    )


def rounding_rules(record: RecordMap, tree: SchemaTree) -> Iterator[FieldRule]:
    """The fields of an adjustment for what rounding left, behind those of the record; empty until an order needs them."""
    paths = [FieldPath.named(rule.target.replace(NUMBER_SIGN, "")) for rule in record.fields]
    used = [path[1] for path in paths if path[0] == "adjustments"]
    if record.reconcile is None or EACH in used:
        return
    free = max((index + 1 for index in used if isinstance(index, int)), default=0)
    for name in ("price_adjustment", "reason"):
        target = f"adjustments[{free}].{name}"
        if tree.find(FieldPath.named(target)) is not None:
            yield FieldRule(target, NOTHING)
