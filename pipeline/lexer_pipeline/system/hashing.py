"""Checksums, worked out beside the work that needs them: of what is read, of what is written, and of what is sent."""

import hashlib
import queue
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

# So many blocks that were read may wait for one that is written.
WAITING = 8


class Fed(Protocol):
    """A checksum that grows with the bytes that it is given."""

    def update(self, data: bytes | memoryview, /) -> None: ...


class Sums(Protocol):
    """Checksums that take in the bytes of another beside their own, which costs nothing then."""

    def update(
        self, data: bytes | memoryview, beside: Fed | None = None, other: bytes | memoryview | None = None, /
    ) -> None: ...


class Hashing:
    """One thread for the checksums of a run: of what is written and, beside that, of what is read.

    The SHA-256 of a block that was read costs nothing while the MD5 of one to be written is worked out, so it waits for one.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._read: deque[tuple[Fed, bytes]] = deque()
        self._alone: deque[Future[None]] = deque()

    def submit(self, work: Callable[[bytes], None], data: bytes) -> "Future[None]":
        """Have the thread do some work, which calls `update`."""
        return self._thread.submit(work, data)

    def update(self, checksums: Sums, data: bytes) -> None:
        """Add data to be written to its checksums, and a block that was read to its own; only within `submit`."""
        if self._read:
            checksums.update(data, *self._read.popleft())
        else:
            checksums.update(data)

    def read(self, sha256: Fed, block: bytes) -> None:
        """Have a block that was read added to its SHA-256; waits while many are to be."""
        self._read.append((sha256, block))
        if len(self._read) > WAITING:
            self._alone.append(self._thread.submit(self._next_alone))
        if len(self._alone) > WAITING:
            self._alone.popleft().result()

    def settle(self) -> None:
        """Wait until all that was read is worked in."""
        self._thread.submit(self._all_alone).result()

    def _next_alone(self) -> None:
        if self._read:
            sha256, block = self._read.popleft()
            sha256.update(block)

    def _all_alone(self) -> None:
        while self._read:
            self._next_alone()

    def close(self) -> None:
        """Let go of the thread; what waits is dropped."""
        self._thread.shutdown(cancel_futures=True)


AHEAD = 16  # blocks that may wait; together they are the memory this takes


class Digest:
    """The SHA-256 of all that is fed to it, in a thread of its own; feeding waits when that falls behind."""

    def __init__(self) -> None:
        self._sha256 = hashlib.sha256()
        self._blocks: queue.Queue[bytes] = queue.Queue(AHEAD)
        self._thread = threading.Thread(target=self._work, name="sha256")
        self._thread.start()

    def feed(self, block: bytes) -> None:
        """Add a block; an empty one would end the work."""
        if block:
            self._blocks.put(block)

    def close(self) -> str:
        """The SHA-256 as hex, once everything fed has been worked in; may be called again."""
        if self._thread.is_alive():
            self._blocks.put(b"")
            self._thread.join()
        return self._sha256.hexdigest()

    def _work(self) -> None:
        while block := self._blocks.get():
            self._sha256.update(block)
