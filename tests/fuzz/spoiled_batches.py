"""What lies in a folder of batches, mutated: manifests, receipts, other files, the ledger, and what a crash left behind."""

import json
import random
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.fuzz import mutate
from tests.fuzz.corpus import ROOT
from tests.fuzz.outboxes import DAY

LEDGER = "batches/ledger.sqlite3"
PRODUCTS, PEOPLE = ("products.csv", "--spec", "product"), ("people.csv", "--spec", "customer_record")


@dataclass(frozen=True)
class Played:
    """What is typed once the files are mutated, and whether the token is there."""

    commands: Sequence[Sequence[str]]
    has_token: bool = True


HELD, NONE, SHOP = "people-20240306-a", "people_none-20240306-a", "commerce_products_shop-20240306-b"
READ = (
    ("status",), ("upload", "--dry-run"), ("upload", "--dry-run", HELD, "--out", "batches"), ("drop", HELD), ("drop", NONE), ("drop", SHOP),
    ("settle", SHOP, "--arrived"), ("settle", HELD, "--arrived"),
    ("purge", "--older-than", "1h"), ("purge", "--older-than", "0h", "--yes"),
)  # fmt: skip
SENT = Played((*READ, ("upload",), ("upload", HELD), ("upload", SHOP), ("upload", "--older")))
MADE = Played((
    *READ, ("settle", SHOP, "--not-arrived"), ("convert", "--fix", HELD), ("convert", "--fix", NONE), ("convert", *PRODUCTS, *DAY), ("convert", *PEOPLE, *DAY),
    ("convert", *PEOPLE, *DAY, "--max-invalid", "100%", "--label", "again"), ("convert", *PRODUCTS, "--replaces", SHOP),
    ("convert", "more.csv", "--spec", "product", *DAY, "--label", "gone"),
))  # fmt: skip


def manifest(rng: random.Random, place: Path) -> Played:
    """A manifest or a receipt of a batch."""
    path = rng.choice(sorted((place / "batches").glob("*/[mr]*.json")))
    plain = json.loads(path.read_bytes())
    if rng.random() < 0.7:
        for _ in range(rng.randint(1, 3)):
            plain = mutate.spoiled_value(rng, plain)
        path.write_bytes(mutate.dumped(rng, plain).encode("utf-8", "replace"))
    else:
        path.write_bytes(mutate.spoiled(rng, path.read_bytes()))
    if rng.random() < 0.2:
        (place / LEDGER).unlink()  # all is adopted anew
        return MADE
    return rng.choice((MADE, SENT))


def other_files(rng: random.Random, place: Path) -> Played:
    """Rejects, issues, records, or a folder of batches that is none."""
    path = rng.choice(
        sorted(path for path in (place / "batches").glob("*/*") if path.name != "manifest.json")
    )
    how = rng.randrange(4)
    if how == 0:
        path.unlink()
    elif how == 1:
        path.unlink()
        path.mkdir()
    elif how == 2:
        path.unlink()
        path.symlink_to(rng.choice(("nowhere", path.name, "..", "manifest.json")))
    else:
        path.write_bytes(mutate.spoiled(rng, path.read_bytes()))
    return MADE


def ledger(rng: random.Random, place: Path) -> Played:
    """The ledger: a row says something else, a table is another, or bytes are flipped."""
    path = place / LEDGER
    if rng.random() < 0.2:
        path.unlink()
        with closing(sqlite3.connect(path)) as old:  # as version 0.1.0 left it
            old.executescript((ROOT / "tests/migration/fixture_0_1_0/ledger.sql").read_text("utf-8"))
    if rng.random() < 0.3:
        path.write_bytes(mutate.spoiled(rng, path.read_bytes()))
        return MADE
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        for _ in range(rng.randint(1, 4)):
            with suppress(sqlite3.Error):
                change(rng, connection)
        connection.commit()
    return MADE


ODD: Sequence[Any] = (
    *mutate.TEXTS, *(-1, 0, 1, 7, 2**31, 2**63 - 1, -(2**63)), 1e308, -1.5, None, "prepared", "held", "dropped", "sent", "sending", "in_doubt", "frog",
    "../..", "/etc/passwd", "people-20240306-a", "a/b", "{", "[]", "null", '{"rejects.csv": 5}', b"\xff", "a" * 3000,
)  # fmt: skip


def change(rng: random.Random, connection: sqlite3.Connection) -> None:
    """One change of a row or of a table."""
    table = rng.choice(
        [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    )
    columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    column, how = rng.choice(columns), rng.random()
    row = f"rowid = (SELECT rowid FROM {table} ORDER BY rowid LIMIT 1 OFFSET {rng.randrange(4)})"
    if how < 0.6:
        connection.execute(f"UPDATE {table} SET {column} = ? WHERE {row}", (rng.choice(ODD),))
    elif how < 0.7:
        connection.execute(
            f"UPDATE {table} SET {column} = (SELECT {rng.choice(columns)} FROM {table} LIMIT 1) WHERE {row}"
        )
    elif how < 0.8:
        connection.execute(f"DELETE FROM {table} WHERE {row}")
    elif how < 0.85:
        connection.execute(f"DROP TABLE {table}")
    elif how < 0.9:
        connection.execute(f"ALTER TABLE {table} RENAME COLUMN {column} TO other")
    elif how < 0.95:
        connection.execute(f"PRAGMA user_version = {rng.choice((0, 1, 3, 99, -1))}")
    else:
        connection.execute(
            f"CREATE TRIGGER odd BEFORE UPDATE ON {table} BEGIN SELECT RAISE(ABORT, 'no'); END"
        )


def plan(rng: random.Random, place: Path) -> Played:
    """What a crash left of a publication: the note of what becomes what."""
    work = place / "batches" / ".preparing-abcdefgh"
    shutil.copytree(place / "batches" / "people-20240306-a", work / "part-0001")
    plain: Any = {"part-0001": "people-20240306-a"}
    if rng.random() < 0.7:
        shutil.rmtree(place / "batches" / "people-20240306-a")
    outside = rng.choice(
        (
            "../../outside",
            "..",
            "/tmp/outside",
            ".lock",
            "ledger.sqlite3",
            "",
            "a\x00b",
            "people-20240306-a/in",
            "a" * 300,
        )
    )
    plain = rng.choice(
        (plain, {"part-0001": outside}, {outside: "people-20240306-a"}, mutate.spoiled_value(rng, plain))
    )
    data = mutate.dumped(rng, plain).encode("utf-8", "replace")
    (work / "publish.json").write_bytes(mutate.spoiled(rng, data) if rng.random() < 0.4 else data)
    if rng.random() < 0.5:
        (work / "lock").touch()
    return rng.choice((MADE, SENT))
