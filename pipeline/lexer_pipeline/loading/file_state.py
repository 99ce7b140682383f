"""What is known of an open file, and whether it is still the one that it was."""

import os
from contextlib import suppress
from io import FileIO
from typing import BinaryIO

from lexer_pipeline.errors import SourceError

State = tuple[int, int, int, int]


def about(file: BinaryIO | FileIO | None) -> os.stat_result | None:
    """What the system knows of an open file; None of one that is in memory."""
    with suppress(OSError, ValueError, AttributeError):
        return os.fstat(file.fileno()) if file is not None else None
    return None


def state_of(known: os.stat_result) -> State:
    """What changes when another file lies there or its content changes: device, inode, size, and time of change in ns."""
    return known.st_dev, known.st_ino, known.st_size, known.st_mtime_ns


def changed(name: str) -> SourceError:
    """What is said of a file that is not what it was when it was first looked at."""
    return SourceError(f"{name}: was changed while it was read", "Wait until it is written, and try again.")
