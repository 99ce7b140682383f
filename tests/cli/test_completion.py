"""The Tab key in real shells: what `--print-completion` prints completes commands, flags, names and files."""

import os
import shutil
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.running import command, environment

terminals = pytest.importorskip(
    "tests.terminal", reason="this system has no terminals to type at", exc_type=ImportError
)
# How a shell is started without anybody's own settings, and reads the script as docs/commands.md says. The prompt that it shows
# then is typed otherwise than it is shown, and comes when keys are listened to.
SHELLS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], 'source ./script; PS1="re""ady> "'),
    "zsh": (
        ["zsh", "-f", "-i"],
        'autoload -Uz compinit; compinit -u -D; eval "$(cat script)"; PS1="re""ady> "',
    ),
    "tcsh": (["tcsh", "-f"], 'source ./script; set edit prompt="re""ady> "'),
}
TYPED = {
    "do": "doctor",
    "convert --keep": "--keep-rest",
    "convert --hidden s": "skip",
    "map --from stripe_cu": "stripe_customers",
    "convert an-ex": "an-export.csv",
}
NAMES = {"convert --map stripe_cu": "stripe_customers", "validate --spec profile_u": "profile_unify"}


@cache
def script(shell: str) -> bytes:
    done = command("--print-completion", shell, cwd=Path())
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout


@pytest.fixture
def terminal(shell: str, tmp_path: Path) -> Iterator[Any]:
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    (tmp_path / "an-export.csv").write_text("")
    (tmp_path / "script").write_bytes(script(shell))
    words, source = SHELLS[shell]
    env = environment(TERM="xterm", HOME=str(tmp_path), PS1="", PATH=os.environ["PATH"])
    opened = terminals.Terminal(words, tmp_path, env)
    try:
        opened.type(f"{source}\n")
        assert opened.shows("ready> "), opened.shown
        yield opened
    finally:
        opened.close()


@pytest.mark.skipif(sys.platform == "win32", reason="these shells are of other systems")
@pytest.mark.parametrize("shell", SHELLS)
def test_the_tab_key_completes_what_was_begun(terminal: Any, shell: str) -> None:
    for begun, whole in (TYPED if shell == "tcsh" else TYPED | NAMES).items():
        terminal.shown = ""
        terminal.type(f"lexer-pipeline {begun}\t")

        assert terminal.shows(whole), (begun, terminal.shown)
        terminal.type("\x15")  # takes the line back


def test_a_shell_that_is_not_known_is_a_usage_error() -> None:
    done = command("--print-completion", "csh", cwd=Path())

    assert done.returncode == 2
    assert b"bash" in done.stderr
