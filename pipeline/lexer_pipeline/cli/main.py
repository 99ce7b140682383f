"""The door: one command is run, and however it ends, it ends with its exit code and words for a person.

| exit | what ended |
|---|---|
| 0 | done |
| 1 | data: records that are not valid |
| 2 to 5 | a PipelineError (errors.py) |
| 70 | a defect of this program |
| 130 | interrupted |
"""

import errno
import gc
import os
import shutil
import signal
import sys
import traceback
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import NoReturn

from lexer_pipeline.cli import again, arguments, streams
from lexer_pipeline.cli.answers import print_json
from lexer_pipeline.cli.exits import DEFECT, INTERRUPTED
from lexer_pipeline.cli.log import ERROR, SILENT, Log, error
from lexer_pipeline.cli.wrapped import wrapped
from lexer_pipeline.errors import NO_ROOM, MemoryExhausted, PipelineError, UsageError
from lexer_pipeline.system.addresses import without_secrets

# A thread that cannot be started, and a library that cannot be loaded (glibc).
NO_MEMORY = ("can't start new thread", "failed to map segment", "cannot allocate memory")
PACKAGE = Path(__file__).resolve().parents[1]


def main() -> int:
    """Run the command that the process was started with, with its own standard streams; the answer is its exit code."""
    words = sys.argv[1:]
    output, _ = streams.open_streams()
    signal.signal(signal.SIGTERM, _interrupt)
    # Rows that are rejected make many small objects and no cycles; looking for some was an eighth of the time.
    gc.set_threshold(20_000, 10, 10)
    # numpy's linear algebra, which nothing here uses, would start a thread on each core.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    code = run_command(words)
    problem = streams.output_problem(output)
    return code if problem is None or code in (DEFECT, INTERRUPTED) else _fail(problem, False, SILENT)


def run_command(words: Sequence[str]) -> int:
    """Run one command, however it ends; the answer is its exit code."""
    as_json, is_command = "--json" in words, False
    log, job = SILENT, None
    try:
        asked = arguments.parsed(words or ["--help"])
        asked.typed, is_command = tuple(words), True
        if asked.command == "run":
            import_module("lexer_pipeline.cli.job_asked").resolve(asked)
            job = asked if asked.job else None
        if job or getattr(asked, "log_file", None) or getattr(asked, "log_format", "text") == "json":
            log = import_module("lexer_pipeline.cli.log_opened").opened(asked)
        asked.log = log
        if getattr(asked, "query", None) is not None:
            import_module("lexer_pipeline.cli.queries").resolve(asked)
        # Each command comes with the libraries that it calls, which --help and the others do without.
        command = import_module(f"lexer_pipeline.cli.commands.{asked.command}")
        gc.freeze()  # what was imported stays, and need not be looked through
        code: int = command.run(asked)
    except PipelineError as problem:
        if getattr(problem, "names", ()):
            # Only here: none who said what an export is should wait for what tells it.
            problem = import_module("lexer_pipeline.cli.guess").guessed(problem)
        if is_command and hasattr(asked, "typed_query"):
            import_module("lexer_pipeline.cli.queries").as_typed(asked, problem)
        code = _fail(problem, as_json, log, again.after(words, problem, is_command))
    except KeyboardInterrupt:
        _say(log, again.interrupted(words))
        code = INTERRUPTED
    except Exception as problem:  # noqa: BLE001 - whatever else it is, it is a defect of ours and no bad data
        code = _foreseen(problem, as_json, log, words) or _defect(problem, as_json, "--debug" in words, log)
    if job:
        import_module("lexer_pipeline.cli.told").tell(job, log, code)
    _say(log, log.end(code))
    return code


def _say(log: Log, words: str) -> None:
    """Words for a person, unless the log has their place."""
    if not log.replaces_words:
        sys.stderr.write(words)


def _foreseen(problem: Exception, as_json: bool, log: Log, words: Sequence[str]) -> int:
    """The exit code of what the machine lacked, once it is said; 0 where it is something else."""
    if _ran_out(problem):
        memory = MemoryExhausted("memory ran out", "Close other programs, or split the source.")
        return _fail(memory, as_json, log, again.after(words, memory, True))
    if not isinstance(problem, OSError):
        return 0
    of_disk = _of_disk(problem)
    return _fail(of_disk, as_json, log, again.after(words, of_disk, True))


def _of_disk(problem: OSError) -> UsageError:
    where = f"{problem.filename}: " if problem.filename else ""
    if problem.errno in NO_ROOM:
        return UsageError(
            f"{where}the disk has no room left ({problem.strerror})",
            "Free some space there, or name a folder on another disk: --out for batches, --temp for what is put aside meanwhile.",
        )
    if problem.errno == errno.ENAMETOOLONG:
        return UsageError(f"{where}{problem.strerror}", "Give the file, or the folder, a shorter name.")
    return UsageError(f"{where}{problem.strerror}", "Check the disk and the permissions.")


def _ran_out(problem: Exception) -> bool:
    """Whether the machine had no memory, or no thread, left: Python and the loader say so in several ways."""
    if isinstance(problem, RuntimeError | ImportError):
        return any(words in str(problem) for words in NO_MEMORY)
    return isinstance(problem, MemoryError) or (
        isinstance(problem, OSError) and problem.errno == errno.ENOMEM
    )


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _fail(problem: PipelineError, as_json: bool, log: Log, again: str = "") -> int:
    # Words that were typed, and are repeated as they came, may hold an address.
    problem.message, problem.hint = without_secrets(problem.message), without_secrets(problem.hint)
    if as_json:
        print_json(problem.as_json())
    _say(
        log,
        "".join(
            f"{line}\n" for line in _fitting((f"error: {problem.message}", f"  {problem.hint}", f"  {again}"))
        ),
    )
    error(log, problem.as_json())
    return problem.exit_code


def _fitting(lines: Sequence[str]) -> Iterator[str]:
    """Those of the lines that say something, as a terminal has room for them."""
    said = [line for line in lines if line.strip()]
    if not sys.stderr.isatty():
        return iter(said)
    width = shutil.get_terminal_size().columns
    return (part for line in said for part in wrapped(line, width))


def _defect(problem: Exception, as_json: bool, debug: bool, log: Log) -> int:
    """Say that the fault is this program's and where it lies; no message of the exception, which may hold a value."""
    *_, last = _frames(problem)
    message = f"this is a defect of lexer-pipeline, not of the data ({type(problem).__name__} {last})"
    hint = (
        "Report it with the lines below; they hold no value of a record."
        if debug
        else "Report it with what the same command prints with --debug; that holds no value of a record."
    )
    told = {"error": {"code": "defect", "message": message, "hint": hint}}
    if as_json:
        print_json(told)
    _say(log, f"error: {message}\n  {hint}\n")
    error(log, told)
    if debug:
        lines = list(_without_values(problem))
        _say(log, "".join(f"    {line}\n" for line in lines))
        log.tell("traceback", ERROR, lines=lines)
    return DEFECT


def _without_values(problem: BaseException) -> Iterator[str]:
    """A traceback of places and kinds alone, the cause of an exception before it."""
    before = problem.__cause__ or problem.__context__
    if before is not None:
        yield from _without_values(before)
    yield from _frames(problem)
    yield type(problem).__name__


def _frames(problem: BaseException) -> list[str]:
    found = traceback.extract_tb(problem.__traceback__)
    return [f"in {_place(frame.filename)}, line {frame.lineno}, {frame.name}" for frame in found]


def _place(file: str) -> str:
    """A file of ours by its place in the package, any other by its name: folders of a machine are nobody's business."""
    path = Path(file)
    return path.relative_to(PACKAGE).as_posix() if path.is_relative_to(PACKAGE) else path.name
