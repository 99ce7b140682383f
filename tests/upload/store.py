"""A tiny API and S3 in one, on raw sockets, so that a test decides what goes over the wire and when.

It checks no signatures and no specification: the sandbox does that. Faults are taken from `post_faults` and
`put_faults`, one for each request; when a list is empty, requests are served well.
"""

import hashlib
import json
import socket
import ssl
import struct
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

TOKEN = "token-of-mira-holt-7f3a9c"
SIGNATURE = "5ca1ab1e0ddba11"


@dataclass
class Request:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    raw: str
    body: bytes = b""
    at: float = 0.0
    taken: int = 0  # bytes of the body so far

    @property
    def upload_id(self) -> str:
        """The id in the path of a PUT."""
        return self.path.split("?")[0].rsplit("/", 1)[-1]


@dataclass
class Store:
    """Serves POST /v1/uploads and PUT /bucket/<id>; keeps what arrived in `posts`, `puts` and `objects`."""

    certificate: Path | None = None
    post_faults: list[str] = field(default_factory=list)
    put_faults: list[str] = field(default_factory=list)
    posts: list[Request] = field(default_factory=list)
    puts: list[Request] = field(default_factory=list)
    objects: dict[str, bytes] = field(default_factory=dict)
    stored: list[tuple[str, str]] = field(default_factory=list)
    expired: set[str] = field(default_factory=set)
    validity: int = 3600
    signed: str = "host"
    first_id: int = 100
    blind: bool = False  # never says 100 Continue

    def __enter__(self) -> Self:
        self.closing = threading.Event()
        self.release = threading.Event()
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(0.05)
        self.port = self.listener.getsockname()[1]
        self.context = None
        if self.certificate is not None:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(self.certificate)
        self.base = f"http{'s' if self.context else ''}://127.0.0.1:{self.port}"
        self.url = f"{self.base}/v1/uploads"
        self.threads: list[threading.Thread] = []
        self.acceptor = threading.Thread(target=self.accept)
        self.acceptor.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self.acceptor.join()
        self.listener.close()
        for thread in self.threads:
            thread.join(60)

    def accept(self) -> None:
        while not self.closing.is_set():
            try:
                connection, _ = self.listener.accept()
            except TimeoutError:
                continue
            thread = threading.Thread(target=self.serve, args=(connection,))
            thread.start()
            self.threads.append(thread)

    def serve(self, connection: socket.socket) -> None:
        connection.settimeout(60)
        try:
            if self.context is not None:
                connection = self.context.wrap_socket(connection, server_side=True)
            self.one(connection)
        except (OSError, ValueError):
            pass  # a client that goes away is part of the tests
        finally:
            connection.close()

    def one(self, connection: socket.socket) -> None:
        data = b""
        while b"\r\n\r\n" not in data:
            piece = connection.recv(65536)
            if not piece:
                return
            data += piece
        head, rest = data.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        method, path, _ = lines[0].split(" ", 2)
        headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines[1:])}
        request = Request(method, path, headers, head.decode("latin-1"), rest, time.time())
        with self.lock:
            faults = self.post_faults if method == "POST" else self.put_faults
            (self.posts if method == "POST" else self.puts).append(request)
            fault = faults.pop(0) if faults else ""
            number = len(self.posts)
        if method == "POST":
            self.take(connection, request, 1 << 30)
            self.permit(connection, request, fault, number)
        else:
            self.receive(connection, request, fault)

    def take(self, connection: socket.socket, request: Request, limit: int) -> None:
        """Read the body, up to `limit` bytes of it."""
        want = min(int(request.headers.get("content-length", "0")), limit)
        body = bytearray(request.body)
        while len(body) < want:
            piece = connection.recv(min(1 << 18, want - len(body)))
            if not piece:
                break
            body += piece
            request.taken = len(body)
        request.body = bytes(body)

    def answer(self, connection: socket.socket, status: int, body: bytes = b"", headers: str = "") -> None:
        head = (
            f"HTTP/1.1 {status} Whatever\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{headers}\r\n"
        )
        connection.sendall(head.encode() + body)

    def permit(self, connection: socket.socket, request: Request, fault: str, number: int) -> None:
        upload_id = str(self.first_id + number)
        when = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        url = (
            f"{self.base}/bucket/{upload_id}?X-Amz-Date={when}&X-Amz-Expires={self.validity}"
            f"&X-Amz-SignedHeaders={self.signed}&X-Amz-Signature={SIGNATURE}"
        )
        kind, _, rest = fault.partition(":")
        if kind == "reset":
            reset(connection)
        elif kind == "hang":
            self.closing.wait(float(rest))
        elif kind == "drip":
            self.drip(connection, rest)
        elif kind == "words":  # a status and what is said with it
            status, _, body = rest.partition(":")
            self.answer(connection, int(status), body.encode())
        elif kind == "say":
            self.answer(connection, 201, rest.encode())
        elif kind == "status":
            status, _, headers = rest.partition(":")
            self.answer(connection, int(status), b"{}", f"{headers}\r\n" if headers else "")
        else:
            text = json.dumps({"id": int(upload_id), "url": url}).replace("&", "\\u0026")
            self.answer(connection, 201, text.encode())

    def drip(self, connection: socket.socket, what: str) -> None:
        """An answer that never ends, a byte at a time: its head, or the body of this status."""
        head = b"HTTP/1.1 201 Whatever\r\nX-Long: "
        if what != "head":
            head = f"HTTP/1.1 {what} Whatever\r\nContent-Length: 60000\r\n\r\n".encode()
        connection.sendall(head)
        while not self.closing.wait(0.02):
            connection.sendall(b" ")

    def receive(self, connection: socket.socket, request: Request, fault: str) -> None:
        kind, _, rest = fault.partition(":")
        if request.upload_id in self.expired:
            kind, rest = "refuse", "403:AccessDenied:Request has expired"
        if kind == "refuse":
            return self.refuse(connection, rest)
        if kind == "reset-at-once":
            return reset(connection)
        if kind == "early":  # answers while the body is under way, and closes
            self.take(connection, request, 1 << 20)
            return self.refuse(connection, rest)
        if "100-continue" in request.headers.get("expect", "").lower() and not self.blind:
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        if kind in ("cut", "stall"):
            share = float(rest) * int(request.headers["content-length"])
            self.take(connection, request, int(share))
            return reset(connection) if kind == "cut" else self.idle()
        self.take(connection, request, 1 << 40)
        if kind == "late":
            return self.refuse(connection, rest)
        if kind == "unstored-reset":
            return reset(connection)
        if not self.keep(request):
            return None
        if kind == "stored-reset":
            return reset(connection)
        if kind == "stored-hang":
            return self.idle()
        if kind == "stored-late":
            return self.refuse(connection, rest)
        if kind == "slow":
            time.sleep(float(rest))
        if kind == "held":  # until the test lets go
            self.release.wait(60)
        etag = rest if kind == "etag" else hashlib.md5(self.objects[request.upload_id]).hexdigest()
        extra = "x-amz-server-side-encryption: aws:kms\r\n" if kind == "kms" else ""
        return self.answer(connection, 200, b"", f'ETag: "{"0" * 32 if kind == "kms" else etag}"\r\n{extra}')

    def keep(self, request: Request) -> bool:
        """Store the body if it is whole, as S3 does."""
        if len(request.body) != int(request.headers["content-length"]):
            return False
        with self.lock:
            self.objects[request.upload_id] = request.body
            self.stored.append((request.upload_id, hashlib.md5(request.body).hexdigest()))
        return True

    def idle(self) -> None:
        self.closing.wait()

    def refuse(self, connection: socket.socket, rest: str) -> None:
        status, code, message = (rest.split(":", 2) + ["", ""])[:3]
        headers = f"Location: {message}\r\n" if code == "Location" else ""
        text = (
            f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{message} {SIGNATURE}</Message></Error>"
        )
        self.answer(connection, int(status), text.encode(), headers)


def reset(connection: socket.socket) -> None:
    """Close so that the other side sees a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
