"""Whoever looks on sees what an upload waits for and how long, at a terminal and in a log."""

import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.running import environment
from tests.upload.helpers import prepared
from tests.upload.store import TOKEN, Store

LATER = "status:429:Retry-After: 200"


def start(store: Store, out: Path, *words: str, stderr: int = subprocess.PIPE) -> subprocess.Popen[bytes]:
    more = {
        "LEXER_UPLOAD_API_URL": store.url,
        "LEXER_UPLOAD_API_TOKEN": TOKEN,
        "COLUMNS": "200",
        "TERM": "xterm",
    }
    call = [sys.executable, "-m", "lexer_pipeline", "upload", *words, "--out", str(out)]
    return subprocess.Popen(
        call,
        cwd=out,
        env=environment(**more),
        stdout=subprocess.PIPE,
        stderr=stderr,
        stdin=subprocess.DEVNULL,
    )


def until(what: str, read: Callable[[], bytes]) -> str:
    """All that was read, up to the piece with `what` in it."""
    said = ""
    while not re.search(what, said):
        piece = read()
        assert piece, said
        said += piece.decode()
    return said


def ended(process: subprocess.Popen[bytes]) -> int:
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=300)
    return process.returncode


def test_at_a_terminal_the_wait_is_counted_down(store: Store, out: Path) -> None:
    prepared(out)
    store.post_faults = [LATER]
    ours, theirs = pty.openpty()
    try:
        process = start(store, out, stderr=theirs)
        name = r"customers-20240306-a\.json is tried again in "
        until(rf"{name}20\d s: too many requests for permission \(429\)", lambda: os.read(ours, 4096))
        until(rf"{name}19\d s", lambda: os.read(ours, 4096))
        process.send_signal(signal.SIGINT)
        until("interrupted", lambda: os.read(ours, 4096))
        process.communicate(timeout=300)
    finally:
        os.close(ours)
        os.close(theirs)
    assert process.returncode == 130


@pytest.mark.parametrize("words", [(), ("--json",)])
def test_elsewhere_a_long_wait_is_one_line_on_standard_error(
    store: Store, out: Path, words: tuple[str, ...]
) -> None:
    prepared(out)
    store.post_faults = [LATER]
    process = start(store, out, *words)
    assert process.stderr is not None

    said = until("\n", process.stderr.readline)

    assert re.fullmatch(
        r"customers-20240306-a\.json is tried again in 20\d s: too many requests for permission \(429\)\n",
        said,
    )
    assert ended(process) == 130


@pytest.mark.parametrize(
    ("words", "faults"), [(("--quiet",), ["status:429:Retry-After: 4"]), ((), ["status:503"])]
)
def test_quiet_and_short_waits_say_nothing(
    store: Store, out: Path, words: tuple[str, ...], faults: list[str]
) -> None:
    prepared(out)
    store.post_faults = faults
    _, said = (process := start(store, out, *words)).communicate(timeout=300)

    assert (process.returncode, said) == (0, b"")
