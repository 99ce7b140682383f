"""Prepared batches on disk, read again for sending."""

import json
import re
import shlex
from collections.abc import Iterable
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path, PurePath
from typing import Any

from lexer_pipeline.errors import UsageError
from lexer_pipeline.model import Manifest, PreparedBatch, SourceUse
from lexer_pipeline.outbox.manifest_form import has_form
from lexer_pipeline.outbox.names import FILE_NAME

MANIFEST = "manifest.json"
ISSUES = "issues.ndjson"
# What tells of a batch without a value of its records, and so stays where its data goes.
REPORT, PAGE = "report.json", "report.html"
SHOWS = "lexer-pipeline status shows the batches."
OLD_KEYS = ("md5",)  # what manifests of 0.1.0 had beside


def folders(out: Path) -> list[Path]:
    """The folders of batches in an out folder, by name."""
    if not out.is_dir():
        return []
    return [folder for folder in sorted(out.iterdir()) if (folder / MANIFEST).is_file()]


def read(folder: Path) -> PreparedBatch:
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


def no_batch(word: str, folder: Path, what: str) -> UsageError:
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
    if folder.is_file() or Path(folder.name).is_file():
        file = shlex.quote(folder.name if not folder.is_file() else str(folder))
        convert = f"lexer-pipeline run {file} --spec SPEC converts and sends it"
        return UsageError(what, f"{convert}; a file that cannot be converted is sent with --as-is.")
    remedy = "Prepare it again with convert. " if folder.is_dir() else ""
    return UsageError(what, remedy + SHOWS)


def folder_named(word: Path | str, out: Path) -> Path:
    """The folder that a person means by a batch: its path, or its name in the out folder (where it may be gone)."""
    path = Path(word)
    return out / path if len(path.parts) == 1 and not path.is_dir() else path


def as_named(folder: Path, out: Path) -> Path:
    """A batch's folder as whoever named the out folder would write it."""
    return out / folder.name if folder.parent == out.resolve() else folder


def series_of(sources: Iterable[str]) -> str:
    """What deliveries of the same sources have in common from day to day: their names, digits left out."""
    return "+".join(sorted({re.sub(r"[0-9]+", "", PurePath(source).name) for source in sources}))
