"""Prepared batches on disk, read again for sending."""

import json
from pathlib import Path
from typing import Any

from lexer_pipeline.errors import UsageError
from lexer_pipeline.model import Manifest, PreparedBatch, SourceUse

MANIFEST = "manifest.json"
ISSUES = "issues.ndjson"


def find(out: Path) -> list[PreparedBatch]:
    """All batches in an out folder, by name."""
    if not out.is_dir():
        return []
    return [read(folder) for folder in sorted(out.iterdir()) if (folder / MANIFEST).is_file()]


def read(folder: Path) -> PreparedBatch:
    """The batch in `folder`; a folder without one is the user's mistake."""
    try:
        plain: dict[str, Any] = json.loads((folder / MANIFEST).read_bytes())
        sources = tuple(SourceUse(**source) for source in plain.pop("sources"))
        rejects = tuple(plain.pop("rejects"))
        plain.pop("md5", None)  # stands in manifests of 0.1.0
        return PreparedBatch(folder, Manifest(**plain, sources=sources, rejects=rejects))
    except (OSError, ValueError, TypeError, KeyError) as problem:
        raise UsageError(
            f"{folder}: is not a prepared batch ({MANIFEST} is missing or broken)",
            "Prepare it again with convert; a CSV itself is sent with --as-is.",
        ) from problem
