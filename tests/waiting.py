"""What tests wait for: never for a fixed time, and as long as any machine takes."""

import time
from collections.abc import Callable

PATIENCE = 60.0  # seconds


def happens(condition: Callable[[], object]) -> bool:
    """Whether something comes true, at once or later."""
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True
