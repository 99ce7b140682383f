"""What lies in an out folder, and what the ledger knows of it."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from msgspec import Struct, to_builtins
from msgspec.structs import replace

from lexer_pipeline.errors import UsageError
from lexer_pipeline.model import Manifest
from lexer_pipeline.outbox import deliveries
from lexer_pipeline.outbox.address import LedgerPlace, in_database
from lexer_pipeline.outbox.batch import MANIFEST, as_named, folders, read
from lexer_pipeline.outbox.entry import UNDER_WAY, BatchEntry, BatchState, Entry, State
from lexer_pipeline.outbox.ledger import Ledger, uploads_by_batch
from lexer_pipeline.outbox.outbox import looked_into
from lexer_pipeline.outbox.recovery import WORK
from lexer_pipeline.outbox.standing import data_in, size_of, standing
from lexer_pipeline.outbox.stored_recovery import being_placed
from lexer_pipeline.system import stores
from lexer_pipeline.system.scratch import PREFIX
from lexer_pipeline.system.stores import Folder
from lexer_pipeline.uploading import next_steps, receipts
from lexer_pipeline.uploading.destinations import PLACING
from lexer_pipeline.uploading.receipts import utc_text
from lexer_pipeline.uploading.send import BROKEN


class BatchStatus(Struct, frozen=True):
    """A batch at one service, or before any; `state` is the upload's once it was asked for.

    `replaces` and `replaced_by` name batches; `hint` is the command that goes on where a person is needed.
    """

    path: str
    specification: str
    state: str
    records: int | None
    rejected: int | None
    bytes: int
    service: str | None
    dataset: str | None
    upload_id: str | None
    replaces: str | None
    replaced_by: str | None
    updated_at: str | None
    reason: str = ""
    hint: str = ""

    def as_json(self) -> dict[str, object]:
        """The batch as `status --json` prints it."""
        told: dict[str, object] = to_builtins(self)
        return told


class Overview(Struct, frozen=True):
    """The batches of an out folder, and by state how many bytes of data lie in it."""

    batches: list[BatchStatus]
    data: Mapping[str, int]


def status(out: Folder, ledger: LedgerPlace | None = None) -> list[BatchStatus]:
    """What lies in `out` or belongs to its ledger, in the order it was made: one line a batch and service.

    Of what was dropped, superseded or rejected, nothing is told once its data was purged.
    """
    return overview(out, ledger).batches


def overview(out: Folder, ledger: LedgerPlace | None = None) -> Overview:
    """The same, and how much data lies where."""
    if not stores.is_there(out) and not in_database(ledger):
        return Overview([], {})
    with looked_into(out, file=ledger) as known:
        receipts.write_missing(known)
        with known.transaction() as connection:
            batches = deliveries.select(connection, "TRUE")
            uploads = uploads_by_batch(connection)
            placing = being_placed(connection)
        stores.fetched(known.seen, [known.seen_at(one.folder) / MANIFEST for one in batches])
        by_id = {one.id: one for one in batches}
        newest = {one.name: one for one in batches if one.state == BatchState.PREPARED}
        corrections = {
            one.id: found for one in batches if (found := newest.get(one.name)) and found.id > one.id
        }
        lines = []
        for one in batches:
            if one.purged_at and one.state != BatchState.PREPARED:
                continue
            before = by_id.get(one.replaces or 0)
            names = (before.folder if before else None, _name(corrections.get(one.id), one))
            shown = [
                _line(out, known, one, upload, names, placing) for upload in _shown(one, uploads[one.id])
            ]
            anew = _made_anew(known, one, batches) if one.state == BatchState.HELD else None
            lines += shown if anew is None else [_with_successor(line, anew) for line in shown]
        lying = {known.seen_at(one.folder): standing(one, uploads[one.id]) for one in batches}
        seen = known.seen
    broken = [folder for folder in folders(seen) if folder.resolve() not in lying]
    return Overview(lines + [_broken(folder) for folder in broken], _data(seen, lying, broken))


def _data(out: Folder, lying: Mapping[Folder, str], broken: Sequence[Folder]) -> Mapping[str, int]:
    """Bytes by state; `temporary` is what commands are at, or left."""
    found: Counter[str] = Counter()
    root = out.resolve()
    for folder, state in lying.items():
        if folder.parent == root:
            found[state] += sum(map(size_of, data_in(folder)))
    found[BROKEN] = sum(map(size_of, broken))
    work = [path for path in out.glob(".*") if path.name.startswith((WORK, PREFIX))]
    found["temporary"] = sum(map(size_of, work))
    return {state: size for state, size in sorted(found.items()) if size}


def _shown(one: BatchEntry, uploads: list[Entry]) -> list[Entry | None]:
    """The uploads that tell where a batch stands; None where it stands by itself."""
    if one.state == BatchState.PREPARED and uploads:
        return list(uploads)
    return [*(upload for upload in uploads if upload.state == State.SENT), None]


def _name(correction: BatchEntry | None, one: BatchEntry) -> str | None:
    stands = one.state in (BatchState.PREPARED, BatchState.SUPERSEDED)
    return correction.folder if correction is not None and stands else None


def _line(
    out: Folder,
    ledger: Ledger,
    one: BatchEntry,
    upload: Entry | None,
    names: tuple[str | None, str | None],
    placing: Collection[str],
) -> BatchStatus:
    folder = ledger.seen_at(one.folder)
    path = as_named(folder, out)
    manifest = _manifest(folder)
    state = upload.state if upload is not None else one.state
    is_placing = one.folder in placing
    waits = state == BatchState.PREPARED or state in UNDER_WAY
    is_gone = not is_placing and manifest is None and bool(one.specification) and waits
    replaces, replaced_by = (Path(name).name if name else None for name in names)
    purged = f"its data was purged on {utc_text(one.purged_at, 'seconds')}" if one.purged_at else ""
    gone = PLACING if is_placing else "its folder is gone, or broken" if is_gone else ""
    reason = gone or _why(upload, manifest) or purged
    return BatchStatus(
        path=str(path),
        specification=one.specification,
        state=state,
        records=one.records,
        rejected=manifest.rejected if manifest is not None else None,
        bytes=one.bytes,
        service=upload.service if upload is not None else None,
        dataset=(upload.dataset if upload is not None else one.dataset) or None,
        upload_id=upload.upload_id if upload is not None else None,
        replaces=replaces,
        replaced_by=replaced_by,
        updated_at=utc_text(upload.updated_at if upload is not None else one.made_at, "seconds"),
        reason=reason,
        hint=next_steps.after("changed" if is_gone else state, path),
    )


def _made_anew(ledger: Ledger, held: BatchEntry, batches: Sequence[BatchEntry]) -> str | None:
    """The newest batch that was made of the same sources after a held one, and is not held itself."""
    sources = _sources(ledger, held)
    for one in reversed(batches):
        is_alike = (one.specification, one.series, one.state) == (
            held.specification,
            held.series,
            BatchState.PREPARED,
        )
        if one.id > held.id and is_alike and sources and _sources(ledger, one) == sources:
            return Path(one.folder).name
    return None


def _sources(ledger: Ledger, one: BatchEntry) -> frozenset[str]:
    manifest = _manifest(ledger.seen_at(one.folder))
    return frozenset(source.path for source in manifest.sources) if manifest is not None else frozenset()


def _with_successor(line: BatchStatus, anew: str) -> BatchStatus:
    hint = f"{anew} was made of the same source since; where it stands in its place: {next_steps.COMMAND} drop {next_steps.shown(stores.folder(line.path))}"
    return replace(line, hint=hint)


def _why(upload: Entry | None, manifest: Manifest | None) -> str:
    if upload is not None:
        return upload.reason
    return "; ".join(manifest.held_for) if manifest is not None else ""


def _manifest(folder: Folder) -> Manifest | None:
    try:
        return read(folder).manifest
    except UsageError:
        return None


def _broken(folder: Folder) -> BatchStatus:
    """A folder that looks like a batch and cannot be read: it stops nothing but itself."""
    reason = "its manifest.json is broken"
    hint = "convert its source again, then remove this folder"
    none = (None,) * 6
    return BatchStatus(str(folder), "", BROKEN, None, None, 0, *none, reason, hint)
