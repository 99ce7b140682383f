"""A PostgreSQL for tests: a real one, in a folder of its own, run by another user than root, gone when the session ends.

def test_it(postgres):
    address = postgres.database()  # postgresql://tester:PASSWORD@127.0.0.1:PORT/NAME, new and empty
"""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.waiting import happens

USER, PASSWORD = "tester", "Sesame-4711-opens"
# Where packages put programs that are on nobody's PATH.
PLACES = ("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin", "opt/homebrew/opt/postgresql*/bin")
# The server lives as long as the standard input of this is open: it ends whatever becomes of the tests.
LIFELINE = '"$@" >&2 & echo $!; cat > /dev/null; kill -QUIT $!; wait $!'


class Postgres:
    """A server that can be stopped and started again; `settings` are some of its own, `name=value`."""

    def __init__(self, folder: Path, *settings: str) -> None:
        self.folder, self.settings, self.port = folder, settings, _free_port()
        self._numbers = count(1)
        self._process: subprocess.Popen[str] | None = None
        self._as = _another_user_than_root()
        secret = folder / "password"
        secret.write_text(PASSWORD)
        if self._as:
            for one in (folder, secret):
                os.chown(one, self._as["user"], self._as["group"])
        words = (
            "-U",
            USER,
            "-A",
            "scram-sha-256",
            f"--pwfile={secret}",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
        )
        self._run("initdb", "-D", str(folder / "data"), *words).check_returncode()

    def start(self) -> "Postgres":
        """It answers when this returns."""
        settings = [
            f"-c{one}" for one in ("unix_socket_directories=", "listen_addresses=127.0.0.1", *self.settings)
        ]
        words = [_program("postgres"), "-D", str(self.folder / "data"), f"-p{self.port}", *settings]
        with (self.folder / "log").open("a") as log:
            self._process = subprocess.Popen(
                ["sh", "-c", LIFELINE, "sh", *words],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, cwd=self.folder, **self._as,
            )  # fmt: skip
        assert self._process.stdout is not None
        self.pid = int(self._process.stdout.readline())
        assert happens(self._answers), (self.folder / "log").read_text()
        return self

    def stop(self) -> None:
        """At once, as if the machine had lost its power; `start` goes on with what was committed."""
        if self._process is not None:
            assert self._process.stdin is not None
            self._process.stdin.close()
            self._process.wait(60)
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None

    def address(self, database: str = "postgres", user: str = USER, password: str = PASSWORD) -> str:
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def database(self) -> str:
        """The address of a database that is new and empty."""
        name = f"test_{os.getpid()}_{next(self._numbers)}"
        self.sql(f"CREATE DATABASE {name}")
        return self.address(name)

    def sql(self, query: str, database: str = "postgres") -> str:
        """What the superuser is answered: a row a line, columns apart by |."""
        words = ("-XqAt", "-v", "ON_ERROR_STOP=1", "-d", self.address(database), "-c", query)
        done = self._run("psql", *words)
        assert not done.returncode, done.stderr
        return done.stdout.rstrip("\n")

    def _answers(self) -> bool:
        return not self._run("pg_isready", "-h", "127.0.0.1", "-p", str(self.port)).returncode

    def _run(self, name: str, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [_program(name), *words],
            capture_output=True,
            text=True,
            timeout=120,
            cwd=self.folder,
            **self._as,
            check=False,
        )


def _program(name: str) -> str:
    """Where a program of PostgreSQL lies; a test that needs it is skipped where there is none."""
    places = [str(path) for place in PLACES for path in sorted(Path("/").glob(place), reverse=True)]
    found = next(filter(None, (shutil.which(name, path=path) for path in (*places, None))), None)
    return found or pytest.skip(f"PostgreSQL's program {name} is not on this machine")


def _another_user_than_root() -> Mapping[str, Any]:
    """PostgreSQL does not run as root: the words for a process of its own user, or of nobody."""
    if os.name == "nt" or os.geteuid() != 0:
        return {}
    import pwd

    users = {one.pw_name: one for one in pwd.getpwall()}
    one = users.get("postgres") or users.get("nobody")
    if one is None:
        pytest.skip(
            "PostgreSQL does not run as root, and this machine has neither a user postgres nor nobody"
        )
    return {"user": one.pw_uid, "group": one.pw_gid, "extra_groups": []}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A server for all tests of a session; whoever stops it starts it again."""
    folder = Path(tempfile.mkdtemp(prefix="lexer-postgres-"))
    server = None
    try:
        server = Postgres(folder).start()
        yield server
    finally:
        if server is not None:
            server.stop()
        shutil.rmtree(folder)
