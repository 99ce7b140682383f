"""A batch as it lies in its folder, and how the ledger is to know it where it does not yet."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from itertools import groupby
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from lexer_pipeline.errors import UsageError
from lexer_pipeline.model import Manifest
from lexer_pipeline.outbox import names
from lexer_pipeline.outbox.batch import MANIFEST, read, series_of
from lexer_pipeline.outbox.entry import BatchState, NewBatch
from lexer_pipeline.outbox.names import FileName
from lexer_pipeline.system import files, stores
from lexer_pipeline.system.stores import Folder

RECEIPTS = "receipt*.json"
T = TypeVar("T")


class Found(Struct, frozen=True):
    """A batch in its folder; `is_old` where 0.1.0 made it."""

    path: Folder
    manifest: Manifest
    name: FileName
    is_old: bool

    @property
    def is_sent(self) -> bool:
        """Whether a receipt lies there."""
        return any(self.path.glob(RECEIPTS))

    @property
    def changed_at(self) -> int:
        """What changes with the manifest."""
        return changed_at(self.path)

    def new_batch(self, name: FileName, text: str, number: int, content: str) -> NewBatch:
        """What the ledger is to write down: the part with this number, under this name, in the folder that it calls `text`."""
        manifest = self.manifest
        file = manifest.file
        if file and name != self.name:
            file = f"{name.name}-{name.version}.json"
        return NewBatch(
            part=number, folder=text, file=file, name=name.name, version=name.version,
            specification=manifest.specification, record_type=manifest.record_type,
            series=series_of(source.path for source in manifest.sources), content=content, sha256=manifest.sha256,
            bytes=manifest.bytes, records=manifest.records, dataset=manifest.destination or "",
            made_for=manifest.destination or "",
            state=manifest.state, asides=json.dumps(self.asides()),
            compared=str((manifest.compared_with or {}).get("service", "")),
        )  # fmt: skip

    def asides(self) -> dict[str, str]:
        """The checksums of the rejects that lie beside it."""
        rejects = (name for name in self.manifest.rejects if (self.path / name).is_file())
        return {name: files.sha256_of(self.path / name) for name in rejects}

    def place(self, name: FileName) -> Folder:
        """The folder in which the batch is to lie under this name: its own, unless the name is another."""
        own = self.path.resolve()
        return own if name == self.name else own.parent / f"{name.name}-{name.version}"


def look(folder: Folder) -> Found | None:
    """The batch in this folder; None where it is no whole one."""
    try:
        manifest = read(folder).manifest
        is_old = "destination" not in json.loads((folder / MANIFEST).read_bytes())
    except (UsageError, OSError):
        return None
    return Found(folder, manifest, names.parse(manifest.file or f"{folder.name}.json"), is_old)


def changed_at(folder: Folder) -> int:
    """What changes with the manifest in a folder, as its time on a disk; 0 where there is none."""
    try:
        return stores.changed_at(folder / MANIFEST)
    except OSError:
        return 0


def content_of(parts: Sequence[Found]) -> str:
    """What tells these parts of a delivery from others by what is in them, as `publish` does it."""
    if parts[0].manifest.state == BatchState.REJECTED:
        rejects = " ".join(checksum for one in parts for checksum in one.asides().values())
        return f"rejected {sha256(rejects.encode()).hexdigest()}"
    return content_of_files([(one.path / one.manifest.file, one.manifest.sha256) for one in parts])


def content_of_files(parts: Sequence[tuple[Folder, str]]) -> str:
    """The checksum of these files one after another, whose own are known; where one is missing, what only these have."""
    if len(parts) == 1:
        return parts[0][1]
    try:
        return files.sha256_of(*(path for path, _ in parts))
    except OSError:
        return f"parts {sha256(' '.join(checksum for _, checksum in parts).encode()).hexdigest()}"


def age(name: FileName) -> tuple[str, str, str, str]:
    """By this, names stand in the order in which batches of one series were made, and the parts of one delivery together."""
    return name.date, name.first, name.version, name.part


def deliveries_of(some: Iterable[T], name_of: Callable[[T], FileName]) -> Iterator[list[T]]:
    """What lies in one folder by deliveries, in the order in which they were made."""
    for _, alike in groupby(
        sorted(some, key=lambda one: age(name_of(one))), lambda one: age(name_of(one))[:3]
    ):
        parts: list[T] = []
        for one in alike:
            if parts and name_of(one).part in ("", name_of(parts[-1]).part):
                yield parts  # a copy, or the same name once more
                parts = []
            parts.append(one)
        yield parts


def is_above_the_first(parts: Sequence[Found]) -> bool:
    """Whether 0.1.0 gave these a version above the first, as it did to every delivery of a day but one."""
    return parts[0].is_old and parts[0].name.version > names.FIRST_VERSION


def further(parts: Sequence[Found], given: Mapping[str, names.Given], out: Folder) -> list[FileName]:
    """Names of a further delivery, under which nothing lies in the folder."""

    def is_there(first: str, version: str) -> bool:
        return any((out / f"{first}{one.name.part}-{date}-{version}").exists() for one in parts)

    date = parts[0].name.date
    first, version = names.free(parts[0].name.first, date, given, is_there)
    return [replace(one.name, first=first, version=version) for one in parts]
