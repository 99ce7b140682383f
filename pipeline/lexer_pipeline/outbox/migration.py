"""The tables of a ledger: made where there are none, and those of 0.1.0 filled into those of today, in one transaction.

0.1.0 knew uploads alone. Its destination was one text, `{host} dataset={id} type={record type}`, which the second and third
part were missing from where no dataset was named. What it never asked for has no dataset yet, and what would replace
another becomes a further delivery: here in the ledger, and by the same command in the folder (adopt.py).
"""

import re
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from lexer_pipeline.outbox import deliveries, ledger_file, names
from lexer_pipeline.outbox.batch import folders
from lexer_pipeline.outbox.entry import ENDED, BatchState, NewBatch
from lexer_pipeline.outbox.found import (
    Found,
    content_of_files,
    deliveries_of,
    further,
    is_above_the_first,
    look,
)
from lexer_pipeline.outbox.names import FileName, Given
from lexer_pipeline.system.hosts import is_loopback

DESTINATION = re.compile(r"(?P<host>\S*)(?: dataset=(?P<dataset>\S+) type=(?P<type>\S+))?")
# The tables before `purge`, those before what batches were made of was among them, and those before what their records are.
WITHOUT_PURGES, WITHOUT_SOURCES, WITHOUT_HASHES = 2, 3, 4
SAME = (
    "id", "sha256", "md5", "state", "upload_id", "url", "expires_at", "tries", "unanswered", "body_bytes", "denied", "etag",
    "verified", "reason", "created_at", "started_at", "updated_at",
)  # fmt: skip
TEXTS = ("destination", "batch", "name", "sha256")


class _Upload(Struct, frozen=True):
    """A row of the ledger of 0.1.0; `asked` where permission was ever asked for."""

    row: sqlite3.Row
    host: str
    dataset: str
    record_type: str | None
    asked: bool


class _Batch(Struct, frozen=True):
    """What lay in one folder at one time: as the ledger of 0.1.0 called it, and as it lies there if it still does."""

    folder: str
    sha256: str
    name: FileName
    uploads: tuple[_Upload, ...]
    found: Found | None
    is_history: bool

    @property
    def asked(self) -> bool:
        """Whether its name was ever used."""
        return any(one.asked for one in self.uploads) or (self.found is not None and self.found.is_sent)

    @property
    def meant(self) -> _Upload | None:
        """The upload whose dataset is the batch's: the last, to a service before a sandbox."""
        return max(self.uploads, key=lambda one: (not is_loopback(one.host), one.row["id"]), default=None)


def migrate(connection: sqlite3.Connection, home: Path, now: float) -> None:
    """Within a transaction: the tables of today; `home` is the folder of the ledger, in which 0.1.0 kept its batches."""
    before = ledger_file.version(connection)
    if before == ledger_file.VERSION:
        return
    if not before:
        ledger_file.make_tables(connection)
        return
    if before in (WITHOUT_PURGES, WITHOUT_SOURCES, WITHOUT_HASHES):
        if before == WITHOUT_PURGES:
            connection.execute("ALTER TABLE batches ADD COLUMN purged_at REAL NOT NULL DEFAULT 0")
        connection.execute("ALTER TABLE batches ADD COLUMN compared TEXT NOT NULL DEFAULT ''")
        for column in ("renews", "hashed"):
            connection.execute(f"ALTER TABLE batches ADD COLUMN {column} INTEGER NOT NULL DEFAULT 0")
        for table in (ledger_file.SOURCES, ledger_file.STAGED, ledger_file.HASHES, ledger_file.HASH_KEY):
            connection.execute(table)
        connection.execute(f"PRAGMA user_version={ledger_file.VERSION}")
        return
    # Columns by their names, so that SQLite says of a ledger that is none of 0.1.0 which it lacks.
    events = connection.execute(
        "SELECT id, upload, at, state, upload_id, what FROM events ORDER BY id"
    ).fetchall()
    uploads = _uploads(connection, {row["upload"] for row in events if row["state"] == "asked"})
    (next_at,) = connection.execute("SELECT coalesce(max(next_at), 0) FROM pace").fetchone()
    for table in ("events", "uploads", "pace"):
        connection.execute(f"DROP TABLE {table}")
    ledger_file.make_tables(connection)
    connection.execute("UPDATE pace SET next_at = ?", (next_at,))
    for parts, chosen in _named(list(_batches(uploads, home)), home):
        _add(connection, home, parts, chosen, now)
    kept = {one.row["id"] for one in uploads}
    connection.executemany(
        "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)",
        [tuple(row) for row in events if row["upload"] in kept],
    )


def _uploads(connection: sqlite3.Connection, asked: Collection[int]) -> list[_Upload]:
    """The uploads that are more than an intention: permission was asked for, or they have ended."""
    found = []
    columns = ", ".join(("destination", "batch", "name", "bytes", "records", *SAME))
    for row in connection.execute(f"SELECT {columns} FROM uploads ORDER BY id").fetchall():  # noqa: S608 - the names are this module's own
        if not all(isinstance(row[name], str) for name in TEXTS):
            # Worded as what SQLite itself says of a damaged ledger.
            raise sqlite3.DatabaseError("an upload in it has no name, or none that is text")
        match = DESTINATION.fullmatch(row["destination"])
        host, dataset, kind = (
            match.group("host", "dataset", "type") if match else (row["destination"], None, None)
        )
        was_asked = row["started_at"] is not None or row["upload_id"] is not None or row["id"] in asked
        if was_asked or row["state"] in ENDED:
            found.append(_Upload(row, host, dataset or "", kind, was_asked))
    return found


# ------------------------------------------------------------------------------------------------- what there is


def _batches(uploads: Sequence[_Upload], home: Path) -> Iterator[_Batch]:
    """Every batch that the ledger knows, and every one that lies in its folder."""
    lying = {folder.name: found for folder in folders(home) if (found := look(folder)) is not None}
    contents: dict[str, dict[str, list[_Upload]]] = {}
    for one in uploads:
        contents.setdefault(one.row["batch"], {}).setdefault(one.row["sha256"], []).append(one)
    for text in contents.keys() | lying.keys():
        found, known = lying.get(text) or look(home / text), contents.get(text, {})
        # A folder that was filled anew holds the last of its contents; the others are history.
        last = found.manifest.sha256 if found is not None else list(known)[-1]
        if found is not None and last not in known:
            yield _Batch(text, last, found.name, (), found, False)
        for sha256, some in known.items():
            is_last = sha256 == last
            folder = text if is_last else f"{text} ({sha256[:12]})"
            name = names.parse(some[-1].row["name"])
            yield _Batch(folder, sha256, name, tuple(some), found if is_last else None, not is_last)


def _named(batches: Sequence[_Batch], home: Path) -> Iterator[tuple[list[_Batch], list[FileName]]]:
    """The deliveries in the order they were made, with the names that their parts get.

    Names that were used stay; they are known before others are given, whose batches may have been made before.
    """
    history = [[one] for one in batches if one.is_history]
    groups = list(deliveries_of((one for one in batches if not one.is_history), lambda one: one.name))
    given: dict[str, Given] = {}
    for parts in (*history, *groups):
        if any(one.asked for one in parts):
            _give(given, parts[0].name)
    for parts in history:
        yield parts, [one.name for one in parts]
    for parts in groups:
        chosen = [one.name for one in parts]
        found = [one.found for one in parts if one.found is not None]
        stays = any(one.asked for one in parts) or not parts[0].name.date or len(found) < len(parts)
        if not stays and (is_above_the_first(found) or parts[0].name.delivery in given):
            chosen = further(found, given, home)
        _give(given, chosen[0])
        yield parts, chosen


def _give(given: dict[str, Given], name: FileName) -> None:
    before = given.get(name.delivery)
    given[name.delivery] = Given(True, max(before.version if before else "", name.version))


# ---------------------------------------------------------------------------------------------- what is written


def _add(
    connection: sqlite3.Connection,
    home: Path,
    parts: Sequence[_Batch],
    chosen: Sequence[FileName],
    now: float,
) -> None:
    paths = [(home / one.folder / _file(one), one.sha256) for one in parts]
    content = content_of_files(paths)
    new = [
        _new(one, name, number, content)
        for number, (one, name) in enumerate(zip(parts, chosen, strict=True), 1)
    ]
    since = min((upload.row["created_at"] for one in parts for upload in one.uploads), default=now)
    for one, made in zip(parts, deliveries.add(connection, new, since), strict=True):
        for upload in one.uploads:
            values = {name: upload.row[name] for name in SAME} | {
                "batch": made.id, "service": upload.host, "dataset": upload.dataset, "asked": int(upload.asked)
            }  # fmt: skip
            connection.execute(
                f"INSERT INTO uploads ({', '.join(values)}) VALUES (:{', :'.join(values)})",  # noqa: S608 - the names are this module's own
                values,
            )


def _file(one: _Batch) -> str:
    return str(one.uploads[-1].row["name"]) if one.uploads else one.found.manifest.file if one.found else ""


def _new(one: _Batch, name: FileName, number: int, content: str) -> NewBatch:
    """The batch as today's ledger has it; none of 0.1.0 was made for a dataset."""
    new = _of_row(one, number, content) if one.found is None else None
    if new is None:
        assert one.found is not None
        folder = one.folder if name == one.name else f"{name.name}-{name.version}"
        new = one.found.new_batch(name, folder, number, content)
    if one.is_history and not one.asked:
        new = replace(new, state=BatchState.DROPPED)
    if any(upload.asked and not is_loopback(upload.host) for upload in one.uploads):
        new = replace(new, state=BatchState.PREPARED)  # sent though it was held, as a person had said
    return replace(new, dataset=one.meant.dataset if one.meant is not None else new.dataset)


def _of_row(one: _Batch, number: int, content: str) -> NewBatch:
    """A batch of which the ledger alone says something: a file sent as it is, or a folder that is gone.

    Nothing says which source it was made from, so it is a series of its own.
    """
    last = one.uploads[-1]
    is_as_it_is = last.row["name"].endswith(".csv")
    return NewBatch(
        part=number, folder=one.folder, file=last.row["name"], name=one.name.name, version=one.name.version,
        specification="" if is_as_it_is else one.name.first, record_type=last.record_type, series=last.row["name"],
        content=content, sha256=one.sha256, bytes=last.row["bytes"], records=last.row["records"], dataset="", made_for="",
        state=BatchState.PREPARED,
    )  # fmt: skip
