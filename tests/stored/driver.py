"""A night's work in a process of its own, which dies at one of its steps: `python -m tests.stored.driver ORDER`.

ORDER is JSON: source, out, ledger, url, and perhaps `die_at`. A step is a moment before or after a request to the store of batches, or
before, within or after a change of the ledger. Prints how many steps there were.
"""

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lexer_pipeline.outbox.address import LedgerAddress, LedgerPlace, is_address
from lexer_pipeline.outbox.connection import Connection
from lexer_pipeline.outbox.ledger import Ledger
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.prepare import prepare
from lexer_pipeline.system import store_access
from lexer_pipeline.uploading.send import upload
from lexer_pipeline.uploading.settings import Settings, Token

from tests.upload.store import TOKEN
from tests.waiting import PATIENCE


class Steps:
    """The steps so far, and the one at which the process dies."""

    done = 0
    die_at = 0

    @classmethod
    def step(cls) -> None:
        cls.done += 1
        if cls.done == cls.die_at:
            os.kill(os.getpid(), signal.SIGKILL)


class Watched:
    """A store each of whose requests is a step before and one after it."""

    def __init__(self, store: Any) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Callable[..., Any]:
        request = getattr(self._store, name)

        def stepping(*words: Any, **more: Any) -> Any:
            Steps.step()
            answer = request(*words, **more)
            Steps.step()
            return answer

        return stepping


def watch() -> None:
    """From here on requests and changes are steps."""
    opened, transaction = store_access.opened, Ledger.transaction

    @contextmanager
    def stepping(ledger: Ledger) -> Iterator[Connection]:
        Steps.step()
        with transaction(ledger) as connection:
            yield connection
            Steps.step()
        Steps.step()

    store_access.opened = lambda *words: Watched(opened(*words))
    Ledger.transaction = stepping  # type: ignore[method-assign]


def place_of(ledger: str) -> LedgerPlace:
    """A file of this machine, or a database."""
    return LedgerAddress(ledger) if is_address(ledger) else Path(ledger)


def night(order: dict[str, Any]) -> None:
    """Convert what came, and send what waits."""
    ledger = place_of(order["ledger"])
    prepare(
        [order["source"]],
        "purchase",
        order["out"],
        Options(max_invalid=1.0, max_bytes=order["max_bytes"], ledger=ledger),
    )
    settings = Settings(
        token=Token(TOKEN), url=order["url"], ledger=ledger, connect_timeout=PATIENCE, stall_timeout=PATIENCE,
        answer_timeout=PATIENCE, parallel=1,
    )  # fmt: skip
    upload(None, order["out"], settings)


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    Steps.die_at = given.get("die_at", 0)
    watch()
    night(given)
    print(Steps.done)
