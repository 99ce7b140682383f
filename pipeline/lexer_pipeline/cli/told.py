"""At the end of a job: who is told how it ended. What goes wrong with that is a warning, and changes no exit code."""

import argparse
import os
import platform
import sys
from pathlib import Path

from lexer_pipeline.cli.log import WARNING, Log
from lexer_pipeline.errors import UsageError
from lexer_pipeline.system.settings_file import SettingsFile
from lexer_pipeline.unattended import notify
from lexer_pipeline.unattended.summary import end_of, reports, summary
from lexer_pipeline.uploading.settings import FILE, settings_in


def tell(asked: argparse.Namespace, log: Log, code: int) -> None:
    """Tell of a job that ended with `code`, if its end is one that people are told of."""
    file = _settings()
    if asked.dry_run or end_of(code) not in notify.wanted(file):
        return
    to = notify.addresses(os.environ)
    if not to.urls:
        return
    where = f"{platform.node()}, {Path.cwd()}"
    try:
        pages = reports(asked.events) if notify.attaches(file) else []
        told = notify.tell(summary(asked.job, code, asked.events, where), to, pages)
    except KeyboardInterrupt:
        told = notify.Told(troubles=("it was interrupted",))
    if told.schemes:
        log.tell("notified", by=list(told.schemes))
    for trouble in told.troubles:
        log.tell("not_notified", WARNING, reason=trouble)
        if not log.replaces_words:
            sys.stderr.write(f"warning: a notification was not sent: {trouble}\n")


def _settings() -> SettingsFile:
    """The settings of this folder, or empty ones where they cannot be read, which is an end that is told of as usual."""
    try:
        return settings_in(Path())
    except UsageError:
        return SettingsFile(FILE, table={})
