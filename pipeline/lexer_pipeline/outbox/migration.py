"""The tables of a ledger: made where there are none, and those of 0.1.0 filled into those of today, in one transaction.

0.1.0 knew uploads alone. Its destination was one text, `{host} dataset={id} type={record type}`, which the second and third
part were missing from where no dataset was named. What it never asked for is met again in the out folder (adopt.py).
"""

import json
import re
import sqlite3
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from lexer_pipeline.outbox import deliveries, ledger_file, names
from lexer_pipeline.outbox.batch import MANIFEST, series_of
from lexer_pipeline.outbox.entry import NewBatch

DESTINATION = re.compile(r"(?P<host>\S*)(?: dataset=(?P<dataset>\S+) type=(?P<type>\S+))?")
SAME = (
    "md5", "state", "upload_id", "url", "expires_at", "tries", "unanswered", "body_bytes", "denied", "etag", "verified",
    "reason", "created_at", "started_at", "updated_at",
)  # fmt: skip


def migrate(connection: sqlite3.Connection, home: Path) -> None:
    """Within a transaction: the tables of today; `home` is the folder of the ledger, in which 0.1.0 kept its batches."""
    before = ledger_file.version(connection)
    if before == ledger_file.VERSION:
        return
    old: list[sqlite3.Row] = []
    events: list[sqlite3.Row] = []
    next_at = 0.0
    if before:
        events = connection.execute("SELECT * FROM events ORDER BY id").fetchall()
        asked = {row["upload"] for row in events if row["state"] == "asked"}
        rows = connection.execute("SELECT * FROM uploads ORDER BY id").fetchall()
        old = [row for row in rows if _was_asked(row, asked)]
        (next_at,) = connection.execute("SELECT next_at FROM pace").fetchone()
        for table in ("events", "uploads", "pace"):
            connection.execute(f"DROP TABLE {table}")
    ledger_file.make_tables(connection)
    _fill(connection, old, events, home)
    connection.execute("UPDATE pace SET next_at = ?", (next_at,))


def _fill(
    connection: sqlite3.Connection, old: list[sqlite3.Row], events: list[sqlite3.Row], home: Path
) -> None:
    batches: dict[tuple[str, str], int] = {}
    last = {row["batch"]: row["sha256"] for row in old}
    for row in old:
        key = (row["batch"], row["sha256"])
        if key not in batches:
            # A folder that was filled anew holds the last of its contents; the others are history.
            is_last = last[row["batch"]] == row["sha256"]
            folder = row["batch"] if is_last else f"{row['batch']} ({row['sha256'][:12]})"
            batches[key] = _add(connection, row, folder, _manifest(home / row["batch"], row["sha256"]))
        found = DESTINATION.fullmatch(row["destination"])
        service, dataset = (found["host"], found["dataset"] or "") if found else (row["destination"], "")
        connection.execute(
            "UPDATE batches SET dataset = ?, made_for = ? WHERE id = ?", (dataset, dataset, batches[key])
        )
        values = {name: row[name] for name in SAME} | {
            "id": row["id"], "batch": batches[key], "service": service, "dataset": dataset, "sha256": row["sha256"],
            "asked": 1,
        }  # fmt: skip
        connection.execute(
            f"INSERT INTO uploads ({', '.join(values)}) VALUES (:{', :'.join(values)})",  # noqa: S608 - the names are this module's own
            values,
        )
    kept = {row["id"] for row in old}
    connection.executemany(
        "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)",
        [tuple(row) for row in events if row["upload"] in kept],
    )


def _was_asked(row: sqlite3.Row, asked: Collection[int]) -> bool:
    return row["started_at"] is not None or row["upload_id"] is not None or row["id"] in asked


def _manifest(folder: Path, sha256: str) -> Mapping[str, Any]:
    """The manifest that lies in the folder, if it is that of this content."""
    try:
        found = json.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) and found.get("sha256") == sha256 else {}


def _add(connection: sqlite3.Connection, row: sqlite3.Row, folder: str, manifest: Mapping[str, Any]) -> int:
    match = names.FILE_NAME.fullmatch(row["name"])
    destination = DESTINATION.fullmatch(row["destination"])
    is_as_it_is = row["name"].endswith(".csv")
    first = names.PART.sub("", match["first"]) if match else row["name"]
    sources = [source.get("path", "") for source in manifest.get("sources", ())]
    new = NewBatch(
        part=1,
        folder=folder,
        file=row["name"],
        name=match["name"] if match else row["name"],
        version=(match["version"] or "") if match else "",
        specification="" if is_as_it_is else str(manifest.get("specification", first)),
        record_type=manifest.get("record_type") or (destination["type"] if destination else None),
        series=series_of(sources) if sources else first,
        content=row["sha256"],
        sha256=row["sha256"],
        bytes=row["bytes"],
        records=row["records"],
        dataset="",
        made_for="",
        state="prepared",
    )
    (made,) = deliveries.add(connection, [new], row["created_at"])
    return made.id
