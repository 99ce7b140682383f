"""Checksums, worked out beside the work that needs them: of what is read, of what is written, and of what is sent."""

import hashlib
import queue
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

# So many blocks that were read may wait for their turn.
WAITING = 8


class Fed(Protocol):
    """A checksum that grows with the bytes that it is given."""

    def update(self, data: bytes, /) -> None: ...


class Hashing:
    """One thread for the checksums of a run: of what is written, and of what is read."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._read: deque[Future[None]] = deque()

    def submit(self, work: Callable[[bytes], None], data: bytes) -> "Future[None]":
        """Have the thread do some work."""
        return self._thread.submit(work, data)

    def read(self, sha256: Fed, block: bytes) -> None:
        """Have a block that was read added to its SHA-256; waits while many are to be."""
        self._read.append(self._thread.submit(sha256.update, block))
        if len(self._read) > WAITING:
            self._read.popleft().result()

    def settle(self) -> None:
        """Wait until all that was read is worked in."""
        while self._read:
            self._read.popleft().result()

    def close(self) -> None:
        """Let go of the thread; what waits is dropped."""
        self._thread.shutdown(cancel_futures=True)


AHEAD = 16  # blocks that may wait; together they are the memory this takes


class Digest:
    """The checksum of all that is fed to it, in a thread of its own; feeding waits when that falls behind."""

    def __init__(self, name: str) -> None:
        self._digest = hashlib.new(name, usedforsecurity=False)
        self._blocks: queue.Queue[bytes] = queue.Queue(AHEAD)
        self._thread = threading.Thread(target=self._work, name=name)
        self._thread.start()

    def feed(self, block: bytes) -> None:
        """Add a block; an empty one would end the work."""
        if block:
            self._blocks.put(block)

    def close(self) -> str:
        """The checksum as hex, once everything fed has been worked in; may be called again."""
        if self._thread.is_alive():
            self._blocks.put(b"")
            self._thread.join()
        return self._digest.hexdigest()

    def _work(self) -> None:
        while block := self._blocks.get():
            self._digest.update(block)
