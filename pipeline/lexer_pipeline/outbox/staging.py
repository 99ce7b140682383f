"""How a delivery comes into an object store whole or not at all, where nothing can be renamed.

Its files are put under a prefix of their own (`.preparing-*`) first. In the transaction that names its batches, each name is claimed by
a put that fails where somebody else has it, and what becomes what is written down beside the files. Then the store copies them
to their places, of each batch the manifest last and only where there is none, and the prefix goes.

What a killed process leaves, the next command finishes or clears away (`stored_recovery.py`).
"""

import json
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from lexer_pipeline.errors import PersonNeeded, PipelineError, ServiceUnavailable
from lexer_pipeline.outbox.connection import Connection
from lexer_pipeline.outbox.decide import Kind, decide
from lexer_pipeline.outbox.entry import BatchState, Offer
from lexer_pipeline.outbox.ledger import Ledger
from lexer_pipeline.outbox.recovery import DATA, PLAN, WORK
from lexer_pipeline.outbox.stored_recovery import CLAIM, carry_out, clear
from lexer_pipeline.outbox.workspace import Workspace
from lexer_pipeline.system.scratch import Scratch
from lexer_pipeline.system.store_path import StorePath, side_by_side
from lexer_pipeline.system.stores import Folder
from lexer_pipeline.system.timings import Timings

TWO_LEDGERS = (
    "Name one ledger for all that write there (LEXER_LEDGER), then run this again: it takes another name."
)


class _Put(NamedTuple):
    """A file of this disk, and where it goes."""

    file: Path
    target: StorePath


class StoredWorkspace(Workspace):
    """A workspace on this disk whose batches are published into a store."""

    def __init__(self, out: StorePath, timings: Timings, scratch: Scratch) -> None:
        self._scratch, self._store = scratch, out
        self._work: StorePath | None = None
        self._put: set[Path] = set()
        self._is_planned = False
        super().__init__(out, timings)

    def _begun(self) -> Path:
        return self._scratch.kept_folder()

    @contextmanager
    def brought(self, ledger: Ledger, offer: Offer) -> Iterator[None]:
        """While the block lasts, the files of the sealed parts are in the store, and the ledger knows that we are at it.

        What is there already is not brought once more.
        """
        with ledger.transaction() as connection:
            is_new = decide(connection, ledger, offer, self._store).kind is Kind.NEW
        if not is_new:
            yield
            return
        work = self._store / f"{WORK}{secrets.token_hex(8)}"
        with ledger.claim(str(work)) as ours:
            assert ours, "no two works have one name"
            with ledger.transaction() as connection:
                connection.execute("INSERT INTO staged (work, folder) VALUES (?, '')", (str(work),))
            self._work = work
            try:
                self._bring(without=DATA if offer.state == BatchState.REJECTED else "")
                yield
            finally:
                if not self._is_planned:
                    # Out of reach, or about to be killed, it is left to the next command.
                    with suppress(PipelineError, OSError):
                        clear(work, ledger)
                    self._work = None

    def _bring(self, without: str = "") -> None:
        assert self._work is not None
        new = [
            _Put(file, self._work / part.folder.name / file.name)
            for part in self.parts
            for file in sorted(part.folder.iterdir())
            if file.name != without and file not in self._put
        ]
        side_by_side(_put, [one for one in new if one.file.name != DATA])
        for one in new:
            if one.file.name == DATA:  # in pieces side by side already
                _put(one)
        self._put.update(one.file for one in new)

    def plan(self, places: Sequence[str], ledger: Ledger, connection: Connection) -> None:
        """Put what the named batches have beside their records, claim their names, and have it all written down."""
        if self._work is None:
            raise PersonNeeded(
                "the batch of this content was dropped by another command meanwhile", "Run this again."
            )
        work = self._work
        if not connection.execute("SELECT 1 FROM staged WHERE work = ?", (str(work),)).fetchone():
            # Our lock was lost with the ledger's connection, so another command thought that nobody is at it.
            raise ServiceUnavailable(
                "what was put into the store was cleared away by another command", "Run this again."
            )
        # The records are there, whatever they are called by now.
        self._put.update(
            part.folder / f"{place}.json" for part, place in zip(self.parts, places, strict=True)
        )
        self._bring()
        plan = {part.folder.name: place for part, place in zip(self.parts, places, strict=True)}
        (work / PLAN).write(json.dumps(plan).encode())
        try:
            side_by_side(
                lambda place: (self._store / place / CLAIM).write(work.name.encode(), create=True), places
            )
        except FileExistsError as taken:
            raise PersonNeeded(
                f"{taken.filename}: another ledger gives this name just now, so two of them give names there",
                TWO_LEDGERS,
            ) from None
        rows = [(str(work), ledger.text_of(self._store / place)) for place in places]
        connection.executemany("INSERT INTO staged (work, folder) VALUES (?, ?)", rows)
        self._is_planned = True  # only the ledger knows from now on whether it is published

    def carry_out(self, ledger: Ledger) -> None:
        assert self._work is not None
        carry_out(self._work, ledger)

    def discard(self) -> None:
        for part in self.parts:
            part.abandon()
        self.hashing.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def workspace_in(out: Folder, timings: Timings, scratch: Scratch) -> Workspace:
    """Where a delivery is written that is to be published in this folder."""
    return StoredWorkspace(out, timings, scratch) if isinstance(out, StorePath) else Workspace(out, timings)


def _put(one: _Put) -> None:
    one.target.write(one.file)
