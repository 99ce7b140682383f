"""A folder of batches lies on a disk or in an object store: what names either, and what works with both."""

import os
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import TypeAlias

from lexer_pipeline.errors import UsageError
from lexer_pipeline.system.addresses import address_of
from lexer_pipeline.system.store_path import Bucket, StorePath

SCHEMES = ("s3", "gs", "az", "abfs", "abfss")
EXAMPLE = "Write it as in s3://bucket/batches (or gs://, az://, abfss://)."

Folder: TypeAlias = Path | StorePath
# What `iterdir` and `glob` of any of them give.
Folders: TypeAlias = Iterable[Path] | Iterable[StorePath]


def folder(word: "Path | str | StorePath") -> Folder:
    """The folder that a person names by a path or by the address of one in an object store; UsageError where it is no address of those."""
    if isinstance(word, StorePath):
        return word
    address = address_of(word)
    if address is None:
        return Path(word)
    if address.scheme not in SCHEMES:
        raise UsageError(f"batches cannot lie at an address with {address.scheme}://", EXAMPLE)
    if address.user or address.query or ":" in address.host:
        raise UsageError(
            f"the address with {address.scheme}:// holds more than a bucket and a folder",
            f"Credentials belong in the places of the cloud, as AWS_PROFILE; {EXAMPLE[0].lower()}{EXAMPLE[1:]}",
        )
    key = address.path.strip("/")
    if not address.host or any(part in ("", ".", "..") for part in key.split("/") if key):
        raise UsageError(f"{address}: is no address of a folder", EXAMPLE)
    return StorePath(Bucket(f"{address.scheme}://{address.host}"), key)


def is_there(where: Folder) -> bool:
    """Whether there is such a folder to work in; a store has any, also where nothing lies in it yet."""
    return isinstance(where, StorePath) or where.is_dir()


def rename(source: Folder, target: Folder) -> None:
    """Give a folder or a file another name; in a store what is in it is copied, the manifest of a batch last, and then taken away."""
    if isinstance(source, StorePath) and isinstance(target, StorePath):
        below = source.all_below()
        whole = sorted(below, key=lambda one: one.name == "manifest.json") or [source]
        for one in whole:
            one.copy_to(StorePath(target.bucket, target.key + one.key.removeprefix(source.key)))
        source.remove(whole)
    else:
        os.rename(on_disk(source), on_disk(target))


def on_disk(where: Folder) -> Path:
    """A folder of this machine; UsageError where it lies in a store, which what is asked for cannot work with."""
    if isinstance(where, StorePath):
        raise UsageError(
            f"{where}: lies in an object store, and this works with a disk alone",
            "Name a folder of this machine.",
        )
    return where


def in_order(some: Folders) -> list[Folder]:
    """Folders or files by their names."""
    found: list[Folder] = [*some]
    return sorted(found, key=str)


def listed(where: Folder) -> Folder:
    """A folder for looking: what is in a store is listed once, and a disk needs no list."""
    return where.listed() if isinstance(where, StorePath) else where


def fetched(where: Folder, paths: Iterable[Folder]) -> None:
    """Have small files of a folder for looking at hand, where fetching one after another would take long."""
    if isinstance(where, StorePath):
        where.fetched(one for one in paths if isinstance(one, StorePath))


def changed_at(path: Folder) -> int:
    """A number that changes whenever a file does; FileNotFoundError where there is none."""
    if isinstance(path, StorePath):
        return int.from_bytes(sha256(path.stat().etag.encode()).digest()[:7], "big") or 1
    return path.stat().st_ctime_ns  # which copying does not hide
