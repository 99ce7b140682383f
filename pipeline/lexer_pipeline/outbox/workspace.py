"""Where a delivery is written before it has its names, and how it gets them: all of its batches, or none.

Work lies in `.preparing-*` under a lock. What is to be renamed is written down before the first rename, so that
a crash in between is mended by the next command (`recover`), and without that note the work is discarded.
"""

import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from filelock import lock_descriptor

from lexer_pipeline.errors import UsageError
from lexer_pipeline.model import Manifest, PreparedBatch, SourceUse
from lexer_pipeline.outbox.batch import ISSUES, MANIFEST, read
from lexer_pipeline.outbox.written_file import WrittenFile
from lexer_pipeline.system import files
from lexer_pipeline.system.hashing import Hashing
from lexer_pipeline.system.timings import Timings

WORK = ".preparing-"
LOCK = "lock"
PLAN = "publish.json"
DATA = "records.json"


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
        self._data = WrittenFile(folder / DATA, timings, hashing)
        self._others: dict[str, WrittenFile] = {}

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
            self._others[name] = WrittenFile(self.folder / name, self._timings, self._hashing)
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
        sha256 = self._data.close()
        os.rename(self.folder / DATA, self.folder / f"{name}.json")
        used = tuple(replace(sources[index], rows=rows) for index, rows in sorted(self.source_rows.items()))
        manifest = replace(
            template, file=f"{name}.json", bytes=self._data.size, sha256=sha256, sources=used,
            issues=dict(sorted(self.issues.items())), warnings=dict(sorted(self.warnings.items())),
            conversions=dict(sorted(self.conversions.items())), skipped=dict(sorted(self.skipped.items())),
            rejects=tuple(sorted(other for other in self._others if other.startswith("rejects"))),
            records=self.counts["records"], rejected=self.counts["rejected"], rows=self.counts["rows"],
            continuations=self.counts["continuations"], blank=self.counts["blank"],
        )  # fmt: skip
        files.write_json(self.folder / MANIFEST, manifest.as_json())


class Workspace:
    """A folder in which the parts of one delivery are written before they get their names.

    `hashing` makes the checksums of all that is written, and of what is read.
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
