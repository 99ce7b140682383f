"""The command from outside: exit codes, what `--json` prints, and what an interrupt leaves."""

import gzip
import json
import os
import pty
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.running import command, environment
from tests.thoroughness import sweep
from tests.waiting import happens

from .helpers import MARK, whole_batches

GOOD = b"link.mobile,first_name,employee_flag\n1,Mira,yes\n2,Ida,no\n"
BAD = GOOD + f"3,{MARK},{MARK}\n".encode()
CONVERT = ("convert", "--spec", "customer_record", "--date", "20240306")
VALIDATE = ("validate", "--spec", "customer_record")


def answer(done: subprocess.CompletedProcess[bytes]) -> Any:
    """The one JSON object on standard output."""
    assert done.stdout.endswith(b"\n") and done.stdout.count(b"\n") == 1
    return json.loads(done.stdout)


def quiet_of(done: subprocess.CompletedProcess[bytes]) -> None:
    """No traceback and no value anywhere."""
    for text in (done.stdout, done.stderr):
        assert b"Traceback" not in text
        assert MARK.encode() not in text


# name: words, standard input, exit code
CASES: dict[str, tuple[tuple[str, ...], bytes, int]] = {
    "convert good rows": ((*CONVERT, "-"), GOOD, 0),
    "convert, some rejected, allowed": ((*CONVERT, "-", "--max-invalid", "50%"), BAD, 0),
    "convert, held": ((*CONVERT, "-"), BAD, 1),
    "convert, nothing valid": ((*CONVERT, "-"), b"link.mobile,employee_flag\n1,oui\n", 1),
    "convert, no rows": ((*CONVERT, "-"), b"link.mobile\n", 0),
    "validate good rows": ((*VALIDATE, "-"), GOOD, 0),
    "validate, some rejected": ((*VALIDATE, "-"), BAD, 1),
    "validate documents": ((*VALIDATE, "-"), b'{"link":{"mobile":"1"}}\n{"link":"%s"}\n' % MARK.encode(), 1),
    "unknown specification": (("convert", "-", "--spec", "purchases_of"), GOOD, 2),
    "unknown column": ((*CONVERT, "-"), b"link.mobile,frist_name\n1,a\n", 2),
    "bad date": (("convert", "-", "--spec", "customer_record", "--date", "6/3/2024"), GOOD, 2),
    "bad share": ((*CONVERT, "-", "--max-invalid", "500%"), GOOD, 2),
    "bad zone": ((*CONVERT, "-", "--timezone", "Mars/Olympus"), GOOD, 2),
    "bad flag": ((*CONVERT, "-", "--nonsense"), GOOD, 2),
    "a record larger than a part": ((*CONVERT, "-", "--max-bytes", "10"), GOOD, 2),
    "missing file": ((*CONVERT, "absent.csv"), b"", 3),
    "a folder": ((*CONVERT, "."), b"", 3),
    "empty": ((*CONVERT, "-"), b"", 3),
    "cut gzip": ((*CONVERT, "-"), gzip.compress(GOOD * 100)[:-9], 3),
    "cut array": ((*CONVERT, "-"), b'[{"link":{"mobile":"1"}},', 3),
    "broken header": ((*CONVERT, "-"), b'"link.mobile\n1\n', 3),
    "validate a broken header": ((*VALIDATE, "-"), b'link.mobile,"first\n1\n', 3),
}


@pytest.mark.parametrize("name", CASES)
def test_every_end_has_its_exit_code_and_one_object_of_json(tmp_path: Path, name: str) -> None:
    words, stdin, code = CASES[name]
    done = command(*words, "--json", cwd=tmp_path, stdin=stdin)

    assert done.returncode == code, done.stderr
    quiet_of(done)
    said = answer(done)
    if code > 1:
        assert set(said) == {"error"} and set(said["error"]) == {"code", "message", "hint"}
        assert f"error: {said['error']['message']}" in done.stderr.decode()
        assert not [
            path for path in tmp_path.rglob("*") if path.suffix == ".json" or ".preparing" in path.name
        ]
    elif words[0] == "convert":
        assert [
            Path(one["path"]).is_absolute() or (tmp_path / one["path"]).is_dir() for one in said["batches"]
        ] == [True] * len(said["batches"])
    else:
        (source,) = said["sources"]
        assert (
            source["rows"] == source["valid"] + source["invalid"] + source["continuations"] + source["blank"]
        )


def test_convert_prints_the_manifest_with_its_path(tmp_path: Path) -> None:
    (one,) = answer(command(*CONVERT, "-", "--json", cwd=tmp_path, stdin=GOOD))["batches"]
    path = tmp_path / one.pop("path")

    assert one.pop("made") is True
    assert one == json.loads((path / "manifest.json").read_text())
    assert path == tmp_path / "batches" / "profile_customer-20240306-a"


def test_validate_writes_nothing(tmp_path: Path) -> None:
    said = answer(command(*VALIDATE, "-", "--json", cwd=tmp_path, stdin=BAD))

    assert list(tmp_path.iterdir()) == []
    (source,) = said["sources"]
    assert (source["path"], source["specification"], source["rows"], source["valid"]) == (
        "-",
        "profile_customer",
        3,
        2,
    )
    assert source["issues"] == {"type": 1} and source["conversions"] == {"boolean_word": 2}
    (example,) = source["examples"]
    assert (example["line"], example["row"], example["column"], example["code"]) == (
        4,
        3,
        "employee_flag",
        "type",
    )
    assert "value" not in example


@pytest.mark.parametrize("words", [CONVERT, VALIDATE])
def test_quiet_says_nothing_but_errors(tmp_path: Path, words: tuple[str, ...]) -> None:
    good = command(*words, "-", "--quiet", cwd=tmp_path, stdin=GOOD)
    bad = command(*words, "absent.csv", "--quiet", cwd=tmp_path)

    assert (good.returncode, good.stdout, good.stderr) == (0, b"", b"")
    assert (bad.returncode, bad.stdout) == (3, b"") and b"absent.csv" in bad.stderr


def test_words_for_people_hold_counts_and_no_values(tmp_path: Path) -> None:
    done = command(*VALIDATE, "-", cwd=tmp_path, stdin=BAD)

    quiet_of(done)
    assert b"2 of 3 records are ready to send." in done.stdout
    assert b"\x1b[" not in done.stdout


def test_several_sources_from_files_are_one_delivery(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(GOOD)
    (tmp_path / "b.json.gz").write_bytes(gzip.compress(b'[{"link":{"mobile":"9"}}]'))
    (one,) = answer(command(*CONVERT, "a.csv", "b.json.gz", "--json", cwd=tmp_path))["batches"]

    assert [source["path"] for source in one["sources"]] == ["a.csv", "b.json.gz"]
    assert one["records"] == 3


def test_a_closed_standard_output_is_no_traceback(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "lexer_pipeline", "specs"], cwd=tmp_path, env=environment(),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    error = process.stderr.read()
    process.stderr.close()

    assert process.wait(timeout=300) in (0, 1, 120)
    assert b"Traceback" not in error


def is_waiting(process: int) -> bool:
    """Whether a process has nothing left to do for a while: it sleeps and takes no time of a processor."""
    if not Path("/proc/self/stat").exists():
        time.sleep(0.5)
        return True
    seen = set()
    for _ in range(20):
        cells = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        seen.add((cells[0], *cells[11:13]))
        time.sleep(0.01)
    return len(seen) == 1 and seen.pop()[0] == "S"


@pytest.mark.parametrize(
    ("words", "number"),
    sweep(
        [(words, number) for words in (CONVERT, VALIDATE) for number in (signal.SIGINT, signal.SIGTERM)],
        usual=[(CONVERT, signal.SIGINT), (VALIDATE, signal.SIGTERM)],
    ),
)
def test_an_interrupt_while_a_source_is_read_ends_with_130_and_leaves_no_batch(
    tmp_path: Path, words: tuple[str, ...], number: int
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "lexer_pipeline", *words, "-"], cwd=tmp_path, env=environment(),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None and process.stderr is not None and process.stdout is not None
    process.stdin.write(GOOD + b"3,Mira,no\n" * 400_000)
    process.stdin.flush()
    if words[0] == "convert":
        assert happens(lambda: list(tmp_path.glob("batches/.preparing*/part-0001/records.json")))
    # A signal that comes just before a system call that waits is only seen when that call ends: let it begin.
    assert happens(lambda: is_waiting(process.pid))
    process.send_signal(number)
    # The pipe stays open: the source has not ended, the command must.
    try:
        code = process.wait(timeout=300)
    finally:
        process.kill()
        said = process.stderr.read()
        for pipe in (process.stdin, process.stdout, process.stderr):
            pipe.close()

    assert code == 130
    kept = "; no half-made batch is left" if words[0] == "convert" else ""
    assert (
        said.decode() == f"interrupted{kept}\n  Then again: {shlex.join(('lexer-pipeline', *words, '-'))}\n"
    )
    assert {path.name for path in tmp_path.rglob("*")} <= {"batches", ".lock", "ledger.sqlite3"}
    assert whole_batches(tmp_path / "batches") == []


def test_progress_on_a_terminal_ends_with_its_command(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_bytes(GOOD + b"3,Mira,no\n" * 300_000)
    terminal, inside = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "lexer_pipeline", *CONVERT, "in.csv", "--json"], cwd=tmp_path,
        env={**environment(), "TERM": "xterm"}, stdout=subprocess.PIPE, stderr=inside,
    )  # fmt: skip
    os.close(inside)
    seen = b""
    while True:
        try:
            piece = os.read(terminal, 65_536)
        except OSError:  # Linux says so when the other side is gone
            break
        if not piece:
            break
        seen += piece
    assert process.stdout is not None
    said = json.loads(process.stdout.read())
    process.stdout.close()
    os.close(terminal)

    assert process.wait(timeout=300) == 0
    assert said["batches"][0]["records"] == 300_002
    assert b"Traceback" not in seen


def test_a_profile_names_every_stage_on_standard_error_and_leaves_the_answer_alone(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_bytes(GOOD)
    done = subprocess.run(
        [sys.executable, "-m", "lexer_pipeline", *CONVERT, "in.csv", "--json", "--quiet", "--profile"],
        cwd=tmp_path, env=environment(), capture_output=True, check=False,
    )  # fmt: skip

    assert set(json.loads(done.stdout)) == {"batches"}
    assert [line.split()[0] for line in done.stderr.decode().splitlines()[1:]] == [
        "load", "shape", "validate", "convert", "write", "hash",
    ]  # fmt: skip
    assert f"{len(GOOD):,}" in done.stderr.decode()
