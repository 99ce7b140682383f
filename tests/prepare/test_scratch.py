"""Temporary data lies where it was asked for, without names or behind a lock; a kill leaves none of it, a full disk is named."""

import os
import re
import resource
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lexer_pipeline.outbox import recovery
from lexer_pipeline.system import scratch
from lexer_pipeline.system.scratch import PREFIX, Parted, Scratch

from tests.running import ROOT, command, environment
from tests.waiting import happens

PACKAGE = ROOT / "pipeline" / "lexer_pipeline"
# The sandbox's holds a socket.
HOMES = {"system/scratch.py", "outbox/workspace.py", "sandbox/store.py"}
PEOPLE = b"link.mobile,first_name\n"
SALES = b"purchase_id,link.email,action_at,type,products[].price_paid,products.quantity\n"
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="looks at the files of a process in /proc")


def person(number: int) -> bytes:
    return b"%d,%s\n" % (number + 1, b"Mira" * 25)


def sale(number: int) -> bytes:
    """A line of one of a thousand orders that all come back again and again."""
    return b"A-%d,mira.holt@example.com,2024-03-06T10:15:00Z,ecommerce,%d.50,1\n" % (number % 1000, number)


def table(head: bytes, row: Callable[[int], bytes], count: int) -> bytes:
    return head + b"".join(map(row, range(count)))


def start(cwd: Path, *words: str | Path, **more: object) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "lexer_pipeline", *map(str, words)],
        cwd=cwd, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(), **more,
    )  # type: ignore[call-overload]  # fmt: skip


@contextmanager
def two(cwd: Path, data: bytes, *words: str | Path) -> Iterator["list[subprocess.Popen[bytes]]"]:
    """Two commands at once that have read this much of their standard input, and wait for more."""
    with ExitStack() as ended:
        both = [start(cwd, *words) for _ in range(2)]
        for one in both:
            ended.enter_context(one)
            ended.callback(one.kill)
            assert one.stdin is not None
            one.stdin.write(data)
            one.stdin.flush()
        yield both


def hidden(folder: Path) -> set[str]:
    found = os.listdir(folder) if folder.exists() else []
    return {name for name in found if name.startswith((PREFIX, recovery.WORK))}


def finish(process: "subprocess.Popen[bytes]") -> int:
    assert process.stdin is not None
    process.stdin.close()
    return process.wait(timeout=300)


def test_of_two_that_prepare_at_once_the_killed_ones_records_go_with_the_next_command(tmp_path: Path) -> None:
    out = tmp_path / "batches"
    data = table(PEOPLE, person, 100_000)
    with two(tmp_path, data, "convert", "-", "--spec", "customer_record") as (dead, alive):
        assert happens(lambda: len(list(out.glob(".preparing-*/part-0001/records.json"))) == 2)
        files = list(out.glob(".preparing-*/part-0001/records.json"))
        assert happens(lambda: all(file.stat().st_size > 0 for file in files))
        dead.kill()
        dead.wait()
        assert len(hidden(out)) == 2
        assert command("status", cwd=tmp_path).returncode == 0
        (left,) = hidden(out)
        assert (out / left / "part-0001" / "records.json").stat().st_size > 0
        assert finish(alive) == 0
    assert hidden(out) == set()
    assert len(list(out.glob("profile_customer*/*.json"))) == 3


def put_aside(process: "subprocess.Popen[bytes]", temp: Path) -> int:
    """How many bytes of files without a name, below a folder, a process holds."""
    size = 0
    for handle in Path(f"/proc/{process.pid}/fd").iterdir():
        try:
            if str(handle.readlink()).startswith(str(temp)):
                size += handle.stat().st_size
        except FileNotFoundError:
            continue  # closed meanwhile
    return size


@LINUX
def test_of_two_that_check_at_once_the_killed_ones_folder_goes_with_the_next_command(tmp_path: Path) -> None:
    temp = tmp_path / "temp"
    data = table(SALES, sale, 60_000)
    with two(tmp_path, data, "validate", "-", "--spec", "purchase", "--temp", temp) as (dead, alive):
        assert happens(lambda: all(put_aside(one, temp) > 0 for one in (dead, alive)))
        folders = [temp / name for name in hidden(temp)]
        assert len(folders) == 2
        assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {0o700}
        assert [list(folder.iterdir()) for folder in folders] == [[], []]
        dead.kill()
        dead.wait()
        assert len(hidden(temp)) == 2
        (tmp_path / "in.csv").write_bytes(table(PEOPLE, person, 1))
        checking = ("validate", "in.csv", "--spec", "customer_record", "--temp", temp)
        assert command(*checking, cwd=tmp_path).returncode == 0
        assert len(hidden(temp)) == 1
        assert put_aside(alive, temp) > 0
        assert finish(alive) == 0
    assert hidden(temp) == set()


@pytest.mark.parametrize(
    "words", [("validate", "--spec", "purchase"), ("inspect",), ("map", "--spec", "purchase")]
)
def test_what_writes_no_batch_leaves_nothing_where_tmpdir_says(tmp_path: Path, words: Sequence[str]) -> None:
    (tmp_path / "temp").mkdir()
    folder = tmp_path / "temp" / f"{PREFIX}dead"
    folder.mkdir()
    (folder / "source").write_bytes(SALES)
    done = subprocess.run(
        [sys.executable, "-m", "lexer_pipeline", words[0], "-", *words[1:]],
        cwd=tmp_path, input=table(SALES, sale, 2000), capture_output=True, check=False, timeout=300,
        env=environment(TMPDIR=str(tmp_path / "temp")),
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert list((tmp_path / "temp").iterdir()) == []


def test_batches_are_prepared_without_the_systems_temporary_folder(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_bytes(table(SALES, sale, 2000))
    code = "import sys, tempfile\ntempfile.tempdir = '/nowhere'\nfrom lexer_pipeline.cli.main import main\nsys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", code, "convert", "in.csv", "--spec", "purchase"],
        cwd=tmp_path, capture_output=True, check=False, timeout=300, env=environment(),
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert hidden(tmp_path / "batches") == set()


def test_nothing_else_makes_temporary_files() -> None:
    users = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if re.search(r"^(import|from) tempfile\b", path.read_text("utf-8"), re.MULTILINE)
    }

    assert users == HOMES


# --------------------------------------------------------------------------------------------------- a full disk


def limited(size: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def run(cwd: Path, limit: int, data: bytes, *words: str | Path) -> tuple[int, str]:
    process = start(cwd, *words, preexec_fn=limited(limit))
    _, said = process.communicate(data, timeout=300)
    return process.returncode, said.decode()


@pytest.mark.parametrize("room", [0, 1, 40_000, 100_000, 150_000, 300_000])
def test_wherever_room_runs_out_the_folder_is_named_and_nothing_is_left(tmp_path: Path, room: int) -> None:
    (tmp_path / "in.csv").write_bytes(table(SALES, sale, 5_000))
    words = ("convert", "-", "in.csv", "--spec", "purchase", "--date", "20240306")
    code, said = run(tmp_path, room, table(SALES, sale, 6_000), *words)

    assert code in (2, 4)
    assert "batches" in said
    assert "room left" in said or "the ledger cannot be written" in said
    assert hidden(tmp_path / "batches") == set()
    assert list((tmp_path / "batches").glob("*-20240306-*")) == []


def test_where_the_folder_for_temporary_data_is_full_it_is_named_with_the_remedy(tmp_path: Path) -> None:
    words = ("validate", "-", "--spec", "purchase", "--temp", tmp_path / "temp")
    code, said = run(tmp_path, 100_000, table(SALES, sale, 60_000), *words)

    assert code == 2
    assert f"error: {tmp_path / 'temp'}: the disk has no room left" in said
    assert "--temp" in said
    assert list((tmp_path / "temp").iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only root may mount a file system")
def test_a_disk_that_is_really_full_is_named(tmp_path: Path) -> None:
    (tmp_path / "small").mkdir()
    (tmp_path / "in.csv").write_bytes(table(SALES, sale, 30_000))
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(tmp_path / "small")]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        said = command("convert", "in.csv", "--spec", "purchase", "--out", "small", cwd=tmp_path)
        assert said.returncode == 2
        assert b"error: small: the disk has no room left (No space left on device)" in said.stderr
        assert hidden(tmp_path / "small") == set()
        checked = command("validate", "-", "--spec", "purchase", "--temp", "small", cwd=tmp_path,
                          stdin=table(SALES, sale, 30_000))  # fmt: skip
        assert checked.returncode == 2
        assert b"error: small: the disk has no room left" in checked.stderr
    finally:
        subprocess.run(["umount", str(tmp_path / "small")], check=True)


def test_a_folder_that_takes_no_temporary_data_is_named_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said = command(
        "validate", "-", "--spec", "purchase", "--temp", "file", cwd=tmp_path, stdin=SALES + sale(1)
    )

    assert said.returncode == 2
    assert said.stderr.startswith(b"error: file: no temporary data can be put there (File exists)\n")
    assert b"--temp" in said.stderr


# ------------------------------------------------------------------------------------------------------- clearing


def test_a_folder_that_is_locked_or_not_ours_is_left_alone(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").touch()
    (tmp_path / f"{PREFIX}link").symlink_to(kept)
    (tmp_path / f"{PREFIX}file").touch()
    (tmp_path / f"{PREFIX}dead").mkdir()
    (tmp_path / f"{PREFIX}dead" / "source").touch()
    with Scratch(tmp_path) as alive, alive.folder() as folder:
        (folder / "source").touch()
        scratch.clear(tmp_path)
        assert (folder / "source").exists()

    assert {path.name for path in tmp_path.iterdir()} == {"kept", f"{PREFIX}link", f"{PREFIX}file"}
    assert (kept / "file").exists()


def test_a_folder_that_is_forgotten_goes_with_what_owned_it(tmp_path: Path) -> None:
    forgotten = Scratch(tmp_path)
    forgotten.file().close()
    assert len(hidden(tmp_path)) == 1
    del forgotten
    assert hidden(tmp_path) == set()


@given(st.lists(st.tuples(st.integers(0, 4), st.binary(max_size=40)), max_size=60), st.integers(1, 200))
def test_what_was_put_aside_in_parts_comes_back_in_order(
    tmp_path_factory: pytest.TempPathFactory, written: list[tuple[int, bytes]], gathered: int
) -> None:
    with pytest.MonkeyPatch.context() as patch, Scratch(tmp_path_factory.mktemp("parts")) as temporary:
        patch.setattr(scratch, "GATHERED", gathered)
        with closing(Parted(temporary.file(), 5)) as parts:
            for number, data in written:
                parts.write(number, data)

            for number in range(5):
                assert parts.read(number) == b"".join(data for part, data in written if part == number)
