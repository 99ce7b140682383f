"""What the ledger of 0.1.0 knew is what the ledger of today knows: every upload that was asked for, and its events."""

import json
import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from lexer_pipeline.errors import PersonNeeded
from lexer_pipeline.outbox import migration
from lexer_pipeline.uploading.status import status

from tests.migration.after import RENAMED, REPLACED_BY, place, shown
from tests.migration.fixture import FIXTURE, unpack
from tests.migration.table import BATCHES

UPLOADS = "SELECT uploads.*, batches.folder, batches.file, batches.bytes AS size FROM uploads JOIN batches ON batches.id = batch"
EVENTS = "SELECT id, upload, at, state, upload_id, what FROM events ORDER BY id"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return unpack(tmp_path)


def rows(out: Path, query: str) -> list[Mapping[str, Any]]:
    with closing(sqlite3.connect(out / "ledger.sqlite3")) as ledger:
        ledger.row_factory = sqlite3.Row
        return [dict(row) for row in ledger.execute(query)]


def test_every_upload_keeps_what_was_known_of_it(out: Path) -> None:
    before = {row["id"]: row for row in rows(out, "SELECT * FROM uploads")}
    status(out)
    after = {row["id"]: row for row in rows(out, UPLOADS)}

    assert {row["batch"] for number, row in before.items() if number not in after} == {
        # Begun, and never asked for: they have no dataset until they are given one.
        "profile_customer-20240405-a",
        "commerce_purchases-20240505-a",
    }
    for number, row in after.items():
        old = before[number]
        assert {name: row[name] for name in migration.SAME} == {name: old[name] for name in migration.SAME}
        host, _, rest = old["destination"].partition(" dataset=")
        assert (row["service"], row["dataset"]) == (host, rest.partition(" ")[0])
        assert (row["folder"], row["file"], row["size"]) == (old["batch"], old["name"], old["bytes"])


def test_what_happened_is_kept(out: Path) -> None:
    before = rows(out, EVENTS)
    status(out)

    assert rows(out, EVENTS) == before


def test_a_second_command_changes_nothing(out: Path) -> None:
    status(out)
    with closing(sqlite3.connect(out / "ledger.sqlite3")) as ledger:
        before = list(ledger.iterdump())
    shown_first = status(out)
    with closing(sqlite3.connect(out / "ledger.sqlite3")) as ledger:
        assert list(ledger.iterdump()) == before

    assert status(out) == shown_first


def test_status_shows_each_batch_at_each_service(out: Path) -> None:
    found: dict[tuple[str, str | None], str] = {}
    for line in status(out):
        path = Path(line.path)
        name = path.relative_to(out).as_posix() if path.is_relative_to(out) else str(path)
        kind = {"profile_customer": "customer_record", "commerce_purchases": "purchase"}.get(
            line.specification
        )
        into = f" dataset={line.dataset} type={kind}" if line.dataset else ""
        found[name, line.service and f"{line.service}{into}"] = line.state

    assert found == shown()
    assert {place(old): new for old, new in REPLACED_BY.items()} == {
        Path(line.path).name: line.replaced_by for line in status(out) if line.replaced_by
    }


def test_folder_file_manifest_and_ledger_agree_on_every_name(out: Path) -> None:
    status(out)
    entries = {row["folder"]: row for row in rows(out, "SELECT * FROM batches")}

    assert {path.name for path in out.iterdir() if path.is_dir()} == {
        place(batch.folder) for batch in BATCHES if batch.there
    }
    for old in (batch.folder for batch in BATCHES if batch.manifest):
        name = place(old)
        before = json.loads((FIXTURE / "batches" / old / "manifest.json").read_bytes())
        now = json.loads((out / name / "manifest.json").read_bytes())
        entry = entries[name]
        assert entry["file"] == now["file"] == f"{name}.json" == f"{entry['name']}-{entry['version']}.json"
        assert {key: now[key] for key in before.keys() - {"md5", "file"}} == {
            key: before[key] for key in before.keys() - {"md5", "file"}
        }
        assert ("md5" in now) == (old not in RENAMED)  # what is written anew has none
        assert (out / name / now["file"]).exists() == (FIXTURE / "batches" / old / before["file"]).exists()


def test_parts_are_one_delivery_and_a_batch_by_itself_another(out: Path) -> None:
    status(out)
    found: dict[int, list[str]] = {}
    for row in rows(out, "SELECT * FROM batches ORDER BY delivery, part"):
        found.setdefault(row["delivery"], []).append(row["folder"])

    assert sorted(parts for parts in found.values() if len(parts) > 1) == [
        [f"profile_customer_02_part_0{part}-20240116-a" for part in (1, 2)],
        *(
            [f"profile_customer_part_0{part}-{day}-a" for part in (1, 2)]
            for day in (20240114, 20240115, 20240116)
        ),
    ]


def test_batches_stand_in_the_order_in_which_they_were_made(out: Path) -> None:
    status(out)
    order = [row["folder"] for row in rows(out, "SELECT folder FROM batches ORDER BY delivery, part")]

    for old in sorted(RENAMED):
        name, _, version = old.rpartition("-")
        others = [batch.folder for batch in BATCHES if batch.folder.rpartition("-")[0] == name]
        older = {place(other) for other in others if other < old}
        assert {
            other for other in order[: order.index(place(old))] if other in map(place, others)
        } == older, version


def test_a_part_that_comes_back_later_joins_its_delivery(out: Path, tmp_path: Path) -> None:
    parts = [f"profile_customer_part_0{number}-20240114-a" for number in (1, 2)]
    away = shutil.move(out / parts[1], tmp_path / parts[1])
    status(out)
    shutil.move(away, out / parts[1])
    status(out)
    whole = unpack(tmp_path / "whole")
    status(whole)

    query = "SELECT folder, part, content, delivery = min(delivery) OVER () AS same FROM batches WHERE name GLOB '*part*20240114'"
    assert rows(out, query) == rows(whole, query)


def test_a_folder_that_was_filled_anew_keeps_both_contents_apart(out: Path) -> None:
    sent, other = out / "profile_customer-20240105-a", out / "profile_customer-20240101-a"
    for name in ("manifest.json", "issues.ndjson"):
        shutil.copy(other / name, sent / name)
    shutil.copy(other / f"{other.name}.json", sent / f"{sent.name}.json")
    manifest = json.loads((sent / "manifest.json").read_bytes())
    (sent / "manifest.json").write_text(json.dumps({**manifest, "file": f"{sent.name}.json"}))
    (sent / "receipt.json").unlink()

    found = {
        Path(line.path).name: (line.state, line.upload_id) for line in status(out) if "20240105" in line.path
    }

    assert found == {
        "profile_customer-20240105-a (6e1044f83f10)": ("sent", "1"),
        "profile_customer_02-20240105-a": ("prepared", None),
        "profile_customer_03-20240105-a": ("prepared", None),
    }


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE uploads RENAME COLUMN destination TO other",
        "ALTER TABLE events RENAME COLUMN what TO other",
        "DROP TABLE pace",
        "DROP TABLE events",
        "UPDATE uploads SET reason = CAST(x'ff' AS TEXT)",
        # Another program that made the table anew, without its rules.
        "CREATE TABLE copy AS SELECT * FROM uploads; DROP TABLE uploads; ALTER TABLE copy RENAME TO uploads; "
        "UPDATE uploads SET destination = NULL",
    ],
)
def test_a_ledger_that_is_none_of_0_1_0_is_called_damaged_and_left_alone(out: Path, change: str) -> None:
    with closing(sqlite3.connect(out / "ledger.sqlite3")) as ledger:
        ledger.executescript(f"{change};")
        ledger.commit()
    before = (out / "ledger.sqlite3").read_bytes()

    with pytest.raises(PersonNeeded, match="damaged"):
        status(out)

    assert (out / "ledger.sqlite3").read_bytes() == before


def test_a_ledger_whose_tables_have_names_that_are_no_text_is_called_damaged_and_left_alone(
    out: Path,
) -> None:
    file = out / "ledger.sqlite3"
    file.write_bytes(file.read_bytes().replace(b"CREATE TABLE", b"CREATE TABL\xff"))
    before = file.read_bytes()

    with pytest.raises(PersonNeeded, match="damaged"):
        status(out)

    assert file.read_bytes() == before


def test_a_ledger_that_says_nothing_of_its_pace_is_migrated(out: Path) -> None:
    with closing(sqlite3.connect(out / "ledger.sqlite3")) as ledger:
        ledger.execute("DELETE FROM pace")
        ledger.commit()

    assert status(out)
