"""With what a delivery is compared, where only what is new or changed is to be sent: a service and a dataset, and what stands there."""

import os
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

from lexer_pipeline.errors import UsageError
from lexer_pipeline.model import Json, Specification
from lexer_pipeline.outbox import record_hashes
from lexer_pipeline.outbox.at_destination import Destination, Standing
from lexer_pipeline.outbox.decide import newest_target
from lexer_pipeline.outbox.ledger import Ledger
from lexer_pipeline.preparing.changes import Changes
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.place import Place
from lexer_pipeline.preparing.plan import Plan
from lexer_pipeline.preparing.report import Verdict
from lexer_pipeline.specs.identity import identity_names
from lexer_pipeline.specs.paths import FieldPath
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


def refuse_compared(places: Sequence[Place]) -> None:
    """UsageError where something is to be compared by tasks of a cluster, which do not know what is at a destination."""
    if any(place.compared for place in places):
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
    return held.enter_context(closing(Changes(key, _names(specification, todo), standing, scratch)))


def changes_of_fix(
    specification: Specification, todo: Sequence[Plan], ledger: Ledger, scratch: Scratch, held: ExitStack
) -> Changes | None:
    """What notes what the records of a fix are, until `held` ends; None where nobody ever asked for that."""
    with ledger.transaction() as connection:
        if not record_hashes.is_kept(connection, specification.name):
            return None
        key = record_hashes.key_of(connection)
    return held.enter_context(closing(Changes(key, _names(specification, todo), None, scratch)))


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


def _names(specification: Specification, todo: Sequence[Plan]) -> tuple[str, ...]:
    """The members that make the identity of a record: those that the mapping says, else those of the specification."""
    said = {plan.record.identity for plan in todo if plan.record is not None and plan.record.identity}
    if len(said) > 1:
        raise UsageError(
            f"the mappings say in several ways by what a {specification.name} is known again",
            "Write the same identity in each of them.",
        )
    if not said:
        return identity_names(specification)
    names = said.pop()
    known = {str(FieldPath.named(field.path)[0]) for field in specification.fields}
    for name in names:
        if name not in known:
            raise UsageError(
                f"identity names {name}, and {specification.name} has no such field as a whole",
                f"It has {', '.join(sorted(known))}.",
            )
    return names


def compared_with(place: Place, found: Verdict) -> dict[str, Json] | None:
    """The service and the dataset, and what the records of the delivery are there, as a manifest holds it."""
    if not place.compared:
        return None
    return {"service": place.compared, "dataset": place.dataset or None, **found.compared}
