"""A kill at any point of the migration leaves the old ledger or the new one, and every batch whole; the next command goes on."""

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from lexer_pipeline.errors import PersonNeeded
from lexer_pipeline.outbox.ledger import Ledger
from lexer_pipeline.uploading.status import BatchStatus, status

from tests.migration.after import RENAMED
from tests.migration.fixture import unpack

KEPT = (
    "profile_customer-20240104-b",
    "profile_customer_part_01-20240116-b",
    "profile_customer_part_02-20240116-b",
)
STEPS = 3  # of a batch that is renamed: its folder, its file, its manifest


class FullLedger(Ledger):
    """A ledger whose file may not become a page larger."""

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        with super().transaction() as connection:
            connection.execute("PRAGMA max_page_count=1")
            yield connection


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return unpack(tmp_path)


@pytest.fixture
def few(out: Path) -> Path:
    """Of what is to be renamed only a batch and the two parts of another."""
    for folder in RENAMED.keys() - set(KEPT):
        shutil.rmtree(out / folder)
    return out


def run(out: Path, what: str, at: int) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.migration.driver", str(out), what, str(at)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, -9), done.stderr
    return done.returncode, done.stdout


def ledger_of(out: Path) -> list[str]:
    with closing(sqlite3.connect(out / "ledger.sqlite3")) as ledger:
        return list(ledger.iterdump())


def without_times(lines: list[BatchStatus]) -> list[dict[str, object]]:
    """What is shown, but for what the clock of each run says."""
    return [{**one.as_json(), "path": Path(one.path).name, "hint": "", "updated_at": ""} for one in lines]


def files_of(out: Path) -> dict[str, bytes]:
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file() and not path.name.startswith((".", "ledger"))
    }


def test_a_kill_at_any_statement_leaves_the_old_ledger_or_the_new_one(out: Path, tmp_path: Path) -> None:
    before, statements = ledger_of(out), int(run(unpack(tmp_path / "whole"), "statement", 0)[1])

    for at in {1, 2, 5, 9, 20, 60, statements // 3, statements // 2}:
        assert run(out, "statement", at)[0] == -9
        assert ledger_of(out) == before, at

    assert statements > 300
    assert without_times(status(out)) == without_times(status(tmp_path / "whole" / "batches"))


def test_a_disk_that_fills_up_leaves_the_old_ledger(out: Path) -> None:
    before = ledger_of(out)

    with pytest.raises(PersonNeeded, match="free some space"), closing(FullLedger(out)):
        pass

    assert ledger_of(out) == before


def test_a_kill_between_any_two_renames_is_mended_by_the_next_command(few: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    shutil.copytree(few, whole)
    (tmp_path / "killed").mkdir()
    assert run(whole, "rename", 0) == (0, f"{STEPS * len(KEPT)}\n")
    expected, seen = without_times(status(whole)), files_of(whole)

    for at in range(1, STEPS * len(KEPT) + 1):
        killed = tmp_path / "killed" / str(at)
        shutil.copytree(few, killed)
        assert run(killed, "rename", at)[0] == -9
        assert without_times(status(killed)) == expected, at
        assert files_of(killed) == seen, at


def test_kills_again_and_again_are_mended_too(few: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    shutil.copytree(few, whole)
    expected = without_times(status(whole))

    kills = 0
    while run(few, "rename", 2)[0] == -9:
        kills += 1

    assert kills > STEPS
    assert without_times(status(few)) == expected
    assert files_of(few) == files_of(whole)
