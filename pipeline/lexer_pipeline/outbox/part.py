"""One batch while it is written: its records, rejects, issues and trace, and what is counted of them."""

import os
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from lexer_pipeline.model import Manifest, SourceUse
from lexer_pipeline.outbox.batch import ISSUES, MANIFEST, TRACE
from lexer_pipeline.outbox.recovery import DATA
from lexer_pipeline.outbox.trace_file import TraceWriter
from lexer_pipeline.outbox.written_file import WrittenFile
from lexer_pipeline.system import files
from lexer_pipeline.system.hashing import Hashing
from lexer_pipeline.system.timings import Timings

ACCEPTED = ".accepted"


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
