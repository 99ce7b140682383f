"""The token is put into the key ring without being shown, and taken out of it; the environment wins over it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.keyring_file import BACKEND
from tests.running import ROOT, environment

VARIABLE = "LEXER_UPLOAD_API_TOKEN"
KEY = f"lexer-pipeline/{VARIABLE}"
SECRET = "s3cr3tv4lue7f3a9c"
# A Python that has no library keyring.
WITHOUT = (
    "import sys; sys.modules['keyring'] = None; from lexer_pipeline.cli.main import main; sys.exit(main())"
)


def place(folder: Path, **more: str) -> dict[str, str]:
    found = environment(PYTHON_KEYRING_BACKEND=BACKEND, KEYRING_FILE=str(folder / "ring.json"), **more)
    found["PYTHONPATH"] += os.pathsep + str(ROOT)
    return found


def run(
    folder: Path, *words: str, given: str = "", start: tuple[str, ...] = ("-m", "lexer_pipeline"), **more: str
) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, *start, *words], cwd=folder, env=place(folder) | more, input=given,
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def held(folder: Path) -> dict[str, str]:
    file = folder / "ring.json"
    return json.loads(file.read_bytes()) if file.exists() else {}


def test_a_token_from_standard_input_is_kept_and_goes_again(tmp_path: Path) -> None:
    code, said = run(tmp_path, "login", given=f"{SECRET}\n")
    assert (code, held(tmp_path)) == (0, {KEY: SECRET})
    assert "key ring (test ring)" in said
    assert "lexer-pipeline doctor" in said

    assert run(tmp_path, "logout", "--json")[1] == (
        '{"key_ring": "test ring", "removed": true, "environment_wins": false}\n'
        "The token is no longer in the key ring (test ring). It stays good until it is revoked in the Hub.\n"
    )
    assert held(tmp_path) == {}
    assert run(tmp_path, "logout")[1].startswith("The token was not in the key ring")
    assert SECRET not in said


def test_a_token_that_is_typed_is_not_shown(tmp_path: Path) -> None:
    terminals = pytest.importorskip(
        "tests.terminal", reason="this system has no terminals", exc_type=ImportError
    )
    terminal = terminals.Terminal(
        [sys.executable, "-m", "lexer_pipeline", "login"], tmp_path, place(tmp_path)
    )
    try:
        assert terminal.shows("not shown")
        terminal.type(f"{SECRET}\n")
        assert terminal.shows("lexer-pipeline doctor"), terminal.shown
    finally:
        terminal.close()
    assert held(tmp_path) == {KEY: SECRET}
    assert SECRET not in terminal.shown


@pytest.mark.parametrize("words", [(SECRET,), ("--token", SECRET), (f"--token={SECRET}",)])
@pytest.mark.parametrize("json_too", [(), ("--json",)])
def test_a_token_as_a_word_is_refused_and_not_repeated(
    tmp_path: Path, words: tuple[str, ...], json_too: tuple[str, ...]
) -> None:
    code, said = run(tmp_path, "login", *words, *json_too)

    assert (code, held(tmp_path)) == (2, {})
    assert "Revoke one that was typed" in said
    assert SECRET not in said


@pytest.mark.parametrize(
    ("given", "more", "words"),
    [
        ("", {}, "there is no token"),
        (f"{SECRET} and more\n", {}, "holds characters that no token has"),
        (SECRET, {"KEYRING_FILE": "locked"}, "the key ring is locked"),
        (SECRET, {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}, "this machine has no key ring"),
        (SECRET, {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}, "did not keep it"),
    ],
)
def test_what_cannot_be_kept_is_said_without_the_token(
    tmp_path: Path, given: str, more: dict[str, str], words: str
) -> None:
    code, said = run(tmp_path, "login", given=given, **more)

    assert (code, held(tmp_path)) == (2, {})
    assert words in said
    assert "s3cr3t" not in said


@pytest.mark.parametrize("command", ["login", "logout"])
def test_without_the_library_the_extra_is_named(tmp_path: Path, command: str) -> None:
    code, said = run(tmp_path, command, given=SECRET, start=("-c", WITHOUT))

    assert code == 2
    assert "pip install 'lexer-pipeline[keyring]'" in said
    assert VARIABLE in said


def test_a_token_of_the_environment_is_said_to_win(tmp_path: Path) -> None:
    _, said = run(tmp_path, "login", given=SECRET, **{VARIABLE: "another"})

    assert f"unset {VARIABLE}" in said
    assert "another" not in said.replace("another one", "")
