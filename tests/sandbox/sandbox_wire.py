"""A plain client on a bare socket, so that a test says and sees every byte."""

import json
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPResponse
from typing import Any, Self
from urllib.parse import urlsplit

from lexer_pipeline.sandbox.server import Sandbox

from tests.waiting import PATIENCE, happens

PRODUCTS = "commerce_products-20240306-a.json"
GOOD = b'{"product_id":"kettle-1","name":"Kettle"}\n'
BRIEFLY = 0.3  # seconds to wait for what never comes


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, read to its end; `continued` says that a 100 came before it."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    continued: bool = False

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The Code of S3's XML."""
        return self.body.decode().partition("<Code>")[2].partition("</Code>")[0]


class Wire:
    """A connection to the sandbox that a url names."""

    def __init__(self, url: str, ca_file: object = None) -> None:
        parts = urlsplit(url)
        self.host = parts.netloc
        self.target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        self.socket = socket.create_connection((parts.hostname or "", parts.port or 0), PATIENCE)
        if parts.scheme == "https":
            context = ssl.create_default_context(cafile=str(ca_file))
            self.socket = context.wrap_socket(self.socket, server_hostname=parts.hostname)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def head(self, method: str, headers: Mapping[str, str]) -> None:
        lines = [f"{method} {self.target} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in {"Host": self.host, **headers}.items()]
        self.socket.sendall("\r\n".join((*lines, "", "")).encode())

    def is_asked(self) -> bool:
        """Whether a 100 comes, rather than an answer."""
        seen = b""
        while not seen.startswith(b"HTTP/1.1 ") or len(seen) < 12:
            block = self.socket.recv(12 - len(seen))
            if not block:
                raise ConnectionResetError
            seen += block
        self._seen = seen
        if seen != b"HTTP/1.1 100":
            return False
        while not seen.endswith(b"\r\n\r\n"):
            seen += self.socket.recv(1)
        self._seen = b""
        return True

    def is_silent(self) -> bool:
        """Whether no answer comes, for a moment, while the connection stays."""
        self.socket.settimeout(BRIEFLY)
        try:
            self.socket.recv(1)
        except TimeoutError:
            return True
        return False

    def reply(self, continued: bool = False) -> Reply:
        stream = _Joined(getattr(self, "_seen", b""), self.socket)
        response = HTTPResponse(stream)  # type: ignore[arg-type]  # it only asks for makefile
        response.begin()
        with response:
            return Reply(response.status, dict(response.headers), response.read(), continued)


class _Joined:
    """Bytes that were read already, and then the socket."""

    def __init__(self, before: bytes, rest: socket.socket) -> None:
        self.before, self.rest = before, rest

    def makefile(self, _mode: str) -> Any:
        file = self.rest.makefile("rb")
        if not self.before:
            return file
        return _Prefixed(self.before, file)


class _Prefixed:
    """A file with bytes put back in front."""

    def __init__(self, before: bytes, file: Any) -> None:
        self.before, self.file = before, file

    def readline(self, limit: int) -> bytes:
        before, self.before = self.before, b""
        return before + bytes(self.file.readline(limit))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)


def call(
    sandbox: Sandbox, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
) -> Reply:
    """Any request to the sandbox."""
    with Wire(sandbox.page.rstrip("/") + path, sandbox.ca_file) as wire:
        wire.head(method, {"Content-Length": str(len(body)), **(headers or {})})
        wire.socket.sendall(body)
        return wire.reply()


def admin(sandbox: Sandbox, method: str, path: str, value: object = None) -> Reply:
    """A request to the sandbox's own API."""
    return call(
        sandbox, method, f"/sandbox/{path}", json.dumps(value).encode(), {"Content-Type": "application/json"}
    )


def ask(
    sandbox: Sandbox,
    token: str | None,
    body: object = PRODUCTS,
    raw: bytes | None = None,
) -> Reply:
    """A request for permission for a file name, or with the body given."""
    with asking(sandbox, token, body, raw) as wire:
        return wire.reply()


def asking(sandbox: Sandbox, token: str | None, body: object = PRODUCTS, raw: bytes | None = None) -> Wire:
    """The same request, made and not answered yet."""
    content = {"filename": body} if isinstance(body, str) else body
    data = json.dumps(content).encode() if raw is None else raw
    headers = {"Content-Length": str(len(data)), "Content-Type": "application/json"}
    wire = Wire(sandbox.url, sandbox.ca_file)
    wire.head("POST", {**headers, **({"Auth-Api-Token": token} if token is not None else {})})
    wire.socket.sendall(data)
    return wire


def put(
    url: str,
    body: bytes = GOOD,
    headers: Mapping[str, str] | None = None,
    *,
    expect: bool = True,
    ca_file: object = None,
) -> Reply:
    """A PUT that, like curl, waits to be asked for the body."""
    told = {"Content-Length": str(len(body)), **({"Expect": "100-continue"} if expect else {})}
    with Wire(url, ca_file) as wire:
        wire.head("PUT", {**told, **(headers or {})})
        if expect and not wire.is_asked():
            return wire.reply()
        wire.socket.sendall(body)
        return wire.reply(expect)


def kinds(sandbox: Sandbox) -> list[str]:
    """The event log in short."""
    return [event["kind"] for event in sandbox.events()]


def is_noted(sandbox: Sandbox, kind: str) -> bool:
    """Whether an event of this kind comes, at once or later."""
    return happens(lambda: kind in kinds(sandbox))
