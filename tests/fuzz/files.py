"""Mutated files: with the compiled kernels and without, every byte that comes of them is the same, and no row is lost."""

import gzip
import json
import random
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from lexer_pipeline.loading import byte_stream, table_rows

from tests.fuzz import mutate
from tests.fuzz.command import KERNELS_MISSING, Said, typed
from tests.fuzz.corpus import Seed, seeds
from tests.fuzz.mutate import MARK
from tests.fuzz.runner import Complaint, Kind
from tests.prepare.helpers import in_plain_python

BLOCKS = (1, 9, 64, 1000)
# Of the flags that say more, the first are those of every command that makes something of a source.
FLAGS: Sequence[Sequence[str]] = (
    ("--timezone", "Australia/Melbourne"), ("--date-format", "dd/mm/yyyy"), ("--country", "AU"), ("--unknown", "reject"), ("--ignore-unknown",),
    ("--keep-rest",), ("--encoding", "cp1252"), ("--header-row", "2"), ("--map", "shopify_orders"),
    ("--max-bytes", "700"), ("--max-invalid", "0"), ("--min-rows", "5"), ("--label", "shop"),
)  # fmt: skip
READING = 9
DAY = ("--date", "20240306")


def data_of(rng: random.Random, seed: Seed) -> tuple[bytes, bool]:
    """A mutated file, and whether the mark in it can be nothing but a value."""
    if not seed.is_table and not seed.is_json:
        return mutate.spoiled(rng, seed.data), False
    raw = rng.random() < 0.3
    if seed.is_json:
        data = mutate.spoiled_documents(rng, mutate.documents_of(seed.data))
    else:
        rows = mutate.spoiled_rows(rng, mutate.rows_of(seed.data))
        if rng.random() < 0.15:
            rows, raw = mutate.spoiled_header(rng, rows), True
            rows = [[cell.replace(MARK, "") for cell in row] for row in rows]
        data = seed.data if raw and rng.random() < 0.3 else mutate.written(rng, rows)
    if raw and rng.random() < 0.8:
        data = mutate.spoiled(rng, data)
    # What stands in the first row may be taken for a name of a column.
    is_marked = seed.is_table and not raw and MARK.encode() not in data.split(b"\n", 1)[0]
    return (gzip.compress(data, mtime=0) if rng.random() < 0.03 else data), is_marked


@dataclass(frozen=True)
class Chosen:
    """A file, the command that reads it in blocks of so many bytes (0: as usual), and whether the mark can only be a value."""

    seed: Seed
    words: list[str]
    block: int
    is_marked: bool

    def put(self, folder: Path, place: Path) -> Path:
        """Copy what the command needs into a folder of its own."""
        place.mkdir(parents=True)
        for path in (folder / self.seed.path.name, *self.seed.path.parent.glob("*.toml")):
            shutil.copy(path, place)
        return place


def choose(rng: random.Random, folder: Path) -> Chosen:
    """A mutated file, written down beside the command that is to read it."""
    seed = rng.choice(seeds())
    data, is_marked = data_of(rng, seed)
    command = rng.choices(("convert", "validate", "inspect"), (90, 5, 5))[0]
    block = rng.choice(BLOCKS) if rng.random() < 0.5 and len(data) < 20_000 else 0
    words = [
        command,
        seed.path.name,
        *words_for(rng, command, seed),
        *(["--json"] if rng.random() < 0.8 else []),
    ]
    (folder / "command.txt").write_text(
        f"lexer-pipeline {' '.join(words)}   # in blocks of {block} bytes\n", "utf-8"
    )
    (folder / seed.path.name).write_bytes(data)
    return Chosen(seed, words, block, is_marked)


def words_for(rng: random.Random, command: str, seed: Seed) -> list[str]:
    """The flags: those of the seed and perhaps one more, or none where the preset is to be recognised."""
    words = list(seed.words)
    if rng.random() < 0.1 and words[0] == "--map":
        words = []
    if command == "inspect":
        return ["--quiet"]
    if rng.random() < 0.4:
        words += rng.choice(FLAGS if command == "convert" else FLAGS[:READING])
    if command == "convert":
        words += [*DAY, *(["--max-invalid", "100%"] if rng.random() < 0.8 else [])]
    return [*words, "--quiet"]


def play(rng: random.Random, folder: Path) -> None:
    """One file through one command, and perhaps its rejects once more, with the kernels and without."""
    one = choose(rng, folder)
    places = one.put(folder, folder / "fast"), one.put(folder, folder / "slow")
    with in_blocks(one.block):
        compare(one.words, *places, one.is_marked)
        rejects = sorted((places[0] / "batches").glob("*/rejects*"))
        if rejects and rng.random() < 0.3:
            compare(
                ["convert", "--fix", rejects[0].parent.name, *DAY, "--json", "--quiet"],
                *places,
                one.is_marked,
            )


def compare(words: Sequence[str], fast: Path, slow: Path, is_marked: bool) -> None:
    """The same answers, the same files, nothing lost."""
    said = typed(words, fast)
    with in_plain_python():
        other = typed(words, slow)
    if said.code != other.code or words_of(said) != words_of(other):
        answers = "\n".join(f"{each.code}: {words_of(each)[-1200:]}" for each in (said, other))
        raise Complaint(f"{' '.join(words)}: the answers differ\n{answers}")
    same_files(fast, slow)
    look_at(fast, said, is_marked)


@contextmanager
def in_blocks(size: int) -> Iterator[None]:
    """What is read comes in blocks of so many bytes; 0 leaves them as they are."""
    if not size:
        yield
        return
    with patch.object(table_rows, "BLOCK", size), patch.object(byte_stream, "BLOCK", max(size, 16)):
        yield


def words_of(said: Said) -> str:
    """All that was said but that the kernels are missing."""
    return "".join(line for line in said.all.splitlines(keepends=True) if KERNELS_MISSING not in line)


def files_of(folder: Path) -> dict[str, bytes]:
    """What lies in the folder of batches; the ledger holds times."""
    out = folder / "batches"
    return {
        str(path.relative_to(out)): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file() and path.parent != out
    }


def same_files(fast: Path, slow: Path) -> None:
    """Every file byte for byte."""
    one, other = files_of(fast), files_of(slow)
    if one.keys() != other.keys():
        raise Complaint(f"other files: {sorted(one)} and {sorted(other)}")
    for name in one:
        if one[name] != other[name]:
            at = next(
                (
                    at
                    for at, pair in enumerate(zip(one[name], other[name], strict=False))
                    if pair[0] != pair[1]
                ),
                -1,
            )
            around = slice(max(0, at - 80), at + 80)
            raise Complaint(f"{name} differs at byte {at}\n{one[name][around]!r}\n{other[name][around]!r}")


def look_at(folder: Path, said: Said, is_marked: bool) -> None:
    """Rows are conserved, and no value stands where none may."""
    for name, data in files_of(folder).items():
        if name.endswith("manifest.json"):
            conserved(name, json.loads(data), files_of(folder))
        is_message = name.endswith(("manifest.json", "issues.ndjson"))
        if is_marked and is_message and MARK.encode() in data:
            raise Complaint(f"{name} holds a value")
    if is_marked and MARK in said.all:
        raise Complaint(f"a value was said: {said.all[-1500:]}")


def conserved(name: str, manifest: dict[str, Any], files: dict[str, bytes]) -> None:
    """Rows in are rows out, and the counts are those of the files."""
    if manifest["rows"] != sum(manifest[key] for key in ("records", "rejected", "continuations", "blank")):
        raise Complaint(f"{name}: rows are lost")
    if sum(one["rows"] for one in manifest["sources"]) != manifest["rows"] + sum(
        manifest["skipped"].values()
    ):
        raise Complaint(f"{name}: rows of the sources are lost")
    if manifest["file"]:
        lines = files[f"{Path(name).parent}/{manifest['file']}"].splitlines()
        if len(lines) != manifest["records"] or not all(isinstance(json.loads(line), dict) for line in lines):
            raise Complaint(f"{name}: it counts other records than there are")


FILES = Kind("files", play)
