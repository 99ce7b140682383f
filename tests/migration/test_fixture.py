"""The kept out folder of 0.1.0 is what its table says."""

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.migration.fixture import FIXTURE, unpack
from tests.migration.table import BATCHES, HERE, VENDOR, Row, into

STATES = {"prepared", "asked", "granted", "sending", "sent", "in_doubt", "refused", "changed"}
ROWS = """
SELECT batch, state, destination, EXISTS (SELECT 1 FROM events WHERE upload = uploads.id AND state = 'asked')
FROM uploads ORDER BY id
"""


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return unpack(tmp_path)


def test_the_table_says_what_lies_there(out: Path) -> None:
    folders = {path.name for path in out.iterdir() if path.is_dir()}
    manifests = {
        path.parent.name: json.loads(path.read_bytes())["state"] for path in out.glob("*/manifest.json")
    }
    with closing(sqlite3.connect(out / "ledger.sqlite3")) as ledger:
        rows = ledger.execute(ROWS).fetchall()
        assert ledger.execute("PRAGMA user_version").fetchone() == (1,)

    assert folders == {batch.folder for batch in BATCHES if batch.there}
    assert manifests == {batch.folder: batch.manifest for batch in BATCHES if batch.manifest}
    assert len(rows) == sum(len(batch.rows) for batch in BATCHES)
    for batch in BATCHES:
        mine = [Row(state, to, bool(asked)) for name, state, to, asked in rows if name == batch.folder]
        assert mine == list(batch.rows), batch


@pytest.mark.parametrize("destination", [HERE, into(VENDOR, "purchase")])
def test_every_state_of_the_ledger_is_there_for_a_sandbox_and_for_the_service(destination: str) -> None:
    rows = [row for batch in BATCHES for row in batch.rows if row.destination == destination]

    assert {row.state for row in rows} == STATES
    assert {row.asked for row in rows if row.state == "prepared"} == {True, False}


def test_nothing_in_it_is_a_secret_or_a_path_of_the_machine_that_made_it() -> None:
    for path in (path for path in FIXTURE.rglob("*") if path.is_file()):
        text = path.read_text("utf-8")
        assert set(re.findall(r"https?://[^/'\"]+", text)) <= {"https://store.example.com"}, path
        assert set(re.findall(r"(?<=[\"'])/(?:[\w.-]+/)+", text)) <= {"/srv/exports/elsewhere/"}, path
        assert re.findall(r"X-Amz-Signature=(?!invented\d)", text) == [], path
