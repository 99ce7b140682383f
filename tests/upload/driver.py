"""An uploader in a process of its own, for tests that kill it: `python -m tests.upload.driver ORDER`.

ORDER is JSON: url, out, batches, and perhaps `die_at` (which ledger change) and `die` (before or after it).
"""

import json
import os
import signal
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.config import Settings, Token
from pipeline.ledger import Ledger
from pipeline.model import Manifest, PreparedBatch
from pipeline.upload import exit_code, upload

from .store import TOKEN


class DyingLedger(Ledger):
    """A ledger whose process is killed just before or just after its n-th change is on disk."""

    die_at = 0
    die = "after"
    changes = 0

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        DyingLedger.changes += 1
        mine = DyingLedger.changes == self.die_at
        if mine and self.die == "instead":
            os.kill(os.getpid(), signal.SIGKILL)
        with super().transaction() as connection:
            yield connection
            if mine and self.die == "before":
                os.kill(os.getpid(), signal.SIGKILL)
        if mine:
            os.kill(os.getpid(), signal.SIGKILL)


def read(folder: Path) -> PreparedBatch:
    return PreparedBatch(folder, Manifest(**json.loads((folder / "manifest.json").read_bytes())))


def main(order: dict[str, Any]) -> int:
    DyingLedger.die_at, DyingLedger.die = order.get("die_at", 0), order.get("die", "after")
    settings = Settings(token=Token(TOKEN), url=order["url"], stall_timeout=2, answer_timeout=2)
    settings = replace(settings, **order.get("settings", {}))
    batches = [read(Path(path)) for path in order["batches"]]
    open_ledger: Callable[[Path, Callable[[], float]], Ledger] = DyingLedger
    receipts = upload(batches, Path(order["out"]), settings, random=lambda: 0.0, open_ledger=open_ledger)
    print(
        json.dumps({"receipts": [receipt.as_json() for receipt in receipts], "changes": DyingLedger.changes})
    )
    return exit_code(receipts)


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
