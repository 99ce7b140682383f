"""Each folder `samples/<specification>/<case>` holds an input and what must come of it, byte for byte.

    input.*                the source: .csv, .json, .ndjson, any of them .gz
    options.json           fields of `Options` beside the defaults below, where the case needs them
    expected.ndjson        the file of the batch
    expected_issues.ndjson issues.ndjson of the batch
    expected_rejects.*     rejects.csv or rejects.ndjson of the batch, where records are rejected
    expected_manifest.json some keys of manifest.json
    expected_error.json    instead of all these, where the source ends in an error and nothing may be written

A new case is a new folder; `python -m tests.golden CASE` begins its expected files. What is expected is worked out by hand,
from what the specification and the docs say.
"""

import json
from pathlib import Path

import pytest
from lexer_pipeline.errors import PipelineError
from lexer_pipeline.preparing.prepare import validate
from lexer_pipeline.specs import catalog

from tests import golden

SAMPLES = Path(__file__).resolve().parent.parent / "samples"
# tests/presets looks at the exports.
CASES = sorted(path for path in SAMPLES.glob("*/*") if path.is_dir() and path.parent.name != "exports")
WHOLE = [case for case in CASES if not (case / "expected_error.json").exists()]
BROKEN = [case for case in CASES if (case / "expected_error.json").exists()]
DIRTY = [case for case in WHOLE if any(case.glob("expected_rejects.*"))]


def name_of(case: Path) -> str:
    return f"{case.parent.name}/{case.name}"


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_a_sample_becomes_what_stands_beside_it(case: Path, tmp_path: Path) -> None:
    assert golden.made(case, tmp_path) == golden.expected(case)


@pytest.mark.parametrize("case", DIRTY, ids=name_of)
def test_rejects_run_again_unmended_are_rejected_for_the_same_reasons(case: Path) -> None:
    (rejects,) = case.glob("expected_rejects.*")
    expected = json.loads((case / "expected_manifest.json").read_bytes())

    (report,) = validate([rejects], case.parent.name, golden.options_of(case)).sources

    assert (0, expected["rejected"]) == (report.valid, report.invalid)
    assert expected["issues"] == report.as_json()["issues"]


@pytest.mark.parametrize("case", BROKEN, ids=name_of)
def test_a_broken_sample_leaves_nothing_behind(case: Path, tmp_path: Path) -> None:
    with pytest.raises(PipelineError):
        golden.converted(case, tmp_path)

    left = {path.name for path in (tmp_path / "batches").rglob("*")}
    assert left <= {".lock", "ledger.sqlite3"}


@pytest.mark.parametrize("case", WHOLE, ids=name_of)
def test_what_a_sample_expects_adds_up(case: Path) -> None:
    expected = json.loads((case / "expected_manifest.json").read_bytes())

    assert set(golden.MANIFEST_KEYS) <= set(expected)
    parts = ("records", "rejected", "continuations", "blank")
    assert expected["rows"] == sum(expected[part] for part in parts)
    assert expected["records"] == (case / "expected.ndjson").read_bytes().count(b"\n")
    assert sum(expected["issues"].values()) == (case / "expected_issues.ndjson").read_bytes().count(b"\n")


def test_every_specification_has_a_good_and_a_dirty_sample() -> None:
    rejected = {
        (case.parent.name, bool(json.loads((case / "expected_manifest.json").read_bytes())["rejected"]))
        for case in WHOLE
    }

    assert rejected >= {(name, is_dirty) for name in catalog.names() for is_dirty in (False, True)}
    assert {case.parent.name for case in CASES} <= set(catalog.names())
