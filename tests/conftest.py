"""What holds for all tests."""

import signal

from hypothesis import settings

# Where tests run in the background, the shell has SIGINT ignored, and every child would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

# No test depends on how fast the machine is.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")
