"""However a command ends, it ends with its exit code and words for a person: never a traceback, never a value."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.running import ROOT, environment

GOOD = "link.mobile,first_name\n1,Mira\n"
SECRET = "Qzx1!"
VALIDATE = ("validate", "in.csv", "--spec", "customer_record")
CONVERT = ("convert", "in.csv", "--spec", "customer_record")
# A command whose library call fails in a way that nobody foresaw, with a value in the exception's own words.
BROKEN = """
import sys
from lexer_pipeline.cli import main
from lexer_pipeline.validating import reference

def fail(self, document, notes):
    try:
        dict()["{secret}"]
    except KeyError as problem:
        raise {kind}("{secret}") from problem

reference.ReferenceChecker.document = fail
sys.argv[1:] = {words!r}
sys.exit(main.main())
"""


def lexer_pipeline(*words: str, **given: Any) -> subprocess.CompletedProcess[str]:
    call = [sys.executable, "-m", "lexer_pipeline", *words]
    return subprocess.run(call, env=environment(), text=True, timeout=120, check=False, **given)


def in_shell(folder: Path, words: str) -> subprocess.CompletedProcess[str]:
    """The words of a shell behind `lexer-pipeline`, redirections and all."""
    line = f'exec "{sys.executable}" -m lexer_pipeline {words}'
    return subprocess.run(
        ["bash", "-c", line], cwd=folder, env=environment(), capture_output=True, text=True, timeout=120, check=False
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in.csv").write_text(GOOD)
    return tmp_path


def broken(folder: Path, *words: str, kind: str = "RuntimeError") -> subprocess.CompletedProcess[str]:
    # A cell that the reference must judge, since nothing vouches for it.
    (folder / "in.csv").write_text(f"link.mobile,employee_flag\n1,{SECRET}\n")
    program = BROKEN.format(kind=kind, words=[*words], secret=SECRET)
    return subprocess.run(
        [sys.executable, "-c", program], cwd=folder, env=environment(), capture_output=True, text=True, check=False
    )  # fmt: skip


def test_a_defect_ends_with_70_and_one_sentence_without_a_value(folder: Path) -> None:
    done = broken(folder, *VALIDATE)

    assert done.returncode == 70
    assert done.stdout == ""
    first, second = done.stderr.splitlines()
    assert first.startswith("error: this is a defect of lexer-pipeline, not of the data (RuntimeError in ")
    assert "--debug" in second
    assert SECRET not in done.stderr


def test_a_defect_answers_programs_too(folder: Path) -> None:
    done = broken(folder, *VALIDATE, "--json")

    error = json.loads(done.stdout)["error"]
    assert (done.returncode, error["code"]) == (70, "defect")
    assert SECRET not in done.stdout + done.stderr


def test_debug_shows_where_a_defect_lies_and_what_caused_it_without_a_value(folder: Path) -> None:
    done = broken(folder, *VALIDATE, "--debug")

    assert done.returncode == 70
    assert [line.strip() for line in done.stderr.splitlines() if line.strip() in ("KeyError", "RuntimeError")] == [
        "KeyError", "RuntimeError",
    ]  # fmt: skip
    assert "in validating/validate.py, line " in done.stderr
    assert SECRET not in done.stderr
    assert str(ROOT) not in done.stderr


def test_a_defect_leaves_no_batch(folder: Path) -> None:
    done = broken(folder, *CONVERT)

    assert done.returncode == 70
    assert not list(folder.glob("batches/*/manifest.json"))


@pytest.mark.parametrize(
    "kind",
    [
        "MemoryError",
        "(lambda _: OSError(12, 'Cannot allocate memory'))",
        '(lambda _: RuntimeError("can\'t start new thread"))',
    ],
)
def test_memory_that_runs_out_is_no_defect(folder: Path, kind: str) -> None:
    done = broken(folder, *VALIDATE, "--json", kind=kind)

    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["code"] == "memory"
    assert "memory ran out" in done.stderr


@pytest.mark.parametrize("words", [" ".join(VALIDATE), " ".join(CONVERT), "inspect in.csv"])
def test_a_file_is_read_though_standard_input_is_closed(folder: Path, words: str) -> None:
    done = in_shell(folder, f"{words} <&-")

    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


def test_a_closed_standard_input_that_is_asked_for_cannot_be_read(folder: Path) -> None:
    done = in_shell(folder, "validate - --spec customer_record <&-")

    assert done.returncode == 3
    assert "standard input is closed" in done.stderr


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_work_is_done_though_nobody_can_be_told(folder: Path, closed: str) -> None:
    done = in_shell(folder, f"{' '.join(CONVERT)} {closed}")

    assert done.returncode == 0
    (batch,) = folder.glob("batches/*/manifest.json")
    manifest = json.loads(batch.read_text())
    assert (batch.parent / manifest["file"]).read_text() == '{"link":{"mobile":"1"},"first_name":"Mira"}\n'
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has /dev/full")
def test_a_full_disk_under_standard_output_is_said_and_the_batch_is_kept(folder: Path) -> None:
    done = in_shell(folder, f"{' '.join(CONVERT)} --json >/dev/full")

    assert done.returncode == 2
    assert "error: standard output cannot be written (No space left on device)" in done.stderr
    assert len(list(folder.glob("batches/*/manifest.json"))) == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has /dev/full")
def test_a_full_disk_under_standard_error_takes_nothing_from_the_answer(folder: Path) -> None:
    done = in_shell(folder, f"{' '.join(CONVERT)} --json 2>/dev/full")

    assert done.returncode == 0
    assert json.loads(done.stdout)["batches"][0]["records"] == 1


def test_a_reader_who_goes_away_takes_nothing_from_the_exit_code(folder: Path) -> None:
    (folder / "in.csv").write_text("link.mobile,employee_flag\n1,perhaps\n")
    read, write = os.pipe()
    os.close(read)

    done = subprocess.run(
        [sys.executable, "-m", "lexer_pipeline", *VALIDATE], cwd=folder, env=environment(), stdout=write,
        stderr=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    os.close(write)

    assert done.returncode == 1
    assert done.stderr == ""


def test_words_that_an_encoding_lacks_are_escaped(folder: Path) -> None:
    (folder / "in.csv").write_text("link.mobile,größe\n1,2\n", "utf-8")
    call = [sys.executable, "-m", "lexer_pipeline", *VALIDATE]

    done = subprocess.run(
        call, cwd=folder, env=environment(PYTHONIOENCODING="ascii"), capture_output=True, text=True, check=False
    )  # fmt: skip

    assert done.returncode == 2
    assert "gr\\xf6\\xdfe" in done.stderr


def test_a_disk_that_refuses_is_said_with_its_place(folder: Path) -> None:
    (folder / "batches").write_text("a file where the folder should be")

    done = lexer_pipeline(*CONVERT, cwd=folder, capture_output=True)

    assert done.returncode == 2
    assert "batches" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "name", ["hex", "rot13", "idna", "punycode", "undefined", "unicode_escape", "utf-16", "utf-7", "no-such", "", "../x"]
)  # fmt: skip
def test_an_odd_encoding_is_an_error_of_words_or_is_read(folder: Path, name: str) -> None:
    done = lexer_pipeline(*VALIDATE, "--encoding", name, cwd=folder, capture_output=True)

    assert done.returncode in (0, 1, 2, 3)
    assert "Traceback" not in done.stderr
