"""What a run takes from the machine around it, apart from files: the time, waiting, chance, and the wish to stop."""

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime

from msgspec import Struct


def never() -> bool:
    """The wish to stop of a caller who has none."""
    return False


class Runtime(Struct, frozen=True):
    """Clock, sleep, random numbers and stop of one run; those of the machine, unless a caller has others.

    `clock` gives Unix seconds, `sleep` waits for seconds, `random` is from 0 up to 1, and `stop` says whether to
    leave everything as it stands; each may be called from several threads.
    """

    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    random: Callable[[], float] = random.random
    stop: Callable[[], bool] = never

    def now(self) -> datetime:
        """The time of the clock, in UTC."""
        return datetime.fromtimestamp(self.clock(), UTC)
