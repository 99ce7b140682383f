"""What a sample becomes, as files that stand beside its input: the tests compare them, and a new sample begins with them.

    python -m tests.golden samples/exports/till_receipts/good_receipts

writes the expected files of a case. They say what the tool makes, not what is right: read each line, and work out by hand
what it should be, before you commit them.
"""

import json
import shutil
import sys
import tempfile
from collections.abc import Mapping
from contextlib import chdir
from pathlib import Path
from typing import Any

from lexer_pipeline.errors import PipelineError
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.prepare import prepare
from lexer_pipeline.preparing.report import Report

EXPORTS = "exports"
# What is compared of a manifest; exports may leave rows out as well.
MANIFEST_KEYS = ("records", "rejected", "rows", "continuations", "blank", "issues", "warnings", "conversions")


def is_export(case: Path) -> bool:
    """Whether a case holds an export, whose preset is told from its header."""
    return case.parent.parent.name == EXPORTS


def source_of(case: Path) -> Path:
    """The input of a case: the one file that is neither expected of it nor says how it is read."""
    (source,) = (
        path
        for path in case.iterdir()
        if path.name != "options.json" and not path.name.startswith("expected")
    )
    return source


def options_of(case: Path) -> Options:
    """Options beside the defaults of samples, where the case has some."""
    file = case / "options.json"
    extra: dict[str, Any] = json.loads(file.read_bytes()) if file.exists() else {}
    return Options(date="20240306", max_invalid=1, **extra)


def converted(case: Path, folder: Path) -> Report:
    """The input of a case converted in `folder`, where it is called by its plain name."""
    source = source_of(case)
    shutil.copy(source, folder)
    with chdir(folder):
        return prepare(
            [source.name], None if is_export(case) else case.parent.name, "batches", options_of(case)
        )


def made(case: Path, folder: Path) -> Mapping[str, bytes]:
    """The files that are expected of a case, by name, as they are made now."""
    try:
        report = converted(case, folder)
    except PipelineError as problem:
        return {"expected_error.json": _json(problem.as_json())}
    return files(report, case, folder)


def files(report: Report, case: Path, folder: Path) -> Mapping[str, bytes]:
    """The files of what a case became in `folder`, by the names under which they are expected."""
    found: dict[str, bytes] = {}
    for batch in report.batches:
        name = f"expected_{batch.manifest.specification}" if is_export(case) else "expected"
        path, manifest = folder / batch.path, batch.manifest.as_json()
        keys = (*MANIFEST_KEYS, "skipped") if is_export(case) else MANIFEST_KEYS
        if batch.manifest.file:
            found[f"{name}.ndjson"] = (path / batch.manifest.file).read_bytes()
        found[f"{name}_issues.ndjson"] = (path / "issues.ndjson").read_bytes()
        said = {key: manifest[key] for key in keys}
        if manifest["suspicions"]:
            said["suspicions"] = manifest["suspicions"]
        found[f"{name}_manifest.json"] = _json(said)
        found |= {f"{name}_{one}": (path / one).read_bytes() for one in batch.manifest.rejects}
    return found


def expected(case: Path) -> Mapping[str, bytes]:
    """The files that stand beside the input of a case."""
    return {path.name: path.read_bytes() for path in case.glob("expected*")}


def _json(value: object) -> bytes:
    return json.dumps(value, indent=2, ensure_ascii=False).encode() + b"\n"


if __name__ == "__main__":
    for word in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as work:
            now = made(Path(word).resolve(), Path(work))
        for old in expected(Path(word)).keys() - now.keys():
            (Path(word) / old).unlink()
        for name, data in now.items():
            (Path(word) / name).write_bytes(data)
