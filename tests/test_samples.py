"""Each folder `samples/<specification>/<case>` holds an input and what must come of it, byte for byte.

    input.*                the source: .csv, .json, .ndjson, any of them .gz
    options.json           fields of `lexer_pipeline.preparing.prepare.Options` beside the defaults below, where the case needs them
    expected.ndjson        the file of the batch
    expected_issues.ndjson issues.ndjson of the batch
    expected_rejects.*     rejects.csv or rejects.ndjson of the batch, where records are rejected
    expected_manifest.json some keys of manifest.json
    expected_error.json    instead of all these, where the source ends in an error and nothing may be written

A new case is a new folder. What is expected is written by hand, from what the specification and docs/ say.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from lexer_pipeline.errors import PipelineError
from lexer_pipeline.model import PreparedBatch
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.prepare import prepare, validate
from lexer_pipeline.specs import catalog

SAMPLES = Path(__file__).resolve().parent.parent / "samples"
# tests/presets looks at the exports.
CASES = sorted(path for path in SAMPLES.glob("*/*") if path.is_dir() and path.parent.name != "exports")
WHOLE = [case for case in CASES if not (case / "expected_error.json").exists()]
BROKEN = [case for case in CASES if (case / "expected_error.json").exists()]
DIRTY = [case for case in WHOLE if any(case.glob("expected_rejects.*"))]
MANIFEST_KEYS = {"records", "rejected", "rows", "continuations", "blank", "issues", "warnings", "conversions"}


def name_of(case: Path) -> str:
    return f"{case.parent.name}/{case.name}"


def options_of(case: Path) -> Options:
    extra: dict[str, Any] = {}
    if (case / "options.json").exists():
        extra = json.loads((case / "options.json").read_bytes())
    return Options(date="20240306", max_invalid=1, **extra)


def input_in(case: Path, folder: Path) -> str:
    """The input of a case, copied to `folder`, so that it is called by its plain name."""
    (source,) = case.glob("input.*")
    shutil.copy(source, folder)
    return source.name


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def prepared(case: Path, folder: Path) -> PreparedBatch:
    report = prepare([input_in(case, folder)], case.parent.name, "batches", options_of(case))
    (batch,) = report.batches
    return batch


@pytest.mark.parametrize("case", WHOLE, ids=name_of)
def test_a_sample_becomes_the_batch_that_stands_beside_it(case: Path, folder: Path) -> None:
    batch = prepared(case, folder)

    assert (case / "expected.ndjson").read_bytes() == batch.file.read_bytes()
    assert (case / "expected_issues.ndjson").read_bytes() == (batch.path / "issues.ndjson").read_bytes()
    expected_rejects = {path.name.removeprefix("expected_"): path for path in case.glob("expected_rejects.*")}
    assert set(expected_rejects) == set(batch.manifest.rejects)
    for name, path in expected_rejects.items():
        assert path.read_bytes() == (batch.path / name).read_bytes()
    manifest = json.loads((batch.path / "manifest.json").read_bytes())
    expected = json.loads((case / "expected_manifest.json").read_bytes())
    assert expected == {key: manifest[key] for key in expected}


@pytest.mark.parametrize("case", DIRTY, ids=name_of)
def test_rejects_run_again_unmended_are_rejected_for_the_same_reasons(case: Path, folder: Path) -> None:
    (rejects,) = case.glob("expected_rejects.*")
    expected = json.loads((case / "expected_manifest.json").read_bytes())

    (report,) = validate([rejects], case.parent.name, options_of(case)).sources

    assert (0, expected["rejected"]) == (report.valid, report.invalid)
    assert expected["issues"] == report.as_json()["issues"]


@pytest.mark.parametrize("case", BROKEN, ids=name_of)
def test_a_broken_sample_ends_in_the_error_that_stands_beside_it(case: Path, folder: Path) -> None:
    with pytest.raises(PipelineError) as caught:
        prepare([input_in(case, folder)], case.parent.name, "batches", options_of(case))

    assert json.loads((case / "expected_error.json").read_bytes()) == caught.value.as_json()
    assert [path.name for path in Path("batches").rglob("*") if path.name != ".lock"] == []


@pytest.mark.parametrize("case", WHOLE, ids=name_of)
def test_what_a_sample_expects_adds_up(case: Path) -> None:
    expected = json.loads((case / "expected_manifest.json").read_bytes())

    assert MANIFEST_KEYS <= set(expected)
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
