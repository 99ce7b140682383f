"""The body of a PUT on its way from the client into the store, in constant memory."""

import time
from io import BufferedReader
from typing import cast

from msgspec import Struct, field

from lexer_pipeline.sandbox.faults import Fault
from lexer_pipeline.sandbox.store import StoreError, Transfer
from lexer_pipeline.sandbox.web import Exchange, GoneError

BLOCK = 1 << 20
WHOLE = ""
STALLED = "stalled"
LEFT = "client closed"
BROKEN = "store broken"
ORDERED = "fault"


class _LeftError(Exception):
    """The client closed the connection before the whole body was there."""


class Body(Struct):
    """`length` bytes to come; `received` is how many have come so far."""

    exchange: Exchange
    fault: Fault | None
    length: int
    received: int = 0
    _buffer: memoryview = field(default_factory=lambda: memoryview(bytearray(BLOCK)))

    def receive(self, transfer: Transfer, stall_seconds: float) -> str:
        """Pass the body on; WHOLE, or why it ended early."""
        self.exchange.connection.settimeout(stall_seconds)
        try:
            self.exchange.go_on()
            return self._pass_on(transfer)
        except TimeoutError:
            return STALLED
        except (_LeftError, OSError, GoneError):
            return LEFT
        except StoreError:
            return BROKEN

    def _pass_on(self, transfer: Transfer) -> str:
        fault = self.fault
        if not fault:
            self._read_until(self.length, transfer)
            return WHOLE
        # An object whose bytes are all there is stored, so what must not be stored is not passed on.
        dropped = fault.do in ("reset", "stall") or (fault.do == "late" and not fault.stored)
        kept = None if dropped else transfer
        if fault.do in ("reset", "stall", "pause"):
            self._read_until(int(self.length * fault.percent / 100), kept)
            if fault.do != "reset":
                self.exchange.wait(fault.seconds)
            if fault.do != "pause":
                return ORDERED
        self._read_until(self.length, kept)
        return WHOLE

    def _read_until(self, end: int, transfer: Transfer | None) -> None:
        fault = self.fault
        slow = fault.bytes_per_second if fault and fault.do == "throttle" else 0
        step = max(1, min(BLOCK, slow // 20)) if slow else BLOCK
        reader = cast("BufferedReader", self.exchange.rfile)
        while self.received < end:
            size = reader.readinto1(self._buffer[: min(step, end - self.received)])
            if not size:
                raise _LeftError
            if fault and fault.do == "corrupt" and not self.received:
                self._buffer[0] ^= 1
            if transfer:
                transfer.send(self._buffer[:size])
            self.received += size
            if slow:
                time.sleep(size / slow)
