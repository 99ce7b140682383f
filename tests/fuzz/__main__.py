"""`python -m tests.fuzz`: every kind for so many seconds, or one of them from a seed on; exit code 1 where something was found."""

import argparse
import signal
import sys
import time
import warnings

from tests.fuzz.answers import ANSWERS
from tests.fuzz.files import FILES
from tests.fuzz.runner import Kind, fuzz
from tests.fuzz.sanitized import kernels
from tests.fuzz.settings import SETTINGS

PLAYED: tuple[Kind, ...] = (FILES, SETTINGS, ANSWERS)
KERNELS = "kernels"
A_DAY = 86_400


def today() -> int:
    """The first seed of a day: the same for everybody, so that what it finds can be repeated anywhere, and new tomorrow."""
    return int(time.time()) // A_DAY * 1_000_000


def main() -> int:
    """Fuzz."""
    asked = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    asked.add_argument("--kind", choices=[*(kind.name for kind in PLAYED), KERNELS])
    asked.add_argument("--seed", type=int, default=today())
    asked.add_argument("--seconds", type=float, default=30)
    given = asked.parse_args()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    warnings.simplefilter("error")
    # Of numpy, which starts some when it is imported and copes with it.
    warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
    print(f"seed {given.seed}, {given.seconds:g} seconds of each kind", flush=True)
    failed = sum(fuzz(kind, given.seed, given.seconds) for kind in PLAYED if given.kind in (None, kind.name))
    if given.kind in (None, KERNELS):
        failed += kernels(given.seed, given.seconds)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
