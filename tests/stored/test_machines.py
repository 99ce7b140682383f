"""Several machines, or one with a fresh disk each night, with one ledger in a database and one place for batches."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.postgres import Postgres, postgres  # noqa: F401 - a fixture
from tests.stored.desk import Desk, export


def machine(desk: Desk, name: str, first: int, rows: int) -> Desk:
    """A machine of its own, with an export of its own."""
    folder = desk.folder / name
    folder.mkdir()
    made = replace(desk, folder=folder)
    made.source(export(rows, bad=0, first=first))
    return made


def test_machines_that_share_a_ledger_work_side_by_side_and_send_each_batch_once(
    desk: Desk,
    postgres: Postgres,  # noqa: F811 - a fixture
) -> None:
    shared = replace(desk, database=postgres.database())
    desks = [machine(shared, *each) for each in (("one", 0, 2), ("two", 100, 4), ("three", 200, 6))]
    running = [one.machine(max_bytes=400) for one in desks]
    for process in running:
        _, complained = process.communicate(timeout=300)
        assert process.returncode == 0, complained

    shared.upload()
    records = [line for body in desk.service.objects.values() for line in body.splitlines()]
    assert len(records) == 12
    assert set(shared.states().values()) == {"sent"}
    assert not [key for key in desk.lying() if key.startswith(".")]


@pytest.mark.parametrize("steps", [(40,), pytest.param(range(5, 200, 5), marks=pytest.mark.drill)])
def test_a_container_with_a_fresh_disk_each_night_goes_on_where_the_last_one_was_killed(
    desk: Desk,
    postgres: Postgres,  # noqa: F811 - a fixture
    steps: tuple[int, ...],
    tmp_path: Path,
) -> None:
    for step in steps:
        service_before = len(desk.service.objects)
        here = replace(desk, bucket=desk.bucket.store.bucket(), database=postgres.database())
        for night, die_at in enumerate((step, step * 2, 0)):
            fresh = replace(here, folder=tmp_path / f"{step}-{night}")
            fresh.folder.mkdir()
            fresh.source(export(rows=6, bad=0))
            done = fresh.night(die_at=die_at)
            assert done.returncode in (0, -9 if die_at else 0), done.stderr
            shutil.rmtree(fresh.folder)
        assert set(here.states().values()) == {"sent"}
        bodies = list(desk.service.objects.values())[service_before:]
        assert sum(body.count(b"\n") for body in bodies) == 6, step
        assert not [key for key in here.lying() if key.startswith(".")], step
