"""Commands in processes of their own, by fork, so that each costs what it does and not what Python takes to start.

`python -m tests.drill.nursery` reads orders from standard input, a JSON list of commands a line, begins all of one line at
once, and answers with their exit codes and words. This process only imports. Waits of the package are divided, since none
of its promises rests on one; a kill is a real one.
"""

import ctypes
import itertools
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

_sleep = time.sleep
time.sleep = lambda seconds: _sleep(seconds / 200)  # before the package takes it

from lexer_pipeline.cli import main as door  # noqa: E402
from lexer_pipeline.cli.commands import convert, drop, run, settle, upload, validate  # noqa: E402, F401
from lexer_pipeline.cli.commands import status as _status  # noqa: E402, F401
from lexer_pipeline.outbox import ledger_file  # noqa: E402
from lexer_pipeline.outbox.ledger import Ledger  # noqa: E402

from tests.drill import naive_deliveries  # noqa: E402

USELESS = 120.0  # seconds after which a command hangs


def die() -> None:
    """End as a power cut ends a process."""
    os.kill(os.getpid(), signal.SIGKILL)


def die_at_change(number: int, how: str) -> None:
    """End at the n-th change of the ledger: before its commit, after it, or instead of it."""
    plain, seen = Ledger.transaction, [0]

    @contextmanager
    def transaction(self: Ledger) -> Iterator[sqlite3.Connection]:
        seen[0] += 1
        mine = seen[0] == number
        if mine and how == "instead":
            die()
        with plain(self) as connection:
            yield connection
            if mine and how == "before":
                die()
        if mine:
            die()

    Ledger.transaction = transaction  # type: ignore[method-assign]


def die_at_file(number: int, how: str) -> None:
    """End at the n-th rename or fsync, before or after it."""
    seen = [0]

    def dying(act: Callable[..., Any]) -> Callable[..., Any]:
        def acting(*given: Any, **more: Any) -> Any:
            seen[0] += 1
            mine = seen[0] == number
            if mine and how != "after":
                die()
            found = act(*given, **more)
            if mine:
                die()
            return found

        return acting

    for name in ("rename", "replace", "fsync"):
        setattr(os, name, dying(getattr(os, name)))


@contextmanager
def fuse(order: dict[str, Any] | None, burnt: Path) -> Iterator[None]:
    """Have the n-th call of some kinds burn (fuse.c); `burnt` gets the name of it, and at the end how many there were."""
    if order is None:
        yield
        return
    shim, tell = ctypes.CDLL(None), os.open(burnt, os.O_WRONLY | os.O_APPEND)
    shim.fuse_arm(order["kinds"], ctypes.c_long(order["at"]), order["how"], tell)
    try:
        yield
    finally:
        shim.fuse_seen.restype = ctypes.c_long
        os.write(tell, b"=%d" % shim.fuse_seen())


def child(order: dict[str, Any], files: Sequence[Path]) -> int:
    """Within a new process: be the command that was ordered."""
    out, err, burnt = files
    os.chdir(order["cwd"])
    os.environ.update(order["env"])
    for number, (file, how) in enumerate(((Path(os.devnull), "rb"), (out, "wb"), (err, "wb"))):
        with file.open(how) as opened:
            os.dup2(opened.fileno(), number)
    at = order.get("die")
    if at:
        {"change": die_at_change, "file": die_at_file}[at["at"]](at["number"], at["how"])
    ledger_file.PATIENCE = order.get("patience", ledger_file.PATIENCE)
    sys.argv = ["lexer-pipeline", *order["words"]]
    with fuse(order.get("fuse"), burnt):
        code = naive_deliveries.main(order["words"]) if order.get("naive") else door.main()
        sys.stdout.flush()
        sys.stderr.flush()
    return code


def begin(order: dict[str, Any], files: Sequence[Path]) -> int:
    """The process id of a command under way."""
    out, err, _ = files
    if order.get("whole"):  # as a person starts it, so that the shortcut itself is looked at
        command = [sys.executable, "-m", "lexer_pipeline", *order["words"]]
        with out.open("wb") as said, err.open("wb") as told:
            return subprocess.Popen(
                command, cwd=order["cwd"], env={**os.environ, **order["env"]}, stdout=said, stderr=told,
                stdin=subprocess.DEVNULL, start_new_session=True,
            ).pid  # fmt: skip
    number = os.fork()
    if number:
        return number
    code = 99
    try:
        code = child(order, files)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 98
    except BaseException as problem:  # noqa: BLE001 - said to whoever reads its words
        os.write(2, f"the nursery failed: {problem!r}\n".encode())
    finally:
        os._exit(code)


def answer(orders: list[dict[str, Any]], folder: Path) -> list[dict[str, Any]]:
    """Begin all, wait for all; those that are to be killed at a time are."""
    files = [[folder / f"{what}-{n}" for what in ("out", "err", "burnt")] for n in range(len(orders))]
    for file in itertools.chain(*files):  # a command that dies at once said nothing
        file.write_bytes(b"")
    started = time.monotonic()
    running = {begin(order, some): n for n, (order, some) in enumerate(zip(orders, files, strict=True))}
    ends = {pid: orders[n].get("after") or USELESS for pid, n in running.items()}
    codes: dict[int, int] = {}
    while running:
        for pid in list(running):
            gone, status = os.waitpid(pid, os.WNOHANG)
            if gone:
                codes[running.pop(pid)] = os.waitstatus_to_exitcode(status)
            elif time.monotonic() - started > ends[pid]:
                os.kill(pid, signal.SIGKILL)
        _sleep(0.001)
    return [
        {
            "code": codes[n],
            **dict(zip(("out", "err", "burnt"), (file.read_text("utf-8") for file in some), strict=True)),
        }
        for n, some in enumerate(files)
    ]


def main(folder: Path) -> None:
    """Answer orders until there are no more."""
    answers: IO[str] = os.fdopen(os.dup(1), "w")
    orders: IO[str] = os.fdopen(os.dup(0))
    for line in orders:
        answers.write(json.dumps(answer(json.loads(line), folder)) + "\n")
        answers.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
