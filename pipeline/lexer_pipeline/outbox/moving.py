"""What the ledger of a folder knows is brought into one in a database, once and as a whole; from then on that one is used."""

from contextlib import ExitStack, closing
from itertools import chain
from pathlib import Path

from lexer_pipeline.errors import UsageError
from lexer_pipeline.outbox.address import LedgerPlace, in_database
from lexer_pipeline.outbox.connection import Connection
from lexer_pipeline.outbox.ledger import Ledger
from lexer_pipeline.outbox.ledger_file import FILE, MOVED
from lexer_pipeline.outbox.locks import ITSELF
from lexer_pipeline.system import files
from lexer_pipeline.system.runtime import Runtime

# In this order, since each refers to those before it.
TABLES = ("batches", "uploads", "events", "fixed", "sources", "staged", "record_hashes", "hash_key")
NUMBERED = ("batches", "uploads", "events")
SAME = "SELECT id, folder, sha256 FROM batches ORDER BY id"


def move(out: Path, to: LedgerPlace | None, runtime: Runtime = Runtime()) -> Path:
    """Bring what the ledger in `out` knows into the one in the database, which knows nothing yet; how the file is called from now on.

    A crash on the way leaves the one as it was, or is finished by the next call. UsageError where that cannot be.
    """
    own, moved = out / FILE, out / MOVED
    if not in_database(to):
        raise UsageError(
            "--move-ledger brings a ledger into a database, and none is named",
            "export LEXER_LEDGER=postgresql://USER@HOST/DATABASE",
        )
    if not own.is_file() or moved.exists():
        why = f"{moved} is there already" if moved.exists() else "there is none"
        raise UsageError(
            f"{out} has no ledger of its own to be moved: {why}", "Name its folder: --out batches"
        )
    with ExitStack() as held:
        old = held.enter_context(closing(Ledger(out, runtime)))
        new = held.enter_context(closing(Ledger(out, runtime, to)))
        held.enter_context(old.alone(ITSELF))
        with new.transaction() as target, old.transaction() as source:
            _refuse_under_way(source, out)
            if not _is_there(source, target, old, new):
                _copy(source, target, old, new)
    own.rename(moved)
    files.sync_folder(out)
    return moved


def _refuse_under_way(source: Connection, out: Path) -> None:
    """The address of an upload is as good as a password while it lasts, and stays where it is."""
    (count,) = source.execute("SELECT count(*) FROM uploads WHERE url IS NOT NULL").fetchone()
    if count:
        raise UsageError(
            f"{count:,} uploads of {out} are under way",
            f"End them first: LEXER_LEDGER= lexer-pipeline upload --out {out}",
        )


def _is_there(source: Connection, target: Connection, old: Ledger, new: Ledger) -> bool:
    """Whether a call that was cut off has brought all of it; UsageError where the other ledger knows something else."""
    ours = [
        (number, _called(folder, old, new), checksum) for number, folder, checksum in source.execute(SAME)
    ]
    theirs = [tuple(row) for row in target.execute(SAME)]
    if theirs and theirs != ours:
        raise UsageError(
            f"the ledger {new.place} knows batches already, and two ledgers cannot be made one",
            "Name another schema in its address: ?schema=northwind",
        )
    return bool(theirs)


def _copy(source: Connection, target: Connection, old: Ledger, new: Ledger) -> None:
    for table in TABLES:
        rows = (dict(row) for row in source.execute(f"SELECT * FROM {table} ORDER BY 1"))  # noqa: S608 - this module's own words
        if table == "batches":
            rows = (row | {"folder": _called(row["folder"], old, new)} for row in rows)
        if (first := next(rows, None)) is not None:
            names = list(first)
            insert = f"INSERT INTO {table} ({', '.join(names)}) VALUES (:{', :'.join(names)})"  # noqa: S608 - names of our own tables
            target.executemany(insert, chain([first], rows))
    for table in NUMBERED:
        last = f"SELECT coalesce(max(id), 0) + 1 FROM {table}"  # noqa: S608 - this module's own words
        target.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), ({last}), false)")


def _called(folder: str, old: Ledger, new: Ledger) -> str:
    return new.text_of(old.folder_of(folder))
