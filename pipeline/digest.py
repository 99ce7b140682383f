"""Checksums: both of a file that is written, and the SHA-256 of one that is sent, beside the work that needs it."""

import hashlib
import queue
import threading
from typing import Any


class HashlibChecksums:
    """MD5 and SHA-256 of all bytes given so far: the twin of the compiled `Checksums`."""

    def __init__(self) -> None:
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._sha256 = hashlib.sha256()

    def update(self, data: bytes | memoryview) -> None:
        """Add data; other threads run meanwhile."""
        self._md5.update(data)
        self._sha256.update(data)

    def md5(self) -> str:
        """MD5 of the bytes so far, as hex."""
        return self._md5.hexdigest()

    def sha256(self) -> str:
        """SHA-256 of the bytes so far, as hex."""
        return self._sha256.hexdigest()


Checksums: Any = HashlibChecksums
try:  # not in `compiled.py`: sending needs no other kernel
    from pipeline import checksums

    Checksums = checksums.Checksums
except ImportError:  # installed without a compiler, or on a processor without the instructions
    pass

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
