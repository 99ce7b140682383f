"""The door to an out folder: its ledger opened, what a crash left finished, what is not known yet written down."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from lexer_pipeline.outbox import deliveries
from lexer_pipeline.outbox.adopt import adopt
from lexer_pipeline.outbox.ledger import Ledger
from lexer_pipeline.outbox.workspace import recover
from lexer_pipeline.system import files
from lexer_pipeline.system.runtime import Runtime


@contextmanager
def opened(out: Path, runtime: Runtime = Runtime(), file: Path | None = None) -> Iterator[Ledger]:
    """The ledger of an out folder, which is made if there is none; all batches of the folder are in it."""
    files.make_folder(out)
    with closing(Ledger(out, runtime, file)) as ledger:
        recover(out, lambda place: _is_known(ledger, out / place))
        adopt(out, ledger)
        yield ledger


def _is_known(ledger: Ledger, folder: Path) -> bool:
    with ledger.transaction() as connection:
        return deliveries.in_folder(connection, ledger.text_of(folder)) is not None
