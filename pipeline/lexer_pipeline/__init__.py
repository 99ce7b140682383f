"""Turn any export into records that Lexer accepts, and send them so that nothing is lost or doubled.

What is named here is public, and stays; everything else is private. A name is imported when it is asked for, so that the
command's `--help` is instant (`__init__.pyi` tells the types).
"""

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType

_HOMES: Mapping[str, str] = MappingProxyType({
    "prepare": "preparing.prepare",
    "validate": "preparing.prepare",
    "inspect": "inspecting.inspect",
    "upload": "uploading.send",
    "trace": "outbox.trace",
    "compare": "comparing.compare",
    # What may be asked of them.
    "Options": "preparing.options",
    "ReadOptions": "loading.format",
    "Query": "loading.database",
    "Network": "loading.network",
    "UploadOptions": "uploading.options",
    "Settings": "uploading.settings",
    "Token": "uploading.settings",
    "LedgerAddress": "outbox.address",
    "Runtime": "system.runtime",
    "Timings": "system.timings",
    # What they return.
    "Report": "preparing.report",
    "SourceReport": "preparing.report",
    "Sighting": "suspicions",
    "Suspicion": "suspicions",
    "Verdict": "preparing.report",
    "Finding": "preparing.report",
    "Issue": "model",
    "PreparedBatch": "outbox.batch",
    "Manifest": "model",
    "StorePath": "system.store_path",
    "SourceUse": "model",
    "Receipt": "model",
    "Trace": "outbox.trace",
    "TracedLine": "outbox.trace",
    "TracedOrigin": "outbox.trace",
    "TracedSourceLine": "outbox.trace",
    "Difference": "comparing.difference",
    "ComparedSide": "comparing.difference",
    "FieldDifference": "comparing.difference",
    "ExampleRecord": "comparing.difference",
    "Progress": "uploading.options",
    "Inspection": "inspecting.inspect",
    "Candidate": "inspecting.candidates",
    "Obstacle": "inspecting.obstacles",
    "ColumnProfile": "inspecting.column_profile",
    "KeyProfile": "inspecting.document_profile",
    "ListProfile": "inspecting.document_profile",
    "SemanticType": "inspecting.semantic_types",
    "Specification": "model",
    "Field": "model",
    # What they raise.
    "PipelineError": "errors",
    "UsageError": "errors",
    "MemoryExhausted": "errors",
    "StoreRefused": "errors",
    "SourceError": "errors",
    "PersonNeeded": "errors",
    "ServiceUnavailable": "errors",
})  # fmt: skip

__all__ = sorted(_HOMES)  # noqa: PLE0605 - the stub lists them for type checkers


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(f"{__name__}.{home}"), name)
    return found


def __dir__() -> list[str]:
    return __all__
