"""Where the time of a run goes: seconds of CPU and bytes for each stage, over all threads."""

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from msgspec import Struct

STAGES = ("load", "shape", "validate", "convert", "compare", "write", "hash")


class Spent(Struct, frozen=True):
    """What one stage took: CPU seconds, and the bytes that it was given."""

    stage: str
    seconds: float
    bytes: int


class Timings:
    """Adds up what the stages take; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spent: dict[str, tuple[float, int]] = {}

    def __reduce__(self) -> tuple[type["Timings"], tuple[()]]:
        """What another process does it counts by itself."""
        return Timings, ()

    @contextmanager
    def of(self, stage: str, size: int) -> Iterator[None]:
        """Count the CPU time of this thread for `stage`, which works on `size` bytes."""
        begin = time.thread_time()
        try:
            yield
        finally:
            self.add(stage, time.thread_time() - begin, size)

    def add(self, stage: str, seconds: float, size: int) -> None:
        """Count seconds and bytes for `stage`."""
        with self._lock:
            spent, total = self._spent.get(stage, (0.0, 0))
            self._spent[stage] = (spent + seconds, total + size)

    def include(self, spent: Iterable[Spent]) -> None:
        """Count what was counted elsewhere."""
        for one in spent:
            self.add(one.stage, one.seconds, one.bytes)

    def spent(self) -> list[Spent]:
        """What was counted, in the order in which bytes pass."""
        return [Spent(stage, *self._spent[stage]) for stage in STAGES if stage in self._spent]
