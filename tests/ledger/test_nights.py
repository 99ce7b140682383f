"""A container's nights: each begins on an empty disk, and knows all by a ledger in a database; people are invented."""

import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from lexer_pipeline.outbox.address import LedgerAddress
from lexer_pipeline.outbox.ledger import entries

from tests.postgres import PASSWORD, Postgres
from tests.running import environment
from tests.thoroughness import sweep
from tests.upload.store import SIGNATURE, TOKEN, Store
from tests.waiting import happens

HEADER = "link.email,first_name\n"
JOB = '[job.nightly]\nsources = ["in/*.csv"]\nspec = "customer_record"\n'


@dataclass
class Container:
    """A working folder whose batches are gone each morning, what it has said, and all that lay in it."""

    folder: Path
    store: Store
    ledger: LedgerAddress
    said: str = ""
    lay: bytes = b""

    def start(self, *words: str, **more: str) -> "subprocess.Popen[str]":
        own = {
            "LEXER_LEDGER": self.ledger.secret,
            "LEXER_UPLOAD_API_URL": self.store.url,
            "LEXER_UPLOAD_API_TOKEN": TOKEN,
        }
        around = environment(**{**own, **more})
        call = [sys.executable, "-m", "lexer_pipeline", *words]
        return subprocess.Popen(
            call, cwd=self.folder, env=around, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def run(self, *words: str, **more: str) -> int:
        return self.ended(self.start(*words, **more))

    def ended(self, process: "subprocess.Popen[str]") -> int:
        said, complained = process.communicate(timeout=300)
        self.said += said + complained
        assert "Traceback" not in complained
        return process.returncode

    def morning(self) -> None:
        """The disk is gone."""
        for path in self.folder.rglob("*"):
            self.lay += path.name.encode() + (path.read_bytes() if path.is_file() else b"")
        shutil.rmtree(self.folder / "batches", ignore_errors=True)


@pytest.fixture
def container(tmp_path: Path, store: Store, address: LedgerAddress) -> Container:
    folder = tmp_path / "work"
    (folder / "in").mkdir(parents=True)
    (folder / "pipeline.toml").write_text(JOB)
    for name in ("mira", "jon"):
        (folder / "in" / f"{name}.csv").write_text(f"{HEADER}{name}.holt@example.com,{name.title()}\n" * 1)
    return Container(folder, store, address)


def test_nights_that_are_killed_lose_nothing_and_send_nothing_twice(
    container: Container, postgres: Postgres
) -> None:
    store = container.store
    store.put_faults = ["held"]
    first = container.start("run", "nightly")
    assert happens(lambda: store.puts)
    # While an upload is under way its address lies in the database, sealed; the database keeps what was wiped for a while.
    first.send_signal(signal.SIGKILL)
    container.ended(first)
    store.release.set()
    container.morning()

    assert container.run("upload") == 4  # it names what it cannot send, since nothing of it lies here
    assert container.run("run", "nightly", "--json") == 0
    container.morning()
    assert container.run("run", "nightly", "--log-file", "log.json") == 0
    assert container.run("status", "--json") == 0
    assert container.run("doctor", "--json", "--offline") == 0
    (container.folder / "in" / "again.csv").write_text(
        f"{HEADER}mira.holt@example.com,Mira\n"
    )  # the same under another name
    (container.folder / "in" / "eva.csv").write_text(f"{HEADER}eva.holt@example.com,Eva\n")
    container.morning()
    assert container.run("run", "nightly") == 0

    assert sorted(store.objects.values()) == sorted({*store.objects.values()})
    assert len(store.objects) == 3
    assert {entry.state for entry in entries(container.folder, container.ledger)} == {"sent"}
    kept = b"".join(
        path.read_bytes() for path in postgres.folder.rglob("*") if path.is_file() and path.name != "password"
    )
    assert b"eva.csv" in kept.replace(b"\0", b"")  # it is what the server keeps that is searched
    for secret in (SIGNATURE, TOKEN):
        assert secret.encode() not in kept
    for secret in (PASSWORD, SIGNATURE, TOKEN):
        assert secret not in container.said
        assert secret.encode() not in container.lay


@pytest.mark.parametrize(
    "words",
    [
        ("status",),
        ("convert", "in/mira.csv", "--spec", "customer_record"),
        ("run", "nightly"),
        ("doctor", "--json"),
    ],
)
def test_a_password_that_is_wrong_is_not_repeated(container: Container, words: tuple[str, ...]) -> None:
    wrong = "Sesame-0815-shut"
    container.ledger = LedgerAddress(container.ledger.secret.replace(PASSWORD, wrong))

    assert container.run(*words, "--debug", LEXER_UPLOAD_API_URL="http://127.0.0.1:1/v1/uploads") == (
        4 if "doctor" not in words else 2
    )

    assert "refuses the user or the password" in container.said
    container.morning()
    assert wrong not in container.said
    assert wrong.encode() not in container.lay


@pytest.mark.parametrize("how", sweep(["PGPASSWORD", "PGPASSFILE"], usual=["PGPASSFILE"]))
def test_an_address_in_the_settings_finds_its_password_in_the_environment(
    container: Container, postgres: Postgres, how: str
) -> None:
    plain = container.ledger.secret.replace(f":{PASSWORD}", "")
    (container.folder / "pipeline.toml").write_text(f'{JOB}[ledger]\npath = "{plain}"\n')
    passes = container.folder.parent / "passes"
    passes.write_text(f"127.0.0.1:{postgres.port}:*:*:{PASSWORD}\n")
    passes.chmod(0o600)
    more = {"PGPASSWORD": PASSWORD} if how == "PGPASSWORD" else {"PGPASSFILE": str(passes)}

    assert container.run("run", "nightly", LEXER_LEDGER="", **more) == 0
    assert container.run("status", LEXER_LEDGER="", **more) == 0
    container.morning()

    assert container.run("status", LEXER_LEDGER="", PGPASSFILE="/nowhere") == 4
    assert "there is none" in container.said
    assert len(container.store.objects) == 2
    assert PASSWORD not in container.said
    assert PASSWORD.encode() not in container.lay


def test_without_its_library_it_says_what_to_install(container: Container, tmp_path: Path) -> None:
    (tmp_path / "psycopg.py").write_text("raise ImportError('not installed')\n")
    path = os.pathsep.join([str(tmp_path), environment()["PYTHONPATH"]])

    assert container.run("status", PYTHONPATH=path) == 2
    assert "pip install 'lexer-pipeline[postgres]'" in container.said
    assert container.run("run", "nightly", PYTHONPATH=path, LEXER_LEDGER="") == 0  # a file needs none of it
