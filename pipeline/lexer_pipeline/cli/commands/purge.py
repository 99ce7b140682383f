"""purge: remove the data of old batches."""

import argparse

from lexer_pipeline.cli import asked as given
from lexer_pipeline.cli import show_purged
from lexer_pipeline.cli.answers import print_json
from lexer_pipeline.cli.console import console_for
from lexer_pipeline.cli.exits import DONE
from lexer_pipeline.errors import UsageError
from lexer_pipeline.uploading.purge import purge
from lexer_pipeline.uploading.purge_state import purge_state
from lexer_pipeline.uploading.settings import Settings


def run(asked: argparse.Namespace) -> int:
    """Say what data of old batches would go, or remove it."""
    settings = given.settings(asked, to_send=False)
    if asked.state:
        return _state(asked, settings)
    if asked.older_than is None:
        raise UsageError(
            "purge: it is not said how old",
            "For example: lexer-pipeline purge --older-than 30d; --state forgets what --changed compares with.",
        )
    found = purge(asked.out, asked.older_than, settings, really=asked.yes)
    show_purged.purged(console_for(asked), found, asked.out, asked.yes)
    if asked.json:
        print_json({"removed": asked.yes, "batches": [one.as_json() for one in found.batches]})
    return DONE


def _state(asked: argparse.Namespace, settings: Settings) -> int:
    """Say what is known of the records at a destination, or forget it."""
    if asked.older_than is not None:
        raise UsageError(
            "--state forgets what is known of records, however old, and --older-than is about data",
            "Leave out one of them.",
        )
    found = purge_state(asked.out, settings, really=asked.yes)
    show_purged.purged_state(console_for(asked), found, settings, asked.yes)
    if asked.json:
        print_json({"removed": asked.yes, "states": [one.as_json() for one in found]})
    return DONE
