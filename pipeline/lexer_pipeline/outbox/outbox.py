"""The door to an out folder: its ledger opened, what a crash left finished, what is not known yet written down."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from lexer_pipeline.errors import UsageError
from lexer_pipeline.outbox import deliveries
from lexer_pipeline.outbox.adopt import adopt
from lexer_pipeline.outbox.ledger import Ledger, place
from lexer_pipeline.outbox.ledger_file import FILE
from lexer_pipeline.outbox.workspace import recover
from lexer_pipeline.system import files
from lexer_pipeline.system.runtime import Runtime


@contextmanager
def opened(out: Path, runtime: Runtime = Runtime(), file: Path | None = None) -> Iterator[Ledger]:
    """The ledger of an out folder, which is made if there is none; all batches of the folder are in it."""
    _refuse_two(out, place(out, file))
    files.make_folder(out)
    with closing(Ledger(out, runtime, file)) as ledger:
        recover(out, lambda name: _is_known(ledger, out / name))
        adopt(out, ledger)
        yield ledger


def _is_known(ledger: Ledger, folder: Path) -> bool:
    with ledger.transaction() as connection:
        return deliveries.in_folder(connection, ledger.text_of(folder)) is not None


def _refuse_two(out: Path, used: Path) -> None:
    """What the ledger in a folder knows was sent would be sent again by another that is used in its stead."""
    own = out / FILE
    if own.is_file() and not (used.is_file() and own.samefile(used)):
        raise UsageError(
            f"{out} has a ledger of its own, {own}, beside {used}, which LEXER_LEDGER or [ledger] names",
            f"Name {own} there, so that other folders share it; or leave that setting out for this folder.",
        )
