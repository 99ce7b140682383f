"""A way to the store that lets ranges of objects through only as long as it is told to."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import requests


class Way(ThreadingHTTPServer):
    """Passes requests on to the store at `behind`; while it is `broken`, those for a range are answered with 503."""

    def __init__(self, behind: str) -> None:
        self.behind, self.broken, self.turned_down = behind, False, 0
        super().__init__(("127.0.0.1", 0), _Request)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Way

    def _pass(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.server.broken and "Range" in self.headers:
            self.server.turned_down += 1
            self._answer(503, {}, b"")
            return
        headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
        found = requests.request(
            self.command, f"{self.server.behind}{self.path}", data=body, headers=headers, timeout=60
        )
        kept = {
            name: value
            for name, value in found.headers.items()
            if name.lower() not in ("connection", "content-length", "date", "server", "transfer-encoding")
        }
        if self.command == "HEAD":
            kept["Content-Length"] = found.headers.get("Content-Length", "0")
        self._answer(found.status_code, kept, found.content)

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if self.command != "HEAD":
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _pass  # noqa: N815 - as http.server calls them

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@contextmanager
def way_to(behind: str) -> Iterator[Way]:
    """Such a way, while the block lasts."""
    with Way(behind) as way:
        thread = Thread(target=way.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield way
        finally:
            way.shutdown()
            thread.join()
