"""What a command was asked, in the types that the library takes."""

import argparse
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from lexer_pipeline.cli.streams import standard_input
from lexer_pipeline.loading.format import ReadOptions
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.uploading import settings as stored
from lexer_pipeline.uploading.settings import Settings


def read_options(asked: argparse.Namespace) -> ReadOptions:
    """How sources are to be read against what their content tells."""
    return ReadOptions(asked.encoding, asked.header_row, asked.sheet)


def options(asked: argparse.Namespace, progress: Callable[[int, int], None] | None) -> Options:
    """The options of `validate`, and of the commands that prepare."""
    found = Options(
        reading=read_options(asked), mapping=asked.map, date_format=asked.date_format, zone=asked.timezone,
        reject_unknown=asked.unknown == "reject", ignore_unknown=asked.ignore_unknown,
        names=dict(stored.read(os.environ, Path()).names), stdin=standard_input(), progress=progress,
        show_values=getattr(asked, "show_values", False),
    )  # fmt: skip
    if "max_bytes" not in asked:
        return found
    return replace(
        found, date=asked.date, version=asked.version, max_invalid=asked.max_invalid, max_bytes=asked.max_bytes
    )  # fmt: skip


def settings(asked: argparse.Namespace) -> Settings:
    """The settings of this place, with what the flags say instead."""
    given = {"dataset": asked.dataset, "parallel": asked.parallel, "limit_rate": asked.limit_rate}
    return replace(
        stored.read(os.environ, Path()), **{key: value for key, value in given.items() if value is not None}
    )
