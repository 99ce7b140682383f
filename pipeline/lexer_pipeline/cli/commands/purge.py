"""purge: remove the data of old batches."""

import argparse

from lexer_pipeline.cli import asked as given
from lexer_pipeline.cli import show_sent
from lexer_pipeline.cli.answers import print_json
from lexer_pipeline.cli.console import console_for
from lexer_pipeline.cli.exits import DONE
from lexer_pipeline.uploading.purge import purge


def run(asked: argparse.Namespace) -> int:
    """Say what data of old batches would go, or remove it."""
    settings = given.settings(asked, to_send=False)
    found = purge(asked.out, asked.older_than, settings, really=asked.yes)
    show_sent.purged(console_for(asked), found, asked.out, asked.yes)
    if asked.json:
        print_json({"removed": asked.yes, "batches": [one.as_json() for one in found.batches]})
    return DONE
