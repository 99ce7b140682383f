"""The prepared folder: written aside, then published under its name; read again for sending.

Work lies in `.preparing-*` under a lock. What is to be renamed is written down before the first rename, so that
a crash in between is mended by the next command (`recover`), and without that note the work is discarded.
"""

import json
import os
import shutil
import tempfile
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

from filelock import lock_descriptor

from lexer_pipeline.errors import UsageError
from lexer_pipeline.kernels.digests import Checksums
from lexer_pipeline.model import Manifest, PreparedBatch, SourceUse
from lexer_pipeline.system import files
from lexer_pipeline.system.hashing import Hashing
from lexer_pipeline.system.timings import Timings

WORK = ".preparing-"
LOCK = "lock"
PLAN = "publish.json"
MANIFEST = "manifest.json"
DATA = "records.json"
ISSUES = "issues.ndjson"
# So many pieces of a file may wait to be written; smaller ones than this are put together first.
WAITING = 4
PIECE = 1 << 18
# Whenever so much was written it is brought to the disk, so that little is left for the end.
SYNCED = 32 << 20


class _File:
    """A file being written, with its size and hashes; threads take what it is given, in order.

    One writes and one waits for the disk; the checksums are made by the one thread that all files have in common.
    """

    def __init__(self, path: Path, timings: Timings, hashing: Hashing) -> None:
        self.path = path
        self._timings = timings
        self._hashing = hashing
        self.size = 0
        self._file: BinaryIO = os.fdopen(files.open_new(path), "wb", buffering=0)
        self._checksums = Checksums()
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
            self._hashing.update(self._checksums, data)

    def close(self) -> tuple[str, str]:
        """(sha256, md5) of what was written, which is now on disk."""
        self._submit(self._joined())
        self._pending.append(self._writer.submit(self._sync))
        while self._pending:
            self._pending.popleft().result()
        assert self._syncing is not None
        self._syncing.result()
        os.fsync(self._file.fileno())
        self._stop()
        return self._checksums.sha256(), self._checksums.md5()

    def abandon(self) -> None:
        """Let go of the file; what waits to be written is dropped."""
        self._stop()

    def _stop(self) -> None:
        for thread in (self._writer, self._syncer):
            thread.shutdown(cancel_futures=True)
        self._file.close()


class Part:
    """One batch being written: its records, rejects and issues, and what was counted on the way."""

    def __init__(self, folder: Path, timings: Timings, hashing: Hashing) -> None:
        files.make_folder(folder)
        self.folder = folder
        self.counts: Counter[str] = Counter()
        self.issues: Counter[str] = Counter()
        self.warnings: Counter[str] = Counter()
        self.conversions: Counter[str] = Counter()
        self.skipped: Counter[str] = Counter()
        self.source_rows: Counter[int] = Counter()
        self._timings = timings
        self._hashing = hashing
        self._data = _File(folder / DATA, timings, hashing)
        self._others: dict[str, _File] = {}

    @property
    def size(self) -> int:
        """Bytes of NDJSON so far."""
        return self._data.size

    def write_records(self, data: bytes) -> None:
        """Add NDJSON lines."""
        self._data.write(data)

    def write_aside(self, name: str, head: bytes, data: bytes) -> None:
        """Add to the file `name` (rejects or issues), which begins with `head`."""
        if name not in self._others:
            self._others[name] = _File(self.folder / name, self._timings, self._hashing)
            self._others[name].write(head)
        self._others[name].write(data)

    def abandon(self) -> None:
        """Let go of the files of an unfinished part."""
        for file in (self._data, *self._others.values()):
            file.abandon()

    def finish(self, template: Manifest, sources: Sequence[SourceUse], name: str) -> None:
        """Give the records their file name and write the manifest; the folder is then complete."""
        self.write_aside(ISSUES, b"", b"")
        for file in self._others.values():
            file.close()
        sha256, md5 = self._data.close()
        os.rename(self.folder / DATA, self.folder / f"{name}.json")
        used = tuple(replace(sources[index], rows=rows) for index, rows in sorted(self.source_rows.items()))
        manifest = replace(
            template, file=f"{name}.json", bytes=self._data.size, sha256=sha256, md5=md5, sources=used,
            issues=dict(sorted(self.issues.items())), warnings=dict(sorted(self.warnings.items())),
            conversions=dict(sorted(self.conversions.items())), skipped=dict(sorted(self.skipped.items())),
            rejects=tuple(sorted(other for other in self._others if other.startswith("rejects"))),
            records=self.counts["records"], rejected=self.counts["rejected"], rows=self.counts["rows"],
            continuations=self.counts["continuations"], blank=self.counts["blank"],
        )  # fmt: skip
        files.write_json(self.folder / MANIFEST, manifest.as_json())


class Workspace:
    """A folder in which the parts of one delivery are written before they get their names.

    `hashing` makes the checksums of all that is written, and takes those of what is read beside.
    """

    def __init__(self, out: Path, timings: Timings) -> None:
        self._timings = timings
        self.hashing = Hashing()
        files.make_folder(out)
        self._out = out
        with locked(out):  # or `recover` in another process might take the folder for a dead one
            self.folder = Path(tempfile.mkdtemp(prefix=WORK, dir=out))
            self._lock = files.open_or_make(self.folder / LOCK)
            lock_descriptor(self._lock)
        self.parts: list[Part] = []

    def new_part(self) -> Part:
        """Begin the next part."""
        part = Part(self.folder / f"part-{len(self.parts) + 1:04}", self._timings, self.hashing)
        self.parts.append(part)
        return part

    def publish(
        self, template: Manifest, sources: Sequence[SourceUse], names: Callable[[list[str], int], list[str]]
    ) -> list[PreparedBatch]:
        """Name the parts and move them into the out folder, all of them or (after a crash) all at the next run.

        `names` gets the folder names taken so far and how many are wanted.
        """
        with locked(self._out):
            chosen = names(_taken(self._out), len(self.parts))
            for name in chosen:
                if (self._out / name).exists():
                    raise UsageError(
                        f"{self._out / name} exists already", "Choose another --version or --date."
                    )
            for part, name in zip(self.parts, chosen, strict=True):
                part.finish(template, sources, name)
            plan = {part.folder.name: name for part, name in zip(self.parts, chosen, strict=True)}
            files.write_json(self.folder / PLAN, plan)
            self._release()  # Windows removes no file that is open; nobody else looks while `out` is locked
            _carry_out(self._out, self.folder)
        return [read(self._out / name) for name in chosen]

    def discard(self) -> None:
        """Leave nothing behind of a delivery without names; one that has them stays, for `recover` to finish."""
        for part in self.parts:
            part.abandon()
        self._release()
        if not (self.folder / PLAN).exists():
            shutil.rmtree(self.folder, ignore_errors=True)

    def _release(self) -> None:
        self.hashing.close()
        lock, self._lock = self._lock, -1
        if lock >= 0:
            os.close(lock)


@contextmanager
def locked(out: Path) -> Iterator[None]:
    """Hold the right to give names in `out`; waits for others."""
    handle = files.open_or_make(out / ".lock")
    try:
        lock_descriptor(handle)
        yield
    finally:
        os.close(handle)


def _taken(out: Path) -> list[str]:
    return [entry.name for entry in out.iterdir() if entry.is_dir() and not entry.name.startswith(".")]


def _carry_out(out: Path, work: Path) -> None:
    plan: Mapping[str, str] = json.loads((work / PLAN).read_bytes())
    for part, name in plan.items():
        if (work / part).exists():
            os.rename(work / part, out / name)
    files.sync_folder(out)
    shutil.rmtree(work)


def recover(out: Path) -> None:
    """Finish what a crash left half published, and clear away what nobody is working on."""
    works = sorted(out.glob(f"{WORK}*"))
    if works:
        with locked(out):
            for work in works:
                _recover(out, work)


def _recover(out: Path, work: Path) -> None:
    if not _is_abandoned(work):
        return
    if (work / PLAN).exists():
        _carry_out(out, work)
    else:
        shutil.rmtree(work, ignore_errors=True)


def _is_abandoned(work: Path) -> bool:
    """Whether no process is at it; none begins while `out` is locked."""
    try:
        lock = os.open(work / LOCK, os.O_RDWR)
    except FileNotFoundError:
        return True  # cut off before it had one, or half cleared away
    try:
        return lock_descriptor(lock, blocking=False)
    finally:
        os.close(lock)


def find(out: Path) -> list[PreparedBatch]:
    """All batches in an out folder, by name."""
    if not out.is_dir():
        return []
    return [read(folder) for folder in sorted(out.iterdir()) if (folder / MANIFEST).is_file()]


def read(folder: Path) -> PreparedBatch:
    """The batch in `folder`; a folder without one is the user's mistake."""
    try:
        plain: dict[str, Any] = json.loads((folder / MANIFEST).read_bytes())
        sources = tuple(SourceUse(**source) for source in plain.pop("sources"))
        rejects = tuple(plain.pop("rejects"))
        return PreparedBatch(folder, Manifest(**plain, sources=sources, rejects=rejects))
    except (OSError, ValueError, TypeError, KeyError) as problem:
        raise UsageError(
            f"{folder}: is not a prepared batch ({MANIFEST} is missing or broken)",
            "Prepare it again with convert; a CSV itself is sent with --as-is.",
        ) from problem
