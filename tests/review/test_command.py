"""The command, as far as no page is opened."""

import sys
from pathlib import Path

import pytest
from lexer_pipeline.cli.main import run_command

from tests.review.exports import export


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_without_its_library_the_command_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "nicegui", None)
    monkeypatch.delitem(sys.modules, "lexer_pipeline.reviewing.serving", raising=False)
    export(Path("orders.csv"))

    assert run_command(["review", "orders.csv"]) == 2
    assert "pip install 'lexer-pipeline[review]'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["nofile.csv"], 3, "nofile.csv: there is no such file"),
        (["."], 3, ".: is a folder"),
        (["orders.csv", "--port", "99999"], 2, "port 99999 of 127.0.0.1 cannot be used"),
    ],
)
def test_what_cannot_be_reviewed_is_refused_before_a_page_is_served(
    capsys: pytest.CaptureFixture[str], words: list[str], code: int, said: str
) -> None:
    export(Path("orders.csv"))
    assert run_command(["review", *words, "--no-browser"]) == code
    assert said in capsys.readouterr().err
