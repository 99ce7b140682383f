"""A SHA-256 worked out beside the work that needs it."""

import hashlib
import queue
import threading

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
