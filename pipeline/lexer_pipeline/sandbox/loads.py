"""The dataset load: each line of an uploaded file is checked against its specification, in the background."""

import queue
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from lexer_pipeline.model import Specification
from lexer_pipeline.sandbox.entries import CHECKING, LOADED, LOADING, UNFINISHED, WAITS, Load, Upload
from lexer_pipeline.sandbox.kinds import Kinds
from lexer_pipeline.sandbox.lines import Judge, Tally, lines
from lexer_pipeline.sandbox.state import State

SLICE = 256
BREATH_SECONDS = 0.0005


class Loader:
    """One thread that loads uploads in the order in which they arrived."""

    def __init__(self, state: State, folder: Path, kinds: Kinds) -> None:
        self._state = state
        self._folder = folder
        self._kinds = kinds
        self._judges: dict[str, Judge] = {}
        self._waiting: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        self._changed = threading.Condition()
        self._pending = 0
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def start(self) -> None:
        """Begin, with the loads that an earlier run left unfinished."""
        done = {load.upload for load in self._state.loads() if load.state not in UNFINISHED}
        for upload in self._state.uploads():
            if upload.md5 and upload.id not in done:
                self.add(upload.id)
        self._thread.start()

    def add(self, upload: int) -> None:
        """Load this upload when its turn comes."""
        with self._changed:
            self._pending += 1
        self._waiting.put(upload)

    def wait(self, seconds: float) -> bool:
        """Whether every load was finished within the time."""
        with self._changed:
            return self._changed.wait_for(lambda: self._pending == 0, seconds)

    def close(self) -> None:
        """Stop; an unfinished load is begun anew at the next start."""
        self._closing.set()
        self._waiting.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (number := self._waiting.get()) is not None and not self._closing.is_set():
            try:
                self._load(number)
            except Exception as error:  # noqa: BLE001 - one load must not end all others
                self._state.log("defect", number, error=type(error).__name__)
            with self._changed:
                self._pending -= 1
                self._changed.notify_all()

    def _load(self, number: int) -> None:
        upload = self._state.upload(number)
        if upload is None:
            return
        specification = self._kinds.of(upload)
        tally = Tally()
        if specification is None:
            self._state.keep_load(Load(number, upload.dataset, None, upload.record_type, WAITS))
            self._state.log("loaded", number, dataset=upload.dataset, state=WAITS)
            return
        busy, done = (LOADING, LOADED) if upload.dataset else (CHECKING, WAITS)
        with (self._folder / str(number) / upload.filename).open("rb") as file:
            for _ in self._checked(file, specification, tally):
                self._keep(upload, specification, busy, tally)
        if self._closing.is_set():
            return
        self._keep(upload, specification, done, tally)
        counts = {"accepted": tally.accepted, "rejected": tally.rejected}
        self._state.log("loaded", number, dataset=upload.dataset, state=done, **counts)

    def _keep(self, upload: Upload, used: Specification, state: str, tally: Tally) -> None:
        counts = (tally.accepted, tally.rejected, dict(tally.codes), tally.rejects, tally.preview)
        self._state.keep_load(Load(upload.id, upload.dataset, used.name, used.record_type, state, *counts))

    def _checked(self, file: BinaryIO, used: Specification, tally: Tally) -> Iterator[None]:
        """Count every line; yields about once a second, so that the page can show progress."""
        if used.name not in self._judges:
            self._judges[used.name] = Judge(used)
        judge = self._judges[used.name]
        shown = 0.0
        for number, line in enumerate(lines(file), start=1):
            judge.count(number, line, tally)
            if number % SLICE == 0:
                time.sleep(BREATH_SECONDS)  # let the threads that carry uploads have the interpreter
                if self._closing.is_set():
                    return
                if time.monotonic() - shown > 1:
                    shown = time.monotonic()
                    yield
