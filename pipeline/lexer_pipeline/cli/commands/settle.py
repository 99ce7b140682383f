"""settle: end a doubt."""

import argparse

from lexer_pipeline.cli import asked as given
from lexer_pipeline.cli import show_sent
from lexer_pipeline.cli.answers import print_json
from lexer_pipeline.cli.console import console_for
from lexer_pipeline.cli.exits import DONE
from lexer_pipeline.uploading.settle import settle


def run(asked: argparse.Namespace) -> int:
    """Write down that batches arrived, or that they wait to be sent."""
    settings = given.settings(asked, to_send=False)
    out = given.out(asked, settings.ledger)
    receipts = [settle(batch, asked.arrived, out, settings) for batch in asked.batches]
    show_sent.settled(console_for(asked), receipts)
    if asked.json:
        print_json({"uploads": [receipt.as_json() for receipt in receipts]})
    return DONE
