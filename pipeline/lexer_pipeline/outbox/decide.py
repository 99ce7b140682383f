"""What becomes of a delivery that was just converted: a new name, a correction's version, or that it is there already.

The rule: a version rises by a correction that was asked for alone; other content for a name that is taken is a further
delivery; and the same content as the newest of its series changes nothing.
"""

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from msgspec import Struct

from lexer_pipeline.errors import PersonNeeded, UsageError
from lexer_pipeline.outbox import deliveries, names
from lexer_pipeline.outbox.connection import Connection
from lexer_pipeline.outbox.entry import ENDED, BatchEntry, BatchState, Entry, Offer, State
from lexer_pipeline.outbox.ledger import Ledger, uploads_of
from lexer_pipeline.system.hosts import is_loopback
from lexer_pipeline.system.stores import Folder


class Kind(StrEnum):
    """What becomes of an offer."""

    NEW = "new"
    THERE = "there"
    RELEASED = "released"
    ANEW = "anew"


class Decision(Struct, frozen=True):
    """What becomes of an offer: for a new one its names and version, for others the batches that are there.

    `note` says it to a person; `after` is the delivery before which the same content is history. `replaces` is what a correction
    corrects, `takes` what was never sent and is in the new delivery.
    """

    kind: Kind
    note: str = ""
    names: tuple[str, ...] = ()
    version: str = ""
    dataset: str = ""
    replaces: tuple[BatchEntry, ...] = ()
    after: int = 0
    there: tuple[BatchEntry, ...] = ()
    takes: tuple[BatchEntry, ...] = ()


def decide(connection: Connection, ledger: Ledger, offer: Offer, out: Folder) -> Decision:
    """Within a transaction of the ledger: what becomes of this offer in the folder `out`."""
    if offer.target is not None:
        return _correction(connection, ledger, offer, offer.target)
    if offer.fixes is not None:
        return _fix(connection, ledger, offer, offer.fixes, out)
    for known in deliveries.of_content(connection, offer):
        if not _is_history(connection, offer, known[0]):
            return _known(connection, ledger, offer, known, out)
    # What was compared record by record, or is to go whatever is there, is no accident where it says the same as before.
    return _further(connection, offer, out, _newest(connection) if offer.compared or offer.renews else 0)


def _is_history(connection: Connection, offer: Offer, one: BatchEntry) -> bool:
    """Whether a batch of the same content is no answer to an offer that was compared with a destination, or is to go in any case.

    One that belongs to another destination is none, nor one of which the records were there already when it was compared.
    """
    if one.compared and one.dataset != offer.dataset:
        return True
    if not offer.compared and not offer.renews:
        return False
    is_over = one.state == BatchState.SUPERSEDED or any(
        upload.state == State.SENT for upload in uploads_of(connection, one)
    )
    is_elsewhere = one.dataset != offer.dataset or one.compared not in ("", offer.compared)
    return is_elsewhere or (is_over and bool(one.hashed or offer.renews))


def _newest(connection: Connection) -> int:
    (newest,) = connection.execute("SELECT max(delivery) FROM batches").fetchone()
    return int(newest or 0)


# ------------------------------------------------------------------------------------------------ new deliveries


def _further(connection: Connection, offer: Offer, out: Folder, after: int = 0, note: str = "") -> Decision:
    """A name that nothing else has."""
    given = dict(deliveries.given(connection, offer.date))
    while True:
        first, version = names.choose(offer.first, offer.date, given)
        chosen = tuple(names.part_names(first, offer.date, offer.parts))
        if not any((out / f"{name}-{version}").exists() for name in chosen):
            break
        # What lies there is no batch that anybody knows; it is left alone.
        given[f"{first}-{offer.date}"] = names.Given(True, version)
    if not note and first != offer.first:
        note = f"the name {offer.first}-{offer.date} is taken, so this is a further delivery"
    return Decision(Kind.NEW, note, chosen, version, offer.dataset, after=after)


def newest_target(connection: Connection, target: BatchEntry) -> list[BatchEntry]:
    """The delivery that a correction of `target` corrects: the newest of its name."""
    found = deliveries.newest_of_name(connection, target)
    if not found:
        raise UsageError(f"{target.folder}: was dropped", "Leave out --replaces.", without=("--replaces",))
    return found


def _check_ended(connection: Connection, found: list[BatchEntry]) -> None:
    """PersonNeeded where what is to be corrected is on its way, since nobody knows which of the two would come last."""
    for part in found:
        if deliveries.is_on_its_way(connection, part):
            raise PersonNeeded(
                f"{part.folder}: is on its way or in doubt, so nothing can take its place yet",
                f"End that first: lexer-pipeline upload {part.folder}, or settle it.",
            )


def _correction(connection: Connection, ledger: Ledger, offer: Offer, target: BatchEntry) -> Decision:
    found = newest_target(connection, target)
    dataset = correction_dataset(connection, found[0], offer.dataset)
    if found[0].content == offer.content:
        return _known(connection, ledger, offer, found, None)
    _check_ended(connection, found)
    if len(found) != offer.parts:
        raise _other_parts(target, len(found), offer.parts)
    version = _next_version(connection, found[0])
    return Decision(
        Kind.NEW, f"corrects {', '.join(Path(one.folder).name for one in found)}", tuple(one.name for one in found),
        version, dataset, tuple(found), after=found[0].delivery,
    )  # fmt: skip


def _fix(connection: Connection, ledger: Ledger, offer: Offer, fixed: BatchEntry, out: Folder) -> Decision:
    """What was rejected and is fixed: with the records beside it where these were never to be sent, else a further delivery."""
    now = deliveries.by_id(connection, fixed.id)
    if now.state != fixed.state or deliveries.rows_noted(connection, fixed) != offer.noted:
        raise PersonNeeded(
            f"{fixed.folder}: was fixed or dropped by another command meanwhile", "Run this again."
        )
    if offer.takes_over:
        return _take_over(connection, ledger, offer, fixed)
    if offer.state == BatchState.REJECTED:
        return Decision(Kind.THERE, "none of its rejects is valid yet", dataset=offer.dataset, there=(fixed,))
    # Which rows went before is known by their lines, so records that say the same are no accident.
    return _further(
        connection, offer, out, _newest(connection), f"fixes rejects of {Path(fixed.folder).name}"
    )


def _take_over(connection: Connection, ledger: Ledger, offer: Offer, fixed: BatchEntry) -> Decision:
    """A fix of a batch that was held or rejected has its records too, and takes its place."""
    takes = deliveries.parts_of(connection, fixed.delivery)
    if offer.state == BatchState.REJECTED:
        return Decision(
            Kind.THERE, "none of its rejects is valid yet", dataset=fixed.dataset, there=tuple(takes)
        )
    if fixed.content == offer.content:
        return _known(connection, ledger, offer, takes, None)
    replaces = [deliveries.by_id(connection, part.replaces) for part in takes if part.replaces is not None]
    if replaces and len(replaces) != offer.parts:
        raise _other_parts(replaces[0], len(replaces), offer.parts)
    after = fixed.after
    for known in deliveries.of_content(connection, offer):
        if (newer := deliveries.newer_content(connection, known[0], offer.dataset)) is not None:
            after = max(after, newer.delivery)
    first, _, date = names.delivery_name(fixed.name).rpartition("-")
    chosen = [one.name for one in replaces] or names.part_names(first, date, offer.parts)
    return Decision(
        Kind.NEW, f"takes the place of {', '.join(Path(one.folder).name for one in takes)}", tuple(chosen),
        _next_version(connection, fixed), offer.dataset, tuple(replaces), after, takes=tuple(takes),
    )  # fmt: skip


def correction_dataset(
    connection: Connection, target: BatchEntry, asked: str, what: str = "its correction"
) -> str:
    """The dataset of a correction: that of what it corrects; another one asked for is refused."""
    if not asked or asked == target.dataset:
        return target.dataset
    if not target.dataset and not deliveries.is_placed(connection, target):
        return asked
    belongs = f"the dataset {target.dataset}" if target.dataset else "no dataset"
    raise UsageError(
        f"{target.folder}: belongs to {belongs}, and so does {what}; {asked} was asked for",
        f"Add --dataset {target.dataset}." if target.dataset else "Leave out the dataset.",
    )


def _next_version(connection: Connection, one: BatchEntry) -> str:
    name = names.delivery_name(one.name)
    return names.next_version(deliveries.given(connection, one.name.rpartition("-")[2])[name].version)


def _other_parts(corrected: BatchEntry, before: int, now: int) -> UsageError:
    return UsageError(
        f"{corrected.folder}: was delivered in {_parts(before)}, and its correction has {now}",
        "Choose --max-bytes so that it has as many, or drop what was not sent and convert without --replaces.",
    )


def _parts(count: int) -> str:
    return "one file" if count == 1 else f"{count} parts"


# -------------------------------------------------------------------------------------------- what is there already


def _known(
    connection: Connection, ledger: Ledger, offer: Offer, known: list[BatchEntry], out: Folder | None
) -> Decision:
    """What the same content of before means for this offer."""
    one = known[0]
    correction = deliveries.correction_of(connection, one)
    if one.state == BatchState.SUPERSEDED or correction is not None:
        place = f", {Path(correction.folder).name}" if correction is not None else ""
        note = f"a correction took its place{place}; to go back to it, add --replaces {Path((correction or one).folder).name}"
        return _there(connection, offer, known, note)
    if one.state == BatchState.HELD and offer.state == BatchState.PREPARED:
        dataset, note = _filled(connection, offer, one, "was held, and is released")
        return Decision(Kind.RELEASED, note, dataset=dataset, there=tuple(known))
    if one.state in (BatchState.HELD, BatchState.REJECTED) and _is_gone(ledger, known):
        return Decision(
            Kind.ANEW, "its folder was gone, and is made anew", dataset=one.dataset, there=tuple(known)
        )
    if one.state == BatchState.PREPARED:
        newer = deliveries.newer_content(connection, one, offer.dataset)
        if newer is not None and out is not None and not _goes_on(connection, one):
            note = (
                f"the content of {Path(one.folder).name} is back after {Path(newer.folder).name}:"
                " a further delivery"
            )
            return _further(connection, offer, out, newer.delivery, note)
        if any(_is_spoiled(ledger, part, uploads_of(connection, part)) for part in known):
            anew = "its file was missing or changed, and is made anew"
            dataset, note = _filled(connection, offer, one, anew)
            return Decision(Kind.ANEW, note, dataset=dataset, there=tuple(known))
    return _there(connection, offer, known, _standing(connection, one))


def _is_gone(ledger: Ledger, known: list[BatchEntry]) -> bool:
    """Whether a folder of a delivery with which a person has to do something is gone."""
    return any(
        one.specification and not one.purged_at and not ledger.folder_of(one.folder).is_dir() for one in known
    )


def _goes_on(connection: Connection, one: BatchEntry) -> bool:
    """Whether this is a file sent as it is that has not ended yet: nothing but its being named again goes on with it."""
    return not one.specification and not any(upload.state in ENDED for upload in uploads_of(connection, one))


def _there(connection: Connection, offer: Offer, known: list[BatchEntry], note: str) -> Decision:
    dataset, note = _filled(connection, offer, known[0], note)
    return Decision(Kind.THERE, note, dataset=dataset, there=tuple(known))


def _filled(connection: Connection, offer: Offer, one: BatchEntry, note: str) -> tuple[str, str]:
    """The dataset of a batch that is there, which gets that of the offer where it has none and none was asked for; and the note."""
    if offer.dataset and not one.dataset and not deliveries.is_placed(connection, one):
        return offer.dataset, f"{note}; it now belongs to the dataset {offer.dataset}"
    return one.dataset, note


def _is_spoiled(ledger: Ledger, one: BatchEntry, uploads: list[Entry]) -> bool:
    """Whether the batch's file has to be made anew: it waits or is on its way, and is gone or another."""
    if not one.specification:
        return False  # a file that is sent as it is lies elsewhere
    # The host of this machine alone is a sandbox of 0.1.0, which no service of today is.
    uploads = [upload for upload in uploads if not is_loopback(upload.service)]
    if any(upload.state == State.SENT for upload in uploads):
        return False  # what was sent may be gone
    changed = [upload for upload in uploads if upload.state == State.CHANGED]
    if any(upload.unanswered or upload.body_bytes for upload in changed):
        return False  # some of it may have arrived; a person decides
    if changed:
        return True
    try:
        return (ledger.folder_of(one.folder) / one.file).stat().st_size != one.bytes
    except OSError:
        return True


def _standing(connection: Connection, one: BatchEntry) -> str:
    """Where a batch of the same content stands, in words."""
    if one.state != BatchState.PREPARED:
        return f"is there already, {one.state}"
    uploads = uploads_of(connection, one)
    sent = [upload for upload in uploads if upload.state == State.SENT]
    if sent:
        last = max(sent, key=lambda upload: upload.updated_at)
        day = datetime.fromtimestamp(last.updated_at, UTC).strftime("%Y-%m-%d %H:%M UTC")
        purged = "; its data was purged since" if one.purged_at else ""
        return f"the same content was sent on {day} (upload {last.upload_id}){purged}"
    if uploads and all(upload.state == State.REFUSED for upload in uploads):
        return "the same content was refused; upload --resend asks anew"
    if uploads and uploads[-1].state != State.PREPARED:
        return f"the same content is there already, {uploads[-1].state}"
    return "the same content is there already and waits to be sent"
