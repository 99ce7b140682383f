"""Two sandboxes in a process of their own, and the door to them: `python -m tests.drill.services FOLDER [tls]`."""

import json
import ssl
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.request import Request, urlopen

from lexer_pipeline.sandbox.server import Sandbox

COUNT = 2
Event = Mapping[str, Any]


def main(folder: Path, tls: bool) -> None:
    """Serve until standard input ends."""
    with ExitStack() as stack:
        opened = [
            stack.enter_context(
                Sandbox(
                    folder / str(n), tls=tls, store="rclone" if tls else "sink", rate=10_000, stall_seconds=60
                )
            )
            for n in range(COUNT)
        ]
        told = [
            {"url": one.url, "token": one.new_token("drill"), "ca_file": str(one.ca_file or "")}
            for one in opened
        ]
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()
        sys.stdin.read()


@dataclass(frozen=True)
class Service:
    """One sandbox as its own API shows it."""

    url: str
    token: str
    ca_file: str

    def call(self, word: str, order: object = None, method: str = "") -> Any:
        """The answer of /sandbox/WORD."""
        address = self.url.replace("/v1/uploads", f"/sandbox/{word}")
        data = None if order is None else json.dumps(order).encode()
        request = Request(address, data, {"Content-Type": "application/json"}, method=method or None)
        context = ssl.create_default_context(cafile=self.ca_file) if self.ca_file else None
        with urlopen(request, timeout=60, context=context) as answer:
            return json.load(answer)

    def events(self, since: int = 0) -> list[Event]:
        """The event log after an event."""
        found: list[Event] = self.call(f"events?since={since}")
        return found

    def env(self) -> dict[str, str]:
        """What the command reads, so that it sends here."""
        given = {"LEXER_UPLOAD_API_URL": self.url, "LEXER_UPLOAD_API_TOKEN": self.token}
        return given | ({"LEXER_CA_FILE": self.ca_file} if self.ca_file else {})


class Services:
    """The two sandboxes, running."""

    def __init__(self, folder: Path, tls: bool = False) -> None:
        command = [sys.executable, "-m", "tests.drill.services", str(folder), *(["tls"] if tls else [])]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.all = [Service(**one) for one in json.loads(self._process.stdout.readline())]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()


if __name__ == "__main__":
    main(Path(sys.argv[1]), "tls" in sys.argv[2:])
