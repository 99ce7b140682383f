"""The door to an out folder: its ledger opened, what a crash left finished, what is not known yet written down."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from lexer_pipeline.errors import UsageError
from lexer_pipeline.outbox import deliveries, ledger_file, recovery, stored_recovery
from lexer_pipeline.outbox.address import LedgerPlace, in_database
from lexer_pipeline.outbox.adopt import adopt
from lexer_pipeline.outbox.ledger import Ledger, place
from lexer_pipeline.outbox.ledger_file import FILE, MOVED
from lexer_pipeline.system import files, scratch, stores
from lexer_pipeline.system.runtime import Runtime
from lexer_pipeline.system.scratch import Scratch
from lexer_pipeline.system.store_path import StorePath
from lexer_pipeline.system.stores import Folder


@contextmanager
def opened(out: Folder, runtime: Runtime = Runtime(), file: LedgerPlace | None = None) -> Iterator[Ledger]:
    """The ledger of an out folder, which is made if there is none; all batches of the folder are in it."""
    _refuse_two(out, place(out, file))
    files.make_folder(out)
    with closing(Ledger(out, runtime, file)) as ledger:
        scratch.clear()
        if isinstance(out, StorePath):
            stored_recovery.recover(out, ledger)
        else:
            scratch.clear(out)
            recovery.recover(out, lambda name: _is_known(ledger, out / name))
        adopt(out, ledger)
        yield ledger


@contextmanager
def looked_into(
    out: Folder, runtime: Runtime = Runtime(), file: LedgerPlace | None = None
) -> Iterator[Ledger]:
    """The same for a command that only looks: where there is no ledger it makes none, but goes by one that is gone afterwards.

    Else a look without the setting that names the ledger would leave a second one behind. One in a database was named; there a look
    may make the tables, but no folder.
    """
    at = place(out, file)
    if in_database(at) and not stores.is_there(out):
        with closing(Ledger(out, runtime, file)) as ledger:
            yield ledger
        return
    if not isinstance(at, Path) or at.is_file():
        with opened(out, runtime, file) as ledger:
            yield ledger
        return
    _refuse_two(out, place(out, file))
    with ExitStack() as held:
        folder = held.enter_context(held.enter_context(Scratch()).folder())
        ledger = held.enter_context(closing(Ledger(out, runtime, folder / FILE)))
        adopt(out, ledger)
        yield ledger


def _is_known(ledger: Ledger, folder: Folder) -> bool:
    with ledger.transaction() as connection:
        return deliveries.in_folder(connection, ledger.text_of(folder)) is not None


def _refuse_two(out: Folder, used: LedgerPlace) -> None:
    """What the ledger in a folder knows was asked for would be sent again by another that is used in its stead."""
    if isinstance(out, StorePath):
        return
    own = out / FILE
    if used == own and (out / MOVED).exists() and not own.exists():
        raise UsageError(
            f"what lies in {out} is known to a ledger in a database, into which {out / MOVED} was brought, and none is named",
            "export LEXER_LEDGER=postgresql://USER@HOST/DATABASE, as then",
        )
    if not own.is_file() or (isinstance(used, Path) and used.is_file() and own.samefile(used)):
        return
    # Ledgers of 0.1.0 have no such column, but none without an upload either.
    asked = (
        "asked"
        if ledger_file.read(own, "SELECT 1 FROM pragma_table_info('uploads') WHERE name = 'asked'")
        else "1"
    )
    if ledger_file.read(own, f"SELECT 1 FROM uploads WHERE {asked} LIMIT 1"):  # noqa: S608 - one of two words
        raise UsageError(
            f"{out} has a ledger of its own, {own}, beside {used}, which LEXER_LEDGER or [ledger] names",
            f"Bring over what it knows, once: lexer-pipeline status --move-ledger --out {out}"
            if in_database(used)
            else f"Name {own} there, so that other folders share it; or leave that setting out for this folder.",
        )
