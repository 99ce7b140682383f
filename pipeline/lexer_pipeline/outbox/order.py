"""What stands in the way of sending a batch to a service now: what is there already, and what goes before it.

What was sent is known by service, destination and content. Deliveries of one series go in the order they were made, and one
that is older than what was sent already goes only when a person says so.
"""

from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from lexer_pipeline.outbox import deliveries
from lexer_pipeline.outbox.connection import Connection
from lexer_pipeline.outbox.deliveries import A_SERVICE, select
from lexer_pipeline.outbox.entry import BatchEntry, BatchState, Entry

UPLOADS = """SELECT b.folder AS batch, b.file AS name, b.bytes, b.records, u.service, u.dataset, u.sha256, u.id,
    u.batch AS batch_id, u.md5, u.state, u.upload_id, u.url, u.expires_at, u.tries, u.unanswered, u.body_bytes, u.last_block,
    u.denied, u.etag, u.verified, u.reason, u.created_at, u.asked, u.started_at, u.updated_at
    FROM uploads AS u JOIN batches AS b ON b.id = u.batch"""
AT_SERVICE = "u.service IN (:service, :host)"
# Of several uploads of one batch to one service, which 0.1.0 could make, the one to the batch's dataset.
OWN = """(u.dataset = b.dataset OR NOT EXISTS (SELECT 1 FROM uploads AS own
    WHERE own.batch = u.batch AND own.service = u.service AND own.dataset = b.dataset))"""
# The same content, there or perhaps there; or earlier content of this folder of which nobody knows whether it arrived.
RIVALS = f"""{UPLOADS} WHERE u.id != :id AND {AT_SERVICE} AND (
    (u.sha256 = :sha256 AND u.dataset = :dataset AND b.delivery > :after
        AND (u.state IN ('asked', 'granted', 'sending', 'sent', 'in_doubt') OR u.unanswered > 0))
    OR (u.batch = :batch_id AND u.sha256 != :sha256 AND u.state IN ('granted', 'sending', 'in_doubt')))
    ORDER BY u.state = 'sent' DESC, u.updated_at DESC LIMIT 1"""
# Nothing that may be sent took its place.
UNCORRECTED = """NOT EXISTS (SELECT 1 FROM batches AS later
    WHERE later.name = b.name AND later.id > b.id AND later.state = 'prepared')"""
# What records were compared with is what was sent before, of whatever series: so all of which that is known go one after another.
SERIES = """(b.series = :series OR (b.hashed = 1 AND :hashed = 1))
    AND b.specification = :specification AND b.dataset = :dataset"""
# To be sent to this service, and neither there yet nor given up. What another service has is not waited for; but a sandbox,
# which http alone tells, is no other service: what was tried there has its place here.
WAITS_HERE = f"""b.state = 'prepared' AND b.compared IN ('', :service)
    AND {UNCORRECTED}
    AND NOT EXISTS (SELECT 1 FROM uploads AS u WHERE u.batch = b.id AND {OWN} AND (
        (u.state = 'sent' AND ({AT_SERVICE} OR (u.service NOT LIKE 'http://%' AND {A_SERVICE})))
        OR ({AT_SERVICE} AND u.state IN ('in_doubt', 'refused', 'changed'))))"""  # noqa: S608 - this module's own words
# To be sent to this service, or held; what is there already, what a correction took the place of, and what was purged, is not. What was
# compared with another service has its place there.
WAITS = f"""b.state IN ('prepared', 'held') AND b.purged_at = 0
    AND (b.compared IN ('', :service)
        OR NOT EXISTS (SELECT 1 FROM uploads AS u WHERE u.batch = b.id AND u.service = b.compared AND u.state = 'sent'))
    AND {UNCORRECTED}
    AND NOT EXISTS (SELECT 1 FROM uploads AS u WHERE u.batch = b.id AND {AT_SERVICE} AND {OWN} AND u.state = 'sent')"""  # noqa: S608 - this module's own words


class Kind(StrEnum):
    """Why a batch is not asked for."""

    NOT_PREPARED = "not prepared"
    CORRECTED = "corrected"
    THERE = "there"
    EARLIER = "earlier"
    LATER = "later"


class Obstacle(Struct, frozen=True):
    """What stands in the way: an upload that may hold the same content, or a batch that goes before or went after."""

    kind: Kind
    batch: BatchEntry
    upload: Entry | None = None


def obstacle(
    connection: Connection, entry: Entry, host: str, *, resend: bool, older: bool
) -> Obstacle | None:
    """Why permission for this upload must not be asked for now, if so.

    `host` is how earlier versions of this program named the service; `resend` sends what is there already once more, and
    `older` what is older than what was sent.
    """
    one = deliveries.by_id(connection, entry.batch_id)
    if one.state != BatchState.PREPARED:
        return Obstacle(Kind.NOT_PREPARED, one)
    if (correction := deliveries.correction_of(connection, one)) is not None:
        return Obstacle(Kind.CORRECTED, correction)
    as_asked = replace(one, sha256=entry.sha256, dataset=entry.dataset)
    if not resend and (upload := rival(connection, as_asked, entry.service, host, entry.id)) is not None:
        return Obstacle(Kind.THERE, deliveries.by_id(connection, upload.batch_id), upload)
    if (earlier := waiting_before(connection, one, entry.service, host)) is not None:
        return Obstacle(Kind.EARLIER, earlier)
    if not older and (later := sent_after(connection, one, entry.service, host)) is not None:
        return Obstacle(Kind.LATER, later)
    return None


def rival(connection: Connection, one: BatchEntry, service: str, host: str, own: int = 0) -> Entry | None:
    """Another upload than the `own` by which the content of this batch is at its destination, or may be."""
    found = connection.execute(
        RIVALS,
        {
            "id": own, "batch_id": one.id, "service": service, "host": host, "sha256": one.sha256,
            "dataset": one.dataset, "after": one.after,
        },
    ).fetchone()  # fmt: skip
    return Entry(**found) if found is not None else None


def waiting(connection: Connection, service: str, host: str) -> list[BatchEntry]:
    """The batches that wait to be sent to this service, or are held, in the order they were made."""
    return select(connection, WAITS, service=service, host=host)


def waits(connection: Connection, one: BatchEntry, service: str, host: str) -> bool:
    """Whether this batch waits to be sent to this service, and is not there; a sandbox alone is no other service that has it."""
    there = f"b.id = :id AND {WAITS_HERE}"
    return deliveries.holds(connection, there, id=one.id, service=service, host=host)


def uploads_at(connection: Connection, one: BatchEntry, service: str, host: str) -> list[Entry]:
    """The uploads of a batch to this service, in the order they were begun."""
    query = f"{UPLOADS} WHERE u.batch = :id AND {AT_SERVICE} AND {OWN} ORDER BY u.id"
    found = connection.execute(query, {"id": one.id, "service": service, "host": host})
    return [Entry(**row) for row in found]


def corrects_what_is_at(connection: Connection, one: BatchEntry, service: str, host: str) -> bool:
    """Whether this batch is the correction of one that this service was asked for."""
    where = f"""b.name = :name AND b.id < :id
        AND EXISTS (SELECT 1 FROM uploads AS u WHERE u.batch = b.id AND u.asked = 1 AND {AT_SERVICE})"""  # noqa: S608 - this module's own words
    return one.replaces is not None and deliveries.holds(
        connection, where, name=one.name, id=one.id, service=service, host=host
    )


def waiting_before(connection: Connection, one: BatchEntry, service: str, host: str) -> BatchEntry | None:
    """The first delivery of the same series that was made before this one and waits to be sent to this service.

    One that a newer one overtook already waits for a person, and nothing waits for it.
    """
    for earlier in series_waiting(connection, one, service, host):
        if sent_after(connection, earlier, service, host) is None:
            return earlier
    return None


def series_waiting(connection: Connection, one: BatchEntry, service: str, host: str) -> list[BatchEntry]:
    """The batches of the same series that were made before this one and wait to be sent to this service."""
    where = f"{SERIES} AND b.delivery < :delivery AND {WAITS_HERE}"
    return select(
        connection, where, series=one.series, specification=one.specification, dataset=one.dataset,
        delivery=one.delivery, hashed=one.hashed, service=service, host=host,
    )  # fmt: skip


def sent_after(connection: Connection, one: BatchEntry, service: str, host: str) -> BatchEntry | None:
    """The newest delivery of the same series that was made after this one and may have arrived already.

    What fixes single rows of a delivery is no newer delivery.
    """
    where = f"""{SERIES} AND b.delivery > :delivery AND b.fixes IS NULL AND EXISTS (SELECT 1 FROM uploads AS u WHERE u.batch = b.id
        AND {AT_SERVICE} AND (u.state IN ('granted', 'sending', 'sent', 'in_doubt') OR u.unanswered > 0))"""  # noqa: S608 - this module's own words
    found = select(
        connection, where, series=one.series, specification=one.specification, dataset=one.dataset,
        delivery=one.delivery, hashed=one.hashed, service=service, host=host,
    )  # fmt: skip
    return found[-1] if found else None
