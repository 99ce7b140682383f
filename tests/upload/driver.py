"""An uploader in a process of its own, for tests that kill it: `python -m tests.upload.driver ORDER`.

ORDER is JSON: url, out, batches (or `as_is`, a file that is sent as it is), and perhaps `ledger` (where it lies), `token`, `settings`, `die_at` (which ledger change), `die` (before or
after it, or instead), `hurry` (by what its waits between tries are multiplied), `clock` (seconds its clock is off),
`stopped_at` (the time at which its clock stands still), `fail` (raise an exception while a body is under way). Prints the
receipts, the number of ledger changes, and the waits for a turn to ask that the ledger gave.
"""

import json
import os
import signal
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from lexer_pipeline.errors import PipelineError
from lexer_pipeline.model import Manifest
from lexer_pipeline.outbox import outbox
from lexer_pipeline.outbox.address import LedgerAddress, is_address
from lexer_pipeline.outbox.batch import PreparedBatch
from lexer_pipeline.outbox.ledger import Ledger
from lexer_pipeline.uploading.as_is import upload_as_is
from lexer_pipeline.uploading.receipts import exit_code
from lexer_pipeline.uploading.settings import Settings, Token
from msgspec.structs import replace

from tests.upload.helpers import upload_by
from tests.upload.store import TOKEN
from tests.waiting import PATIENCE


class DyingLedger(Ledger):
    """A ledger whose process is killed just before or just after its n-th change is on disk."""

    die_at = 0
    die = "after"
    changes = 0
    turns: ClassVar[list[float]] = []

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

    def pace(self) -> float:
        turn = super().pace()
        self.turns.append(turn)
        return turn


def read(folder: Path) -> PreparedBatch:
    return PreparedBatch(folder, Manifest(**json.loads((folder / "manifest.json").read_bytes())))


def fail(_: object) -> None:
    raise RuntimeError("a callback failed")


def main(order: dict[str, Any]) -> int:
    DyingLedger.die_at, DyingLedger.die = order.get("die_at", 0), order.get("die", "after")
    token = Token(order.get("token", TOKEN))
    settings = Settings(
        token=token,
        url=order["url"],
        connect_timeout=PATIENCE,
        stall_timeout=PATIENCE,
        answer_timeout=PATIENCE,
    )
    settings = replace(settings, **order.get("settings", {}))
    if at := order.get("ledger"):
        settings = replace(settings, ledger=LedgerAddress(at) if is_address(at) else Path(at))
    if "as_is" in order:
        outbox.Ledger = DyingLedger  # type: ignore[misc]
        receipts = upload_as_is([Path(order["as_is"])], Path(order["out"]), settings)
        return exit_code(receipts)
    batches = [read(Path(path)) for path in order["batches"]]
    receipts = upload_by(
        batches,
        Path(order["out"]),
        settings,
        clock=lambda: order.get("stopped_at", time.time() + order.get("clock", 0)),
        sleep=lambda seconds: time.sleep(seconds * order.get("hurry", 1)),
        random=lambda: 0.0,
        progress=fail if order.get("fail") else None,
        open_ledger=DyingLedger,
    )
    said = [receipt.as_json() for receipt in receipts]
    print(json.dumps({"receipts": said, "changes": DyingLedger.changes, "turns": DyingLedger.turns}))
    return exit_code(receipts)


if __name__ == "__main__":
    try:
        sys.exit(main(json.loads(sys.argv[1])))
    except PipelineError as problem:
        print(f"error: {problem.message}", file=sys.stderr)
        sys.exit(problem.exit_code)
