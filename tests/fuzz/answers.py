"""Mutated answers of API and store: nothing is sent twice, the ledger knows what is there, and no secret is told."""

import hashlib
import random
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.fuzz.answering import SIGNATURE, Answering, answering
from tests.fuzz.command import Said
from tests.fuzz.outboxes import copied, sent, templates
from tests.fuzz.runner import Complaint, Kind
from tests.upload.store import TOKEN

LEDGER = "ledger.sqlite3"
COMMANDS = (("upload",), ("upload", "--json"), ("upload", "--parallel", "1"), ("upload", "--quiet"))


def play(rng: random.Random, folder: Path) -> None:
    """What waits is sent to a service that answers anything, once or twice, and then to one that is well."""
    place = copied("waiting", folder)
    with answering(rng) as service:
        for _ in range(rng.choice((1, 1, 2))):
            look_at(sent(rng.choice(COMMANDS), place, service.base), place, service)
        service.is_wild = False
        look_at(sent(("upload",), place, service.base), place, service)
        look_at(sent(("status",), place, service.base), place, service)
        nothing_lost(place, service)


def look_at(said: Said, place: Path, service: Answering) -> None:
    """What must hold after every command."""
    for secret in (TOKEN, SIGNATURE):
        if secret in said.all:
            raise Complaint(f"{' '.join(said.words)} tells a secret: {said.all}")
        for path in place.rglob("*"):
            if path.is_file() and not path.name.startswith(LEDGER) and secret.encode() in path.read_bytes():
                raise Complaint(f"{path.relative_to(place)} holds a secret")
    for md5, places in service.kept.items():
        if len(places) > 1:
            raise Complaint(
                f"{' '.join(said.words)}: {md5} was sent twice, to {sorted(places)}\n{said.all}\n{story(place, service)}"
            )
    for entry in uploads(place):
        if entry["state"] == "sent" and md5_of(entry, place) not in service.kept:
            raise Complaint(
                f"{entry['name']} counts as sent, and is not there\n{said.all}\n{story(place, service)}"
            )


def nothing_lost(place: Path, service: Answering) -> None:
    """In the end each batch is sent, or a person was told; what is there is never asked for once more."""
    for entry in uploads(place):
        if md5_of(entry, place) in service.kept and entry["state"] not in ("sent", "in_doubt"):
            raise Complaint(
                f"{entry['name']} is there and counts as {entry['state']}\n{story(place, service)}"
            )
        # A permission for an address that nobody answers at is kept until it expires; nothing has left by then.
        waits = entry["state"] == "granted" and entry["reason"].startswith("the store could not be reached")
        if entry["state"] not in ("sent", "in_doubt", "refused") and not waits:
            raise Complaint(f"{entry['name']} is left as {entry['state']}\n{story(place, service)}")


def md5_of(entry: sqlite3.Row, place: Path) -> str:
    """What a store says of the file."""
    name = Path(entry["name"])
    return hashlib.md5((place / "batches" / name.stem / name).read_bytes()).hexdigest()


def uploads(place: Path) -> list[sqlite3.Row]:
    """What the ledger has of each upload; it is whole."""
    with closing(sqlite3.connect(place / "batches" / LEDGER)) as connection:
        connection.row_factory = sqlite3.Row
        if connection.execute("PRAGMA integrity_check").fetchone()[0] != "ok":
            raise Complaint("the ledger is broken")
        return connection.execute(
            "SELECT u.*, b.file AS name FROM uploads u JOIN batches b ON b.id = u.batch"
        ).fetchall()


def story(place: Path, service: Answering) -> str:
    """What the ledger says happened, and what the service says."""
    with closing(sqlite3.connect(place / "batches" / LEDGER)) as connection:
        found = [
            str(tuple(row))
            for row in connection.execute("SELECT upload, state, upload_id, what FROM events ORDER BY id")
        ]
    return "\n".join([*found, *service.log])


ANSWERS = Kind("answers", play, templates)
