"""Where a delivery is written before it has its names, and how it gets them: all of its batches, or none.

Work lies in `.preparing-*` under a lock. What is to be renamed is written down before the first rename, so that
a crash in between is fixed by the next command (`recovery.py`); without that note, or where the ledger knows nothing of what it
names, the work is discarded.
"""

import os
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from filelock import lock_descriptor

from lexer_pipeline.errors import UsageError
from lexer_pipeline.limits import PARTS
from lexer_pipeline.outbox.connection import Connection
from lexer_pipeline.outbox.entry import Offer
from lexer_pipeline.outbox.ledger import Ledger
from lexer_pipeline.outbox.locks import locked
from lexer_pipeline.outbox.part import Part
from lexer_pipeline.outbox.recovery import LOCK, PLAN, WORK, carry_out
from lexer_pipeline.system import files
from lexer_pipeline.system.hashing import Hashing
from lexer_pipeline.system.stores import Folder
from lexer_pipeline.system.timings import Timings


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
        carry_out(self._on_disk, self.folder)

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
