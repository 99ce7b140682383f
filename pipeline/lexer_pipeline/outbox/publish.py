"""A delivery gets its names and its place in the out folder, the moment the ledger knows of it: all of its parts, or none."""

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from msgspec.structs import replace

from lexer_pipeline.errors import PersonNeeded
from lexer_pipeline.model import Manifest, SourceUse
from lexer_pipeline.outbox import deliveries, record_hashes
from lexer_pipeline.outbox.at_destination import Standing
from lexer_pipeline.outbox.batch import PreparedBatch, read
from lexer_pipeline.outbox.connection import Connection
from lexer_pipeline.outbox.decide import Decision, Kind, decide
from lexer_pipeline.outbox.entry import BatchEntry, BatchState, NewBatch, Offer
from lexer_pipeline.outbox.known_sources import note_sources
from lexer_pipeline.outbox.ledger import Ledger
from lexer_pipeline.outbox.locks import ITSELF
from lexer_pipeline.outbox.part import Part
from lexer_pipeline.outbox.recovery import DATA
from lexer_pipeline.outbox.there_already import Beside, changed, in_place, matched, nothing, with_asides
from lexer_pipeline.outbox.workspace import Workspace
from lexer_pipeline.system import files
from lexer_pipeline.system.store_path import StorePath, side_by_side
from lexer_pipeline.system.stores import Folder


class RecordHashes(Protocol):
    """What the records of a delivery are, and with what they were compared, if they were."""

    @property
    def standing(self) -> Standing | None:
        """What stood at the destination when they were compared."""

    @property
    def outdated(self) -> Sequence[BatchEntry]:
        """Batches that are held, and of which this one has all records as they are now."""

    def pairs(self, part: int) -> Iterator[bytes]:
        """The pairs of the part of this number, from 1, in the order of their identities."""


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
    hashes: RecordHashes | None = None,
) -> list[PreparedBatch]:  # fmt: skip
    """Give a sealed delivery its names and move it into the out folder; or name the batches that hold the same already.

    What a crash leaves is finished by the next command, or cleared away where the ledger did not come to know of it.
    """
    out = work.out
    # What takes long comes before anybody has to wait for us.
    with work.brought(ledger, offer), _alone(out, ledger):
        parts: list[Part | None] = [*work.parts]
        with ledger.transaction() as connection:
            _refuse_outdated(connection, hashes)
            decision = decide(connection, ledger, offer, out)
            if decision.kind is Kind.NEW:
                entries = deliveries.add(connection, _new(work, ledger, offer, decision), ledger.now())
                _supersede(
                    connection, offer, decision, entries, hashes.outdated if hashes is not None else ()
                )
                _note_fixed(connection, work, offer, decision, entries)
                note_sources(connection, entries, sources, template.options)
                _finish(work, offer, decision, template, sources, beside)
                work.plan([f"{name}-{decision.version}" for name in decision.names], ledger, connection)
            else:
                parts = matched(work, decision)
                entries = [changed(connection, ledger, one, decision) for one in decision.there]
                entries = with_asides(connection, ledger, parts, entries, is_fix=offer.fixes is not None)
            if offer.state != BatchState.REJECTED:
                entries = _with_hashes(connection, offer, entries, hashes if all(parts) else None)
        if decision.kind is Kind.NEW:
            work.carry_out(ledger)
            folders = [out / f"{name}-{decision.version}" for name in decision.names]
            made = side_by_side(read, folders) if isinstance(out, StorePath) else map(read, folders)
            return [replace(one, note=decision.note) for one in made]
        there = list(zip(entries, parts, strict=True))
        found = in_place(out, ledger, there, decision, template, sources, beside)
        if decision.kind is Kind.ANEW:
            # After the files: what a crash leaves in between is made anew by the next run.
            with ledger.transaction() as connection:
                for one in entries:
                    ledger.reopen(connection, one)
        return found


def _refuse_outdated(connection: Connection, hashes: RecordHashes | None) -> None:
    """PersonNeeded where something else stands at the destination by now than what the records were compared with."""
    if hashes is not None and hashes.standing is not None and hashes.standing.has_changed(connection):
        raise PersonNeeded(
            "another command changed meanwhile what is sent to this destination, so what is new there is not known",
            "Run this again.",
        )


def _with_hashes(
    connection: Connection, offer: Offer, entries: list[BatchEntry], hashes: RecordHashes | None
) -> list[BatchEntry]:
    """Keep what the records of batches are, as far as that is not kept yet; within the transaction that they are made or found in."""
    found = []
    for number, one in enumerate(entries, 1):
        kept = one
        if hashes is not None and not one.hashed:
            record_hashes.put(connection, one.id, hashes.pairs(number))
            kept = replace(kept, hashed=1)
        if offer.renews and not one.renews:
            kept = deliveries.change(connection, kept, renews=1)
        found.append(kept)
    return found


@contextmanager
def _alone(out: Folder, ledger: Ledger) -> Iterator[None]:
    """Hold the folder, and that of the ledger after it.

    Else one of another folder might miss the files of a batch that the ledger knows, and that is just being moved.
    """
    with ExitStack() as held:
        for name in dict.fromkeys((ledger.text_of(out), ITSELF)):
            held.enter_context(ledger.alone(name))
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
            compared=offer.compared,
            renews=offer.renews,
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
    """Each part of a new delivery gets its manifest."""
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


def _supersede(
    connection: Connection, offer: Offer, decision: Decision, entries: Sequence[BatchEntry], outdated: Sequence[BatchEntry]
) -> None:  # fmt: skip
    """What the new delivery stands for is not sent any more; a correction that is held takes nobody's place yet."""
    held = (one for one in outdated if deliveries.by_id(connection, one.id).state == BatchState.HELD)
    for one in (*decision.takes, *held):
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
