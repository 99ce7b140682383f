"""A file of a batch while it is written: hashed and brought to the disk beside the work that fills it."""

import hashlib
import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

from lexer_pipeline.system import files
from lexer_pipeline.system.hashing import Hashing
from lexer_pipeline.system.timings import Timings

# So many pieces of a file may wait to be written; smaller ones than this are put together first.
WAITING = 4
PIECE = 1 << 18
# Whenever so much was written it is brought to the disk, so that little is left for the end.
SYNCED = 32 << 20


class WrittenFile:
    """A file being written, with its size and SHA-256; threads take what it is given, in order.

    One writes and one waits for the disk; the SHA-256 is made by the one thread that all files have in common.
    """

    def __init__(self, path: Path, timings: Timings, hashing: Hashing) -> None:
        self.path = path
        self._timings = timings
        self._hashing = hashing
        self.size = 0
        self._file: BinaryIO = os.fdopen(files.open_new(path), "wb", buffering=0)
        self._sha256 = hashlib.sha256()
        self._small: list[bytes] = []
        self._small_size = 0
        self._pending: deque[Future[None]] = deque()
        self._writer = ThreadPoolExecutor(1)
        self._syncer = ThreadPoolExecutor(1)
        self._unsynced = 0
        self._syncing: Future[None] | None = None

    def write(self, data: bytes) -> None:
        """Add data; waits while much is still to be written, raises what went wrong with earlier data."""
        self.size += len(data)
        if self._small or len(data) < PIECE:
            self._small.append(data)
            self._small_size += len(data)
            if self._small_size < PIECE:
                return
            data = self._joined()
        self._submit(data)

    def _joined(self) -> bytes:
        data = b"".join(self._small)
        self._small, self._small_size = [], 0
        return data

    def _submit(self, data: bytes) -> None:
        self._pending.append(self._hashing.submit(self._hash, data))
        self._pending.append(self._writer.submit(self._write, data))
        while len(self._pending) > 2 * WAITING:
            self._pending.popleft().result()

    def _write(self, data: bytes) -> None:
        with self._timings.of("write", len(data)):
            view = memoryview(data)
            while view:
                view = view[self._file.write(view) :]
        self._unsynced += len(data)
        if self._unsynced >= SYNCED and (self._syncing is None or self._syncing.done()):
            self._sync()

    def _sync(self) -> None:
        """Bring what was written to the disk, meanwhile; raises what went wrong with that before, which is told once."""
        if self._syncing is not None:
            self._syncing.result()
        self._unsynced = 0
        self._syncing = self._syncer.submit(files.sync_data, self._file.fileno())

    def _hash(self, data: bytes) -> None:
        with self._timings.of("hash", len(data)):
            self._sha256.update(data)

    def close(self) -> str:
        """The SHA-256 of what was written, which is now on disk."""
        self._submit(self._joined())
        self._pending.append(self._writer.submit(self._sync))
        while self._pending:
            self._pending.popleft().result()
        assert self._syncing is not None
        self._syncing.result()
        os.fsync(self._file.fileno())
        self._stop()
        return self._sha256.hexdigest()

    def abandon(self) -> None:
        """Let go of the file; what waits to be written is dropped."""
        self._stop()

    def _stop(self) -> None:
        for thread in (self._writer, self._syncer):
            thread.shutdown(cancel_futures=True)
        self._file.close()
