"""`status` in a process of its own, which is killed: `python -m tests.migration.driver OUT WHAT AT`.

WHAT is `statement` (killed before the AT-th statement that the ledger is given) or `rename` (before the AT-th time that a name
in the folder changes); AT is 0 for a run that lives, which prints how many there were.
"""

import os
import signal
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from lexer_pipeline.outbox.adopt import adopt
from lexer_pipeline.outbox.ledger import Ledger


class Countdown:
    """Kills the process when it has been asked for the n-th time."""

    def __init__(self, at: int) -> None:
        self.at, self.count = at, 0

    def tick(self, *_: object) -> None:
        self.count += 1
        if self.count == self.at:
            os.kill(os.getpid(), signal.SIGKILL)


class WatchedLedger(Ledger):
    """A ledger that tells of every statement within its transactions."""

    countdown = Countdown(0)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        with super().transaction() as connection:
            connection.set_trace_callback(self.countdown.tick)
            yield connection


def main(out: Path, what: str, at: int) -> None:
    countdown = Countdown(at)
    if what == "statement":
        WatchedLedger.countdown = countdown
    else:
        sys.addaudithook(lambda event, _: countdown.tick() if event == "os.rename" else None)
    with closing(WatchedLedger(out)) as ledger:
        adopt(out, ledger)
    print(countdown.count)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
