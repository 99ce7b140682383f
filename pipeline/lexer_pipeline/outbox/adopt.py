"""Batches that the ledger has not met: those of 0.1.0, and folders that came from elsewhere.

Each is written down, so that its name is known. One that was never sent and whose name is taken here, or of 0.1.0 with a
version above the first (which would have replaced what was sent under the lower one), becomes a further delivery.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from sqlite3 import Connection

from lexer_pipeline.errors import UsageError
from lexer_pipeline.model import PreparedBatch
from lexer_pipeline.outbox import deliveries, names
from lexer_pipeline.outbox.batch import MANIFEST, folders, read, series_of
from lexer_pipeline.outbox.entry import BatchEntry, BatchState, NewBatch
from lexer_pipeline.outbox.ledger import Ledger
from lexer_pipeline.outbox.workspace import locked
from lexer_pipeline.system import files

RECEIPT = "receipt.json"


def adopt(out: Path, ledger: Ledger) -> None:
    """Write down the batches of a folder that the ledger does not know; what is no whole batch is left as it is."""
    if _unknown(out, ledger):
        with locked(out):
            for folder in sorted(_unknown(out, ledger), key=_age):
                adopt_one(folder, ledger)


def adopt_one(folder: Path, ledger: Ledger) -> Path:
    """Write down the batch in this folder; the folder where it lies from now on."""
    try:
        found = read(folder)
    except UsageError:
        return folder
    with ledger.transaction() as connection:
        known = deliveries.in_folder(connection, ledger.text_of(folder))
        if known is not None and known.sha256 == found.manifest.sha256:
            deliveries.change(connection, known, seen=_changed_at(folder))
            return folder
        if known is not None:
            _make_room(connection, known)
        one = _moved(connection, ledger, found) or _add(connection, ledger, found)
    _move(folder, ledger.folder_of(one.folder), one)
    return ledger.folder_of(one.folder)


def _unknown(out: Path, ledger: Ledger) -> list[Path]:
    """The folders of batches that are not in the ledger, or whose manifest changed since it was last looked at."""
    with ledger.transaction() as connection:
        known = dict(tuple(row) for row in connection.execute("SELECT folder, seen FROM batches"))
    return [folder for folder in folders(out) if known.get(ledger.text_of(folder)) != _changed_at(folder)]


def _changed_at(folder: Path) -> int:
    """When the manifest was last changed, which copying does not hide."""
    return (folder / MANIFEST).stat().st_ctime_ns


def _make_room(connection: Connection, known: BatchEntry) -> None:
    """The entry of what lay in a folder before other content was put there; it is only remembered."""
    state = known.state if deliveries.is_asked(connection, known) else BatchState.DROPPED
    folder = f"{known.folder} ({known.sha256[:12]})"
    deliveries.change(connection, known, folder=folder, state=state, state_before=known.state)


def _age(folder: Path) -> tuple[str, str]:
    """Lower versions come before higher ones, as they were made."""
    match = names.FILE_NAME.fullmatch(f"{folder.name}.json")
    return (match["name"], match["version"] or "") if match else (folder.name, "")


def _moved(connection: Connection, ledger: Ledger, found: PreparedBatch) -> BatchEntry | None:
    """The entry of a batch that was to be renamed here when a crash came, if it is one."""
    for one in deliveries.select(
        connection, "b.sha256 = :sha256 AND b.sha256 != ''", sha256=found.manifest.sha256
    ):
        place = ledger.folder_of(one.folder)
        is_gone = place.parent == found.path.resolve().parent and not place.exists()
        if is_gone and not deliveries.is_asked(connection, one):
            return one
    return None


def _add(connection: Connection, ledger: Ledger, found: PreparedBatch) -> BatchEntry:
    manifest, folder = found.manifest, found.path
    match = names.FILE_NAME.fullmatch(f"{folder.name}.json")
    if match is None:
        name, version, first, date = folder.name, "", folder.name, ""
    else:
        name, version = match["name"], match["version"] or ""
        first, date = names.PART.sub("", match["first"]), match["date"]
    given = deliveries.given(connection, date)
    is_sent = (folder / RECEIPT).exists()
    known = given.get(names.delivery_name(name)) if date else None
    if date and not is_sent and _must_differ(connection, found, name, version, known):
        chosen, version = names.choose(first, date, given)
        part = names.PART.search(match["first"]) if match else None
        name = f"{chosen}{part[0] if part else ''}-{date}"
    place = folder.resolve().parent / (f"{name}-{version}" if version else name)
    state = manifest.state if manifest.state in set(BatchState) else BatchState.PREPARED
    (made,) = deliveries.add(
        connection,
        [
            NewBatch(
                part=1,
                folder=ledger.text_of(place),
                file=f"{place.name}.json" if manifest.file else "",
                name=name,
                version=version,
                specification=manifest.specification,
                record_type=manifest.record_type,
                series=series_of(source.path for source in manifest.sources),
                content=manifest.sha256 or f"rejected {folder.name}",
                sha256=manifest.sha256,
                bytes=manifest.bytes,
                records=manifest.records,
                dataset=manifest.destination or "",
                made_for=manifest.destination or "",
                state=state,
                asides=json.dumps(_asides(folder, manifest.rejects)),
            )
        ],
        ledger.now(),
    )
    if manifest.replaces and state == BatchState.PREPARED:
        deliveries.supersede(connection, made)
    return made


def _must_differ(
    connection: Connection, found: PreparedBatch, name: str, version: str, known: names.Given | None
) -> bool:
    """Whether a batch must have another name than it came with."""
    if version > names.FIRST_VERSION and _is_of_0_1_0(found.path):
        return True  # there, a version rose with every delivery of the day
    if known is None or not known.taken:
        return False
    same = deliveries.select(connection, "b.name = :name", name=name)
    # Another part of a delivery that was met before, or a correction of what is known here.
    return bool(same) and (not found.manifest.replaces or any(one.version == version for one in same))


def _is_of_0_1_0(folder: Path) -> bool:
    return "destination" not in json.loads((folder / MANIFEST).read_bytes())


def _asides(folder: Path, rejects: Sequence[str]) -> dict[str, str]:
    return {name: files.sha256_of(folder / name) for name in rejects if (folder / name).is_file()}


def _move(folder: Path, place: Path, one: BatchEntry) -> None:
    """Bring folder, file and manifest to the name that the ledger has; whatever a crash left undone is done by the next."""
    if folder.resolve() != place:
        os.rename(folder, place)
        files.sync_folder(place.parent)
    found = read(place)
    if one.file and found.manifest.file != one.file:
        if (place / found.manifest.file).exists():
            os.rename(place / found.manifest.file, place / one.file)
        files.write_json(place / MANIFEST, replace(found.manifest, file=one.file).as_json())
