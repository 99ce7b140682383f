"""`upload` and `status` as commands: exit codes, words, interrupts."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.upload.helpers import LINE, prepared
from tests.upload.store import TOKEN, Store
from tests.waiting import happens

ROOT = Path(__file__).resolve().parents[2]


def start(store: Store, out: Path, *words: str, **environment: str) -> subprocess.Popen[str]:
    settings = {
        "LEXER_UPLOAD_API_URL": store.url,
        "LEXER_UPLOAD_API_TOKEN": TOKEN,
        "PYTHONPATH": str(ROOT / "pipeline"),
    }
    where = [] if "--out" in words else ["--out", str(out)]
    call = [sys.executable, "-m", "lexer_pipeline", *words, *where]
    return subprocess.Popen(
        call, cwd=out, env={**os.environ, **settings, **environment}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def command(store: Store, out: Path, *words: str, **environment: str) -> tuple[int, str, str]:
    process = start(store, out, *words, **environment)
    said = process.communicate(timeout=300)
    return process.returncode, *said


def test_a_second_upload_has_nothing_to_do_and_ends_well(store: Store, out: Path) -> None:
    prepared(out)

    assert command(store, out, "upload")[0] == 0
    code, said, _ = command(store, out, "upload")

    assert (code, len(store.posts)) == (0, 1)
    assert said.startswith("Nothing waits to be sent")
    assert json.loads(command(store, out, "upload", "--json")[1]) == {"uploads": []}


def test_what_needs_a_person_is_told_by_every_upload_until_a_person_acts(store: Store, out: Path) -> None:
    prepared(out)
    store.put_faults = ["stored-reset", "refuse:403:AccessDenied:Request has expired"]

    assert [command(store, out, "upload")[0] for _ in range(2)] == [4, 4]
    assert "in_doubt" in command(store, out, "status")[1]
    assert len(store.posts) == 1
    assert [command(store, out, "upload", *words)[0] for words in (["--resend"], [])] == [0, 0]
    assert len(store.posts) == 2


def test_a_held_batch_is_named_by_every_upload_with_the_command_that_goes_on(store: Store, out: Path) -> None:
    batch = prepared(out, state="held")

    for words in ([], [str(batch.path)], ["--resend"], ["--older"]):
        code, said, _ = command(store, out, "upload", *words)
        assert code == 4
        assert "lexer-pipeline convert --fix" in said
    assert command(store, out, "upload", "--even-held")[0] == 2
    assert store.posts == []


def test_without_a_token_the_json_says_so(store: Store, out: Path) -> None:
    prepared(out)

    code, said, _ = command(store, out, "upload", "--json", LEXER_UPLOAD_API_TOKEN="")

    assert (code, json.loads(said)["error"]["code"]) == (2, "usage")


@pytest.mark.parametrize(
    "words", [("--name", "orders"), ("--replaces", "orders-20240306-a"), ("--as-is", "--dataset", "a1b2c3d4", "x.csv"),
              ("--as-is",), ("--out", "nowhere"), ("--dry-run", "--out", "nowhere"), ("nowhere-20240306-a",)],
)  # fmt: skip
def test_what_makes_no_sense_ends_with_2_before_anything_is_asked(
    store: Store, out: Path, words: tuple[str, ...]
) -> None:
    prepared(out)

    code, said, _ = command(store, out, "upload", "--json", *words)

    assert (code, json.loads(said)["error"]["code"]) == (2, "usage")
    assert store.posts == []
    assert not (out / "nowhere").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_leaves_the_upload_to_the_next_one(store: Store, out: Path, number: int) -> None:
    prepared(out, data=LINE * 100_000)
    process = start(store, out, "upload", "--limit-rate", "500k")
    assert happens(lambda: store.puts and store.puts[0].taken)
    process.send_signal(number)
    said = process.communicate(timeout=300)

    assert process.returncode == 130
    assert "goes on from here" in said[0]
    assert command(store, out, "upload")[0] == 0
    assert (len(store.posts), len(store.objects)) == (1, 1)


def test_a_second_interrupt_ends_it_at_once_and_loses_nothing(store: Store, out: Path) -> None:
    prepared(out)
    store.post_faults = ["hang:3600"]
    process = start(store, out, "upload")
    assert happens(lambda: store.posts)
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    assert "interrupted" in process.stderr.readline() + process.stderr.readline()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=50)  # less than the program's own patience with an answer

    assert process.returncode == 130
    assert command(store, out, "upload")[0] == 0
    assert len(store.objects) == 1


def test_the_table_of_status_fits_a_terminal_of_80_columns(store: Store, out: Path) -> None:
    prepared(out, "marketing_email_bounce-20240306-a", data=LINE * 90_000)
    command(store, out, "upload")

    _, said, _ = command(store, out, "status", COLUMNS="80")

    lines = said.splitlines()
    assert max(map(len, lines[:2])) <= 80
    assert lines[0].split() == ["batch", "state", "records", "rejected", "size"]
    assert lines[1].split() == ["marketing_email_bounce-20240306-a", "sent", "90,000", "0", "3.1", "MB"]
    assert f"no dataset at {store.url}, upload 101" in " ".join(" ".join(lines[2:]).split())
