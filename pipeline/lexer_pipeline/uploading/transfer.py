"""One PUT under way: the callbacks that libcurl calls, what they saw, and what that tells."""

import re
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pycurl
from msgspec import Struct, field
from msgspec.structs import replace

from lexer_pipeline.errors import PipelineError
from lexer_pipeline.system.hashing import Digest
from lexer_pipeline.system.hiding import Hiding
from lexer_pipeline.uploading.body import Reader
from lexer_pipeline.uploading.words import points_to, words_of

BUFFER = 1 << 18
ANSWER_LIMIT = 1 << 16
ENCRYPTED = ("x-amz-server-side-encryption", "x-amz-server-side-encryption-customer-algorithm")
# Why a transfer was ended from here.
STOPPED, SILENT, STALLED = "stopped", "silent", "stalled"
EXPIRED_CODES = ("ExpiredToken", "TokenRefreshRequired")


class Wire(Hiding, frozen=True):
    """How to send: seconds, bytes a second, a proxy and a certificate file if they are set.

    `secrets` stand in no word of an answer, beside those of the url.
    """

    HIDDEN = frozenset({"proxy", "secrets"})

    connect_timeout: float = 10.0
    stall_timeout: float = 30.0
    answer_timeout: float = 60.0
    limit_rate: int | None = None
    proxy: str | None = None  # it may hold a password
    ca_file: Path | None = None
    secrets: tuple[str, ...] = ()

    @property
    def buffer(self) -> int:
        """Bytes that libcurl asks for at a time; small where the rate is, large blocks are faster over TLS."""
        return max(1 << 14, min(BUFFER, self.limit_rate // 4)) if self.limit_rate else BUFFER


class PutResult(Struct, frozen=True):
    """What one PUT tells; `status` 0 means that no answer came. Holds no part of the url.

    `bytes_sent` counts what was handed to the connection, so it is never less than what left. `md5` is that of the whole
    body, once it was handed over. `detail` is what the store says in its own words, or what broke the exchange.
    """

    connected: bool
    status: int = 0
    code: str = ""
    expired: bool = False
    encrypted: bool = False
    etag: str = ""
    md5: str = ""
    bytes_sent: int = 0
    whole_body_sent: bool = False
    file_changed: bool = False
    stopped: bool = False
    retry_after: str = ""
    detail: str = ""


class Transfer(Struct):
    """The callbacks of one PUT and what they saw; none of them raises, since libcurl would print it.

    `last_block` is called before the last block is handed over: until it has returned, nothing can have been stored.
    """

    reader: Reader
    size: int
    sha256: str
    wire: Wire
    progress: Callable[[int, int], None]
    stop: Callable[[], bool]
    last_block: Callable[[], None]
    expect_seconds: float
    handed: int = 0
    sent: int = 0
    moved_at: float = field(default_factory=time.monotonic)
    torn: bool = False
    status: int = 0
    complete: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)
    failure: BaseException | None = None
    ended: str = ""
    unread: str = ""
    sha256_sent: Digest = field(default_factory=lambda: Digest("sha256"))
    md5_sent: Digest = field(default_factory=lambda: Digest("md5"))

    def read(self, size: int) -> bytes | int:
        """Hand over the next bytes; a file that ends early, or is not the recorded one, aborts the transfer."""
        want = min(size, self.size - self.handed)
        try:
            data = self.reader.read_at(want, self.handed)
        except OSError:
            data = b""
        except PipelineError as problem:
            self.unread = f"the file could not be read whole: {problem.message}"
            return int(pycurl.READFUNC_ABORT)
        except BaseException as error:  # noqa: BLE001 - kept, and raised again outside of libcurl
            self.failure = error
            return int(pycurl.READFUNC_ABORT)
        self.sha256_sent.feed(data)
        self.md5_sent.feed(data)
        is_last = want and self.handed + len(data) == self.size
        if (want and not data) or (is_last and self.sha256_sent.close() != self.sha256):
            self.torn = True
            return int(pycurl.READFUNC_ABORT)
        if is_last and not self._may_leave():
            return int(pycurl.READFUNC_ABORT)
        self.handed += len(data)
        return data

    def _may_leave(self) -> bool:
        """Whether it is on record that the last block leaves."""
        try:
            self.last_block()
        except BaseException as error:  # noqa: BLE001 - kept, and raised again outside of libcurl
            self.failure = error
            return False
        self.moved_at = time.monotonic()  # to write it down may take a while, and is no stall
        return True

    def close(self) -> None:
        """End the threads that work out the checksums."""
        self.sha256_sent.close()
        self.md5_sent.close()

    def watch(self, _dlnow: int, _dltotal: int, _ultotal: int, sent: int) -> int:
        """Report progress; non-zero aborts: asked to stop, stalled, or no answer within its time."""
        now = time.monotonic()
        moved = sent != self.sent
        if moved:
            self.sent, self.moved_at = sent, now
        try:
            if moved:
                self.progress(sent, self.size)
            stopped = self.stop()
        except BaseException as error:  # noqa: BLE001 - kept, and raised again outside of libcurl
            self.failure = error
            return 1
        if stopped:
            self.ended = STOPPED
            return 1
        if now - self.moved_at > self._patience():
            self.ended = SILENT if self.sent >= self.size else STALLED
            return 1
        return 0

    def _patience(self) -> float:
        if self.sent >= self.size:
            return self.wire.answer_timeout
        before = 0.0 if self.sent else self.wire.connect_timeout + self.expect_seconds
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

    def result(self, connected: bool, file_changed: bool, broken: str, secrets: Iterable[str]) -> PutResult:
        """What this PUT tells, once it has ended; `broken` is what ended it, and no word holds one of the secrets."""
        whole = self.handed >= self.size
        seen = PutResult(
            connected,
            bytes_sent=self.handed,
            whole_body_sent=whole,
            md5=self.md5_sent.close() if whole else "",
            file_changed=file_changed,
            detail=broken,
        )
        if not self.complete:
            return replace(seen, stopped=self.ended == STOPPED)
        text = self.body.decode("utf-8", "replace")
        code = re.search(r"<Code>\s*([A-Za-z0-9.]{1,64})\s*</Code>", text)
        name = code[1] if code else ""
        return replace(
            seen,
            status=self.status,
            code=name,
            expired=name in EXPIRED_CODES or (self.status >= 400 and "Request has expired" in text),
            encrypted=_is_encrypted(self.headers),
            etag=self.headers.get("etag", "").strip('"'),
            retry_after=self.headers.get("retry-after", "")[:64],
            detail=self._said(secrets) or broken,
        )

    def _said(self, secrets: Iterable[str]) -> str:
        """The store's own words, or where it points."""
        location = self.headers.get("location", "") if 300 <= self.status < 400 else ""
        return "; ".join(filter(None, (words_of(bytes(self.body), secrets), points_to(location))))


def _is_encrypted(headers: Mapping[str, str]) -> bool:
    values = [headers.get(name, "") for name in ENCRYPTED]
    return values[0].startswith("aws:kms") or bool(values[1])
