"""The Datasets section as data: the loads of each dataset, and which files are in use."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from msgspec import Struct

from lexer_pipeline.model import Json
from lexer_pipeline.sandbox import names
from lexer_pipeline.sandbox.entries import CHECKING, LOADED, LOADING, WAITS, Load, Upload
from lexer_pipeline.sandbox.uploads import in_use

SHOWN_RECORDS = 5


class RejectedLine(Struct, frozen=True):
    """One thing wrong with a line of a file that was not accepted."""

    file: str
    line: int
    code: str
    path: str
    message: str


class FileLoad(Struct, frozen=True):
    """What became of one file; `replaced_by` is the upload whose file is in use in its place."""

    upload: int
    filename: str
    record_type: str | None
    state: str
    accepted: int
    rejected: int
    replaced_by: int | None


class Dataset(Struct, frozen=True):
    """What a dataset holds: counts, rejects and a preview of the files in use, and the loads of all of its files.

    `dataset` is None of files that came without one and wait for a person; `name` is then what their names say.
    """

    name: str
    dataset: str | None
    specification: str | None
    record_type: str | None
    state: str
    accepted: int
    rejected: int
    codes: Mapping[str, int]
    rejects: list[RejectedLine]
    preview: list[Json]
    loads: list[FileLoad]


def datasets(loads: Sequence[Load], uploads: Sequence[Upload]) -> list[Dataset]:
    """Every dataset with its loads, then what has none; only files in use are counted."""
    files, loaded = {upload.id: upload.filename for upload in uploads}, {load.upload for load in loads}
    used = in_use([upload for upload in uploads if upload.id in loaded])
    grouped: dict[tuple[bool, str], list[Load]] = defaultdict(list)
    for load in loads:
        grouped[load.dataset is None, load.dataset or _said(load, files[load.upload])].append(load)
    return [_dataset(name, group, files, used) for (_, name), group in sorted(grouped.items())]


def _said(load: Load, filename: str) -> str:
    name = names.read(filename)
    return load.specification or (name.subject if name else filename)


def _dataset(name: str, loads: list[Load], files: dict[int, str], used_by: dict[int, int]) -> Dataset:
    used = [load for load in loads if used_by[load.upload] == load.upload]
    codes: Counter[str] = Counter()
    for load in used:
        codes.update(load.codes)
    rejects = [
        RejectedLine(files[load.upload], one.line, one.code, one.path, one.message)
        for load in used
        for one in load.rejects
    ]
    preview = [record for load in reversed(used) for record in load.preview]
    return Dataset(
        name, used[-1].dataset, used[-1].specification, used[-1].record_type, _state(used),
        sum(load.accepted for load in used), sum(load.rejected for load in used), dict(codes), rejects,
        preview[:SHOWN_RECORDS], [_load(load, files[load.upload], used_by[load.upload]) for load in loads],
    )  # fmt: skip


def _state(used: list[Load]) -> str:
    states = {load.state for load in used}
    return next(one for one in (LOADING, CHECKING, LOADED, WAITS) if one in states)


def _load(load: Load, filename: str, used: int) -> FileLoad:
    replaced_by = None if used == load.upload else used
    return FileLoad(
        load.upload, filename, load.record_type, load.state, load.accepted, load.rejected, replaced_by
    )
