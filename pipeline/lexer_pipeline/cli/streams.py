"""Standard input, output and error as a command finds them: closed, full or cut off, they never end its work.

What was asked for (a batch, an upload) is done and has its exit code, also where the words about it reach nobody.
"""

import io
import os
import sys
from contextlib import suppress
from typing import BinaryIO, TextIO

from lexer_pipeline.errors import PipelineError, UsageError


class Sink(io.RawIOBase):
    """A descriptor written to until that fails; from then on all is dropped, and `problem` says why."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.problem: OSError | None = None

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return self.problem is None and os.isatty(self._descriptor)

    def write(self, data: object, /) -> int:
        view = memoryview(data).cast("B")  # type: ignore[arg-type]  # what BufferedWriter gives
        if self.problem is None:
            try:
                return os.write(self._descriptor, view)
            except OSError as problem:
                self.problem = problem
        return len(view)


def open_streams() -> tuple[Sink, Sink]:
    """Make sure that descriptors 0 to 2 are open, and put sinks behind standard output and error.

    A file of ours that got one of these numbers would else be written to by whoever writes to it.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    output, error = Sink(1), Sink(2)
    sys.stdout, sys.stderr = _text(output, sys.stdout), _text(error, sys.stderr)
    return output, error


def _text(sink: Sink, before: TextIO | None) -> io.TextIOWrapper:
    """Text that goes to a sink, in the encoding of the stream before; what that lacks is escaped."""
    if before is not None:
        with suppress(OSError, ValueError):
            before.flush()
    encoding = getattr(before, "encoding", None) or "utf-8"
    return io.TextIOWrapper(io.BufferedWriter(sink), encoding, "backslashreplace", line_buffering=True)


def standard_input() -> BinaryIO | None:
    """The bytes of standard input; None where it is closed."""
    return sys.stdin.buffer if sys.stdin is not None else None


def output_problem(output: Sink) -> PipelineError | None:
    """What to say where words did not reach standard output; that a reader went away is no problem of ours."""
    with suppress(OSError, ValueError):
        sys.stdout.flush()
    if output.problem is None or isinstance(output.problem, BrokenPipeError):
        return None
    return UsageError(
        f"standard output cannot be written ({output.problem.strerror})",
        "What was asked for is done (see status); only the words about it are lost.",
    )
