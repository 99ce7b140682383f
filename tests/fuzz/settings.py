"""Mutated mappings, settings, schemas, manifests, ledgers and plans: every command ends with its exit code, and sends nothing."""

import json
import random
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.fuzz import mutate
from tests.fuzz.command import typed
from tests.fuzz.corpus import ROOT, Seed, presets, seeds
from tests.fuzz.outboxes import DAY, HASTY, SERVICE, copied, templates, to
from tests.fuzz.runner import Complaint, Kind
from tests.fuzz.spoiled_batches import PRODUCTS, Played, ledger, manifest, other_files, plan

FULL = (
    HASTY.replace("[names]", 'upload.proxy = "http://127.0.0.1:9"\nupload.account = "shop"\nupload.limit_rate = 2_000_000\nupload.parallel = 2\n'
    'upload.dataset = "a1"\n[datasets]\npurchase = "a1b2c3d4"\ncustomer_record = "b2c3d4e5"\n[ledger]\npath = "ledger.sqlite3"\n'
    f'[job.nightly]\nsources = ["{PRODUCTS[0]}", "in/{{yesterday}}-*.csv"]\nspec = "product"\nmissing = "ok"\nmin_rows = 1\n'
    'max_invalid = "50%"\naccept = ["shared_link"]\n[notify]\non = ["failure"]\n[names]')
)  # fmt: skip


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
    commands = (("validate", *PRODUCTS), ("convert", *PRODUCTS), ("run", *PRODUCTS), ("run", "--list"),
                ("run", "nightly", "--dry-run"), ("run", "nightly"), ("status",), ("upload",), ("upload", "--dry-run"),
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
