"""`make convert` and its like hand on what was typed, word by word, to the command."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.running import ROOT, environment

pytestmark = pytest.mark.skipif(not shutil.which("make", path="/usr/bin:/bin"), reason="needs make")

Make = Callable[..., subprocess.CompletedProcess[str]]
HEARS = """#!{python}
import json, sys
print(json.dumps(sys.argv[1:]))
"""


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """`make WORDS...` where all is set up, and the command only says which words reached it."""
    venv = tmp_path / "venv"
    (venv / "bin").mkdir(parents=True)
    command = venv / "bin" / "lexer-pipeline"
    command.write_text(HEARS.format(python=sys.executable))
    command.chmod(0o755)
    for done in ("pyvenv.cfg", "run"):
        (venv / done).touch()

    def run(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
        call = ["make", "--no-print-directory", "-s", f"VENV={venv}", *words]
        return subprocess.run(
            call, cwd=ROOT, env=environment(**more), capture_output=True, text=True, check=False, timeout=60
        )

    return run


def heard(done: subprocess.CompletedProcess[str]) -> Sequence[str]:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (["validate", "FILE=export.csv"], ["validate", "export.csv"]),
        (
            ["validate", "FILE=a.csv", "SPEC=purchase", "MAP=shop.toml", "ARGS=--json --sheet 'Sheet 2'"],
            ["validate", "a.csv", "--spec=purchase", "--map=shop.toml", "--json", "--sheet", "Sheet 2"],
        ),
        (["convert", "FILE=export.csv"], ["convert", "export.csv"]),
        (["convert", "FILE=-"], ["convert", "-"]),
        (
            ["convert", "FILE=a.csv", "SPEC=purchase", "MAP=my map.toml", "DATE=20240306", "DATASET=a1b2c3d4"]
            + ["OUT=out folder", "ARGS=--max-invalid 10%"],
            ["convert", "a.csv", "--spec=purchase", "--map=my map.toml", "--date=20240306"]
            + ["--dataset=a1b2c3d4", "--out=out folder", "--max-invalid", "10%"],
        ),
        (["convert", "FILE=a.csv", "MAP=it's $5.toml"], ["convert", "a.csv", "--map=it's $5.toml"]),
        (["upload"], ["upload"]),
        (
            ["upload", "OUT=out", "DATASET=a1b2c3d4", "ARGS=--resend out/one"],
            ["upload", "--dataset=a1b2c3d4", "--out=out", "--resend", "out/one"],
        ),
        (["sandbox", "ARGS=--port 8788"], ["sandbox", "--port", "8788"]),
    ],
)
def test_what_is_typed_behind_make_reaches_the_command_and_nothing_else_does(
    make: Make, typed: list[str], words: list[str]
) -> None:
    assert heard(make(*typed)) == words


@pytest.mark.parametrize("target", ["validate", "convert"])
@pytest.mark.parametrize(
    "name", ["plain.csv", "my orders.csv", "it's.csv", 'a "b".csv', "5$ (a,b);c&d.csv", "#1.csv"]
)
def test_a_file_that_is_there_is_one_word_whatever_its_name(
    make: Make, tmp_path: Path, target: str, name: str
) -> None:
    (tmp_path / name).touch()

    assert heard(make(target, f"FILE={tmp_path / name}")) == [target, str(tmp_path / name)]


def test_several_files_are_several_words_and_are_quoted_as_in_a_shell(make: Make, tmp_path: Path) -> None:
    spaced, plain = tmp_path / "my orders.csv", tmp_path / "till.csv"
    for path in (spaced, plain):
        path.touch()

    assert heard(make("convert", f"FILE='{spaced}' {plain}")) == ["convert", str(spaced), str(plain)]
    assert heard(make("convert", f"FILE={tmp_path}/*.csv")) == ["convert", str(spaced), str(plain)]
    assert heard(make("convert", "FILE=shop.csv till.csv")) == ["convert", "shop.csv", "till.csv"]


def test_what_lies_in_the_environment_is_not_taken_for_what_was_typed(make: Make) -> None:
    stray = {"FILE": "x.csv", "SPEC": "x", "MAP": "x", "DATE": "x", "DATASET": "x", "OUT": "x", "ARGS": "--x"}

    assert heard(make("convert", "FILE=a.csv", **{**stray, "FILE": "b.csv"})) == ["convert", "a.csv"]
    assert heard(make("upload", **stray)) == ["upload"]
    assert make("convert", **stray).returncode == 2


@pytest.mark.parametrize("target", ["validate", "convert"])
@pytest.mark.parametrize("given", [[], ["FILE="], ["FILES=a.csv"]])
def test_a_missing_file_is_said_before_anything_is_set_up(
    tmp_path: Path, target: str, given: list[str]
) -> None:
    call = ["make", f"VENV={tmp_path / 'venv'}", target, *given]
    done = subprocess.run(
        call, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False, timeout=60
    )

    assert done.returncode == 2
    assert f"FILE is missing, as in: make {target} FILE=export.csv" in done.stderr
    assert not (tmp_path / "venv").exists()


def test_help_lists_every_target_and_for_what_it_takes_an_example(make: Make) -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    recipes = dict(re.findall(r"^([a-z]+):.*\n((?:\t.*\n)*)", makefile, re.M))
    lines = dict(re.findall(r"^  make (\S+) +(.*)$", make("help").stdout, re.M))

    assert list(lines) == list(recipes)
    for target, recipe in recipes.items():
        read = re.findall(
            r"\$\(call (?:given|flag,--\w+),([A-Z]+)\)", recipe.replace("$(files)", "$(call given,FILE)")
        )
        assert set(read) - set(re.findall(r"[A-Z]+", lines[target])) == set(), target
        assert not read or re.search(rf": make {target} [A-Z]+=", lines[target]), target
