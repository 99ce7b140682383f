"""Prepared batches on disk, read again for sending."""

import json
import re
import shlex
import shutil
from collections.abc import Iterable
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path, PurePath
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from lexer_pipeline.errors import UsageError
from lexer_pipeline.model import Json, Manifest, SourceUse
from lexer_pipeline.outbox.manifest_form import has_form
from lexer_pipeline.outbox.names import FILE_NAME
from lexer_pipeline.system import files, stores
from lexer_pipeline.system.addresses import address_of
from lexer_pipeline.system.store_path import PIECE, StorePath
from lexer_pipeline.system.stores import Folder

MANIFEST = "manifest.json"
ISSUES = "issues.ndjson"
TRACE = "lines.trace"
# What tells of a batch without a value of its records, and so stays where its data goes.
REPORT, PAGE = "report.json", "report.html"
SHOWS = "lexer-pipeline status shows the batches."
OLD_KEYS = ("md5",)  # what manifests of 0.1.0 had beside


class PreparedBatch(Struct, frozen=True):
    """A folder, on a disk or in an object store, that holds a manifest and the NDJSON file that it names, ready to be sent or held.

    `made` is False for a batch that was there already, and `note` says how it stands to those.
    """

    path: Folder
    manifest: Manifest
    made: bool = True
    note: str = ""

    @property
    def file(self) -> Folder:
        """The NDJSON file, which is not there where no record was valid."""
        return self.path / (self.manifest.file or f"{self.path.name}.json")

    @property
    def on_disk(self) -> Path:
        """Its folder, for what works with a folder of this machine alone."""
        return stores.on_disk(self.path)

    def as_json(self) -> dict[str, Json]:
        """The batch as `convert --json` prints it: the manifest plus its path, and whether this run made it."""
        return {"path": str(self.path), "made": self.made, **self.manifest.as_json()}


def folders(out: Folder) -> list[Folder]:
    """The folders of batches in an out folder, by name."""
    if not stores.is_there(out):
        return []
    return [folder for folder in stores.in_order(out.iterdir()) if (folder / MANIFEST).is_file()]


def read(folder: Folder) -> PreparedBatch:
    """The batch in `folder`; a folder without one is the user's mistake."""
    try:
        plain: dict[str, Any] = json.loads((folder / MANIFEST).read_bytes())
        if not has_form(plain):
            raise ValueError("no manifest")
        json.dumps(plain, ensure_ascii=False).encode()  # half a sign cannot be written anywhere
        for key in OLD_KEYS:
            plain.pop(key, None)
        sources = tuple(SourceUse(**source) for source in plain.pop("sources"))
        lists: dict[str, Any] = {
            key: tuple(plain.pop(key, ()))
            for key in ("rejects", "decisions", "held_for", "accepted", "left_out")
        }
        manifest = Manifest(**plain, sources=sources, **lists)
        if not FILE_NAME.fullmatch(manifest.file or f"{folder.name}.json"):
            raise ValueError("a file that no batch has")
        return PreparedBatch(folder, manifest)
    except (OSError, ValueError, TypeError, RecursionError) as problem:
        raise no_batch(
            str(folder), folder, f"{folder}: is not a prepared batch ({MANIFEST} is missing or broken)"
        ) from problem


def no_batch(word: str, folder: Folder, what: str) -> UsageError:
    """The error for a folder that is no batch, as it was typed, with the one that is called nearly so, or what a file is for."""
    near: list[str] = []
    with suppress(OSError, ValueError):
        near = get_close_matches(
            folder.name,
            [one.parent.name for one in folder.parent.glob(f"*/{MANIFEST}") if one.parent != folder],
            1,
        )
    if near:
        meant = str(folder.parent / near[0])
        return UsageError(what, f"Did you mean {meant}? {SHOWS}", instead=(word, meant))
    if isinstance(folder, Path) and (folder.is_file() or Path(folder.name).is_file()):
        file = shlex.quote(folder.name if not folder.is_file() else str(folder))
        convert = f"lexer-pipeline run {file} --spec SPEC converts and sends it"
        return UsageError(what, f"{convert}; a file that cannot be converted is sent with --as-is.")
    remedy = "Prepare it again with convert. " if folder.is_dir() else ""
    return UsageError(what, remedy + SHOWS)


def folder_named(word: Folder | str, out: Folder) -> Folder:
    """The folder that a person means by a batch: its path or address, or its name in the out folder (where it may be gone)."""
    path = stores.folder(word)
    if isinstance(path, Path) and len(path.parts) == 1 and not path.is_dir():
        return out / path.name if path.name else out
    return path


def batch_named(word: Path | str, out: Folder) -> Folder | None:
    """The folder of the batch that a person means, where a source may be meant as well; None where no batch lies there.

    A store is asked only for what is called as a batch is: other addresses are those of sources.
    """
    address = address_of(word)
    if address is not None and not FILE_NAME.fullmatch(f"{PurePath(address.path).name}.json"):
        return None
    folder = folder_named(word, out)
    return folder if (folder / MANIFEST).is_file() else None


def at_hand(batch: PreparedBatch, folder: Path, *, with_records: bool = True) -> PreparedBatch:
    """A batch as it lies on this disk; one in a store is fetched into `folder`."""
    if not isinstance(batch.path, StorePath):
        return batch
    own = folder / batch.path.name
    files.make_folder(own)
    for one in batch.path.iterdir():
        if one.name != batch.manifest.file or with_records:
            with one.open() as source, (own / one.name).open("xb") as copy:
                shutil.copyfileobj(source, copy, PIECE)
    return replace(batch, path=own)


def as_named(folder: Folder, out: Folder) -> Folder:
    """A batch's folder as whoever named the out folder would write it."""
    return out / folder.name if folder.parent == out.resolve() else folder


def series_of(sources: Iterable[str]) -> str:
    """What deliveries of the same sources have in common from day to day: their names, digits left out."""
    return "+".join(sorted({re.sub(r"[0-9]+", "", PurePath(source).name) for source in sources}))
