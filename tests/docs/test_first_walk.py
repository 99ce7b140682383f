"""The newcomers' paths, in the README and in the pages for first steps, typed line by line in a fresh folder: they end as they say."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from lexer_pipeline.sandbox.server import Sandbox

from docs.pages import commands, section, text_of
from docs.walking import ADDRESS, Block, Walk, check

README, MINUTES, HOUR = "README.md", "docs/first-ten-minutes.md", "docs/first-hour.md"


@pytest.fixture
def walk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Walk:
    return Walk(tmp_path, monkeypatch)


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    with Sandbox(tmp_path / ".sandbox") as running:
        yield running


def names(walked: list[Block]) -> list[str]:
    """The commands of ours, in order."""
    return [word for one in walked for word in re.findall(r"^lexer-pipeline ([\w-]+)", one.text, re.M)]


def batches(folder: Path) -> set[str]:
    return {path.parent.name for path in folder.glob("batches/*/manifest.json")}


def test_the_walk_of_the_readme_ends_with_receipts(walk: Walk, sandbox: Sandbox) -> None:
    walked = walk.through(section(README, "## A first batch"))

    check(walked)
    assert sum(bool(block.said) for block in walked) >= 4
    assert names(walked) == ["inspect", "validate", "convert", "status", "convert", "drop"]
    assert batches(walk.folder) == {
        "commerce_purchases-20240306-a", "profile_customer-20240306-a", "profile_customer-20240307-a"
    }  # fmt: skip

    upload = section(README, "## Try the upload on this machine")
    assert commands()["sandbox"].get_default("port") == int(ADDRESS.rpartition(":")[2])
    assert (upload.count(ADDRESS), upload.count("TOKEN=...")) == (2, 1)
    sent = walk.through(
        upload + "\n```sh\nlexer-pipeline upload\n```\n", sandbox.page.rstrip("/"), sandbox.new_token("walk")
    )
    check(sent)
    said = "".join(block.output for block in sent)
    assert len(re.findall(r"^sent .*, ETag verified, ", said, re.M)) == 2
    assert '"verified": true' in said
    assert said.endswith("Nothing waits to be sent in batches.\n")
    receipts = [json.loads(path.read_bytes()) for path in walk.folder.glob("batches/*/receipt.json")]
    assert sandbox.wait_loaded(30)
    assert sorted(one["accepted"] for one in sandbox.datasets()) == sorted(one["records"] for one in receipts)


def test_the_first_ten_minutes_end_with_a_batch_that_would_be_sent(walk: Walk) -> None:
    page = text_of(MINUTES)

    def mend(line: str) -> None:
        if "--fix" in line:
            (path,) = walk.folder.glob("batches/*/rejects.csv")
            assert str(path.relative_to(walk.folder)) in page
            path.write_text(
                path.read_text("utf-8").replace("jo.lund@example,", "jo.lund@example.com,"), "utf-8"
            )

    walked = walk.through(page, before=mend)

    check(walked)
    assert names(walked) == [
        "--version",
        "inspect",
        "validate",
        "explain",
        "convert",
        "convert",
        "status",
        "upload",
    ]
    assert batches(walk.folder) == {"profile_customer-20240306-a", "profile_customer-20240306-b"}


def test_the_first_hour_ends_with_a_job_that_sends_each_file_once(walk: Walk, sandbox: Sandbox) -> None:
    walked = walk.through(text_of(HOUR), sandbox.page.rstrip("/"), sandbox.new_token("hour"))

    check(walked)
    assert names(walked)[-4:] == ["run"] * 4
    assert sandbox.wait_loaded(30)
    assert sorted(one["accepted"] for one in sandbox.datasets()) == [6]
    minutes = sum(int(found) for found in re.findall(r"^## .* \((\d+) minutes\)$", text_of(HOUR), re.M))
    assert minutes == 60


@pytest.mark.parametrize(("page", "least"), [(MINUTES, 4), (HOUR, 6)])
def test_the_pages_for_first_steps_show_what_their_commands_print(page: str, least: int) -> None:
    assert text_of(page).count("```text\n") >= least
