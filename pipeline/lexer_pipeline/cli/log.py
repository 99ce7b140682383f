"""What a run says where nobody looks on: one JSON object a line, with its time in UTC, on standard error or in a file.

Counts, codes, paths and states alone: no value of a record, no token, no presigned url. A log that cannot be written
ends no run.
"""

import json
import os
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from lexer_pipeline.cli.exits import DATA, DONE
from lexer_pipeline.cli.streams import Sink

INFO, WARNING, ERROR = "info", "warning", "error"
OFTEN = 10.0  # seconds between two words of how far something is


class Log:
    """The log of one run; without a sink it says nothing. `clock` gives Unix seconds.

    `on_error` is standard error where JSON takes the place of words there; only errors go there where it `is_quiet`. `heard` is
    given each line before it is written. May be told from several threads, and by the handler of a signal.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.time,
        file: Sink | None = None,
        on_error: Sink | None = None,
        *,
        is_quiet: bool = False,
        name: str = "",
        heard: Callable[[Mapping[str, object]], None] | None = None,
    ) -> None:
        self._clock, self._file, self._on_error, self._is_quiet, self._name = (
            clock,
            file,
            on_error,
            is_quiet,
            name,
        )
        self._heard = heard
        self._begun = time.monotonic()
        self._lock = threading.RLock()

    @property
    def is_kept(self) -> bool:
        """Whether anybody is told."""
        return self._file is not None or self._on_error is not None or self._heard is not None

    @property
    def replaces_words(self) -> bool:
        """Whether it stands on standard error in place of words."""
        return self._on_error is not None

    def tell(self, event: str, level: str = INFO, **about: object) -> None:
        """Write one line."""
        if not self.is_kept:
            return
        at = datetime.fromtimestamp(self._clock(), UTC).isoformat(timespec="milliseconds")
        said = {"time": at.replace("+00:00", "Z"), "level": level, "event": event, **about}
        if self._heard is not None:
            self._heard(said)
        line = json.dumps(said, ensure_ascii=False)
        with self._lock:
            _write(self._file, line)
            if level == ERROR or not self._is_quiet:
                _write(self._on_error, line)

    def end(self, code: int) -> str:
        """Say how the run ended; what to say of a log that could not be written, or nothing."""
        level = INFO if code == DONE else WARNING if code == DATA else ERROR
        self.tell("ended", level, exit=code, seconds=round(time.monotonic() - self._begun, 3))
        if self._file is None:
            return ""
        os.close(self._file.fileno())
        if self._file.problem is None:
            return ""
        lost = f"the log {self._name} could not be written ({self._file.problem.strerror})"
        self.tell("log_lost", ERROR, message=lost)
        return f"warning: {lost}\n"


def error(log: Log, told: Mapping[str, Mapping[str, str]]) -> None:
    """What a command ends with, as `--json` says it."""
    log.tell("error", ERROR, **told["error"])


def _write(sink: Sink | None, line: str) -> None:
    left = memoryview(f"{line}\n".encode("utf-8", "backslashreplace"))
    while sink is not None and left:
        left = left[sink.write(left) :]


SILENT = Log()
