"""Each folder `samples/exports/<preset>/<case>` holds an export and what must come of it, byte for byte.

    *                                       the export, called as the platform calls it
    expected_<specification>.ndjson         the file of the batch; likewise _issues.ndjson, and _rejects.csv
    expected_<specification>_manifest.json  some keys of manifest.json
    expected_error.json                     instead of all these, where the export cannot be converted

Nothing says which preset it is: that is recognised. `python -m tests.golden CASE` begins the expected files of a new case; what is
expected is worked out by hand.
"""

import shutil
from pathlib import Path

import pytest
from lexer_pipeline.mapping import file
from lexer_pipeline.preparing.prepare import prepare, validate

from tests import golden
from tests.golden import options_of, source_of
from tests.presets.exports import CASES, KEEP_ALL, Converted, convert, name_of, rows_of

WHOLE = [case for case in CASES if not (case / "expected_error.json").exists()]
REFUSED = [case for case in CASES if case not in WHOLE]
# The lists of documents whose items are the rows of a specification.
REPEATS = {
    ("shopify_orders_api", "commerce_purchases"): ("line_items",),
    ("shopify_orders_api", "commerce_returns"): ("refunds", "refund_line_items"),
    ("shopify_orders_bulk", "commerce_purchases"): ("LineItem|lineItems.edges",),
    ("shopify_orders_bulk", "commerce_returns"): ("Refund|refunds", "RefundLineItem|refundLineItems.edges"),
    ("square_orders_api", "commerce_purchases"): ("line_items",),
    ("square_orders_api", "commerce_returns"): ("returns", "return_line_items"),
    ("woocommerce_orders_api", "commerce_purchases"): ("line_items",),
}
PARTS = ("records", "rejected", "continuations", "blank")


def converted(case: Path) -> Converted:
    source = source_of(case)
    shutil.copy(source, source.name)
    return convert(source.name)


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_an_export_becomes_what_stands_beside_it(case: Path, tmp_path: Path) -> None:
    assert golden.made(case, tmp_path) == golden.expected(case)


@pytest.mark.parametrize("case", WHOLE, ids=name_of)
def test_every_row_of_an_export_is_accounted_for_in_each_specification(case: Path, folder: Path) -> None:
    """Once in each, however many records of the mapping make it."""
    made = converted(case)

    preset = case.parent.name
    records = file.find(preset).records
    makes = {one.specification for one in records}
    # Of a document with several records, or with several lines, each is a row.
    is_packed = bool(file.find(preset).packed)
    many = {
        one.specification for one in records if one.each or ("[]" in "".join(one.columns()) and not is_packed)
    }

    def is_right(specification: str, rows: int) -> bool:
        lists = REPEATS.get((preset, specification), ())
        least = 0 if any(one.each for one in records if one.specification == specification) else 1
        return (not lists and specification in many) or rows == rows_of(source_of(case), lists, least)

    assert {one.specification for one in made.report.sources} <= makes
    assert 0 < len(made.report.sources) <= len(makes)
    for source in made.report.sources:
        assert is_right(source.specification, source.rows + sum(source.skipped.values()))
    for specification, batch in made.batches.items():
        manifest = batch.manifest.as_json()
        assert manifest["rows"] == sum(manifest[part] for part in PARTS)
        assert is_right(specification, manifest["rows"] + sum(manifest["skipped"].values()))


@pytest.mark.parametrize("case", WHOLE, ids=name_of)
def test_validate_counts_what_convert_does(case: Path, folder: Path) -> None:
    made = converted(case)

    checked = validate([source_of(case).name], None, KEEP_ALL)

    assert [one.as_json() for one in checked.sources] == [one.as_json() for one in made.report.sources]


@pytest.mark.parametrize("case", [case for case in WHOLE if case.name.startswith("good")], ids=name_of)
def test_a_clean_export_is_never_held(case: Path, folder: Path) -> None:
    shutil.copy(source_of(case), source_of(case).name)

    report = prepare([source_of(case).name], None, "batches", options_of(case))

    assert {(one.state, one.codes) for one in report.verdicts} <= {("prepared", ()), ("none", ())}


@pytest.mark.parametrize("case", WHOLE, ids=name_of)
def test_no_column_of_a_usual_export_is_forgotten(case: Path, folder: Path) -> None:
    """Every column is used, dropped for a reason, or one that varies: own properties, markets, metafields."""
    varying = (
        "Shoe",
        "Favourite tea",
        "How did you hear",
        "meta",
        " / Australia",
        "number_of_",
        "__c",
        "metafields",
        "(metadata)",
        "interested in",
        "userid",
        "data.object.",
    )

    notes = [note for source in converted(case).report.sources for note in source.notes]

    for note in notes:
        _, left, columns = note.partition("columns left out: ")
        assert not left or all(any(mark in name for mark in varying) for name in columns.split(", ")), note


def test_every_preset_has_a_good_and_a_dirty_sample_or_is_refused() -> None:
    kinds = {(case.parent.name, case.name.partition("_")[0]) for case in CASES}

    for preset in file.presets():
        wanted = ("refused",) if preset.refuse else ("good", "dirty")
        assert {(preset.name, kind) for kind in wanted} <= kinds
