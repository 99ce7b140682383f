"""The log that a command was asked for, opened."""

import argparse
import os
from pathlib import Path

from lexer_pipeline.cli.log import Log
from lexer_pipeline.cli.streams import Sink
from lexer_pipeline.cli.version import running_version
from lexer_pipeline.errors import UsageError
from lexer_pipeline.system import files
from lexer_pipeline.system.addresses import address_of
from lexer_pipeline.system.runtime import Runtime

STANDARD_ERROR = 2


def opened(asked: argparse.Namespace) -> Log:
    """The log of a command that was asked for one; UsageError where its file cannot be written to."""
    path, is_json = asked.log_file, asked.log_format == "json"
    file = Sink(_open(path, getattr(asked, "sources", ()))) if path is not None else None
    log = Log(
        Runtime().clock, file, Sink(STANDARD_ERROR) if is_json else None, is_quiet=asked.quiet, name=str(path),
        heard=asked.events.append if getattr(asked, "job", None) else None,
    )  # fmt: skip
    log.tell("started", command=asked.command, version=running_version(), process=os.getpid())
    return log


def _open(path: Path, sources: tuple[str, ...]) -> int:
    if path.exists() and any(
        address_of(one) is None and Path(one).exists() and path.samefile(one) for one in sources
    ):
        raise UsageError(
            f"{path}: the log would be written into a source", "Name another file with --log-file."
        )
    try:
        return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | files.AS_IT_IS, files.FILE_MODE)
    except OSError as problem:
        raise UsageError(
            f"{path}: the log cannot be written ({problem.strerror})", "Name another file with --log-file."
        ) from None
