"""A delivery gets its names and its place in the out folder, the moment the ledger knows of it: all of its parts, or none."""

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from sqlite3 import Connection
from typing import TypeAlias

from lexer_pipeline.errors import UsageError
from lexer_pipeline.model import Manifest, PreparedBatch, SourceUse
from lexer_pipeline.outbox import deliveries
from lexer_pipeline.outbox.batch import ISSUES, MANIFEST, as_named, read
from lexer_pipeline.outbox.decide import Decision, Kind, decide
from lexer_pipeline.outbox.entry import BatchEntry, BatchState, NewBatch, Offer
from lexer_pipeline.outbox.ledger import Ledger
from lexer_pipeline.outbox.trace_file import TRACE
from lexer_pipeline.outbox.workspace import DATA, Part, Workspace, locked
from lexer_pipeline.system import files

# What else lies beside a batch, by name: told from the batch's name, its manifest and the file of its records.
Beside: TypeAlias = Callable[[str, Manifest, Path], Mapping[str, bytes]]


def nothing(_: str, __: Manifest, ___: Path) -> Mapping[str, bytes]:
    """Nothing lies beside a batch."""
    return {}


def content_of(work: Workspace, state: str) -> str:
    """What tells a delivery whose files are sealed from others: all of its records, or its rejects where there is no record.

    Into how many parts the records were split does not matter.
    """
    if state == BatchState.REJECTED:
        rejects = " ".join(one for part in work.parts for one in part.rejects.values())
        return f"rejected {sha256(rejects.encode()).hexdigest()}"
    if len(work.parts) == 1:
        return work.parts[0].sha256
    return files.sha256_of(*(part.folder / DATA for part in work.parts))


def publish(
    work: Workspace, ledger: Ledger, offer: Offer, template: Manifest, sources: Sequence[SourceUse], beside: Beside = nothing,
) -> list[PreparedBatch]:  # fmt: skip
    """Give a sealed delivery its names and move it into the out folder; or name the batches that hold the same already.

    What a crash leaves is finished by the next command, or cleared away where the ledger did not come to know of it.
    """
    out = work.out
    with _alone(out, ledger):
        with ledger.transaction() as connection:
            decision = decide(connection, ledger, offer, out)
            if decision.kind is Kind.NEW:
                entries = deliveries.add(connection, _new(work, ledger, offer, decision), ledger.now())
                _supersede(connection, offer, decision, entries)
                _note_fixed(connection, work, offer, decision, entries)
                _finish(work, offer, decision, template, sources, beside)
            else:
                parts = _matched(work, decision)
                entries = [_changed(connection, ledger, one, decision) for one in decision.there]
                entries = _with_asides(connection, ledger, parts, entries, is_fix=offer.fixes is not None)
        if decision.kind is Kind.NEW:
            work.carry_out()
            folders = [out / f"{name}-{decision.version}" for name in decision.names]
            return [replace(read(folder), note=decision.note) for folder in folders]
        there = list(zip(entries, parts, strict=True))
        found = _in_place(out, ledger, there, decision, template, sources, beside)
        if decision.kind is Kind.ANEW:
            # After the files: what a crash leaves in between is made anew by the next run.
            with ledger.transaction() as connection:
                for one in entries:
                    ledger.reopen(connection, one)
        return found


@contextmanager
def _alone(out: Path, ledger: Ledger) -> Iterator[None]:
    """Hold the folder, and that of the ledger after it.

    Else one of another folder might miss the files of a batch that the ledger knows, and that is just being moved.
    """
    with ExitStack() as locks:
        locks.enter_context(locked(out))
        if ledger.home != out.resolve():
            locks.enter_context(locked(ledger.home))
        yield


def _new(work: Workspace, ledger: Ledger, offer: Offer, decision: Decision) -> list[NewBatch]:
    return [
        NewBatch(
            part=number,
            folder=ledger.text_of(work.out / f"{name}-{decision.version}"),
            file=f"{name}-{decision.version}.json",
            name=name,
            version=decision.version,
            specification=offer.specification,
            record_type=offer.record_type,
            series=decision.replaces[0].series if decision.replaces else offer.series,
            content=offer.content,
            sha256="" if offer.state == BatchState.REJECTED else part.sha256,
            bytes=part.size,
            records=part.counts["records"],
            dataset=decision.dataset,
            made_for=_made_for(offer, decision),
            state=offer.state,
            replaces=decision.replaces[number - 1].id if decision.replaces else None,
            fixes=_fixes(offer),
            after=decision.after,
            asides=json.dumps(part.rejects),
        )
        for number, (part, name) in enumerate(zip(work.parts, decision.names, strict=True), 1)
    ]


def _made_for(offer: Offer, decision: Decision) -> str:
    before = decision.replaces[0] if decision.replaces else offer.fixes
    return before.made_for if before is not None else offer.dataset


def _fixes(offer: Offer) -> int | None:
    """The batch whose rejects a delivery fixes; one that takes another's place fixes what that one did."""
    if offer.fixes is None:
        return None
    return offer.fixes.fixes if offer.takes_over else offer.fixes.id


def _finish(
    work: Workspace,
    offer: Offer,
    decision: Decision,
    template: Manifest,
    sources: Sequence[SourceUse],
    beside: Beside,
) -> None:
    """Each part of a new delivery gets its manifest, and the plan is written down."""
    places = [f"{name}-{decision.version}" for name in decision.names]
    for number, (part, place) in enumerate(zip(work.parts, places, strict=True)):
        before = decision.replaces[number].folder if decision.replaces else None
        whole = replace(
            template, destination=decision.dataset or None, replaces=Path(before).name if before else None,
            fixes=Path(offer.fixes.folder).name if offer.fixes is not None else None,
        )  # fmt: skip
        file = "" if offer.state == BatchState.REJECTED else f"{place}.json"
        manifest = part.manifest(whole, sources, file)
        part.finish(manifest, beside(place, manifest, part.data))
    work.plan(places)


def _supersede(
    connection: Connection, offer: Offer, decision: Decision, entries: Sequence[BatchEntry]
) -> None:
    """What the new delivery stands for is not sent any more; a correction that is held takes nobody's place yet."""
    for one in decision.takes:
        deliveries.change(connection, one, state=BatchState.SUPERSEDED, state_before=one.state)
    if decision.replaces and offer.state == BatchState.PREPARED:
        for one in entries:
            deliveries.supersede(connection, one)


def _note_fixed(
    connection: Connection, work: Workspace, offer: Offer, decision: Decision, entries: Sequence[BatchEntry]
) -> None:
    """The rows that a fix accepted are never accepted again, and what it fixes goes where it goes."""
    fixed = offer.fixes
    if fixed is None:
        return
    if offer.takes_over and fixed.fixes is None:  # the chain begins anew
        deliveries.note_accepted(connection, entries[0], list(deliveries.accepted_rows(connection, fixed)))
    for entry, part in zip(entries, work.parts, strict=True):
        deliveries.note_accepted(connection, entry, ((one.source, one.row) for one in part.accepted()))
    if decision.dataset != fixed.dataset and not decision.takes:
        for one in deliveries.parts_of(connection, fixed.delivery):
            deliveries.change(connection, one, dataset=decision.dataset)


# -------------------------------------------------------------------------------------------- what is there already


def _changed(connection: Connection, ledger: Ledger, one: BatchEntry, decision: Decision) -> BatchEntry:
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


def _with_asides(
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


def _put_aside(part: Part, folder: Path, rejects: Sequence[str]) -> dict[str, str]:
    """Move the rejects and issues of a part into a folder under the first number that is free there."""
    number = 2
    while any((folder / _numbered(name, number)).exists() for name in (*rejects, ISSUES)):
        number += 1
    for name in (*rejects, ISSUES):
        os.rename(part.folder / name, folder / _numbered(name, number))
    files.sync_folder(folder)
    return {name: _numbered(name, number) for name in rejects}


def _numbered(name: str, number: int) -> str:
    stem, dot, ending = name.rpartition(".")
    return f"{stem}_{number:02}{dot}{ending}"


def _matched(work: Workspace, decision: Decision) -> list[Part | None]:
    """The part of this run for each batch that is there; none where the records were split otherwise then."""
    if len(decision.there) == len(work.parts):
        return list(work.parts)
    if decision.kind is Kind.ANEW:
        raise UsageError(
            f"{decision.there[0].folder}: its file was missing or changed, and it has {len(decision.there)} parts",
            "Choose --max-bytes so that there are as many, or drop it.",
        )
    return [None] * len(decision.there)


def _in_place(
    out: Path, ledger: Ledger, there: Sequence[tuple[BatchEntry, Part | None]], decision: Decision, template: Manifest,
    sources: Sequence[SourceUse], beside: Beside,
) -> list[PreparedBatch]:  # fmt: skip
    """The batches that are there, with their files and manifests as the ledger has them."""
    found = []
    for one, part in there:
        folder = ledger.folder_of(one.folder)
        file = one.file if one.state != BatchState.REJECTED else ""
        whole = replace(template, destination=one.dataset or None, file=file)
        manifest = part.manifest(whole, sources, file) if part is not None else whole
        made = decision.kind is Kind.ANEW
        if made and part is not None:
            _restore(part, folder, manifest)
        kept = _kept(one, folder, manifest, decision)
        if part is not None and (made or _differs(folder, kept)):
            # Before the manifest: what a crash leaves in between is brought up by the next run, which sees it there.
            records = part.data if part.data.exists() else folder / kept.file
            for name, content in beside(folder.name, kept, records).items():
                files.write_whole(folder / name, content)
        if _differs(folder, kept):
            files.write_json(folder / MANIFEST, kept.as_json())
        if part is not None:
            _put_trace(part, folder, kept, manifest)
        found.append(PreparedBatch(as_named(folder, out), kept, made, decision.note))
    return found


def _restore(part: Part, folder: Path, manifest: Manifest) -> None:
    """Put a batch's file, and what else of it is gone, into its place."""
    files.make_folder(folder)
    file = folder / manifest.file
    if not file.is_file() or files.sha256_of(file) != manifest.sha256:
        os.replace(part.folder / DATA, file)
    for name in (*manifest.rejects, ISSUES):
        if not (folder / name).exists():
            os.rename(part.folder / name, folder / name)
    files.sync_folder(folder)


def _put_trace(part: Part, folder: Path, there: Manifest, now: Manifest) -> None:
    """Put beside a batch that has none the file that says where its lines come from, if it was made of the very same sources."""
    same = [(one.path, one.sha256) for one in there.sources] == [
        (one.path, one.sha256) for one in now.sources
    ]
    if same and there.sha256 in ("", part.sha256) and folder.is_dir() and not (folder / TRACE).exists():
        os.rename(part.folder / TRACE, folder / TRACE)
        files.sync_folder(folder)


def _kept(one: BatchEntry, folder: Path, manifest: Manifest, decision: Decision) -> Manifest:
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


def _lies_in(folder: Path) -> Manifest | None:
    try:
        return read(folder).manifest
    except UsageError:
        return None


def _differs(folder: Path, kept: Manifest) -> bool:
    """Whether the manifest in a folder that is there is not the one that it should be."""
    return folder.is_dir() and _lies_in(folder) != kept
