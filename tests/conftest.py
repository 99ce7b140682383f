"""What holds for all tests."""

import os
import signal

import pytest
from hypothesis import settings

from tests import thoroughness
from tests.postgres import postgres as postgres  # a fixture for those who ask for it
from tests.running import NO_KEY_RING

# Where tests run in the background, the shell has SIGINT ignored, and every child would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Whoever runs them may keep a token in the key ring of this machine.
os.environ["PYTHON_KEYRING_BACKEND"] = NO_KEY_RING

# No test depends on how fast the machine is.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")


def pytest_configure(config: pytest.Config) -> None:
    """`make drill` runs the same properties with more examples."""
    thoroughness.drills(config.option.markexpr == "drill")
