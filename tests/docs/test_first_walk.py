"""The newcomer's path in the README, typed line by line in a fresh folder: it ends as the page says."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from lexer_pipeline.sandbox.server import Sandbox

from docs.pages import FENCE, ROOT, commands, section

WALK, UPLOAD = (
    section("README.md", "## A first batch"),
    section("README.md", "## Try the upload on this machine"),
)
ADDRESS = "http://127.0.0.1:8787"


@dataclass(frozen=True)
class Typed:
    """A block of commands, what they printed, what the page says that they print, and their exit codes."""

    block: str
    printed: str
    said: str
    codes: tuple[int, ...]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("walk")
    (folder / "samples").symlink_to(ROOT / "samples")
    command = folder / "bin" / "lexer-pipeline"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m lexer_pipeline "$@"\n')
    command.chmod(0o700)
    return folder


def type_in(folder: Path, line: str) -> subprocess.CompletedProcess[str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("LEXER_")}
    settings = {
        **kept, "PATH": f"{folder / 'bin'}:{kept['PATH']}", "PYTHONPATH": str(ROOT / "pipeline"), "COLUMNS": "120",
    }  # fmt: skip
    return subprocess.run(
        ["sh", "-c", line], cwd=folder, env=settings, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.fixture(scope="module")
def walked(folder: Path) -> list[Typed]:
    """Each block of commands of the first walk, in order."""
    fences = [*FENCE.findall(WALK), ("", "")]
    walked = []
    for (kind, block), (after, said) in zip(fences, fences[1:], strict=False):
        if kind == "sh":
            done = [type_in(folder, line) for line in block.splitlines()]
            assert "".join(one.stderr for one in done) == "", block
            printed = "".join(one.stdout for one in done)
            codes = tuple(one.returncode for one in done)
            walked.append(Typed(block, printed, said if after == "text" else "", codes))
    return walked


def pattern(said: str) -> str:
    """A line of three dots stands for any lines, three dots at the end of one for the rest of it."""
    found = ""
    for line in said.splitlines():
        start, dots, _ = line.partition("...")
        found += r"(?:.*\n)*?" if line == "..." else re.escape(start) + (".*" if dots else " *") + "\n"
    return found


def test_every_command_of_the_first_walk_prints_what_the_page_says(walked: list[Typed]) -> None:
    assert sum(bool(one.said) for one in walked) >= 4
    for one in walked:
        if one.said:
            assert re.fullmatch(pattern(one.said), one.printed), f"{one.block}\n{one.printed}"


def test_every_command_of_the_first_walk_ends_well_but_the_one_that_is_held(walked: list[Typed]) -> None:
    for one in walked:
        held = ", held" in one.printed and "convert" in one.block
        assert one.codes == ((1, 0) if held else (0,) * len(one.codes)), one.block


def test_the_first_walk_begins_by_looking_and_ends_with_batches(walked: list[Typed], folder: Path) -> None:
    names = [words for one in walked for words in re.findall(r"^lexer-pipeline (\w+)", one.block, re.M)]

    assert names == ["inspect", "validate", "convert", "status", "convert", "drop"]
    assert {path.parent.name for path in folder.glob("batches/*/manifest.json")} == {
        "commerce_purchases-20240306-a", "profile_customer-20240306-a", "profile_customer-20240307-a"
    }  # fmt: skip


@pytest.fixture
def sandbox(folder: Path) -> Iterator[Sandbox]:
    with Sandbox(folder / ".sandbox") as running:
        yield running


def test_the_upload_to_the_sandbox_ends_with_receipts(
    walked: list[Typed], folder: Path, sandbox: Sandbox
) -> None:
    start, block = (body for kind, body in FENCE.findall(UPLOAD) if kind == "sh")
    assert start == "lexer-pipeline sandbox\n"
    assert commands()["sandbox"].get_default("port") == int(ADDRESS.rpartition(":")[2])
    assert f"{ADDRESS}/," in UPLOAD
    assert (block.count(ADDRESS), block.count("=...")) == (1, 1)
    block = block.replace(ADDRESS, sandbox.page.rstrip("/")).replace("=...", f"={sandbox.new_token('walk')}")

    done = type_in(folder, f"set -e\n{block}lexer-pipeline upload")

    assert (0, "") == (done.returncode, done.stderr)
    assert len(re.findall(r"^sent .*, ETag verified, ", done.stdout, re.M)) == 2
    assert '"verified": true' in done.stdout
    assert done.stdout.endswith("Nothing waits to be sent in batches.\n")
    receipts = [json.loads(path.read_bytes()) for path in folder.glob("batches/*/receipt.json")]
    assert sandbox.wait_loaded(30)
    assert sorted(one["accepted"] for one in sandbox.datasets()) == sorted(one["records"] for one in receipts)
