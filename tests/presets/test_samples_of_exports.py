"""Each folder `samples/exports/<preset>/<case>` holds an export and what must come of it, byte for byte.

    *                                       the export, called as the platform calls it
    expected_<specification>.ndjson         the file of the batch; likewise _issues.ndjson, and _rejects.csv
    expected_<specification>_manifest.json  some keys of manifest.json
    expected_error.json                     instead of all these, where the export cannot be converted

Nothing says which preset it is: that is recognised. `python -m tests.golden CASE` begins the expected files of a new case; what is
expected is worked out by hand.
"""

from collections.abc import Mapping, Sequence
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path

import pytest
from lexer_pipeline.mapping import file
from lexer_pipeline.outbox.trace import trace
from lexer_pipeline.preparing.prepare import prepare, validate
from lexer_pipeline.preparing.report import Verdict

from tests import golden
from tests.golden import source_of
from tests.presets.exports import CASES, KEEP_ALL, Converted, name_of, rows_of
from tests.thoroughness import sweep

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


@dataclass(frozen=True)
class Case:
    """A case with its export converted in a folder of its own: with the options of the case, and with none."""

    path: Path
    folder: Path
    made: Mapping[str, bytes]
    verdicts: Sequence[Verdict]
    plain: Converted


def converted(path: Path, folder: Path) -> Case:
    report = golden.converted(path, folder)
    plain = report
    if (path / "options.json").exists():
        with chdir(folder):
            plain = prepare([source_of(path).name], None, "plain", KEEP_ALL)
    return Case(path, folder, golden.files(report, path, folder), report.verdicts, Converted.of(plain))


# Tests of one case come one after another, so that each export is converted once for all of them.
@pytest.fixture(scope="module", params=WHOLE, ids=name_of)
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Case:
    return converted(request.param, tmp_path_factory.mktemp("case"))


def test_an_export_becomes_what_stands_beside_it(case: Case) -> None:
    assert case.made == golden.expected(case.path)


@pytest.mark.parametrize("refused", REFUSED, ids=name_of)
def test_an_export_is_refused_as_stands_beside_it(refused: Path, tmp_path: Path) -> None:
    assert golden.made(refused, tmp_path) == golden.expected(refused)


def test_every_row_of_an_export_is_accounted_for_in_each_specification(case: Case) -> None:
    """Once in each, however many records of the mapping make it."""
    made, source = case.plain, source_of(case.path)

    preset = case.path.parent.name
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
        return (not lists and specification in many) or rows == rows_of(source, lists, least)

    assert {one.specification for one in made.report.sources} <= makes
    assert 0 < len(made.report.sources) <= len(makes)
    for one in made.report.sources:
        assert is_right(one.specification, one.rows + sum(one.skipped.values()))
    for specification, batch in made.batches.items():
        manifest = batch.manifest.as_json()
        assert manifest["rows"] == sum(manifest[part] for part in PARTS)
        assert is_right(specification, manifest["rows"] + sum(manifest["skipped"].values()))


@pytest.mark.parametrize("case", sweep(WHOLE, WHOLE[::3]), indirect=True, ids=name_of)
def test_validate_counts_what_convert_does(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(case.folder)

    checked = validate([source_of(case.path).name], None, KEEP_ALL)

    assert [one.as_json() for one in checked.sources] == [one.as_json() for one in case.plain.report.sources]


def test_a_clean_export_is_never_held(case: Case) -> None:
    found = {(one.state, one.codes) for one in case.verdicts}

    assert not case.path.name.startswith("good") or found <= {("prepared", ()), ("none", ())}


def test_no_column_of_a_usual_export_is_forgotten(case: Case) -> None:
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

    notes = [note for source in case.plain.report.sources for note in source.notes]

    for note in notes:
        _, left, columns = note.partition("columns left out: ")
        assert not left or all(any(mark in name for mark in varying) for name in columns.split(", ")), note


def test_each_line_is_traced_to_lines_of_its_source_and_back(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(case.folder)
    end = source_of(case.path).read_bytes().count(b"\n") + 1

    for batch in case.plain.batches.values():
        count = batch.manifest.records
        forth = trace(batch.path, range(1, count + 1))
        back: dict[int, set[int]] = {}
        for line in forth.lines:
            (origin,) = line.origins
            assert origin.source == batch.manifest.sources[0].path
            assert 1 <= origin.lines[0] <= origin.lines[-1] <= end
            for one in origin.lines:
                back.setdefault(one, set()).add(line.line)
        found = trace(batch.path, [], [f"{origin.source}:{one}" for one in back] if count else [])
        assert {one.line: set(one.lines) for one in found.source_lines} == back


def test_every_preset_has_a_good_and_a_dirty_sample_or_is_refused() -> None:
    kinds = {(case.parent.name, case.name.partition("_")[0]) for case in CASES}

    for preset in file.presets():
        wanted = ("refused",) if preset.refuse else ("good", "dirty")
        assert {(preset.name, kind) for kind in wanted} <= kinds
