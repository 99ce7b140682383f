"""The Datasets section as data: the loads of each dataset, and which files are in use."""

from collections import Counter, defaultdict
from typing import Any

from lexer_pipeline.sandbox import names
from lexer_pipeline.sandbox.state import Load, Upload


def datasets(loads: list[Load], uploads: list[Upload]) -> list[dict[str, Any]]:
    """Every dataset with its loads; only files in use are counted.

    A file with a higher version takes the place of the lower one, and the older file is kept (the vendor's
    File Upload API page); of files with the same name the latest upload is in use.
    """
    files = {upload.id: upload.filename for upload in uploads}
    grouped: dict[str, list[Load]] = defaultdict(list)
    for load in loads:
        grouped[load.dataset].append(load)
    return [_dataset(name, group, files) for name, group in sorted(grouped.items())]


def _dataset(name: str, loads: list[Load], files: dict[int, str]) -> dict[str, Any]:
    chosen = _in_use(loads, files)
    used = [load for load in loads if chosen[load.upload] == load.upload]
    rules: Counter[str] = Counter()
    for load in used:
        rules.update(load.rules)
    return {
        "name": name,
        "specification": used[-1].specification,
        "record_type": used[-1].record_type,
        "state": _state(used),
        "accepted": sum(load.accepted for load in used),
        "rejected": sum(load.rejected for load in used),
        "rules": dict(rules),
        "rejects": [{"file": files[load.upload], **reject} for load in used for reject in load.rejects],
        "preview": [record for load in reversed(used) for record in load.preview][:5],
        "loads": [_load(load, files[load.upload], chosen[load.upload]) for load in loads],
    }


def _state(used: list[Load]) -> str:
    states = {load.state for load in used}
    return "loading" if "loading" in states else "loaded" if "loaded" in states else "manual"


def _load(load: Load, filename: str, chosen: int) -> dict[str, Any]:
    return {
        "upload": load.upload,
        "filename": filename,
        "state": load.state,
        "accepted": load.accepted,
        "rejected": load.rejected,
        "replaced_by": None if chosen == load.upload else chosen,
    }


def _in_use(loads: list[Load], files: dict[int, str]) -> dict[int, int]:
    """For each upload, the upload whose file is in use in its place (often itself)."""
    best: dict[str, tuple[str, int]] = {}
    groups: dict[int, str] = {}
    for load in loads:
        name = names.read(files[load.upload])
        groups[load.upload] = f"{name.subject}-{name.date}.{name.kind}" if name else files[load.upload]
        rank = (name.version if name else "", load.upload)
        best[groups[load.upload]] = max(best.get(groups[load.upload], rank), rank)
    return {upload: best[group][1] for upload, group in groups.items()}
