"""The bytes of an object elsewhere as those of a file: read in ranges, the next ones by threads while these are worked on."""

import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from io import RawIOBase
from typing import Any

from msgspec import Struct

# What is asked for at once: little where somebody only looks, more and more where one range follows another.
SMALL, LARGE, GROWTH = 1 << 16, 1 << 22, 8
# So many ranges are under way, or wait for their turn, while another is worked on.
AHEAD = 2


class _Block(Struct, frozen=True):
    """A range under way."""

    begin: int
    end: int
    data: "Future[bytes]"


class Ranged(RawIOBase):
    """An object of `size` bytes that begins with `head`; `fetch` gives the bytes from a place on, and so many of them.

    At most AHEAD + 1 ranges of LARGE bytes are held.
    """

    def __init__(self, fetch: Callable[[int, int], bytes], size: int, head: bytes) -> None:
        self._fetch = fetch
        self.size = size
        self._at = 0
        self._window, self._data = 0, head
        self._step = SMALL
        self._ahead: deque[_Block] = deque()
        self._threads: ThreadPoolExecutor | None = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        self._at = max(0, (0, self._at, self.size)[whence] + offset)
        return self._at

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes, at most `size`, none only at the end."""
        wanted = max(0, self.size - self._at)
        wanted = wanted if size < 0 else min(size, wanted)
        if not wanted:
            return b""
        if not self._window <= self._at < self._window + len(self._data):
            self._turn(wanted)
        begin = self._at - self._window
        data = self._data[begin : begin + wanted]
        self._at += len(data)
        return data if size >= 0 else data + self.read()

    def readinto(self, into: Any, /) -> int:
        data = self.read(len(into))
        into[: len(data)] = data
        return len(data)

    def held(self) -> int:
        """How many of the next bytes can be read without waiting."""
        held = self._window + len(self._data) - self._at
        return max(0, held) if self._window <= self._at else 0

    def close(self) -> None:
        self._forget()
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
            self._threads = None
        self._data = b""
        super().close()

    def _turn(self, wanted: int) -> None:
        """Put the range in which the next byte lies in the place of the one at hand."""
        follows = self._at == self._window + len(self._data)
        while self._ahead and not self._ahead[0].begin <= self._at < self._ahead[0].end:
            self._ahead.popleft().data.cancel()
        self._data = b""
        if self._ahead:
            block = self._ahead.popleft()
            self._window, self._data = block.begin, block.data.result()
            end = block.end
        else:
            self._step = min(self._step * GROWTH, LARGE) if follows else SMALL
            # What is read backwards from the end, as the directory of a zip, lies in one range.
            self._window = self._at if follows else self._at // SMALL * SMALL
            end = min(self.size, max(self._window + self._step, self._at + min(wanted, LARGE)))
            self._data = self._fetch(self._window, end - self._window)
        self._read_ahead(end)

    def _read_ahead(self, end: int) -> None:
        """Have what follows fetched, once it is seen that the object is read from one end to the other."""
        if self._step < LARGE:
            return
        end = self._ahead[-1].end if self._ahead else end
        while len(self._ahead) < AHEAD and end < self.size:
            self._threads = self._threads or ThreadPoolExecutor(AHEAD, "ahead")
            begin, end = end, min(end + LARGE, self.size)
            self._ahead.append(_Block(begin, end, self._threads.submit(self._fetch, begin, end - begin)))

    def _forget(self) -> None:
        while self._ahead:
            self._ahead.popleft().data.cancel()
