"""What the ledger knows of deliveries: which there are, how they stand to each other, and what is free to be given.

Every function takes the connection of a transaction, so that what it finds still holds when its caller writes.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from msgspec.structs import asdict, fields, replace

from lexer_pipeline.outbox import names
from lexer_pipeline.outbox.connection import Connection
from lexer_pipeline.outbox.entry import BatchEntry, BatchState, NewBatch, Offer

ASKED = "EXISTS (SELECT 1 FROM uploads AS u WHERE u.batch = b.id AND u.asked = 1)"
# Not all that was tried has failed for good: it waits, is on its way, has arrived or may have.
ALIVE = """(b.state = 'prepared' AND (
    NOT EXISTS (SELECT 1 FROM uploads AS u WHERE u.batch = b.id)
    OR EXISTS (SELECT 1 FROM uploads AS u WHERE u.batch = b.id AND u.state NOT IN ('refused', 'changed'))))"""
# What 0.1.0 knew by the host of this machine alone is no service of today: nothing goes on with it.
A_SERVICE = "NOT (u.service LIKE '127.%' OR u.service IN ('localhost', '::1'))"
ON_ITS_WAY = f"""EXISTS (SELECT 1 FROM uploads AS u WHERE u.batch = b.id AND {A_SERVICE}
    AND u.state IN ('asked', 'granted', 'sending', 'in_doubt'))"""  # noqa: S608 - this module's own words
COLUMNS = ", ".join(f"b.{field.name}" for field in fields(BatchEntry))
# It was asked for, or one that it corrects was: where it goes is settled.
PLACED = """EXISTS (SELECT 1 FROM batches AS first JOIN uploads AS u ON u.batch = first.id
    WHERE first.name = b.name AND first.id <= b.id AND u.asked = 1)"""
# Without a dataset at hand, what was made without one is meant, wherever it went since.
SAME_DESTINATION = f"""(b.dataset = :dataset OR (:dataset = '' AND b.made_for = '')
    OR (:dataset != '' AND b.dataset = '' AND NOT {PLACED}))"""


def select(connection: Connection, where: str, **values: object) -> list[BatchEntry]:
    """The batches for which a condition of ours holds, in the order they were made."""
    query = f"SELECT {COLUMNS} FROM batches AS b WHERE {where} ORDER BY b.delivery, b.part"  # noqa: S608 - conditions are this package's own
    return [BatchEntry(**row) for row in connection.execute(query, values)]


def holds(connection: Connection, where: str, **values: object) -> bool:
    """Whether there is a batch for which a condition of ours holds."""
    query = f"SELECT 1 FROM batches AS b WHERE {where} LIMIT 1"  # noqa: S608 - conditions are this package's own
    return connection.execute(query, values).fetchone() is not None


def by_id(connection: Connection, number: int) -> BatchEntry:
    """The batch with this id."""
    (found,) = select(connection, "b.id = :id", id=number)
    return found


def parts_of(connection: Connection, delivery: int) -> list[BatchEntry]:
    """All batches of a delivery."""
    return select(connection, "b.delivery = :delivery", delivery=delivery)


def in_folder(connection: Connection, folder: str) -> BatchEntry | None:
    """The batch in this folder, as the ledger calls it."""
    return next(iter(select(connection, "b.folder = :folder", folder=folder)), None)


def add(connection: Connection, batches: Sequence[NewBatch], now: float) -> list[BatchEntry]:
    """A delivery is written down, part by part."""
    delivery = 0
    made = []
    made_at = after_all(connection, now)
    for one in batches:
        values = {**asdict(one), "delivery": delivery, "made_at": made_at}
        query = f"INSERT INTO batches ({', '.join(values)}) VALUES (:{', :'.join(values)}) RETURNING id"  # noqa: S608 - the names are this package's own
        (number,) = connection.execute(query, values).fetchone()
        delivery = delivery or number
        connection.execute("UPDATE batches SET delivery = ? WHERE id = ?", (delivery, number))
        made.append(by_id(connection, number))
    return made


def after_all(connection: Connection, now: float) -> float:
    """The time at which something is made now: later than all that was made before, also where the clock was set back."""
    (last,) = connection.execute("SELECT coalesce(max(made_at), 0) FROM batches").fetchone()
    return max(now, float(last) + 0.001)


def change(connection: Connection, one: BatchEntry, **values: object) -> BatchEntry:
    """Other values for some columns of a batch."""
    changes = ", ".join(f"{name} = :{name}" for name in values)
    connection.execute(
        f"UPDATE batches SET {changes} WHERE id = :the_id",  # noqa: S608 - the names are this package's own
        {**values, "the_id": one.id},
    )
    return replace(one, **values)


# ----------------------------------------------------------------------------------------------- what there is


def of_content(connection: Connection, offer: Offer) -> list[list[BatchEntry]]:
    """The deliveries of an offer's content in its series to its destination that were not dropped, the newest first.

    What is sent as it is has no series to speak of: there, content alone tells.
    """
    where = f"""b.content = :content AND b.specification = :specification AND b.state != 'dropped'
        AND (b.series = :series OR b.specification = '') AND {SAME_DESTINATION}"""
    found = select(
        connection, where, content=offer.content, specification=offer.specification, series=offer.series,
        dataset=offer.dataset,
    )  # fmt: skip
    return list(reversed(list(_deliveries(found))))


def _deliveries(batches: Sequence[BatchEntry]) -> Iterator[list[BatchEntry]]:
    for _, parts in groupby(batches, key=lambda one: one.delivery):
        yield list(parts)


def newer_content(connection: Connection, one: BatchEntry, dataset: str) -> BatchEntry | None:
    """The newest delivery with other content that came after `one` in its series, if any.

    What fixes single rows of a delivery is not newer than it: the delivery's own rows stand. Nor is the correction of one that
    came before it: that stands where the other stood. What was held counts from when it was released.
    """
    where = f"""b.specification = :specification AND b.series = :series AND b.delivery > :delivery
        AND b.content != :content AND b.fixes IS NULL AND {ALIVE} AND {SAME_DESTINATION}
        AND (:before != 'held' OR b.made_at > :made_at)
        AND (b.replaces IS NULL OR NOT EXISTS (SELECT 1 FROM batches AS first WHERE first.name = b.name
            AND first.delivery <= :delivery AND first.state != 'dropped'))"""  # noqa: S608 - conditions are this package's own
    found = select(
        connection, where, specification=one.specification, series=one.series, delivery=one.delivery,
        content=one.content, dataset=dataset, before=one.state_before, made_at=one.made_at,
    )  # fmt: skip
    return found[-1] if found else None


def is_asked(connection: Connection, one: BatchEntry) -> bool:
    """Whether permission to send this batch was ever asked for, of any service."""
    return holds(connection, f"b.id = :id AND {ASKED}", id=one.id)


def is_placed(connection: Connection, one: BatchEntry) -> bool:
    """Whether it is settled where this batch goes, since it or one that it corrects was asked for, of any service."""
    return holds(connection, f"b.id = :id AND {PLACED}", id=one.id)


def is_on_its_way(connection: Connection, one: BatchEntry) -> bool:
    """Whether an upload of this batch is under way, or nobody knows whether it arrived."""
    return holds(connection, f"b.id = :id AND {ON_ITS_WAY}", id=one.id)


def correction_of(connection: Connection, one: BatchEntry) -> BatchEntry | None:
    """The batch that takes the place of this one: the newest of its name that is to be sent, or was."""
    found = select(
        connection, "b.name = :name AND b.id > :id AND b.state = 'prepared'", name=one.name, id=one.id
    )
    return found[-1] if found else None


def taken_over_by(connection: Connection, one: BatchEntry) -> BatchEntry | None:
    """The batch that took the place of one that is superseded."""
    found = select(connection, "b.delivery > :delivery AND b.state != 'dropped'", delivery=one.delivery)
    shared = names.delivery_name(one.name)
    later = [other for other in found if names.delivery_name(other.name) == shared]
    return later[-1] if later and one.state == BatchState.SUPERSEDED else None


def given(connection: Connection, date: str) -> Mapping[str, names.Given]:
    """What was given of this date so far, by the name of the delivery.

    A name is free again where nothing was ever asked for under it and nothing lies there; a version never is.
    """
    query = f"""SELECT b.name, b.version, b.state IN ('prepared', 'held', 'rejected') OR {ASKED} AS taken
        FROM batches AS b WHERE b.name LIKE '%-' || :date"""  # noqa: S608 - the condition is this module's own
    found: dict[str, names.Given] = {}
    for name, version, taken in connection.execute(query, {"date": date}):
        key = names.delivery_name(name)
        before = found.get(key, names.Given(False, ""))
        found[key] = names.Given(before.taken or bool(taken), max(before.version, version))
    return found


def newest_of_name(connection: Connection, one: BatchEntry) -> list[BatchEntry]:
    """The delivery with the highest version that goes by the name of this one, dropped ones left out."""
    found = of_delivery_name(connection, names.delivery_name(one.name))
    of_name = [other for other in found if other.state != BatchState.DROPPED]
    return list(list(_deliveries(of_name))[-1]) if of_name else []


def of_delivery_name(connection: Connection, shared: str) -> list[BatchEntry]:
    """All batches that have this name in common, whatever their part and version."""
    found = select(connection, "b.name LIKE '%-' || :date", date=shared.rpartition("-")[2])
    return [one for one in found if names.delivery_name(one.name) == shared]


# ------------------------------------------------------------------------------------------------------- fixes


def root_of(connection: Connection, one: BatchEntry) -> int:
    """The delivery that was not made by fixing rejects, to which a chain of fixes goes back."""
    while one.fixes is not None:
        one = by_id(connection, one.fixes)
    return one.delivery


def family(connection: Connection, one: BatchEntry) -> list[BatchEntry]:
    """The batches of the delivery that a chain of fixes goes back to, and all fixes of it."""
    where = """b.id IN (WITH RECURSIVE kin(id) AS (SELECT id FROM batches WHERE delivery = :root
        UNION SELECT c.id FROM batches AS c JOIN kin ON c.fixes = kin.id) SELECT id FROM kin)"""
    return select(connection, where, root=root_of(connection, one))


def accepted_rows(connection: Connection, one: BatchEntry) -> Iterator[tuple[int, str]]:
    """The rows of rejects, by source, that fixes along the chain of this batch accepted, as far as they were not dropped."""
    query = """SELECT f.source, f.row FROM fixed AS f JOIN batches AS b ON b.id = f.by
        WHERE f.batch = ? AND b.state != 'dropped'"""
    yield from connection.execute(query, (root_of(connection, one),))


def rows_noted(connection: Connection, one: BatchEntry) -> int:
    """How many rows were ever noted as accepted along the chain of this batch."""
    query = "SELECT count(*) FROM fixed WHERE batch = ?"
    (count,) = connection.execute(query, (root_of(connection, one),)).fetchone()
    return int(count)


def note_accepted(connection: Connection, by: BatchEntry, rows: Iterable[tuple[int, str]]) -> None:
    """Rows that a fix accepted are written down."""
    root = root_of(connection, by)
    connection.executemany(
        "INSERT INTO fixed (batch, by, source, row) VALUES (?, ?, ?, ?)",
        ((root, by.id, source, row) for source, row in rows),
    )


# ------------------------------------------------------------------------------------------------ what changes


def join(connection: Connection, parts: Sequence[BatchEntry], content: str) -> None:
    """These are the parts of one delivery, in this order, and `content` is what is in all of them."""
    delivery = min(one.delivery for one in parts)
    for number, one in enumerate(parts, 1):
        change(connection, one, delivery=delivery, part=number, content=content)


def supersede(connection: Connection, correction: BatchEntry) -> None:
    """What a correction that may be sent replaces is never sent, as far as it was never asked for."""
    where = (
        f"""b.name = :name AND b.id < :id AND b.state IN ('prepared', 'held', 'rejected') AND NOT {ASKED}"""
    )
    for one in select(connection, where, name=correction.name, id=correction.id):
        change(connection, one, state=BatchState.SUPERSEDED, state_before=one.state)


def put_back(connection: Connection, dropped: BatchEntry) -> BatchEntry | None:
    """What a correction that was dropped had superseded is what it was before; None where there is nothing.

    Where its data was purged it cannot be sent, and counts as dropped: converting its source makes it anew.
    """
    before = select(
        connection, "b.name = :name AND b.id < :id AND b.state != 'dropped'", name=dropped.name, id=dropped.id
    )
    if not before:
        # What a fix took the place of may have had another number of parts.
        found = select(
            connection, "b.delivery < :delivery AND b.state != 'dropped'", delivery=dropped.delivery
        )
        shared = names.delivery_name(dropped.name)
        before = [one for one in found if names.delivery_name(one.name) == shared]
    if not before or before[-1].state != BatchState.SUPERSEDED:
        return None
    if before[-1].purged_at:
        change(connection, before[-1], state=BatchState.DROPPED)
        return None
    return change(connection, before[-1], state=before[-1].state_before, state_before="")
