"""A web server on this machine that holds files, and fails as it is told."""

import hashlib
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

LONG_AGO = 1_700_000_000
# What an answer does in place of the right one: a status, or so many bytes after which the connection breaks.
Fault = int | tuple[str, int]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: its path with the query, its range, and the headers."""

    path: str
    range: tuple[int, int] | None
    headers: dict[str, str]


@dataclass
class Site:
    """What the server holds and how it answers; `asked` are the requests so far.

    `faults` come before right answers, one a request; `before` is called before each answer with the request. `heads` is what it says to whoever asks for no body.
    """

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    knows_ranges: bool = True
    marks: tuple[str, ...] = ("ETag", "Last-Modified")
    needs: str = ""
    heads: tuple[int, dict[str, str]] = (403, {})
    faults: list[Fault] = field(default_factory=list)
    before: Callable[[Asked], None] = lambda _: None
    asked: list[Asked] = field(default_factory=list)

    def put(self, path: str, data: bytes) -> str:
        """Hold a file; its address."""
        self.files[path] = data
        return f"{self.url}{path}"

    @property
    def ranges(self) -> list[tuple[int, int] | None]:
        return [one.range for one in self.asked]


def _handler(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            pass

        def do_GET(self) -> None:  # noqa: N802 - the name that http.server calls
            said = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
            asked = Asked(self.path, (int(said[1]), int(said[2])) if said else None, self._headers())
            site.asked.append(asked)
            site.before(asked)
            path = self.path.partition("?")[0]
            fault = site.faults.pop(0) if site.faults else None
            if isinstance(fault, int):
                self._answer(fault, b"secret words of a server")
            elif path in site.redirects:
                self._answer(302, b"", {"Location": site.redirects[path]})
            elif site.needs and self.headers.get("Authorization") != site.needs:
                self._answer(401, b"")
            elif path not in site.files:
                self._answer(404, b"")
            else:
                self._file(site.files[path], asked.range, fault[1] if fault else None)

        def _headers(self) -> dict[str, str]:
            return {name.title(): value for name, value in self.headers.items()}

        def do_HEAD(self) -> None:  # noqa: N802 - the name that http.server calls
            """What a store is asked first of an object."""
            site.asked.append(Asked(self.path, None, self._headers()))
            status, headers = site.heads
            self._answer(status, b"", headers)

        def _file(self, data: bytes, wanted: tuple[int, int] | None, cut: int | None) -> None:
            tag = f'"{hashlib.sha256(data).hexdigest()[:16]}"'
            known = {"ETag": tag, "Last-Modified": formatdate(LONG_AGO, usegmt=True)}
            marks = {name: known[name] for name in site.marks}
            if "ETag" in site.marks and self.headers.get("If-Match", tag) != tag:
                self._answer(412, b"")
            elif wanted is None or not site.knows_ranges:
                self._answer(200, data, marks, cut)
            elif wanted[0] >= len(data):
                self._answer(416, b"", marks | {"Content-Range": f"bytes */{len(data)}"})
            else:
                begin, end = wanted[0], min(wanted[1] + 1, len(data))
                where = {"Content-Range": f"bytes {begin}-{end - 1}/{len(data)}"}
                self._answer(206, data[begin:end], marks | where, cut)

        def _answer(
            self, status: int, body: bytes, headers: dict[str, str] | None = None, cut: int | None = None
        ) -> None:
            self.send_response(status)
            for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            if cut is None:
                self.wfile.write(body)
                return
            self.wfile.write(body[:cut])
            self.wfile.flush()
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

    return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """A reader that goes away early is none."""


@contextmanager
def serving(certificate: Path | None = None) -> Iterator[Site]:
    """The server while it runs; over TLS where it has a certificate."""
    site = Site()
    with _Server(("127.0.0.1", 0), _handler(site)) as server:
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        site.url = f"{'http' if certificate is None else 'https'}://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield site
        finally:
            server.shutdown()
            thread.join()
