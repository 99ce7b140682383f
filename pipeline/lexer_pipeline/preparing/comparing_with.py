"""With what a delivery is compared, where only what is new or changed is to be sent: a service and a dataset, and what stands there."""

import os
from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path

from msgspec.structs import replace

from lexer_pipeline.errors import UsageError
from lexer_pipeline.mapping.rules import LAST
from lexer_pipeline.model import Json, Specification
from lexer_pipeline.outbox import record_hashes
from lexer_pipeline.outbox.at_destination import Destination, Standing
from lexer_pipeline.outbox.decide import newest_target
from lexer_pipeline.outbox.ledger import Ledger
from lexer_pipeline.preparing.changes import Changes
from lexer_pipeline.preparing.identified import identifying
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.place import Place
from lexer_pipeline.preparing.plan import Plan
from lexer_pipeline.preparing.report import Verdict
from lexer_pipeline.system.scratch import Scratch
from lexer_pipeline.uploading import settings


def placed(place: Place, todo: Sequence[Plan], options: Options) -> Place:
    """The place of a delivery, with the service that it is compared with where that was asked for, of the run or by a mapping."""
    if options.full:
        return replace(place, renews=True)
    if not options.changed and not any(plan.mapping is not None and plan.mapping.changed for plan in todo):
        return place
    service = options.service or settings.read(os.environ, Path(), to_send=False).service
    return replace(place, compared=service)


def refuse_compared(deliveries: Sequence[tuple[Sequence[Plan], Place]]) -> None:
    """UsageError where records are to be compared by tasks of a cluster, which know neither what is at a destination nor what others have."""
    every = [plan for todo, _ in deliveries for plan in todo]
    if any(plan.record is not None and plan.record.repeated == LAST for plan in every):
        raise UsageError(
            'repeated = "last" in a mapping compares all records of a run, and tasks of a cluster make some each',
            "Leave it out of the mapping, or convert without Spark.",
        )
    if any(place.compared for _, place in deliveries):
        raise UsageError(
            "--changed compares records in this process, and they are made by tasks of a cluster",
            "Leave out --changed, or convert without Spark.",
            without=("--changed",),
        )


def changes_at(
    place: Place, todo: Sequence[Plan], ledger: Ledger, scratch: Scratch, held: ExitStack
) -> Changes | None:
    """What tells the records of a delivery from those that are there, until `held` ends; None where nobody asks, and nobody asked before."""
    specification = todo[0].specification
    corrected = _corrected(place, ledger) if place.compared else ()
    with ledger.transaction() as connection:
        is_asked = bool(place.compared) or place.renews
        if not is_asked and not record_hashes.is_kept(connection, specification.name):
            return None
        key = record_hashes.key_of(connection)
    standing = None
    if place.compared:
        standing = Standing(ledger, Destination(specification.name, place.compared, place.dataset), corrected)
    return held.enter_context(closing(Changes(key, identifying(specification, todo), standing, scratch)))


def changes_of_fix(
    specification: Specification, todo: Sequence[Plan], ledger: Ledger, scratch: Scratch, held: ExitStack
) -> Changes | None:
    """What notes what the records of a fix are, until `held` ends; None where nobody ever asked for that."""
    with ledger.transaction() as connection:
        if not record_hashes.is_kept(connection, specification.name):
            return None
        key = record_hashes.key_of(connection)
    return held.enter_context(closing(Changes(key, identifying(specification, todo), None, scratch)))


def _corrected(place: Place, ledger: Ledger) -> list[str]:
    """The names of the batches of which a correction has all records, whatever stands there; UsageError where nobody knows them."""
    if place.target is None:
        return []
    with ledger.transaction() as connection:
        found = newest_target(connection, place.target)
    if not all(one.hashed for one in found):
        raise UsageError(
            f"{Path(found[0].folder).name}: was made before anything was compared, so its correction holds everything",
            "Leave out --changed, or say --full instead of it.",
            without=("--changed",),
        )
    return [one.name for one in found]


def compared_with(place: Place, found: Verdict) -> dict[str, Json] | None:
    """The service and the dataset, and what the records of the delivery are there, as a manifest holds it."""
    if not place.compared:
        return None
    return {"service": place.compared, "dataset": place.dataset or None, **found.compared}
