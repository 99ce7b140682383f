"""A page is walked through: its commands are typed in order in a fresh folder, and print what stands below them.

Commands of ours run in this process, which takes a tenth of the time; all else is a line for a shell.
"""

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from lexer_pipeline.cli.main import run_command

from docs.pages import FENCE, ROOT

ADDRESS = "http://127.0.0.1:8787"
HEREDOC = re.compile(r"<<'(\w+)'$")
EXPORT = re.compile(r"export (\w+)=(\S+)")
SAID_CODE = re.compile(r"# exit code (\d+)")


@dataclass(frozen=True)
class Typed:
    """One command: what it printed on each of its two ways, its exit code, and the one that the page says."""

    words: str
    output: str
    error: str
    code: int
    said: int


@dataclass(frozen=True)
class Block:
    """A block of commands, and what the page says that they print."""

    text: str
    typed: tuple[Typed, ...]
    said: str

    @property
    def output(self) -> str:
        return "".join(one.output for one in self.typed if "--json" not in one.words)


def statements(block: str) -> Iterator[str]:
    """The commands of a block; one that writes a file holds all of it."""
    lines = iter(block.splitlines())
    for line in lines:
        if found := HEREDOC.search(line):
            body = [line]
            while body[-1] != found[1]:
                body.append(next(lines))
            line = "\n".join(body)
        yield line


class Walk:
    """A folder in which commands are typed, with the samples and nothing else."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder, self._patch = folder, patch
        (folder / "samples").symlink_to(ROOT / "samples")
        (folder / "bin").mkdir()
        python = folder / "bin" / "python"
        python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        python.chmod(0o700)
        for name in [name for name in os.environ if name.startswith("LEXER_")]:
            patch.delenv(name)
        patch.setenv("PATH", f"{folder / 'bin'}:{os.environ['PATH']}")
        patch.setenv("PYTHONPATH", str(ROOT / "pipeline"))
        patch.setenv("COLUMNS", "120")

    def through(
        self, text: str, address: str = "", token: str = "", before: Callable[[str], None] = lambda _: None
    ) -> list[Block]:
        """Walk through a page, or a section of it; `before` does what the page says that a person does before a command."""
        fences = [*FENCE.findall(text), ("", "")]
        walked = []
        for (kind, block), (after, said) in zip(fences, fences[1:], strict=False):
            if kind == "sh":
                block = block.replace(ADDRESS, address or ADDRESS).replace("TOKEN=...", f"TOKEN={token}")
                typed = tuple(one for line in statements(block) for one in self._typed(line, before))
                walked.append(Block(block, typed, said if after == "text" else ""))
        return walked

    def _typed(self, line: str, before: Callable[[str], None]) -> Iterator[Typed]:
        if line == "lexer-pipeline sandbox":
            return  # the test has one
        if found := EXPORT.match(line):
            self._patch.setenv(found[1], found[2])
            return
        before(line)
        done = self._ours(line) if line.startswith("lexer-pipeline ") else self._shell(line)
        said = SAID_CODE.search(line)
        yield Typed(line, *done, int(said[1]) if said else 0)

    def _ours(self, line: str) -> tuple[str, str, int]:
        output, error = io.StringIO(), io.StringIO()
        with (
            contextlib.chdir(self.folder),
            contextlib.redirect_stdout(output),
            contextlib.redirect_stderr(error),
        ):
            try:
                code = run_command(shlex.split(line, comments=True)[1:])
            except SystemExit as end:  # --version
                code = int(end.code or 0)
        return output.getvalue(), error.getvalue(), code

    def _shell(self, line: str) -> tuple[str, str, int]:
        done = subprocess.run(
            ["sh", "-c", line], cwd=self.folder, capture_output=True, text=True, check=False, timeout=60
        )  # fmt: skip
        return done.stdout, done.stderr, done.returncode


def pattern(said: str) -> str:
    """A line of three dots stands for any lines; within a line they stand for anything."""
    found = ""
    for line in said.splitlines():
        parts = [re.escape(part) for part in line.split("...")]
        found += r"(?:.*\n)*?" if line == "..." else ".*".join(parts) + " *\n"
    return found


def check(walked: list[Block]) -> None:
    """Every command ended as the page says, and printed what stands below its block."""
    for block in walked:
        for one in block.typed:
            assert one.code == one.said, one.words
            assert one.error == "" or "--json" in one.words, one.words  # beside JSON, words go there
        if block.said:
            assert re.fullmatch(pattern(block.said), block.output), f"{block.text}\n{block.output}"
