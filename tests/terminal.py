"""A terminal that tests type at; for systems that have such."""

import fcntl
import os
import pty
import struct
import subprocess
import termios
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tests.waiting import happens


class Terminal:
    """A program at a terminal of its own, so many `columns` wide."""

    def __init__(self, words: Sequence[str], folder: Path, env: Mapping[str, str], columns: int = 80) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
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

    def ended(self) -> str:
        """All that it showed, once the program has ended."""

        def look() -> bool:
            has_ended = self._process.poll() is not None
            with suppress(BlockingIOError, OSError):
                while data := os.read(self._master, 65536):
                    self.shown += data.decode("utf-8", "replace")
            return has_ended

        assert happens(look)
        return self.shown

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._master)
