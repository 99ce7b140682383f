"""An upload API and a store on this machine whose answers are mutated, and what they truly keep.

It stores a body that came whole, unless the answer it gives is a refusal: so it lies in everything but in that.
"""

import hashlib
import json
import random
import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from zlib import crc32

from tests.fuzz import mutate
from tests.upload.store import TOKEN, reset

SIGNATURE = hashlib.sha256(b"signature").hexdigest()  # as long as a real one
REFUSAL = re.compile(rb"HTTP/\S+\s+([34]\d\d|501)")  # 501: what was asked for does not exist there
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
CODES = (
    "SlowDown",
    "AccessDenied",
    "InternalError",
    "SignatureDoesNotMatch",
    "RequestTimeout",
    "NoSuchBucket",
    "<",
    f"{TOKEN}",
    "Request has expired",
)
STATUSES = ("200 OK", "201 Created", "202", "204 No Content", "206 x", "300 x", "301 x", "304 x", "307 x", "308 x", "400 x", "401 x", "403 Forbidden", "404 x",
            "408 x", "409 x", "411 x", "412 x", "416 x", "417 x", "422 x", "429 x", "499 x", "500 x", "501 x", "502 x", "503 x", "504 x", "505 x", "599 x", "600 x",
            "999 x", "100 Continue", "102 x", "103 x", "000 x", "20 x", "2000 x", "-1 x", "abc x", "")  # fmt: skip
HEADERS = (
    "Retry-After: 0", "Retry-After: 99999999999999999999", "Retry-After: -1", "Retry-After: nan", "Retry-After: Wed, 99 Foo 2024", "Retry-After: ٣",
    "Retry-After: Wed, 06 Mar 99999 00:00:00 GMT", "Location: /v1/uploads", "Location: http://[", "Location: http://127.0.0.1:9/",
    f"Location: https://s3.example.com/?X-Amz-Signature={SIGNATURE}", f"X-Echo: {TOKEN}", "Content-Type: text/html; charset=utf-7",
    "Content-Encoding: gzip", "Content-Encoding: br", "Transfer-Encoding: chunked", "Transfer-Encoding: gzip, chunked", "Content-Length: 0",
    "Content-Length: 99999999999999999999999", "Content-Length: -5", "Content-Length: 1, 2", 'ETag: ""', 'ETag: W/"x"', f'ETag: "{"0" * 32}"', "ETag: x-2",
    "x-amz-server-side-encryption: aws:kms", "Connection: Upgrade\r\nUpgrade: h2c", "Set-Cookie: a=b", " folded", ":", "é: é", "A" * 9000 + ": b", "Date: x",
    "WWW-Authenticate: Basic", "Proxy-Authenticate: NTLM", "Trailer: ETag", 'Alt-Svc: h3=":1"',
)  # fmt: skip


class Answering:
    """Serves until it is closed; how an answer is mutated, while `is_wild`, is told by the file and how often it came."""

    def __init__(self, rng: random.Random) -> None:
        self.seed, self.is_wild = rng.random(), True
        self.kept: dict[str, set[str]] = {}  # the places under which each content lies, by MD5
        self.seen: Counter[str] = Counter()
        self.log: list[str] = []
        self.closing = threading.Event()
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.base = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(10)
        with suppress(OSError, ValueError), connection:
            data = b""
            while b"\r\n\r\n" not in data:
                piece = connection.recv(1 << 16)
                if not piece:
                    return
                data += piece
            head, body = data.split(b"\r\n\r\n", 1)
            lines = head.decode("latin-1").split("\r\n")
            method, path, _ = lines[0].split(" ", 2)
            headers = {
                name.lower(): rest.strip() for name, _, rest in (line.partition(":") for line in lines[1:])
            }
            if method == "POST":
                self._permit(connection, self._rest(connection, body, int(headers["content-length"])))
            else:
                self._take(connection, path, headers, body)

    def _next(self, about: str) -> tuple[int, random.Random | None]:
        """How often this was asked, and the random numbers of the answer: files go side by side, in any order."""
        with self.lock:
            self.seen[about] += 1
            times = self.seen[about]
        return times, random.Random(f"{self.seed} {about} {times}") if self.is_wild else None

    def _permit(self, connection: socket.socket, body: bytes) -> None:
        name = json.loads(body)["filename"]
        times, rng = self._next(name)
        plain: dict[str, int | str] = {"id": 1000 * crc32(name.encode()) + times}
        date = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        plain["url"] = (
            f"{self.base}/bucket/{plain['id']}?X-Amz-Date={date}&X-Amz-Expires=900&X-Amz-SignedHeaders=host&X-Amz-Signature={SIGNATURE}"
        )
        if rng is None:
            connection.sendall(answer("201 Created", json.dumps(plain).encode()))
            return
        said = json.dumps(mutate.spoiled_value(rng, plain) if rng.random() < 0.3 else plain).encode()
        say(
            connection,
            rng,
            mutated(rng, "201 Created", [], said) if rng.random() < 0.6 else answer("201 Created", said),
        )

    def _take(self, connection: socket.socket, path: str, headers: dict[str, str], body: bytes) -> None:
        _, rng = self._next(path)
        size, is_early = int(headers["content-length"]), rng is not None and rng.random() < 0.1
        if "expect" in headers:
            connection.sendall(
                CONTINUE if rng is None or rng.random() < 0.8 else mutate.spoiled(rng, CONTINUE)
            )
        if not is_early:
            body = self._rest(connection, body, size)
        md5 = hashlib.md5(body).hexdigest()
        told = answer("200 OK", b"", f'ETag: "{md5}"') if rng is None else answer_to_put(rng, md5)
        is_kept = len(body) == size and not REFUSAL.search(told)
        if is_kept:
            with self.lock:
                self.kept.setdefault(md5, set()).add(path.partition("?")[0])
        self.log.append(
            f"PUT {path.partition('?')[0]}, {len(body)} of {size} bytes{', kept' * is_kept}: {told[:200]!r}"
        )
        if rng is None:
            connection.sendall(told)
        else:
            say(connection, rng, told)

    def _rest(self, connection: socket.socket, body: bytes, size: int) -> bytes:
        while len(body) < size:
            piece = connection.recv(1 << 16)
            if not piece:
                raise OSError("the other side went away")
            body += piece
        return body


@contextmanager
def answering(rng: random.Random) -> Iterator[Answering]:
    """Such a service, for a while."""
    service = Answering(rng)
    try:
        yield service
    finally:
        service.listener.close()


def answer(status: str, body: bytes, *headers: str) -> bytes:
    """An answer as it should be."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def answer_to_put(rng: random.Random, md5: str) -> bytes:
    """Some answer of a store."""
    words = f"{rng.choice(mutate.TEXTS)} {SIGNATURE} {TOKEN}"
    error = f"<?xml version='1.0'?><Error><Code>{rng.choice(CODES)}</Code><Message>{words}</Message></Error>".encode()
    etag = f'ETag: "{md5}"'
    if rng.random() < 0.4:
        return mutated(rng, "200 OK", [etag], b"")
    return mutated(rng, rng.choice(STATUSES), [etag] if rng.random() < 0.3 else [], error)


def mutated(rng: random.Random, status: str, headers: list[str], body: bytes) -> bytes:
    """An answer of which some part is not as it should be."""
    headers = list(headers)
    for _ in range(rng.choice((0, 0, 1, 3))):
        headers.insert(rng.randrange(len(headers) + 1), rng.choice(HEADERS))
    how = rng.randrange(12)
    if how == 0:
        status = rng.choice(STATUSES)
    elif how == 1:
        body = mutate.spoiled(rng, body)
    elif how == 2:
        body = body[: rng.randrange(len(body) + 1)]
    elif how == 3:
        body = json.dumps(mutate.value(rng)).encode("utf-8", "surrogatepass")
    elif how == 4:
        body = rng.choice(
            (
                b"[" * 100_000,
                b'{"id":' * 50_000,
                b"9" * 100_000,
                b'{"id": 1e999, "url": NaN}',
                b"\xff\xfe{\0",
                b"<html>" * 1000,
            )
        )
    elif how == 5:
        body = body.decode("utf-8", "replace").encode(rng.choice(("utf-16", "utf-32", "cp1252")), "replace")
    elif how == 6:
        body += f' {{"message": "{TOKEN} {SIGNATURE} may not"}}'.encode()
    elif how == 7:
        body *= rng.choice((2, 5000))
    said = answer(status, body, *(line for line in headers))
    if how == 8:
        said = mutate.spoiled(rng, said)
    elif how == 9:
        said = said[: rng.randrange(len(said) + 1)]
    elif how == 10:
        said = said.replace(
            b"HTTP/1.1",
            rng.choice((b"HTTP/1.0", b"HTTP/9.9", b"HTTP/", b"http/1.1", b"ICY", b"HTTP/2", b"\r\nHTTP/1.1")),
            1,
        )
    return said


def say(connection: socket.socket, rng: random.Random, said: bytes) -> None:
    """Send it, whole or in pieces, with an end of some kind; rarely headers without end."""
    how = rng.random()
    if how < 0.03:
        connection.sendall(said.partition(b"\r\n\r\n")[0])
        line = b"\r\nX-More: " + b"a" * rng.choice((1, 1000, 60_000))
        for _ in range(20_000):
            connection.sendall(line)
    elif how < 0.06:
        for at in range(min(len(said), 60)):
            connection.sendall(said[at : at + 1])
            time.sleep(0.001)
    elif how < 0.1:
        return
    elif how < 0.14:
        connection.sendall(said[: len(said) // 2])
        reset(connection)
        return
    connection.sendall(said)
