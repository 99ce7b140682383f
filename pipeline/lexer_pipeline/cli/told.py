"""At the end of a job: who is told how it ended. What goes wrong with that is a warning, and changes no exit code."""

import argparse
import os
import platform
import sys
from pathlib import Path

from lexer_pipeline.cli.log import WARNING, Log
from lexer_pipeline.errors import UsageError
from lexer_pipeline.unattended import notify
from lexer_pipeline.unattended.summary import end_of, summary
from lexer_pipeline.uploading.settings import settings_in


def tell(asked: argparse.Namespace, log: Log, code: int) -> None:
    """Tell of a job that ended with `code`, if its end is one that people are told of."""
    if asked.dry_run or end_of(code) not in _wanted():
        return
    to = notify.addresses(os.environ)
    if not to.urls:
        return
    where = f"{platform.node()}, {Path.cwd()}"
    try:
        told = notify.tell(summary(asked.job, code, asked.events, where), to)
    except KeyboardInterrupt:
        told = notify.Told(troubles=("it was interrupted",))
    if told.schemes:
        log.tell("notified", by=list(told.schemes))
    for trouble in told.troubles:
        log.tell("not_notified", WARNING, reason=trouble)
        if not log.replaces_words:
            sys.stderr.write(f"warning: a notification was not sent: {trouble}\n")


def _wanted() -> tuple[str, ...]:
    """The ends that people are told of; the usual ones where the settings cannot be read, which is an end itself."""
    try:
        return tuple(notify.wanted(settings_in(Path())))
    except UsageError:
        return notify.ON
