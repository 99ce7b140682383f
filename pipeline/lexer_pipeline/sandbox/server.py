"""The sandbox as a whole: front, store, loader and state of one folder, started and stopped together."""

import os
import signal
import ssl
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from filelock import lock_descriptor
from msgspec import to_builtins

from lexer_pipeline.errors import UsageError
from lexer_pipeline.model import Json
from lexer_pipeline.sandbox import admin, authority, faults, guard, objects, uploads
from lexer_pipeline.sandbox.datasets import datasets
from lexer_pipeline.sandbox.faults import Fault
from lexer_pipeline.sandbox.kinds import Kinds
from lexer_pipeline.sandbox.loads import Loader
from lexer_pipeline.sandbox.page.answers import Page
from lexer_pipeline.sandbox.permissions import Permissions
from lexer_pipeline.sandbox.refused import nowhere
from lexer_pipeline.sandbox.service import API, BUCKET, USERS, Service
from lexer_pipeline.sandbox.settings import Settings
from lexer_pipeline.sandbox.sink import Sink
from lexer_pipeline.sandbox.state import State
from lexer_pipeline.sandbox.store import Rclone, Store
from lexer_pipeline.sandbox.web import LOOPBACK, Answer, Exchange, Front
from lexer_pipeline.system.files import make_folder, open_or_make

LOCAL_ONLY = "The sandbox answers to programs on this machine and to its own page.\n"


class Sandbox:
    """A running sandbox; what it remembers lies in `folder`.

    `port` 0 takes a free one. `store` is `rclone`, or `sink` to count the bytes and throw them away. The other
    settings are those of settings.py.
    """

    def __init__(
        self, folder: Path, port: int = 0, *, tls: bool = False, store: str = "rclone", **settings: object
    ) -> None:
        make_folder(folder)
        self._undo: list[Callable[[], None]] = []
        try:
            self._start(folder, port, tls, store, Settings().changed(settings))
        except BaseException:
            self.close()
            raise

    def _start(self, folder: Path, port: int, tls: bool, store: str, settings: Settings) -> None:
        self._lock(folder / "lock")
        state = State(folder / "sandbox.sqlite3")
        self._undo.append(state.close)
        keys = state.keys()
        kinds = Kinds()
        loader = Loader(state, folder / "objects" / BUCKET / "uploads", kinds)
        opened: Store = Sink(keys) if store == "sink" else Rclone(folder / "objects", BUCKET, keys)
        self._undo.append(opened.close)
        self._service = Service(state, opened, keys, kinds, loader, settings)
        self._page = Page(self._service)
        self._permissions = Permissions(self._service)
        if opened.keeps:
            loader.start()
            self._undo.append(loader.close)
        self._front = _bound(port, self._answer, self._defect, authority.context(folder) if tls else None)
        self._service.scheme = "https" if tls else "http"
        self._service.host = f"{LOOPBACK}:{self._front.port}"
        self._service.ca_file = self.ca_file = folder / authority.CA_FILE if tls else None
        self._front.start()
        self._undo.append(self._front.stop)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop everything; requests under way are broken off."""
        while self._undo:
            self._undo.pop()()

    @property
    def url(self) -> str:
        """The upload API, for LEXER_UPLOAD_API_URL."""
        return self._service.address

    @property
    def page(self) -> str:
        """The page for people."""
        return f"{self._service.origin}/"

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self._service.settings

    def set(self, **settings: object) -> None:
        """Change some settings from now on."""
        self._service.settings = self._service.settings.changed(settings)

    def new_token(self, name: str) -> str:
        """A new token; TooManyTokensError when five are active."""
        return self._service.state.new_token(name)

    def inject(self, fault: Fault | Mapping[str, object]) -> None:
        """Order a fault (faults.py)."""
        self._service.faults.add(faults.read(to_builtins(fault) if isinstance(fault, Fault) else fault))

    def clear_faults(self) -> None:
        """Forget the faults that are still to come."""
        self._service.faults.clear()

    def events(self, since: int = 0) -> list[dict[str, Json]]:
        """The event log after event number `since` (admin.py names the kinds)."""
        return self._service.state.events(since)

    def uploads(self) -> list[dict[str, Json]]:
        """Every permission given, and what lies in the store for it (uploads.py)."""
        return [one.as_json() for one in uploads.every(self._service)]

    def refusals(self) -> list[dict[str, Json]]:
        """The requests that were answered with an error, newest first."""
        return [to_builtins(one) for one in self._service.state.refusals(admin.MOST_REFUSALS)]

    def datasets(self) -> list[dict[str, Json]]:
        """What the Datasets section shows (datasets.py)."""
        return [
            to_builtins(one) for one in datasets(self._service.state.loads(), self._service.state.uploads())
        ]

    def wait_loaded(self, timeout: float) -> bool:
        """Whether every file that has arrived was loaded within `timeout` seconds."""
        return self._service.loader.wait(timeout)

    def _answer(self, exchange: Exchange) -> None:
        path = exchange.path.partition("?")[0]
        if not guard.is_local(exchange):
            exchange.send(Answer(403, LOCAL_ONLY.encode(), (("Content-Type", "text/plain"),), close=True))
        elif path.startswith(f"/{BUCKET}/"):
            objects.put(self._service, exchange)
        elif path == API and exchange.command == "POST":
            self._permissions.answer(exchange)
        elif path == USERS and exchange.command == "GET":
            self._permissions.check(exchange)
        elif path.startswith("/v1/"):
            exchange.send(nowhere())
        elif path.startswith("/sandbox/"):
            exchange.send(admin.answer(self._service, exchange))
        else:
            exchange.send(self._page.answer(exchange))

    def _defect(self, words: str) -> None:
        self._service.state.log("defect", None, error=words)

    def _lock(self, file: Path) -> None:
        """Let no second process write to the same folder."""
        handle = open_or_make(file)
        self._undo.append(lambda: os.close(handle))
        if not lock_descriptor(handle, blocking=False):
            raise UsageError(
                "A sandbox is running in this folder already.", "Stop it, or name another folder."
            )


def serve(
    folder: Path, port: int, announce: Callable[[str], None], *, tls: bool = False, strict_names: bool = False
) -> None:
    """Run a sandbox until SIGINT or SIGTERM; `announce` is given the lines that a person needs."""
    over = threading.Event()
    kept = {
        number: signal.signal(number, lambda *_: over.set()) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        with Sandbox(folder, port, tls=tls, strict_names=strict_names) as sandbox:
            announce(f"Upload API   {sandbox.url}")
            announce(f"Page         {sandbox.page}   (begin there: it says what to type)")
            if sandbox.ca_file:
                announce(f"Certificate  {sandbox.ca_file}")
            announce("Ctrl-C stops it. Everything stays on this machine.")
            over.wait()
    finally:
        for number, before in kept.items():
            signal.signal(number, before)


def _bound(
    port: int, answer: Callable[[Exchange], None], defect: Callable[[str], None], tls: ssl.SSLContext | None
) -> Front:
    try:
        return Front(port, answer, defect, tls)
    except (OSError, OverflowError):
        raise UsageError(
            f"Port {port} is in use or not allowed.", "Name another port; 0 takes a free one."
        ) from None
