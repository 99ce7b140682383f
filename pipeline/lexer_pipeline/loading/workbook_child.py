"""The program in the cage (`cage`): a workbook comes on its standard input, and its sheet leaves as text on its standard output."""

import codecs
import json
import os
import signal
import sys
import threading
import time
from io import BytesIO
from typing import Any

from lexer_pipeline.errors import PipelineError, SourceError, UsageError
from lexer_pipeline.loading import archive, workbook_shared
from lexer_pipeline.loading.workbook_frames import SAID, TEXT, framed
from lexer_pipeline.loading.workbook_limits import (
    LEAST_MEMORY,
    MEMORY_A_BYTE,
    allow_memory,
    allow_time,
    confine,
)
from lexer_pipeline.loading.workbook_open import COMPOUND, opened
from lexer_pipeline.loading.workbook_rows import LONGEST_CELL, SHORTEN, SheetRows

LOOK_SECONDS = 0.5


def main() -> None:
    """Answer in frames: the name of the sheet and notes, its text, and the end; or what is wrong with it."""
    _live_as_long_as_the_parent()
    codecs.lookup("cp437")  # of the names in a zip; nothing is imported once no file can be opened
    confine()
    asked = json.loads(sys.stdin.buffer.readline())
    name = asked["name"]
    try:
        _give_sheet(sys.stdin.buffer.read(), asked)
    except PipelineError as problem:
        _refuse(name, problem)
    except MemoryError:
        _refuse(
            name,
            SourceError(
                "reading the workbook takes too much memory", "Save the sheet as CSV, and prepare that."
            ),
        )
    except BaseException as problem:  # noqa: BLE001 - a panic of the library is no Exception, and what a stranger wrote no defect
        kind = type(problem).__name__
        _refuse(name, SourceError(f"the workbook is broken ({kind})", "Save it again, or as CSV."))
    os._exit(0)  # a large sheet takes long to forget


def _live_as_long_as_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends this process
    if sys.platform != "win32":  # there a process keeps the parent that it had
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        threading.Thread(target=_watch, args=[os.getppid()], daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_SECONDS)
    os._exit(0)


def _give_sheet(data: bytes, asked: dict[str, Any]) -> None:
    file, name = BytesIO(data), asked["name"]
    unpacked = len(data)
    if not data.startswith(COMPOUND):
        if not archive.is_workbook(file, name):
            raise SourceError(
                f"{name}: is a zip of files, and it did not come as a file",
                "Name the zip, or unpack it and name its files.",
            )
        unpacked = archive.refuse_swollen_workbook(file, name)
        if workbook_shared.longest(file, LONGEST_CELL) > LONGEST_CELL:
            raise SourceError(f"{name}: a cell holds more than {LONGEST_CELL:,} characters", SHORTEN)
    memory = LEAST_MEMORY + MEMORY_A_BYTE * unpacked
    allow_memory(memory)
    found, whole = opened(file, name, asked["sheet"], memory)
    rows = SheetRows(found, whole, name, bool(asked["skip_hidden"]))
    said = {"sheet": found.sheet.name, "notes": rows.notes}
    _say(said)
    for block in rows.blocks():
        if rows.notes != said["notes"]:
            said = {**said, "notes": rows.notes}
            _say(said)
        _give(TEXT, block)
    _say({**said, "end": True})


def _refuse(name: str, problem: PipelineError) -> None:
    named = problem.message if problem.message.startswith(name) else f"{name}: {problem.message}"
    kind = "usage" if isinstance(problem, UsageError) else "source"
    _say({"error": kind, "message": named, "hint": problem.hint})


def _say(said: dict[str, Any]) -> None:
    _give(SAID, json.dumps(said).encode())


def _give(kind: bytes, data: bytes) -> None:
    allow_time()
    sys.stdout.buffer.write(framed(kind, data))
    sys.stdout.buffer.flush()
