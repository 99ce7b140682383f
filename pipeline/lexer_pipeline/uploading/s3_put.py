"""The PUT to a presigned S3 url: exactly the recorded bytes, once, and an answer that is always a value.

libcurl sends the body, since it waits for the answer to `Expect: 100-continue`: over TLS, other clients do
not hear a refusal that comes while the body is under way. The last block leaves only when the SHA-256 of all
that was handed over is the recorded one; without that block S3 stores nothing.
"""

import base64
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pycurl
from requests.utils import DEFAULT_CA_BUNDLE_PATH

from lexer_pipeline.system import files
from lexer_pipeline.system.hashing import Digest

BUFFER = 1 << 18
ANSWER_LIMIT = 1 << 16
EXPECT_SECONDS = 5.0
SUPPRESS_CONNECT_HEADERS = 265  # CURLOPT_SUPPRESS_CONNECT_HEADERS, which pycurl does not name
ENCRYPTED = ("x-amz-server-side-encryption", "x-amz-server-side-encryption-customer-algorithm")
EXPIRED_CODES = ("ExpiredToken", "TokenRefreshRequired")
UNCONNECTED = frozenset({5, 6, 7, 35, 60, 77})
WORDS = {
    5: "the proxy's name could not be resolved",
    6: "the store's name could not be resolved",
    7: "the store refused the connection",
    28: "the connection timed out",
    35: "the TLS handshake failed",
    55: "the connection broke while sending",
    56: "the connection broke while waiting for the answer",
    60: "the store's TLS certificate was not accepted (see LEXER_CA_FILE)",
    77: "the certificate file could not be read (see LEXER_CA_FILE)",
}


@dataclass(frozen=True, slots=True)
class Identity:
    """What `fstat` says of a file whose content is known; any difference means it may have changed."""

    device: int
    inode: int
    size: int
    mtime_ns: int

    @classmethod
    def of(cls, file: Path | int) -> "Identity":
        """The identity of a path or an open descriptor."""
        stat = os.stat(file)
        return cls(stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns)


@dataclass(frozen=True, slots=True)
class Body:
    """What is to be sent: the file, what it was when last looked at, and the hashes that were recorded."""

    file: Path
    identity: Identity
    sha256: str
    md5: str


@dataclass(frozen=True, slots=True)
class Wire:
    """How to send: seconds, bytes a second, a proxy and a certificate file if they are set."""

    connect_timeout: float = 10.0
    stall_timeout: float = 30.0
    answer_timeout: float = 60.0
    limit_rate: int | None = None
    proxy: str | None = field(default=None, repr=False)  # it may hold a password
    ca_file: Path | None = None

    @property
    def buffer(self) -> int:
        """Bytes that libcurl asks for at a time; small where the rate is, large blocks are faster over TLS."""
        return max(1 << 14, min(BUFFER, self.limit_rate // 4)) if self.limit_rate else BUFFER


@dataclass(frozen=True, slots=True)
class PutResult:
    """What one PUT tells; `status` 0 means that no answer came. Holds no part of the url.

    `bytes_sent` counts what was handed to the connection, so it is never less than what left.
    """

    connected: bool
    status: int = 0
    code: str = ""
    expired: bool = False
    encrypted: bool = False
    etag: str = ""
    bytes_sent: int = 0
    whole_body_sent: bool = False
    file_changed: bool = False
    stopped: bool = False
    retry_after: str = ""
    detail: str = ""


@dataclass(slots=True)
class _Transfer:
    """The callbacks of one PUT and what they saw; none of them raises, since libcurl would print it."""

    descriptor: int
    size: int
    sha256: str
    wire: Wire
    progress: Callable[[int, int], None]
    stop: Callable[[], bool]
    clock: Callable[[], float]
    handed: int = 0
    sent: int = 0
    moved_at: float = 0.0
    torn: bool = False
    status: int = 0
    complete: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)
    failure: BaseException | None = None
    detail: str = ""
    digest: Digest = field(default_factory=Digest)

    def read(self, size: int) -> bytes | int:
        """Hand over the next bytes; a file that ends early, or is not the recorded one, aborts the transfer."""
        want = min(size, self.size - self.handed)
        try:
            data = files.read_at(self.descriptor, want, self.handed)
        except OSError:
            data = b""
        self.digest.feed(data)
        is_last = self.handed + len(data) == self.size
        if (want and not data) or (want and is_last and self.digest.close() != self.sha256):
            self.torn = True
            return int(pycurl.READFUNC_ABORT)
        self.handed += len(data)
        return data

    def watch(self, _dlnow: int, _dltotal: int, _ultotal: int, sent: int) -> int:
        """Report progress; non-zero aborts: asked to stop, stalled, or no answer within its time."""
        now = self.clock()
        if sent != self.sent:
            self.sent, self.moved_at = sent, now
            try:
                self.progress(sent, self.size)
            except BaseException as error:  # noqa: BLE001 - kept, and raised again outside of libcurl
                self.failure = error
                return 1
        if self.stop():
            self.detail = "stopped"
            return 1
        if now - self.moved_at > self._patience():
            self.detail = "no answer in time" if self.sent >= self.size else "the transfer stalled"
            return 1
        return 0

    def _patience(self) -> float:
        if self.sent >= self.size:
            return self.wire.answer_timeout
        before = 0.0 if self.sent else self.wire.connect_timeout + EXPECT_SECONDS
        # libcurl keeps a rate by sending a piece and then resting; that rest is no stall.
        rest = 2.0 + self.wire.buffer / self.wire.limit_rate if self.wire.limit_rate else 0.0
        return self.wire.stall_timeout + before + rest

    def header(self, line: bytes) -> None:
        """Keep the headers of the last answer; interim ones (100 Continue) start anew."""
        text = line.decode("latin-1").strip()
        if match := re.match(r"HTTP/\S+\s+(\d{3})", text):
            self.status, self.complete = int(match[1]), False
            self.headers.clear()
        elif not text:
            self.complete = self.status >= 200
        elif ":" in text and len(self.headers) < 200:
            name, value = text.split(":", 1)
            self.headers[name.strip().lower()] = value.strip()

    def write(self, data: bytes) -> int:
        """Keep the start of the answer's body; a longer one is not wanted and ends the transfer."""
        self.body += data[: ANSWER_LIMIT - len(self.body)]
        return len(data) if len(self.body) < ANSWER_LIMIT else 0


def put(
    url: str,
    body: Body,
    wire: Wire,
    *,
    progress: Callable[[int, int], None],
    stop: Callable[[], bool],
    clock: Callable[[], float] = time.monotonic,
) -> PutResult:
    """Send the file from byte 0 if it is the recorded one; network events come back as a value.

    `progress` gets (bytes sent, total) and runs in this thread. It aborts within about a second after
    `stop` says so.
    """
    try:
        descriptor = files.open_to_read(body.file)
    except OSError:
        return PutResult(connected=False, file_changed=True)
    try:
        if Identity.of(descriptor) != body.identity:
            return PutResult(connected=False, file_changed=True)
        size = body.identity.size
        transfer = _Transfer(descriptor, size, body.sha256, wire, progress, stop, clock, moved_at=clock())
        try:
            result = _perform(url, body, transfer)
        finally:
            transfer.digest.close()
    finally:
        os.close(descriptor)
    if transfer.failure is not None:
        raise transfer.failure
    return result


def _perform(url: str, body: Body, transfer: _Transfer) -> PutResult:
    curl = pycurl.Curl()
    error = 0
    try:
        _prepare(curl, url, body.md5, transfer)
        curl.perform()
    except pycurl.error as problem:
        # Its text may hold the host or more; the number is enough.
        error = int(problem.args[0])
    finally:
        ready = pycurl.APPCONNECT_TIME if url.lower().startswith("https:") else pycurl.CONNECT_TIME
        connected = error not in UNCONNECTED and curl.getinfo(ready) > 0
        curl.close()
    changed = transfer.torn or Identity.of(transfer.descriptor) != body.identity
    detail = transfer.detail or WORDS.get(error, f"libcurl error {error}" if error else "")
    return _result(transfer, connected, changed, detail)


def _result(transfer: _Transfer, connected: bool, changed: bool, detail: str) -> PutResult:
    sent, whole = transfer.handed, transfer.handed >= transfer.size
    if not transfer.complete:
        stopped = transfer.detail == "stopped"
        return PutResult(
            connected,
            bytes_sent=sent,
            whole_body_sent=whole,
            file_changed=changed,
            stopped=stopped,
            detail=detail,
        )
    text = transfer.body.decode("utf-8", "replace")
    code = re.search(r"<Code>\s*([A-Za-z0-9.]{1,64})\s*</Code>", text)
    name = code[1] if code else ""
    return PutResult(
        connected,
        status=transfer.status,
        code=name,
        expired=name in EXPIRED_CODES or (transfer.status >= 400 and "Request has expired" in text),
        encrypted=_is_encrypted(transfer.headers),
        etag=transfer.headers.get("etag", "").strip('"'),
        bytes_sent=sent,
        whole_body_sent=whole,
        file_changed=changed,
        retry_after=transfer.headers.get("retry-after", "")[:64],
        detail=detail,
    )


def _is_encrypted(headers: dict[str, str]) -> bool:
    values = [headers.get(name, "") for name in ENCRYPTED]
    return values[0].startswith("aws:kms") or bool(values[1])


def _prepare(curl: pycurl.Curl, url: str, md5: str, transfer: _Transfer) -> None:
    wire = transfer.wire
    curl.setopt(pycurl.URL, url)
    curl.setopt(pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS)
    curl.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
    curl.setopt(pycurl.PATH_AS_IS, 1)
    curl.setopt(pycurl.UPLOAD, 1)
    curl.setopt(pycurl.INFILESIZE_LARGE, transfer.size)
    curl.setopt(pycurl.READFUNCTION, transfer.read)
    curl.setopt(pycurl.HEADERFUNCTION, transfer.header)
    curl.setopt(pycurl.WRITEFUNCTION, transfer.write)
    curl.setopt(pycurl.NOPROGRESS, 0)
    curl.setopt(pycurl.XFERINFOFUNCTION, transfer.watch)
    curl.setopt(pycurl.HTTPHEADER, _headers(url, md5))
    curl.setopt(pycurl.EXPECT_100_TIMEOUT_MS, int(EXPECT_SECONDS * 1000))
    curl.setopt(pycurl.CONNECTTIMEOUT_MS, max(1, int(wire.connect_timeout * 1000)))
    curl.setopt(pycurl.FOLLOWLOCATION, 0)
    curl.setopt(pycurl.NETRC, pycurl.NETRC_IGNORED)
    # An empty text, unlike none, also shuts out the proxy variables of the environment.
    curl.setopt(pycurl.PROXY, wire.proxy or "")
    curl.setopt(pycurl.NOPROXY, "")
    curl.setopt(SUPPRESS_CONNECT_HEADERS, 1)
    curl.setopt(pycurl.CAINFO, str(wire.ca_file or DEFAULT_CA_BUNDLE_PATH))
    curl.setopt(pycurl.SSL_VERIFYPEER, 1)
    curl.setopt(pycurl.SSL_VERIFYHOST, 2)
    curl.setopt(pycurl.FRESH_CONNECT, 1)
    curl.setopt(pycurl.FORBID_REUSE, 1)
    curl.setopt(pycurl.NOSIGNAL, 1)
    if wire.limit_rate:
        curl.setopt(pycurl.MAX_SEND_SPEED_LARGE, wire.limit_rate)
    curl.setopt(pycurl.UPLOAD_BUFFERSIZE, wire.buffer)


def _headers(url: str, md5: str) -> list[str]:
    """Only what AWS permits beside the signed ones: an unsigned Content-MD5 or x-amz-* is refused.

    `Name:` without a value takes libcurl's own header away. Of the signed ones, those are sent whose value
    can be known here.
    """
    headers = ["Expect: 100-continue", "Connection: close", "Accept:", "User-Agent:"]
    signed = parse_qs(urlsplit(url).query).get("X-Amz-SignedHeaders", [""])[0].split(";")
    if "content-type" in signed:
        headers.append("Content-Type: application/octet-stream")
    if "content-md5" in signed:
        headers.append(f"Content-MD5: {base64.b64encode(bytes.fromhex(md5)).decode()}")
    if "x-amz-content-sha256" in signed:
        headers.append("x-amz-content-sha256: UNSIGNED-PAYLOAD")
    return headers
