"""The program in the cage (`cage`): a workbook comes on its standard input, and its sheet leaves as text on its standard output.

It is started for each workbook, so nothing that it imports imports much: no data classes, for one, which take longer than a small sheet.
"""

import codecs
import json
import os
import sys
from io import BytesIO
from typing import Any

from lexer_pipeline.errors import PipelineError, SourceError, UsageError
from lexer_pipeline.loading import workbook_shared
from lexer_pipeline.loading.workbook_frames import LENGTH, SAID, TEXT, framed
from lexer_pipeline.loading.workbook_open import COMPOUND, opened
from lexer_pipeline.loading.workbook_rows import LONGEST_CELL, SHORTEN, SheetRows
from lexer_pipeline.loading.zip_limits import unpacked_size
from lexer_pipeline.system.process import allow_memory, allow_seconds, end_with_parent, open_nothing

# What any workbook may take, and what each of its unpacked bytes may come to: a cell has 15 bytes at least, and 72 in memory,
# beside its text, which may be the text of others as well.
LEAST_MEMORY = 1 << 30
MEMORY_A_BYTE = 100
# Beside the area of its sheet (`workbook_open`), no sheet that is let in needs more than this.
MOST_MEMORY = 6 << 30
# So long the child may work until it gives something: a minute is enough for the largest sheet that is let in.
WORKING_SECONDS = 300


def main() -> None:
    """Answer in frames: the name of the sheet and notes, its text, and the end; or what is wrong with it."""
    end_with_parent()
    codecs.lookup("cp437")  # of the names in a zip; nothing is imported once no file can be opened
    open_nothing()
    allow_memory(MOST_MEMORY)
    allow_seconds(WORKING_SECONDS)
    asked = json.loads(_handed())
    name = asked["name"]
    try:
        _give_sheet(b"".join(iter(_handed, b"")), asked)
    except PipelineError as problem:
        _refuse(name, problem)
    except MemoryError:
        allow_memory(MOST_MEMORY)  # for the words
        words = "reading the workbook takes too much memory", "Save the sheet as CSV, and prepare that."
        _refuse(name, SourceError(*words))
    except BaseException as problem:  # noqa: BLE001 - a panic of the library is no Exception, and what a stranger wrote no defect
        kind = type(problem).__name__
        _refuse(name, SourceError(f"the workbook is broken ({kind})", "Save it again, or as CSV."))
    os._exit(0)  # a large sheet takes long to forget


def _handed() -> bytes:
    """The next piece that the parent hands over."""
    header = sys.stdin.buffer.read(1 + LENGTH)
    return sys.stdin.buffer.read(int.from_bytes(header[1:], "big"))


def _give_sheet(data: bytes, asked: dict[str, Any]) -> None:
    file, name = BytesIO(data), asked["name"]
    unpacked = len(data)
    if not data.startswith(COMPOUND):
        unpacked = unpacked_size(file, name)
        if workbook_shared.longest(file, LONGEST_CELL) > LONGEST_CELL:
            raise SourceError(f"{name}: a cell holds more than {LONGEST_CELL:,} characters", SHORTEN)
    memory = min(LEAST_MEMORY + MEMORY_A_BYTE * unpacked, MOST_MEMORY)
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
    is_named = problem.message.startswith((f"{name}:", f"{name}!"))
    named = problem.message if is_named else f"{name}: {problem.message}"
    kind = "usage" if isinstance(problem, UsageError) else "source"
    _say({"error": kind, "message": named, "hint": problem.hint, "instead": problem.instead})


def _say(said: dict[str, Any]) -> None:
    _give(SAID, json.dumps(said).encode())


def _give(kind: bytes, data: bytes) -> None:
    allow_seconds(WORKING_SECONDS)
    sys.stdout.buffer.write(framed(kind, data))
    sys.stdout.buffer.flush()
