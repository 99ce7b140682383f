"""A delivery whose content is there already: its batches as the ledger has them, brought up to what was decided now."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from msgspec.structs import replace

from lexer_pipeline.errors import UsageError
from lexer_pipeline.model import Manifest, SourceUse
from lexer_pipeline.outbox import deliveries
from lexer_pipeline.outbox.batch import ISSUES, MANIFEST, TRACE, PreparedBatch, as_named, read
from lexer_pipeline.outbox.connection import Connection
from lexer_pipeline.outbox.decide import Decision, Kind
from lexer_pipeline.outbox.entry import BatchEntry, BatchState
from lexer_pipeline.outbox.ledger import Ledger
from lexer_pipeline.outbox.part import Part
from lexer_pipeline.outbox.recovery import DATA
from lexer_pipeline.outbox.workspace import Workspace
from lexer_pipeline.system import files
from lexer_pipeline.system.stores import Folder

# What else lies beside a batch, by name: told from the batch's name, its manifest and the file of its records.
Beside: TypeAlias = Callable[[str, Manifest, Folder], Mapping[str, bytes]]


def nothing(_: str, __: Manifest, ___: Folder) -> Mapping[str, bytes]:
    """Nothing lies beside a batch."""
    return {}


def changed(connection: Connection, ledger: Ledger, one: BatchEntry, decision: Decision) -> BatchEntry:
    """The batch as the ledger has it from now on."""
    if decision.dataset != one.dataset:
        one = deliveries.change(connection, one, dataset=decision.dataset)
    if decision.kind is Kind.RELEASED:
        # From now on it is among the prepared ones, whatever was made since it was held.
        one = deliveries.change(
            connection, one, state=BatchState.PREPARED, state_before=BatchState.HELD,
            made_at=deliveries.after_all(connection, ledger.now()),
        )  # fmt: skip
        if one.replaces is not None:
            deliveries.supersede(connection, one)
    return one


def with_asides(
    connection: Connection,
    ledger: Ledger,
    parts: Sequence[Part | None],
    entries: list[BatchEntry],
    is_fix: bool,
) -> list[BatchEntry]:
    """Rejects of this run are put beside the batch under names of their own, unless they are rows that lie there.

    What a fix leaves may also lie in a fix of before.
    """
    kept = []
    for entry, part in zip(entries, parts, strict=True):
        one, known, folder = entry, json.loads(entry.asides), ledger.folder_of(entry.folder)
        kin = deliveries.family(connection, entry) if is_fix else [entry]
        lie = {checksum for each in kin for checksum in json.loads(each.asides).values()}
        rejects = part.rejects if part is not None and folder.is_dir() else {}
        new = [name for name, checksum in rejects.items() if checksum not in lie]
        if part is not None and new:
            moved = _put_aside(part, folder, new)
            written = {moved[name]: rejects[name] for name in new}
            one = deliveries.change(connection, one, asides=json.dumps({**known, **written}))
        kept.append(one)
    return kept


def _put_aside(part: Part, folder: Folder, rejects: Sequence[str]) -> dict[str, str]:
    """Move the rejects and issues of a part into a folder under the first number that is free there."""
    number = 2
    while any((folder / _numbered(name, number)).exists() for name in (*rejects, ISSUES)):
        number += 1
    for name in (*rejects, ISSUES):
        files.move(part.folder / name, folder / _numbered(name, number))
    files.sync_folder(folder)
    return {name: _numbered(name, number) for name in rejects}


def _numbered(name: str, number: int) -> str:
    stem, dot, ending = name.rpartition(".")
    return f"{stem}_{number:02}{dot}{ending}"


def matched(work: Workspace, decision: Decision) -> list[Part | None]:
    """The part of this run for each batch that is there; none where the records were split otherwise then."""
    if len(decision.there) == len(work.parts):
        return list(work.parts)
    if decision.kind is Kind.ANEW:
        raise UsageError(
            f"{decision.there[0].folder}: its file was missing or changed, and it has {len(decision.there)} parts",
            "Choose --max-bytes so that there are as many, or drop it.",
        )
    return [None] * len(decision.there)


def in_place(
    out: Folder, ledger: Ledger, there: Sequence[tuple[BatchEntry, Part | None]], decision: Decision, template: Manifest,
    sources: Sequence[SourceUse], beside: Beside,
) -> list[PreparedBatch]:  # fmt: skip
    """The batches that are there, with their files and manifests as the ledger has them."""
    found = []
    for one, part in there:
        folder = ledger.folder_of(one.folder)
        file = one.file if one.state != BatchState.REJECTED else ""
        whole = replace(template, destination=one.dataset or None, file=file)
        manifest = part.manifest(whole, sources, file) if part is not None else whole
        # What is released may be gone, as what is sent; but what is to be sent is made anew.
        made = decision.kind is Kind.ANEW or (decision.kind is Kind.RELEASED and not folder.is_dir())
        if made and part is not None:
            _restore(part, folder, manifest)
        kept = _kept(one, folder, manifest, decision)
        if part is not None and (made or _differs(folder, kept)):
            # Before the manifest: what a crash leaves in between is brought up by the next run, which sees it there.
            records: Folder = part.data if part.data.exists() else folder / kept.file
            for name, content in beside(folder.name, kept, records).items():
                files.write_whole(folder / name, content)
        if _differs(folder, kept):
            files.write_json(folder / MANIFEST, kept.as_json())
        if part is not None:
            _put_trace(part, folder, kept, manifest)
        found.append(PreparedBatch(as_named(folder, out), kept, made, decision.note))
    return found


def _restore(part: Part, folder: Folder, manifest: Manifest) -> None:
    """Put a batch's file, and what else of it is gone, into its place."""
    files.make_folder(folder)
    file = folder / manifest.file
    if manifest.file and (not file.is_file() or files.sha256_of(file) != manifest.sha256):
        files.move(part.folder / DATA, file)
    for name in (*manifest.rejects, ISSUES):
        if not (folder / name).exists() and (part.folder / name).exists():
            files.move(part.folder / name, folder / name)
    files.sync_folder(folder)


def _put_trace(part: Part, folder: Folder, there: Manifest, now: Manifest) -> None:
    """Put beside a batch that has none the file that says where its lines come from, if it was made of the very same sources."""
    same = [(one.path, one.sha256) for one in there.sources] == [
        (one.path, one.sha256) for one in now.sources
    ]
    if same and there.sha256 in ("", part.sha256) and folder.is_dir() and not (folder / TRACE).exists():
        files.move(part.folder / TRACE, folder / TRACE)
        files.sync_folder(folder)


def _kept(one: BatchEntry, folder: Folder, manifest: Manifest, decision: Decision) -> Manifest:
    """The manifest that lies in the folder, brought up to what was decided; else that of this run.

    It also says that a batch is held where a crash came between its release and here.
    """
    there = _lies_in(folder)
    if there is None:
        return manifest
    now = replace(there, destination=decision.dataset or None)
    if there.state == BatchState.HELD and one.state == BatchState.PREPARED:
        now = replace(
            now,
            state=one.state,
            held_for=(),
            accepted=manifest.accepted,
            suspicions=manifest.suspicions,
            options=manifest.options,
        )
    return now


def _lies_in(folder: Folder) -> Manifest | None:
    try:
        return read(folder).manifest
    except UsageError:
        return None


def _differs(folder: Folder, kept: Manifest) -> bool:
    """Whether the manifest in a folder that is there is not the one that it should be."""
    return folder.is_dir() and _lies_in(folder) != kept
