"""Each folder `samples/exports/<preset>/<case>` holds an export and what must come of it, byte for byte.

    *                                       the export, called as the platform calls it
    expected_<specification>.ndjson         the file of the batch; likewise _issues.ndjson, and _rejects.csv
    expected_<specification>_manifest.json  some keys of manifest.json
    expected_error.json                     instead of all these, where the export cannot be converted

Nothing says which preset it is: that is recognised. What is expected is worked out by hand.
"""

import json
import shutil
from pathlib import Path

import pytest
from lexer_pipeline.errors import UsageError
from lexer_pipeline.mapping import file

from tests.presets.exports import CASES, Converted, convert, name_of, rows_of, source_of

WHOLE = [case for case in CASES if not (case / "expected_error.json").exists()]
REFUSED = [case for case in CASES if case not in WHOLE]
PARTS = ("records", "rejected", "continuations", "blank")


def converted(case: Path) -> Converted:
    source = source_of(case)
    shutil.copy(source, source.name)
    return convert(source.name)


@pytest.mark.parametrize("case", WHOLE, ids=name_of)
def test_an_export_becomes_the_batches_that_stand_beside_it(case: Path, folder: Path) -> None:
    made = converted(case)

    found = {}
    for specification, batch in made.batches.items():
        manifest = json.loads((batch.path / "manifest.json").read_bytes())
        found[f"expected_{specification}.ndjson"] = batch.file.read_bytes()
        found[f"expected_{specification}_issues.ndjson"] = (batch.path / "issues.ndjson").read_bytes()
        for name in batch.manifest.rejects:
            found[f"expected_{specification}_{name}"] = (batch.path / name).read_bytes()
        wanted = case / f"expected_{specification}_manifest.json"
        assert json.loads(wanted.read_bytes()) == {
            key: manifest[key] for key in json.loads(wanted.read_bytes())
        }
    expected = {
        path.name: path.read_bytes() for path in case.glob("expected_*") if "manifest" not in path.name
    }
    assert expected == found


@pytest.mark.parametrize("case", REFUSED, ids=name_of)
def test_an_export_that_cannot_be_converted_ends_in_the_error_beside_it(case: Path, folder: Path) -> None:
    with pytest.raises(UsageError) as caught:
        converted(case)

    assert json.loads((case / "expected_error.json").read_bytes()) == caught.value.as_json()


@pytest.mark.parametrize("case", WHOLE, ids=name_of)
def test_every_row_of_an_export_is_accounted_for_in_each_pass(case: Path, folder: Path) -> None:
    made = converted(case)

    rows, passes = rows_of(source_of(case)), len(file.find(case.parent.name).records)
    assert passes == len(made.report.sources)
    counted = 0
    for batch in made.batches.values():
        manifest = batch.manifest.as_json()
        assert manifest["rows"] == sum(manifest[part] for part in PARTS)
        counted += manifest["rows"] + sum(manifest["skipped"].values())
    assert counted == rows * passes


@pytest.mark.parametrize("case", WHOLE, ids=name_of)
def test_no_column_of_a_usual_export_is_forgotten(case: Path, folder: Path) -> None:
    """Every column is used, dropped for a reason, or one that varies: own properties, markets, metafields."""
    varying = ("Shoe", "meta", " / Australia", "number_of_", "__c", "metafields", "(metadata)")

    notes = [note for source in converted(case).report.sources for note in source.notes]

    for note in notes:
        _, left, columns = note.partition("columns left out: ")
        assert not left or all(any(mark in name for mark in varying) for name in columns.split(", ")), note


def test_every_preset_has_a_good_and_a_dirty_sample_or_is_refused() -> None:
    kinds = {(case.parent.name, case.name.partition("_")[0]) for case in CASES}

    for preset in file.presets():
        wanted = ("refused",) if preset.refuse else ("good", "dirty")
        assert {(preset.name, kind) for kind in wanted} <= kinds
