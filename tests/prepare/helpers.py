"""Prepare in this process, and what must hold whatever the input: rows conserved, no value in any message."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from lexer_pipeline.kernels import dispatch
from lexer_pipeline.loading.source import Source
from lexer_pipeline.model import Manifest
from lexer_pipeline.outbox import batch, outbox
from lexer_pipeline.outbox.batch import PreparedBatch
from lexer_pipeline.preparing import routes
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.prepare import prepare
from lexer_pipeline.preparing.report import Report
from lexer_pipeline.validating import validate as validate_stage
from msgspec.structs import replace

from tests import plain

ROOT = Path(__file__).resolve().parents[2]
# Stands in every value of the inputs below, so that a value in a message would be seen.
MARK = "Qzx"
KEEP_ALL = Options(date="20240306", max_invalid=1.0)


@dataclass(frozen=True)
class Prepared:
    """What one run left: the report, and every file of its batches by relative name."""

    report: Report
    out: Path
    files: Mapping[str, bytes]

    @property
    def lines(self) -> list[bytes]:
        """The NDJSON lines of all parts in order."""
        return [
            line
            for one in self.report.batches
            if one.manifest.file
            for line in one.file.read_bytes().splitlines(keepends=True)
        ]

    @property
    def records(self) -> list[Any]:
        return [json.loads(line) for line in self.lines]

    @property
    def issues(self) -> list[dict[str, Any]]:
        """Every issue on disk, or the examples where nothing was written."""
        if not self.report.batches:
            return [issue.as_json() for source in self.report.sources for issue in source.examples]
        texts = (one.path / "issues.ndjson" for one in self.report.batches)
        return [json.loads(line) for text in texts for line in text.read_text("utf-8").splitlines()]

    @property
    def codes(self) -> list[str]:
        return [issue["code"] for issue in self.issues]

    @property
    def manifest(self) -> Manifest:
        (one,) = self.report.batches
        return one.manifest

    def file(self, name: str) -> bytes:
        (found,) = [data for path, data in self.files.items() if path.endswith("/" + name)]
        return found


def prepared(sources: Sequence[Source], spec: Any, out: Path, options: Options = KEEP_ALL) -> Prepared:
    """Prepare, and check what must always hold."""
    report = prepare(sources, spec, out, options)
    done = Prepared(report, out, files_of(out))
    check(done)
    return done


def of_bytes(data: bytes, spec: Any, out: Path, options: Options = KEEP_ALL) -> Prepared:
    """Prepare `data` as if it came on standard input."""
    return prepared(["-"], spec, out, replace(options, stdin=BytesIO(data)))


def files_of(out: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(out)): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file() and path.parent != out
    }


def check(done: Prepared) -> None:
    """Rows are conserved in the report and in the manifests, and no message holds a value."""
    for source in done.report.sources:
        assert source.rows == source.valid + source.invalid + source.continuations + source.blank
    if done.report.batches:
        manifests = [one.manifest for one in done.report.batches]
        for one in manifests:
            assert one.rows == one.records + one.rejected + one.continuations + one.blank
            assert sum(use.rows for use in one.sources) == one.rows + sum(one.skipped.values())
        for name, counted in (
            ("rows", "rows"),
            ("records", "valid"),
            ("rejected", "invalid"),
            ("blank", "blank"),
        ):
            total = sum(getattr(source, counted) for source in done.report.sources)
            assert sum(getattr(one, name) for one in manifests) == total, name
        assert len(done.lines) == done.report.valid
    for path, data in done.files.items():
        if "/rejects" not in path and not path.endswith(".json"):
            assert MARK.encode() not in data, path
        if path.endswith("manifest.json"):
            assert MARK.encode() not in data, path
    for issue in done.issues:
        assert MARK not in json.dumps(issue)


@contextmanager
def in_plain_python() -> Iterator[None]:
    """The pipeline as it runs without kernels: nothing is vouched for, and all goes the reference's way."""
    with ExitStack() as stack:
        for name in plain.__all__:
            stack.enter_context(patch.object(dispatch, name, getattr(plain, name)))
        stack.enter_context(patch.object(routes, "compile_writer", lambda *_: None))
        stack.enter_context(patch.object(routes, "compile_automaton", lambda *_: None))
        vouches_for_none = patch.object(
            validate_stage, "_vouched", lambda shaped, *_: np.zeros(shaped.chunk.records, np.bool_)
        )
        stack.enter_context(vouches_for_none)
        yield


def whole_batches(out: Path) -> list[PreparedBatch]:
    """The batches that the next command finds after a crash."""
    with outbox.opened(out):
        return batches_in(out)


def batches_in(out: Path) -> list[PreparedBatch]:
    """The batches that lie in a folder, by name."""
    return [batch.read(folder) for folder in batch.folders(out)]
