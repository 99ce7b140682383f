"""Which version runs, and what the bare command says."""

import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from lexer_pipeline.cli import version as subject

from tests.running import ROOT, environment

SAID = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]


def lexer_pipeline(*words: str) -> tuple[int, str, str]:
    """(exit code, standard output, standard error) of a command."""
    call = [sys.executable, "-m", "lexer_pipeline", *words]
    done = subprocess.run(call, env=environment(), capture_output=True, text=True, check=False, timeout=300)
    return done.returncode, done.stdout, done.stderr


def test_a_source_tree_has_the_version_of_its_own_project_file() -> None:
    assert lexer_pipeline("--version") == (0, f"lexer-pipeline {SAID}\n", "")


@pytest.mark.parametrize(
    "text", [None, "", "no toml", "project = 3", '[project]\nname = "shop"\nversion = "9.9"', "\udcff"]
)
def test_beside_another_projects_file_it_is_the_installed_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None
) -> None:
    if text is not None:
        (tmp_path / "pyproject.toml").write_text(text, "utf-8", errors="surrogateescape")
    monkeypatch.setattr(subject, "PROJECT", tmp_path / "pyproject.toml")

    assert subject.running_version() == version("lexer-pipeline")


def test_the_bare_command_shows_what_can_be_done() -> None:
    bare = lexer_pipeline()

    assert bare == lexer_pipeline("--help")
    assert (bare[0], bare[2]) == (0, "")
    assert "\n    convert " in bare[1]
