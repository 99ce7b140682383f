"""A crash or an interrupt at any file operation leaves no batch or whole ones; of several parts all or none."""

import hashlib
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from lexer_pipeline.errors import UsageError
from lexer_pipeline.outbox import batch, recovery, workspace
from lexer_pipeline.outbox.batch import PreparedBatch
from lexer_pipeline.system.timings import Timings

from tests.thoroughness import also_drilled, many

from .helpers import KEEP_ALL, ROOT, batches_in, of_bytes, whole_batches

HEADER = b"link.mobile,first_name,employee_flag\n"
TABLE = HEADER + b"".join(
    b"%d,a,%s\n" % (number, b"maybe" if number % 5 == 0 else b"yes") for number in range(1, 40)
)
SPEC = "customer_record"


class Child:
    """A process that prepares, dies and is interrupted on order, each time in a fork of its own.

    Its temporary folder is its own: to clear away what other tests left there would be further calls.
    """

    def __init__(self) -> None:
        self._temporary = TemporaryDirectory()
        self.publishing = (0, 0)  # of the last order, the first call that publishes and the last
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.prepare.driver"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            text=True,
            env=os.environ | {"TMPDIR": self._temporary.name},
        )

    def __call__(self, order: dict[str, Any]) -> tuple[int, int]:
        """(exit code, calls)."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        self.publishing = tuple(answer["publishing"])
        return answer["code"], answer["calls"]

    def points(self, calls: int, publishing: tuple[int, int], sixth: int) -> list[int]:
        """At which of so many calls to stop it: at all that publish, and at a sixth of the others; as a drill at all."""
        first, last = publishing
        assert 0 < first < last < calls
        every = many(6, drill=1)
        return [at for at in range(1, calls + 1) if first <= at <= last + 1 or at % every == sixth % every]

    def close(self) -> None:
        self._process.communicate(timeout=300)
        self._temporary.cleanup()


@pytest.fixture(scope="module")
def in_child() -> Iterator[Child]:
    child = Child()
    yield child
    child.close()


def order(folder: Path, **more: Any) -> dict[str, Any]:
    source = folder.parent / "in.csv"
    source.write_bytes(TABLE)
    return {"sources": [str(source)], "spec": SPEC, "out": str(folder), "max_bytes": 10**9, **more}


def whole(found: list[PreparedBatch]) -> bool:
    """Whether each batch is what its manifest says, down to the last file."""
    for one in found:
        data = one.file.read_bytes()
        assert hashlib.sha256(data).hexdigest() == one.manifest.sha256
        assert len(data) == one.manifest.bytes
        names = {path.name for path in one.path.iterdir()}
        assert names == {
            one.manifest.file,
            "manifest.json",
            "issues.ndjson",
            "report.html",
            "report.json",
            "lines.trace",
            *one.manifest.rejects,
        }
        assert len((one.path / "issues.ndjson").read_bytes().splitlines()) == sum(
            one.manifest.issues.values()
        )
    return True


def folders(out: Path) -> set[str]:
    return (
        {path.name for path in out.iterdir()} - {".lock", "ledger.sqlite3", "ledger.sqlite3-journal"}
        if out.exists()
        else set()
    )


@pytest.fixture(scope="module")
def calls(
    tmp_path_factory: pytest.TempPathFactory, in_child: Child
) -> dict[int, tuple[int, tuple[int, int], int]]:
    """By max_bytes: how many calls an undisturbed run makes, which of them publish, and how many batches."""
    found = {}
    for most in (10**9, 800):
        out = tmp_path_factory.mktemp("calls") / "out"
        code, count = in_child(order(out, max_bytes=most))
        assert code == 0
        found[most] = (count, in_child.publishing, len(batches_in(out)))
    return found


def in_ledger(out: Path) -> set[str]:
    """The batches that the ledger knows."""
    with closing(sqlite3.connect(out / "ledger.sqlite3")) as ledger:
        return {folder for (folder,) in ledger.execute("SELECT folder FROM batches")}


# The sixths together are all calls, of one part or of three.
@also_drilled
@pytest.mark.parametrize(
    ("most", "how", "sixth"),
    [(10**9, "die", 0), (10**9, "die_after", 2), (800, "die", 1), (800, "die_after", 4)],
)
def test_a_crash_at_any_call_leaves_all_parts_or_none(
    tmp_path: Path,
    in_child: Child,
    calls: dict[int, tuple[int, tuple[int, int], int]],
    most: int,
    how: str,
    sixth: int,
) -> None:
    count, publishing, parts = calls[most]
    assert parts == (1 if most == 10**9 else 3)
    seen = set()
    for at in in_child.points(count, publishing, sixth):
        out = tmp_path / str(at) / "out"
        out.parent.mkdir()
        code, _ = in_child(order(out, max_bytes=most, at=at, how=how))
        assert code == 9, at
        before = folders(out)
        found = whole_batches(out)
        assert whole(found)
        assert len(found) in (0, parts), at
        assert {name for name in before if not name.startswith(".")} <= {one.path.name for one in found}
        assert in_ledger(out) == {one.path.name for one in found}, at
        assert folders(out) == {one.path.name for one in found}, at
        seen.add(len(found))
    assert seen == {0, parts}


@also_drilled
@pytest.mark.parametrize(("most", "sixth"), [(10**9, 5), (800, 3)])
def test_an_interrupt_at_any_call_leaves_all_parts_or_none(
    tmp_path: Path, in_child: Child, calls: dict[int, tuple[int, tuple[int, int], int]], most: int, sixth: int
) -> None:
    count, publishing, parts = calls[most]
    for at in in_child.points(count, publishing, sixth):
        out = tmp_path / str(at) / "out"
        out.parent.mkdir()
        code, _ = in_child(order(out, max_bytes=most, at=at, how="interrupt"))
        assert code in (0, 130), at
        published = folders(out)
        found = whole_batches(out)
        assert whole(found)
        assert len(found) in (0, parts), at
        assert folders(out) == {one.path.name for one in found}, at
        # Only a delivery that has its names already, or a folder not yet locked, may wait for the next command.
        assert found or not [name for name in published if not name.startswith(recovery.WORK)]


def test_the_next_run_clears_a_dead_ones_work_and_takes_the_next_name(
    tmp_path: Path, in_child: Child
) -> None:
    out = tmp_path / "out"
    for at in range(20, 60, 7):
        in_child(order(out, max_bytes=500, at=at, how="die"))
    done = of_bytes(TABLE, SPEC, out, KEEP_ALL)

    assert len(done.report.batches) == 1
    assert not [path for path in out.iterdir() if path.name.startswith(recovery.WORK)]


def test_the_work_of_a_living_process_is_left_alone(tmp_path: Path) -> None:
    work = workspace.Workspace(tmp_path, Timings())
    work.new_part().write_records(b"{}\n")
    whole_batches(tmp_path)  # a lock of its own, as another process would take

    assert (work.folder / "part-0001" / recovery.DATA).exists()
    work.discard()
    work.discard()
    assert folders(tmp_path) == set()


def test_a_batch_whose_manifest_is_broken_is_a_usage_error(tmp_path: Path) -> None:
    (done,) = of_bytes(TABLE, SPEC, tmp_path, KEEP_ALL).report.batches
    for text in ("", "{", "[]", "{}", json.dumps({**done.manifest.as_json(), "sources": 3})):
        (done.path / "manifest.json").write_text(text)
        with pytest.raises(UsageError, match="not a prepared batch"):
            batch.read(done.path)
