"""What holds for all tests."""

import signal

# Where tests run in the background, the shell has SIGINT ignored, and every child would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
