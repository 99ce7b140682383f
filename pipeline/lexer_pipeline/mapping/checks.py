"""What a schema cannot say of a mapping: conversions that cannot be, and fields that lean on what is not there."""

from collections.abc import Iterator
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter

from lexer_pipeline.errors import UsageError
from lexer_pipeline.mapping.conversions import compile_conversion, country_said
from lexer_pipeline.mapping.part_columns import owner
from lexer_pipeline.mapping.rules import (
    LINE_TOTAL,
    TOTAL,
    Mapping,
    Reconcile,
    RecordMap,
    Table,
    conversions_in,
)
from lexer_pipeline.specs.names import normalised
from lexer_pipeline.suspicions import not_holding
from lexer_pipeline.system import settings_file
from lexer_pipeline.system.settings_file import SettingsFile
from lexer_pipeline.system.toml_lines import KeyPath


def check(file: SettingsFile, mapping: Mapping) -> None:
    """Check what a mapping file says beyond its schema; UsageError with the line of the first fault."""
    if mapping.country:
        try:
            country_said(mapping.country)
        except UsageError as problem:
            raise file.fault(("country",), f"country: {problem.message}", 'Write country = "AU".') from None
    for number, code in enumerate(mapping.accept):
        if hint := not_holding(code):
            where = ("accept", number) if isinstance(file.table["accept"], list) else ("accept",)
            raise file.fault(where, f"{settings_file.named(where)}: no batch is held for {code}", hint)
    if mapping.documents is not None and mapping.documents.parent and mapping.documents.included:
        hint = "Leave out one of them: parent is for lines, included for pages."
        raise file.fault(("documents", "included"), "documents has both parent and included", hint)
    if mapping.documents is not None and mapping.packed:
        hint = "In JSON a list is a list, and a path leads through it: line_items[].sku. Leave packed out."
        raise file.fault(("packed",), "packed is for tables, and documents for JSON", hint)
    for number, record in enumerate(mapping.records):
        _check_whole_rows(file, ("records", number), mapping, record)
        table = file.table["records"][number]
        _check_conversions(file, ("records", number, "fields"), table["fields"])
        if record.reconcile is not None:
            total = {"total": table["reconcile"]["total"]}
            _check_conversions(file, ("records", number, "reconcile"), total)
        _check_leaning(file, ("records", number), record)


def _check_whole_rows(file: SettingsFile, at: KeyPath, mapping: Mapping, record: RecordMap) -> None:
    """Refuse what is asked of rows by a part of the list in one of their cells, since rows are chosen before that is taken apart."""
    lists = {normalised(one.column) for one in mapping.packed}
    asked = [("key", [record.key or ""]), ("carry", record.carry)]
    asked += [("skip", skip.names()) for skip in record.skips]
    for setting, names in asked:
        for name in names:
            if owner(name) in lists:
                hint = "Name a column that says it of the whole row."
                raise file.fault((*at, setting), f"{setting}: {name} is a part of a list in a cell", hint)


def _check_conversions(file: SettingsFile, at: KeyPath, fields: Table) -> None:
    """Refuse a conversion whose argument is wrong, or whose name is when it has capitals or underscores."""
    for target, said in fields.items():
        for path, name, argument in conversions_in(said if isinstance(said, dict) else {}):
            try:
                compile_conversion(name, argument)
            except UsageError as problem:
                where = (*at, target, *path)
                message = f"{settings_file.named(where)}: {problem.message}"
                raise file.fault(where, message, problem.hint) from None


def _check_leaning(file: SettingsFile, at: KeyPath, record: RecordMap) -> None:
    """Refuse a field that leans on one that the record does not have, or on itself by way of others."""
    leans: dict[str, set[str]] = {rule.target: set() for rule in record.rules}
    for path, target, other in _leaning(record):
        if other not in leans:
            near = get_close_matches(other, leans, 1)
            hint = f"Did you mean {near[0]}?" if near else "Name a field of the same record."
            raise file.fault((*at, *path), f"{target} names {other}, which the record does not have", hint)
        if target in leans:
            leans[target].add(other)
    try:
        TopologicalSorter(leans).prepare()
    except CycleError as circle:
        target = circle.args[1][0]
        message, hint = f"{target} leans on itself", "Let each field lean on fields made before it."
        raise file.fault((*at, *_place_of(target)), message, hint) from None


def _leaning(record: RecordMap) -> Iterator[tuple[KeyPath, str, str]]:
    """Each field that is named by another, by `together` or by `reconcile`: where it is named, by which, and the name."""
    for rule in record.rules:
        given = (rule.given,) if rule.given else ()
        for setting, others in (("fields", rule.made), ("with", given), ("unless", rule.unless)):
            for number, other in enumerate(others):
                yield (*_place_of(rule.target), setting, number), rule.target, other
    for number, other in enumerate(record.together):
        yield ("together", number), "together", other
    if record.reconcile is not None:
        yield from (
            (("reconcile", *place), "reconcile", other) for place, other in _reconciled(record.reconcile)
        )


def _reconciled(what: Reconcile) -> Iterator[tuple[KeyPath, str]]:
    """Each field that `reconcile` names, and where."""
    for name, listed in (("on_top", what.on_top), ("contained", what.contained)):
        for pair in listed:
            yield from (((name, pair[0]), other) for other in pair)
    yield from ((("plus", number), other) for number, other in enumerate(what.plus))
    if what.discount is not None:
        yield ("discount", "where"), what.discount[0]


def _place_of(target: str) -> KeyPath:
    """Where a record says what becomes of a field, or of the total that it is compared with."""
    return ("reconcile", "total") if target in (TOTAL, LINE_TOTAL) else ("fields", target)
