"""Run in a process of its own: samples are checked and converted while every socket, and every file that nobody named, is refused.

    python -m tests.limits.guarded FOLDER EVERY

converts one in so many kinds of samples, and the first of each form; prints one line of JSON: how many were converted, and what was asked for that nobody named.
"""

import json
import os
import site
import socket
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path
from typing import Any

from lexer_pipeline.cli.main import run_command
from lexer_pipeline.preparing.prepare import validate

from tests import golden

ROOT = Path(__file__).resolve().parents[2]
# Python's own modules and data, the package, and what the system tells of zones and of itself.
OURS = tuple(
    os.path.realpath(path)
    for path in (
        sys.prefix, sys.base_prefix, sysconfig.get_path("stdlib"), *site.getsitepackages(), ROOT / "pipeline", ROOT / "schemas",
        "/usr/share/zoneinfo", "/usr/lib", "/proc", "/sys", os.devnull,
    )
)  # fmt: skip
# Of sockets all but their making is refused: a loop of events makes a pair of them for itself.
SOCKETS = (
    "socket.connect",
    "socket.bind",
    "socket.getaddrinfo",
    "socket.gethostby",
    "socket.sendto",
    "socket.sendmsg",
)
STARTS = (
    "subprocess.Popen",
    "os.exec",
    "os.posix_spawn",
    "os.system",
    "urllib.Request",
    "http.client.connect",
)


class Refused(BaseException):
    """Something was asked for that nobody named; nothing in the code catches it."""


class Guard:
    """Refuses what nobody named, once it is on; an audit hook stays for the life of a process."""

    def __init__(self) -> None:
        self.allowed: tuple[str, ...] = ()
        self.is_on = False
        self.asked: list[str] = []
        sys.addaudithook(self._look)

    def _look(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.is_on:
            return
        if event == "open" and isinstance(arguments[0], str | bytes | os.PathLike):
            path = os.path.realpath(os.fsdecode(arguments[0]))
            if any(path == one or path.startswith(one + os.sep) for one in (*OURS, *self.allowed)):
                return
            if not os.path.lexists(path) and not arguments[2] & os.O_CREAT:
                return  # in a folder that is open already, or nowhere
            self._refuse(f"open {path}")
        elif event.startswith((*SOCKETS, *STARTS)):
            self._refuse(event)

    def _refuse(self, what: str) -> None:
        self.asked.append(what)
        raise Refused(what)


def cases(every: int) -> Iterator[Path]:
    """The first and the last case of one in so many kinds of samples, and of the first kind of each form."""
    kinds = [
        *ROOT.glob("samples/exports/*"),
        *(one for one in ROOT.glob("samples/*") if one.name != golden.EXPORTS),
    ]
    forms: set[str] = set()
    for number, kind in enumerate(sorted(one for one in kinds if one.is_dir())):
        found = sorted(one for one in kind.iterdir() if one.is_dir())
        form = golden.source_of(found[-1]).suffix
        if number % every == 0 or form not in forms:
            forms.add(form)
            yield from sorted({found[0], found[-1]})


def bites(guard: Guard, folder: Path) -> bool:
    """Whether the guard refuses what it is there for."""
    count = 0
    for forbidden in (
        lambda: (folder / "beside.csv").read_bytes(),
        lambda: socket.create_connection(("127.0.0.1", 9)),
        lambda: socket.getaddrinfo("example.com", 80),
    ):
        try:
            forbidden()
        except Refused:
            count += 1
    guard.asked.clear()
    return count == 3


def run(root: Path, every: int) -> dict[str, Any]:
    """Convert and check samples under guard."""
    guard, done = Guard(), 0
    tempfile.tempdir = str(root / "temporary")
    Path(tempfile.tempdir).mkdir()
    for number, case in enumerate(cases(every)):
        folder = root / str(number)
        folder.mkdir()
        (folder / "beside.csv").write_text("email\nmira@example.com\n")
        source = golden.source_of(case).name
        guard.allowed = (tempfile.tempdir, str(folder / source), str(folder / "batches"), str(case))
        guard.is_on = True
        assert bites(guard, folder)
        golden_run(case, folder)
        guard.is_on = False
        done += 1
    folder = root / "own"
    folder.mkdir()
    (folder / "a.csv").write_text("Mail\nmira@example.com\n")
    (folder / "own.toml").write_text(
        '[[records]]\nspecification = "profile_customer"\n[records.fields]\n"link.email" = "Mail"\n'
    )
    guard.allowed = tuple(str(folder / name) for name in ("a.csv", "own.toml", "batches", "pipeline.toml"))
    guard.allowed += (tempfile.tempdir,)
    guard.is_on = True
    with chdir(folder):
        codes = [
            run_command([word, "a.csv", "--map", "own.toml", "--json"]) for word in ("validate", "convert")
        ]
    guard.is_on = False
    return {"samples": done, "asked": guard.asked, "codes": codes}


def golden_run(case: Path, folder: Path) -> None:
    try:
        golden.converted(case, folder)
        with chdir(folder):
            name = golden.source_of(case).name
            validate([name], None if golden.is_export(case) else case.parent.name, golden.options_of(case))
    except golden.PipelineError:
        pass  # a sample that is refused is refused without asking either


if __name__ == "__main__":
    with open(os.devnull, "w") as nothing:
        out, sys.stdout = sys.stdout, nothing
        found = run(Path(sys.argv[1]), int(sys.argv[2]))
        sys.stdout = out
    print(json.dumps(found))
