"""Mutated mappings, settings, schemas, manifests, ledgers and plans: every command ends with its exit code, and sends nothing."""

import json
import random
import shutil
import sqlite3
import sys
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.fuzz import mutate
from tests.fuzz.command import typed
from tests.fuzz.corpus import ROOT, Seed, presets, seeds
from tests.fuzz.outboxes import DAY, HASTY, SERVICE, copied, templates, to
from tests.fuzz.runner import Complaint, Kind

LEDGER = "batches/ledger.sqlite3"
PRODUCTS, PEOPLE = ("products.csv", "--spec", "product"), ("people.csv", "--spec", "customer_record")
FULL = (
    HASTY.replace("[names]", 'upload.proxy = "http://127.0.0.1:9"\nupload.account = "shop"\nupload.limit_rate = 2_000_000\nupload.parallel = 2\n'
    'upload.dataset = "a1"\n[datasets]\npurchase = "a1b2c3d4"\ncustomer_record = "b2c3d4e5"\n[ledger]\npath = "ledger.sqlite3"\n[names]')
)  # fmt: skip


@dataclass(frozen=True)
class Played:
    """What is typed once the files are mutated, and whether the token is there."""

    commands: Sequence[Sequence[str]]
    has_token: bool = True


def play(rng: random.Random, folder: Path) -> None:
    """One file of some kind mutated, and some of the commands that read it."""
    place = copied("settled", folder)
    for path in (place / "batches").glob(".preparing-*"):
        raise Complaint(f"{path.name} was left behind")
    asked = rng.choice(KINDS)(rng, place)
    environ = to((templates() / SERVICE).read_text()) if asked.has_token else {}
    before = beside(place)
    guard: list[str] = []
    sys.addaudithook(
        lambda event, _: guard.append(event) if event in ("socket.connect", "socket.getaddrinfo") else None
    )
    for words in rng.sample(asked.commands, min(len(asked.commands), rng.randint(1, 4))):
        with (folder / "commands.txt").open("a", encoding="utf-8") as file:
            file.write(f"lexer-pipeline {' '.join(words)}\n")
        typed([*words, *(["--json"] if rng.random() < 0.5 else [])], place, environ)
        if guard:
            raise Complaint(f"{' '.join(words)}: it speaks with somebody ({guard[0]})")
        if beside(place) != before:
            raise Complaint(f"{' '.join(words)}: it changed files outside of the batches")


def beside(place: Path) -> dict[str, bytes]:
    """What lies around the folder of batches, which no command of these changes."""
    paths = [place.parent, *place.parent.glob("*"), *place.glob("*")]
    made = ("commands.txt", "ledger.sqlite3", "ledger.sqlite3-journal", "drafted.toml", ".lock")
    return {str(path): path.read_bytes() for path in paths if path.is_file() and path.name not in made}


# ----------------------------------------------------------------------------------------------- what is mutated


def mapping(rng: random.Random, place: Path) -> Played:
    """A preset or another mapping, and a table that fits it."""
    path = rng.choice(presets())
    fitting = [seed for seed in seeds() if path.stem in (*seed.words, seed.path.stem)] or [
        seed for seed in seeds() if seed.is_table
    ]
    table = Path(shutil.copy(rng.choice(fitting).path, place / "table.csv")).name
    (place / "own.toml").write_bytes(toml(rng, path.read_text("utf-8")))
    use = ("--map", "own.toml")
    return Played((("validate", table, *use), ("convert", table, *use, *DAY, "--max-invalid", "100%"), ("convert", table, *use, "--keep-rest"),
                   ("map", table, "--from", "own.toml", "--out", "drafted.toml"), ("validate", table, *use, "--spec", "purchase")))  # fmt: skip


def toml(rng: random.Random, words: str) -> bytes:
    """Settings that are changed as text, or as bytes."""
    if rng.random() < 0.3:
        return mutate.spoiled(rng, words.encode())
    return mutate.spoiled_toml(rng, words).encode("utf-8", "replace")


def settings(rng: random.Random, place: Path) -> Played:
    """pipeline.toml; without a token, since other settings may mean another service."""
    (place / "pipeline.toml").write_bytes(toml(rng, FULL))
    commands = (("validate", *PRODUCTS), ("convert", *PRODUCTS), ("run", *PRODUCTS), ("status",), ("upload",), ("upload", "--dry-run"),
                ("settle", "people-20240306-a", "--arrived"), ("drop", "people-20240306-a"))  # fmt: skip
    return Played(commands, has_token=False)


def schema(rng: random.Random, place: Path) -> Played:
    """A specification, and a file that fits it."""
    seed: Seed = rng.choice(
        [seed for seed in seeds() if seed.words[0] == "--spec" and (seed.is_table or seed.is_json)]
    )
    name = (
        seed.path.parent.name
        if (ROOT / f"schemas/{seed.path.parent.name}.json").exists()
        else seed.path.parent.parent.name
    )
    path = ROOT / f"schemas/{name}.json"
    path = path if path.exists() else rng.choice(sorted((ROOT / "schemas").glob("*.json")))
    data = path.read_bytes()
    if rng.random() < 0.75:
        plain = json.loads(data)
        for _ in range(rng.randint(1, 4)):
            plain = spoiled_schema(rng, plain)
        data = json.dumps(plain).encode("utf-8", "replace")
    else:
        data = mutate.spoiled(rng, data)
    (place / "own.json").write_bytes(data)
    source = Path(shutil.copy(seed.path, place)).name
    use = (source, "--spec", "own.json")
    return Played((("specs", "own.json"), ("validate", *use), ("convert", *use, *DAY, "--max-invalid", "100%"),
                   ("validate", *use, "--unknown", "reject"), ("map", *use, "--out", "drafted.toml")))  # fmt: skip


SCHEMA_WORDS: Sequence[tuple[str, Any]] = (
    ("type", "string"), ("type", ["string", "null"]), ("type", "frog"), ("type", 7), ("properties", []), ("items", False), ("$ref", "#"), ("$ref", "#/nowhere"),
    ("$ref", "http://127.0.0.1:9/a.json"), ("$ref", "file:///etc/hosts"), ("pattern", "("), ("pattern", "(a+)+$"), ("format", "date-time"), ("format", 1),
    ("enum", []), ("enum", [None, 1, "x"]), ("const", {"a": 1}), ("minimum", "1"), ("maximum", 1e400), ("multipleOf", 0), ("minLength", -1),
    ("maxItems", 0), ("uniqueItems", True), ("required", ["a", "a"]), ("required", "a"), ("additionalProperties", False), ("not", {}),
    ("anyOf", []), ("oneOf", [{}, {}]), ("allOf", [{"type": "object"}, False]), ("if", {"$ref": "#"}), ("then", {}), ("patternProperties", {"(": {}}),
    ("propertyNames", {"pattern": "^a"}), ("dependentRequired", {"a": 1}), ("unevaluatedProperties", False), ("x-key", "nowhere"), ("x-key", 5),
    ("x-normalise", "frog"), ("x-record-type", 1), ("x-area", []), ("title", None), ("$schema", "http://json-schema.org/draft-04/schema#"),
    ("$schema", "x"), ("$id", "http://127.0.0.1:9/"), ("$dynamicRef", "#x"), ("$defs", {"a": {"$ref": "#/$defs/a"}}), ("contains", {}), ("prefixItems", [{}]),
)  # fmt: skip


def spoiled_schema(rng: random.Random, plain: Any) -> Any:
    """The schema with one keyword said otherwise, somewhere; or any value anywhere."""
    if isinstance(plain, dict) and rng.random() < 0.25:
        return {**plain, **dict([rng.choice(SCHEMA_WORDS)])}
    inside = [key for key, item in plain.items() if isinstance(item, dict)] if isinstance(plain, dict) else []
    if inside and rng.random() < 0.9:
        key = rng.choice(inside)
        return {**plain, key: spoiled_schema(rng, plain[key])}
    return mutate.spoiled_value(rng, plain)


HELD, NONE, SHOP = "people-20240306-a", "people_none-20240306-a", "commerce_products_shop-20240306-b"
READ = (
    ("status",), ("upload", "--dry-run"), ("upload", "--dry-run", HELD, "--out", "batches"), ("drop", HELD), ("drop", NONE), ("drop", SHOP),
    ("settle", SHOP, "--arrived"), ("settle", HELD, "--arrived"),
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


def remembered(rng: random.Random, place: Path) -> Played:
    """What is remembered of mappings."""
    seed = next(seed for seed in seeds() if seed.path.stem == "everything")
    for path in (seed.path, seed.path.with_suffix(".toml")):
        shutil.copy(path, place)
    typed(("convert", seed.path.name, *seed.words, "--max-invalid", "100%", *DAY), place)
    path = place / "batches" / "mappings.json"
    if path.exists():
        data = path.read_bytes()
        plain = mutate.dumped(rng, mutate.spoiled_value(rng, json.loads(data))).encode("utf-8", "replace")
        path.write_bytes(plain if rng.random() < 0.6 else mutate.spoiled(rng, data))
    return Played(
        (
            ("convert", seed.path.name),
            ("map", seed.path.name, "--spec", "purchase", "--out", "drafted.toml"),
            ("status",),
        )
    )


KINDS: Sequence[Callable[[random.Random, Path], Played]] = (
    mapping, mapping, settings, schema, schema, manifest, manifest, other_files, ledger, ledger, plan, remembered,
)  # fmt: skip
SETTINGS = Kind("settings", play, templates)
