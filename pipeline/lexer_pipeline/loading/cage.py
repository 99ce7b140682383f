"""A cage for a workbook: a child process reads it, so that whatever its bytes do to the native library ends there.

The child (`workbook_child`) is an interpreter like this one that sees neither the working folder nor the environment, opens no
file, and lives no longer than this process. Both sides speak in frames (`workbook_frames`).
"""

import errno
import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lexer_pipeline.errors import MemoryExhausted, PipelineError, SourceError, UsageError
from lexer_pipeline.loading.byte_stream import ByteSource
from lexer_pipeline.loading.workbook_frames import LENGTH, SAID, TEXT, framed
from lexer_pipeline.system.process import stirs

# Nothing of the working folder, of the environment and of a user's own packages (-I), and no site, which takes as long as Python.
PYTHON = ("-I", "-S", "-X", "utf8", "-c")
CHILD = "import sys; sys.path += sys.argv[1:]; from lexer_pipeline.loading.workbook_child import main; main()"
# Without these an interpreter may not find its own libraries; no token and no setting is among them.
KEPT = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")
# Beside the text a child says little: the names of sheets, notes, or what is wrong.
MOST_SAID = 1 << 20
MOST_BYTES = 1 << 30
# A child that works without an answer ends itself much sooner (`workbook_child`); this is for one that stands still.
STILL_SECONDS = 1800
ERRORS = {"usage": UsageError, "source": SourceError}


class Cage:
    """A child process that reads a workbook; `said` is what it said last beside the text, and holds `end` once all was read."""

    def __init__(self, file: ByteSource, asked: dict[str, Any]) -> None:
        self._name = file.name
        self._left = 0
        self.said: dict[str, Any] = {}
        self._child = _started(file.name)
        try:
            self._hand_over(file, asked)
            while not self.said:
                self._next_frame()
        except BaseException:
            self.close()
            raise

    def read(self, size: int) -> bytes:
        """The next bytes of the text, at most `size`, none only at the end."""
        while not self._left and "end" not in self.said:
            self._next_frame()
        data = self._take(min(size, self._left))
        self._left -= len(data)
        return data

    def close(self) -> None:
        """End the child, whatever it is doing, and let go of it."""
        self._child.kill()
        for pipe in (self._child.stdin, self._child.stdout):
            assert pipe
            with suppress(OSError):
                pipe.close()
        self._child.wait()

    def _hand_over(self, file: ByteSource, asked: dict[str, Any]) -> None:
        pipe, size = self._child.stdin, 0
        assert pipe
        with suppress(OSError):  # why it reads no more is told by how it ended
            pipe.write(framed(SAID, json.dumps({**asked, "name": file.name}).encode()))
            while block := file.read():
                size += len(block)
                if size > MOST_BYTES:
                    raise SourceError(
                        f"{file.name}: is larger than {MOST_BYTES >> 30} GiB", "Save the sheet as CSV."
                    )
                pipe.write(framed(TEXT, block))
            pipe.write(framed(TEXT, b""))
            pipe.close()

    def _next_frame(self) -> None:
        kind, length = self._take(1), int.from_bytes(self._take(LENGTH), "big")
        if kind == TEXT:
            self._left = length
            return
        if length > MOST_SAID:
            raise self._broken()
        said = json.loads(self._take(length))
        if "error" in said:
            raise ERRORS[said["error"]](said["message"], said["hint"], instead=said["instead"])
        self.said = said

    def _take(self, size: int) -> bytes:
        assert self._child.stdout
        handle = self._child.stdout.fileno()
        pieces: list[bytes] = []
        while size:
            if not stirs(handle, STILL_SECONDS):
                raise self._still()
            pieces.append(os.read(handle, size))
            size -= len(pieces[-1])
            if not pieces[-1]:
                raise self._ended()
        return b"".join(pieces)

    def _ended(self) -> PipelineError:
        """Why the child ended before it said so."""
        code = self._child.wait()
        if code in (1, 2):  # no Python, or one that finds no library: behind that all exceptions have words
            return _not_started(self._name, "this Python, or what is installed in it, is not whole")
        return self._still() if code == -getattr(signal, "SIGXCPU", 1) else self._broken()

    def _broken(self) -> SourceError:
        return SourceError(
            f"{self._name}: the workbook is broken, or reading it takes too much memory",
            "Save the sheet as CSV, and prepare that.",
        )

    def _still(self) -> SourceError:
        return SourceError(
            f"{self._name}: reading the workbook goes on without an end",
            "Save the sheet as CSV, and prepare that.",
        )


def _started(name: str) -> subprocess.Popen[bytes]:
    library = find_spec("python_calamine")
    if library is None or library.origin is None:
        raise _not_started(name, "python-calamine is missing")
    folders = [str(Path(__file__).resolve().parents[2]), str(Path(library.origin).resolve().parents[1])]
    bytecode = ["-B"] if sys.dont_write_bytecode else []
    try:
        return subprocess.Popen(  # noqa: S603 - every word of it is ours
            [sys.executable, *bytecode, *PYTHON, CHILD, *folders],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # the last words of a library may quote the file
            env={one: os.environ[one] for one in KEPT if one in os.environ},
        )
    except OSError as problem:
        if problem.errno in (errno.ENOMEM, errno.EAGAIN):
            raise MemoryExhausted(
                f"{name}: memory ran out", "Close other programs, or save the sheet as CSV."
            ) from problem
        raise _not_started(name, str(problem.strerror)) from problem


def _not_started(name: str, why: str) -> UsageError:
    return UsageError(
        f"{name}: the program that reads workbooks cannot be started ({why})",
        "Install lexer-pipeline again, or save the sheet as CSV.",
    )
