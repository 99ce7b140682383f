"""What two runs came to, so that one can be held beside the other: all but where parts were cut."""

from collections import Counter
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from lexer_pipeline.outbox.batch import TRACE, PreparedBatch
from lexer_pipeline.outbox.trace_file import TraceFile
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.prepare import prepare_by
from lexer_pipeline.preparing.report import Report
from lexer_pipeline.system.runtime import Runtime
from msgspec.structs import replace

NOON = Runtime(clock=lambda: 1_790_000_000.0)
OF_A_PART = ("file", "bytes", "sha256", "rejects")
ADDED_UP = (
    "records", "rejected", "rows", "continuations", "blank", "rejected_records", "issues", "warnings", "conversions", "skipped",
)  # fmt: skip


def outcome(report: Report) -> dict[str, Any]:
    """What a run came to."""
    each: dict[str, list[PreparedBatch]] = {}
    for batch in report.batches:
        each.setdefault(batch.manifest.specification, []).append(batch)
    return {
        "sources": report.sources,
        "verdicts": report.verdicts,
        "deliveries": {name: _delivery(batches) for name, batches in each.items()},
    }


def _delivery(batches: Sequence[PreparedBatch]) -> dict[str, Any]:
    said = [batch.manifest.as_json() for batch in batches]
    whole = {name: value for name, value in said[0].items() if name not in (*OF_A_PART, *ADDED_UP, "sources")}
    total = {name: _sum([one[name] for one in said]) for name in ADDED_UP}
    sources = [replace(one, rows=0) for one in batches[0].manifest.sources]
    rows = [sum(batch.manifest.sources[at].rows for batch in batches) for at in range(len(sources))]
    return {
        **whole,
        **total,
        "sources": sources,
        "rows of sources": rows,
        "ndjson": b"".join(batch.file.read_bytes() for batch in batches if batch.manifest.file),
        "issues": b"".join((batch.path / "issues.ndjson").read_bytes() for batch in batches),
        "rejects": _rejects(batches),
        "origins": [origins for batch in batches for origins in _origins(batch)],
    }


def _sum(values: Sequence[Any]) -> Any:
    return sum(values) if isinstance(values[0], int) else dict(sum(map(Counter, values), Counter()))


def _rejects(batches: Sequence[PreparedBatch]) -> dict[str, bytes]:
    """The rejects of each source, the header once."""
    found: dict[str, bytes] = {}
    for batch in batches:
        for name in batch.manifest.rejects:
            content = (batch.path / name).read_bytes()
            if name in found and name.endswith(".csv"):
                content = content.partition(b"\n")[2]
            found[name] = found.get(name, b"") + content
    return found


def _origins(batch: PreparedBatch) -> list[Any]:
    trace = TraceFile(batch.path / TRACE)
    return [trace.origins(line) for line in range(1, trace.records + 1)]


def assert_same(spark: Report, alone: Report) -> None:
    """One came to what the other did."""
    found, expected = outcome(spark), outcome(alone)
    for name, delivery in expected["deliveries"].items():
        for about, value in delivery.items():
            assert found["deliveries"][name][about] == value, (name, about)
    assert found == expected


def on_spark(session: Any, sources: Sequence[Any], spec: str | None, out: Path, options: Options) -> Report:
    """`prepare`, done by the tasks of a session."""
    files = import_module("lexer_pipeline.spark.files")

    def fill_each(deliveries: Any, options: Options, scratch: Any) -> Any:
        return files.fill_each(session, deliveries, options, scratch)

    return prepare_by(fill_each, sources, spec, out, options, NOON)
