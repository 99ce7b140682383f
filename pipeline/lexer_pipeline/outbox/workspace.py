"""Where a delivery is written before it has its names, and how it gets them: all of its batches, or none.

Work lies in `.preparing-*` under a lock. What is to be renamed is written down before the first rename, so that
a crash in between is fixed by the next command (`recover`); without that note, or where the ledger knows nothing of what it
names, the work is discarded.
"""

import json
import os
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import NamedTuple

from filelock import lock_descriptor
from msgspec.structs import replace

from lexer_pipeline.errors import UsageError
from lexer_pipeline.limits import PARTS
from lexer_pipeline.model import Manifest, SourceUse
from lexer_pipeline.outbox.batch import ISSUES, MANIFEST
from lexer_pipeline.outbox.connection import Connection
from lexer_pipeline.outbox.entry import Offer
from lexer_pipeline.outbox.ledger import Ledger
from lexer_pipeline.outbox.locks import locked
from lexer_pipeline.outbox.trace_file import TRACE, TraceWriter
from lexer_pipeline.outbox.written_file import WrittenFile
from lexer_pipeline.system import files
from lexer_pipeline.system.hashing import Hashing
from lexer_pipeline.system.stores import Folder
from lexer_pipeline.system.timings import Timings

WORK = ".preparing-"
LOCK = "lock"
PLAN = "publish.json"
DATA = "records.json"
ACCEPTED = ".accepted"
INSIDE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")


class Accepted(NamedTuple):
    """A row that a fix accepted: the number of its source, and its line or, of a document, its checksum."""

    source: int
    row: str
    is_first: bool


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
        self.asides: dict[str, str] = {}
        self.sha256 = ""
        self.trace = TraceWriter(folder / TRACE)
        self.taken = 0  # bytes of records that were made before
        self.size = 0  # bytes of NDJSON so far
        self.heads: dict[str, int] = {}  # bytes with which a file of rejects begins that are no reject
        self._files = {DATA: WrittenFile(folder / DATA, timings, hashing)}
        self._accepted = folder.with_suffix(ACCEPTED)

    def __getstate__(self) -> dict[str, object]:
        """What another process must know of a part that is sealed, to publish it."""
        open_here = ("_timings", "_hashing", "_files")
        return {name: value for name, value in vars(self).items() if name not in open_here} | {"_files": {}}

    def write_records(self, data: bytes) -> None:
        """Add NDJSON lines."""
        self.size += len(data)
        self._files[DATA].write(data)

    def write_aside(self, name: str, head: bytes, data: bytes) -> None:
        """Add to the file `name` (rejects or issues), which begins with `head`."""
        if name not in self._files:
            self._files[name] = WrittenFile(self.folder / name, self._timings, self._hashing)
            self._files[name].write(head)
            self.heads[name] = len(head)
        self._files[name].write(data)

    def note_accepted(self, source: int, rows: Iterable[int | str], firsts: Collection[int | str]) -> None:
        """Remember rows of this source that a fix accepted; a record begins with each of `firsts`."""
        with self._accepted.open("a", encoding="ascii") as file:
            file.writelines(f"{source} {row} {int(row in firsts)}\n" for row in rows)

    def accepted(self) -> Iterator[Accepted]:
        """The rows that were noted, in order."""
        if self._accepted.exists():
            with self._accepted.open(encoding="ascii") as file:
                for line in file:
                    source, row, is_first = line.split()
                    yield Accepted(int(source), row, is_first == "1")

    def abandon(self) -> None:
        """Let go of the files of an unfinished part."""
        for file in self._files.values():
            file.abandon()

    def seal(self) -> None:
        """All files are complete, on the disk, and their checksums are known; asked again, it is so already."""
        if self.sha256:
            return
        self.write_aside(ISSUES, b"", b"")
        self.asides = {name: file.close() for name, file in self._files.items()}
        self.sha256 = self.asides.pop(DATA)
        self.trace.settle()

    def renumber(self, shift: int, asides: Mapping[str, str]) -> None:
        """Sources of a sealed part have numbers that are so much lower, and the `asides` the names that these give them."""
        for before, name in asides.items():
            os.rename(self.folder / before, self.folder / name)
            self.asides[name], self.heads[name] = self.asides.pop(before), self.heads.pop(before)
        self.source_rows = Counter({number - shift: rows for number, rows in self.source_rows.items()})
        self.trace.renumber(shift)

    def move(self, folder: Path) -> None:
        """Lie elsewhere on the same disk; no file of it is open."""
        os.rename(self.folder, folder)
        self.folder = folder
        self.trace.path = folder / TRACE

    @property
    def rejects(self) -> dict[str, str]:
        """The files of rejects with their checksums; complete once this is sealed."""
        return {name: sha256 for name, sha256 in sorted(self.asides.items()) if name != ISSUES}

    def manifest(self, template: Manifest, sources: Sequence[SourceUse], file: str) -> Manifest:
        """The manifest of this part; `file` is the name of the NDJSON, empty where there is none."""
        used = tuple(replace(one, rows=self.source_rows[number]) for number, one in enumerate(sources))
        return replace(
            template, file=file, bytes=self.size, sha256=self.sha256 if file else "", sources=used,
            issues=dict(sorted(self.issues.items())), warnings=dict(sorted(self.warnings.items())),
            conversions=dict(sorted(self.conversions.items())), skipped=dict(sorted(self.skipped.items())),
            rejects=tuple(self.rejects),
            records=self.counts["records"], rejected=self.counts["rejected"], rows=self.counts["rows"],
            continuations=self.counts["continuations"], blank=self.counts["blank"],
            rejected_records=self.counts["rejected_records"], unchanged=self.counts["unchanged"],
        )  # fmt: skip

    @property
    def data(self) -> Path:
        """The NDJSON as long as it has no name."""
        return self.folder / DATA

    def finish(self, manifest: Manifest, beside: Mapping[str, bytes]) -> None:
        """Give the records their file name, and write the manifest and what else lies `beside` them; the folder is then complete."""
        if manifest.file:
            os.rename(self.folder / DATA, self.folder / manifest.file)
        else:
            (self.folder / DATA).unlink()
        for name, content in beside.items():
            files.write_whole(self.folder / name, content)
        files.write_json(self.folder / MANIFEST, manifest.as_json())


class Workspace:
    """A folder in which the parts of one delivery are written before they get their names.

    `hashing` makes the checksums of all that is written, and of what is read.
    """

    def __init__(self, out: Folder, timings: Timings) -> None:
        self._timings = timings
        self.hashing = Hashing()
        self.out = out
        self._lock = -1
        self.folder = self._begun()
        self.parts: list[Part] = []

    def _begun(self) -> Path:
        """A new folder for the parts, that tells by a lock that we are at it."""
        out = self._on_disk
        files.make_folder(out)
        with locked(out):  # or `recover` in another process might take the folder for a dead one
            folder = Path(tempfile.mkdtemp(prefix=WORK, dir=out))
            self._lock = files.open_or_make(folder / LOCK)
            lock_descriptor(self._lock)
        return folder

    @property
    def _on_disk(self) -> Path:
        assert isinstance(self.out, Path)
        return self.out

    def new_part(self) -> Part:
        """Begin the next part; the one before it is complete, so that one part alone has files open and threads at work."""
        self._refuse_more()
        if self.parts:
            self.parts[-1].seal()
        part = Part(self.folder / f"part-{len(self.parts) + 1:04}", self._timings, self.hashing)
        self.parts.append(part)
        return part

    def take(self, part: Part) -> None:
        """The next part is one that was written elsewhere in the work folder, and is sealed."""
        self._refuse_more()
        part.move(self.folder / f"part-{len(self.parts) + 1:04}")
        self.parts.append(part)

    def _refuse_more(self) -> None:
        if len(self.parts) == PARTS:
            raise UsageError(
                f"there are more than {PARTS:,} parts", "Allow more bytes a file with --max-bytes."
            )

    def seal(self) -> None:
        """All parts are complete and on the disk."""
        self.parts[-1].seal()
        for part in self.parts:
            # Records of an earlier part may have rows of a source that was read later.
            part.trace.close(part.sha256)

    def brought(self, ledger: Ledger, offer: Offer) -> AbstractContextManager[None]:  # noqa: ARG002 - on a disk they lie there
        """While the block lasts, the files of the sealed parts are where they can be published from."""
        return nullcontext()

    def plan(self, places: Sequence[str], ledger: Ledger, connection: Connection) -> None:  # noqa: ARG002 - in a store it knows of them
        """Write down which folder of the out folder each part becomes; nothing is moved before the ledger knows of it."""
        files.write_json(
            self.folder / PLAN,
            {part.folder.name: place for part, place in zip(self.parts, places, strict=True)},
        )

    def carry_out(self, ledger: Ledger) -> None:  # noqa: ARG002 - in a store it knows of them
        """Move the parts where the plan says; whoever calls holds the out folder (`locked`)."""
        self._release()  # Windows removes no file that is open; nobody else looks while `out` is locked
        _carry_out(self._on_disk, self.folder)

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


def _carry_out(out: Path, work: Path) -> None:
    for part, place in _planned(work).items():
        if (work / part).exists() and not (out / place).exists():
            os.rename(work / part, out / place)
    files.sync_folder(out)
    shutil.rmtree(work)


def _planned(work: Path) -> Mapping[str, str]:
    try:
        return planned_in((work / PLAN).read_bytes())
    except OSError:
        return {}


def planned_in(text: bytes) -> Mapping[str, str]:
    """What is to be moved where; a plan that leads out of the folder, or cannot be read, is none."""
    try:
        plan = json.loads(text)
        inside = all(INSIDE.fullmatch(part) and INSIDE.fullmatch(place) for part, place in plan.items())
    except (ValueError, AttributeError, TypeError, RecursionError):
        return {}
    return plan if inside else {}


def recover(out: Path, is_known: Callable[[str], bool]) -> None:
    """Finish what a crash left half published, and clear away what nobody is working on.

    `is_known` says whether the ledger knows a folder of `out`: what it does not was never published.
    """
    works = [path for path in sorted(out.glob(f"{WORK}*")) if path.is_dir() and not path.is_symlink()]
    if works:
        with locked(out):
            for work in works:
                if _is_abandoned(work):
                    _recover(out, work, is_known)


def _recover(out: Path, work: Path, is_known: Callable[[str], bool]) -> None:
    planned = _planned(work)
    if planned and all(is_known(place) for place in planned.values()):
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
