"""Batches in an out folder that the ledger has not met: folders that came from elsewhere, and those that are to be renamed.

Each is written down, so that its name is known. One that was never sent and whose name is taken here, or of 0.1.0 with a
version above the first (which would have replaced what was sent under the lower one), becomes a further delivery.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress

from msgspec.structs import replace

from lexer_pipeline.errors import UsageError
from lexer_pipeline.outbox import deliveries, names
from lexer_pipeline.outbox.batch import MANIFEST, folders
from lexer_pipeline.outbox.connection import Connection
from lexer_pipeline.outbox.entry import BatchEntry, BatchState, NewBatch
from lexer_pipeline.outbox.found import (
    Found,
    changed_at,
    content_of,
    content_of_files,
    deliveries_of,
    further,
    is_above_the_first,
    look,
)
from lexer_pipeline.outbox.ledger import Ledger
from lexer_pipeline.outbox.names import FileName
from lexer_pipeline.system import files, stores
from lexer_pipeline.system.stores import Folder


def adopt(out: Folder, ledger: Ledger) -> None:
    """Write down the batches of a folder that the ledger does not know; what is no whole batch is left as it is."""
    if _unknown(out, ledger):
        with ledger.alone(ledger.text_of(out)):
            found = [one for folder in _unknown(out, ledger) if (one := look(folder)) is not None]
            for parts in deliveries_of(found, lambda one: one.name):
                _adopt(parts, ledger)


def adopt_one(folder: Folder, ledger: Ledger) -> Folder:
    """Write down the batch in this folder; the folder where it lies from now on."""
    found = look(folder)
    return _adopt([found], ledger)[0] if found is not None else folder


def _unknown(out: Folder, ledger: Ledger) -> list[Folder]:
    """The folders of batches that are not in the ledger, or whose manifest changed since it was last looked at."""
    with ledger.transaction() as connection:
        known = dict(tuple(row) for row in connection.execute("SELECT folder, seen FROM batches"))
    ledger.seen = stores.listed(out)
    unknown = [one for one in folders(ledger.seen) if known.get(ledger.text_of(one)) != changed_at(one)]
    stores.fetched(ledger.seen, [folder / MANIFEST for folder in unknown])
    return unknown


def _adopt(parts: Sequence[Found], ledger: Ledger) -> list[Folder]:
    with ledger.transaction() as connection:
        known = [_known(connection, ledger, one) for one in parts]
        new = [one for one, entry in zip(parts, known, strict=True) if entry is None]
        made = iter(_add(connection, ledger, new) if new else ())
        entries = [entry or next(made) for entry in known]
    for one, entry in zip(parts, entries, strict=True):
        # A folder that cannot be renamed stops nothing but itself: its batch is missing until it can be.
        with suppress(OSError, UsageError):
            there = _moved_to(one, ledger.folder_of(entry.folder), entry)
            with ledger.transaction() as connection:
                deliveries.change(connection, entry, seen=changed_at(there))
    return [ledger.folder_of(entry.folder) for entry in entries]


def _known(connection: Connection, ledger: Ledger, found: Found) -> BatchEntry | None:
    """The entry of what lies in a folder, if there is one."""
    known = deliveries.in_folder(connection, ledger.text_of(found.path))
    if known is not None and known.sha256 == found.manifest.sha256:
        return known
    if known is not None:
        _make_room(connection, known)
    return _moved(connection, ledger, found)


def _make_room(connection: Connection, known: BatchEntry) -> None:
    """The entry of what lay in a folder before other content was put there; it is only remembered."""
    state = known.state if deliveries.is_asked(connection, known) else BatchState.DROPPED
    folder = f"{known.folder} ({known.sha256[:12]})"
    deliveries.change(connection, known, folder=folder, state=state, state_before=known.state)


def _moved(connection: Connection, ledger: Ledger, found: Found) -> BatchEntry | None:
    """The entry of a batch that is to be renamed from here, if it is one."""
    where = "b.sha256 = :sha256 AND b.sha256 != '' AND b.state IN ('prepared', 'held', 'rejected')"
    for one in deliveries.select(connection, where, sha256=found.manifest.sha256):
        place = ledger.folder_of(one.folder)
        is_gone = place.parent == found.path.resolve().parent and not place.exists()
        if is_gone and not deliveries.is_asked(connection, one):
            return one
    return None


# --------------------------------------------------------------------------------------------------- what is new


def _add(connection: Connection, ledger: Ledger, parts: Sequence[Found]) -> list[BatchEntry]:
    """The entries of a delivery, or of parts of one of which others are known."""
    known = list(_parts_known(connection, ledger, parts))
    chosen = [one.name for one in parts] if known else _names(connection, parts)
    content = content_of(parts)
    new = []
    for number, (one, name) in enumerate(zip(parts, chosen, strict=True), 1):
        plain = one.new_batch(name, ledger.text_of(one.place(name)), number, content)
        new.append(_as_correction(connection, ledger, one, plain))
    made = deliveries.add(connection, new, ledger.now())
    if known:
        _join(connection, ledger, [*known, *made], parts)
    for entry in made:
        if entry.replaces is not None and entry.state == BatchState.PREPARED:
            deliveries.supersede(connection, entry)
    return made


def _join(
    connection: Connection, ledger: Ledger, entries: Sequence[BatchEntry], new: Sequence[Found]
) -> None:
    """All of these are one delivery."""
    lying = {one.name.name: one.path for one in new}
    ordered = sorted(entries, key=lambda one: one.name)
    paths = [lying.get(one.name, ledger.folder_of(one.folder)) / one.file for one in ordered]
    content = content_of_files([(path, one.sha256) for path, one in zip(paths, ordered, strict=True)])
    deliveries.join(connection, ordered, content)


def _as_correction(connection: Connection, ledger: Ledger, found: Found, new: NewBatch) -> NewBatch:
    """With the batch that it corrects, where that is known here."""
    if not found.manifest.replaces:
        return new
    before = deliveries.in_folder(
        connection, ledger.text_of(found.path.resolve().parent / found.manifest.replaces)
    )
    return replace(new, replaces=before.id) if before is not None and before.name == new.name else new


def _parts_known(connection: Connection, ledger: Ledger, parts: Sequence[Found]) -> Iterator[BatchEntry]:
    """What is known already of the delivery of which these are parts too."""
    own = {one.name.name for one in parts}
    name = parts[0].name
    if name.part:
        for one in deliveries.of_delivery_name(connection, name.delivery):
            other = names.parse(one.file)
            is_beside = ledger.folder_of(one.folder).parent == parts[0].path.resolve().parent
            if other.part and other.version == name.version and one.name not in own and is_beside:
                yield one


def _names(connection: Connection, parts: Sequence[Found]) -> list[FileName]:
    """The names that these parts get: their own, unless another delivery has it."""
    name, out = parts[0].name, parts[0].path.resolve().parent
    given = deliveries.given(connection, name.date)
    known = given.get(name.delivery)
    is_taken = known is not None and known.taken and not _is_correction(connection, parts)
    if not name.date or any(one.is_sent for one in parts) or not (is_taken or is_above_the_first(parts)):
        return [one.name for one in parts]
    return further(parts, given, out)


def _is_correction(connection: Connection, parts: Sequence[Found]) -> bool:
    """Whether these are the next version of what is known by their name."""
    known = deliveries.of_delivery_name(connection, parts[0].name.delivery)
    return bool(parts[0].manifest.replaces) and all(one.version != parts[0].name.version for one in known)


# -------------------------------------------------------------------------------------------------------- renamed


def _moved_to(found: Found, place: Folder, one: BatchEntry) -> Folder:
    """Bring folder, file and manifest to the name that the ledger has; whatever a crash left undone is done by the next."""
    if found.path.resolve() == place and found.manifest.file == one.file:
        return found.path
    if found.path.resolve() != place:
        stores.rename(found.path, place)
        files.sync_folder(place.parent)
    file = found.manifest.file
    if one.file and file != one.file:
        if (place / file).exists():
            stores.rename(place / file, place / one.file)
        files.write_json(place / MANIFEST, replace(found.manifest, file=one.file).as_json())
    return place
