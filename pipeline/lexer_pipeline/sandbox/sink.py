"""A store that counts and throws away, so that a bench measures the sender and not a disk."""

import hashlib
from collections.abc import Mapping
from typing import ClassVar

from msgspec import Struct

from lexer_pipeline.sandbox.aws import Keys, Refusal, genuine, mismatch
from lexer_pipeline.sandbox.store import Transfer


class SinkTransfer:
    """A PUT of which only the MD5 is kept."""

    def __init__(self) -> None:
        self._md5 = hashlib.md5(usedforsecurity=False)

    def send(self, block: memoryview) -> None:
        """Count the next bytes in."""
        self._md5.update(block)

    def finish(self) -> str | Refusal:
        """The MD5 of what came."""
        return self._md5.hexdigest()

    def close(self) -> None:
        """Nothing is held, so nothing is let go."""


class Sink(Struct, frozen=True):
    """A store without objects; signatures are verified all the same."""

    keys: Keys
    keeps: ClassVar[bool] = False

    def begin(self, target: str, headers: Mapping[str, str], length: int) -> Transfer | Refusal:  # noqa: ARG002 - as Store has it
        """Start a PUT if `target` is signed for the Host in `headers`."""
        if not genuine(headers["Host"], target, self.keys):
            return mismatch()
        return SinkTransfer()

    def close(self) -> None:
        """Nothing runs, so nothing stops."""
