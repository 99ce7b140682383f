"""The Tab key in real shells: what `--print-completion` prints completes commands, flags, names and files."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

import pytest

from tests.running import command, environment
from tests.waiting import happens

pty = pytest.importorskip("pty", reason="this system has no terminals to type at")
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


class Terminal:
    """A shell at a terminal of its own."""

    def __init__(self, words: list[str], folder: Path) -> None:
        self._master, slave = pty.openpty()
        env = environment(TERM="xterm", HOME=str(folder), PS1="", PATH=os.environ["PATH"])
        self._process = subprocess.Popen(
            words, stdin=slave, stdout=slave, stderr=slave, cwd=folder, env=env, start_new_session=True
        )
        os.close(slave)
        os.set_blocking(self._master, False)
        self.shown = ""

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def shows(self, words: str) -> bool:
        """Whether the terminal shows these words, now or later."""

        def look() -> bool:
            with suppress(BlockingIOError):
                self.shown += os.read(self._master, 65536).decode("utf-8", "replace")
            return words in self.shown

        return happens(look)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._master)


@pytest.fixture
def terminal(shell: str, tmp_path: Path) -> Iterator[Terminal]:
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    (tmp_path / "an-export.csv").write_text("")
    (tmp_path / "script").write_bytes(script(shell))
    words, source = SHELLS[shell]
    opened = Terminal(words, tmp_path)
    try:
        opened.type(f"{source}\n")
        assert opened.shows("ready> "), opened.shown
        yield opened
    finally:
        opened.close()


@pytest.mark.skipif(sys.platform == "win32", reason="these shells are of other systems")
@pytest.mark.parametrize("shell", SHELLS)
def test_the_tab_key_completes_what_was_begun(terminal: Terminal, shell: str) -> None:
    for begun, whole in (TYPED if shell == "tcsh" else TYPED | NAMES).items():
        terminal.shown = ""
        terminal.type(f"lexer-pipeline {begun}\t")

        assert terminal.shows(whole), (begun, terminal.shown)
        terminal.type("\x15")  # takes the line back


def test_a_shell_that_is_not_known_is_a_usage_error() -> None:
    done = command("--print-completion", "csh", cwd=Path())

    assert done.returncode == 2
    assert b"bash" in done.stderr
