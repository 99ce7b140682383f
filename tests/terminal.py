"""A terminal that tests type at; for systems that have such."""

import os
import pty
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tests.waiting import happens


class Terminal:
    """A program at a terminal of its own."""

    def __init__(self, words: Sequence[str], folder: Path, env: Mapping[str, str]) -> None:
        self._master, slave = pty.openpty()
        self._process = subprocess.Popen(
            words, stdin=slave, stdout=slave, stderr=slave, cwd=folder, env=env, start_new_session=True
        )
        os.close(slave)
        os.set_blocking(self._master, False)
        self.shown = ""

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def shows(self, words: str) -> bool:
        """Whether the terminal shows these words, now or later."""

        def look() -> bool:
            with suppress(BlockingIOError):
                self.shown += os.read(self._master, 65536).decode("utf-8", "replace")
            return words in self.shown

        return happens(look)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._master)
