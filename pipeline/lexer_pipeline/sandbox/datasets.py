"""The Datasets section as data: the loads of each dataset, and which files are in use."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from lexer_pipeline.model import Json
from lexer_pipeline.sandbox import names
from lexer_pipeline.sandbox.state import Load, Upload

SHOWN_RECORDS = 5


@dataclass(frozen=True, slots=True)
class RejectedLine:
    """A line of a file that was not loaded, and why."""

    file: str
    line: int
    rule: str
    path: str


@dataclass(frozen=True, slots=True)
class FileLoad:
    """What became of one file; `replaced_by` is the upload whose file is in use in its place."""

    upload: int
    filename: str
    state: str
    accepted: int
    rejected: int
    replaced_by: int | None


@dataclass(frozen=True, slots=True)
class Dataset:
    """What a dataset holds: counts, rejects and a preview of the files in use, and the loads of all of its files."""

    name: str
    specification: str | None
    record_type: str | None
    state: str
    accepted: int
    rejected: int
    rules: Mapping[str, int]
    rejects: list[RejectedLine]
    preview: list[Json]
    loads: list[FileLoad]


def datasets(loads: list[Load], uploads: list[Upload]) -> list[Dataset]:
    """Every dataset with its loads; only files in use are counted.

    A file with a higher version takes the place of the lower one, and the older file is kept (the vendor's
    File Upload API page); of files with the same name the latest upload is in use.
    """
    files = {upload.id: upload.filename for upload in uploads}
    grouped: dict[str, list[Load]] = defaultdict(list)
    for load in loads:
        grouped[load.dataset].append(load)
    return [_dataset(name, group, files) for name, group in sorted(grouped.items())]


def _dataset(name: str, loads: list[Load], files: dict[int, str]) -> Dataset:
    chosen = _in_use(loads, files)
    used = [load for load in loads if chosen[load.upload] == load.upload]
    rules: Counter[str] = Counter()
    for load in used:
        rules.update(load.rules)
    rejects = [
        RejectedLine(files[load.upload], reject.line, reject.rule, reject.path)
        for load in used
        for reject in load.rejects
    ]
    preview = [record for load in reversed(used) for record in load.preview]
    return Dataset(
        name, used[-1].specification, used[-1].record_type, _state(used),
        sum(load.accepted for load in used), sum(load.rejected for load in used), dict(rules), rejects,
        preview[:SHOWN_RECORDS],
        [_load(load, files[load.upload], chosen[load.upload]) for load in loads],
    )  # fmt: skip


def _state(used: list[Load]) -> str:
    states = {load.state for load in used}
    return "loading" if "loading" in states else "loaded" if "loaded" in states else "manual"


def _load(load: Load, filename: str, chosen: int) -> FileLoad:
    replaced_by = None if chosen == load.upload else chosen
    return FileLoad(load.upload, filename, load.state, load.accepted, load.rejected, replaced_by)


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
