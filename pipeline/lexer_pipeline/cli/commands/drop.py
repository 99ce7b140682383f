"""drop: take a batch out of the way."""

import argparse

from lexer_pipeline.cli import asked as given
from lexer_pipeline.cli.answers import print_json
from lexer_pipeline.cli.console import console_for, say
from lexer_pipeline.cli.exits import DONE
from lexer_pipeline.uploading.settle import drop


def run(asked: argparse.Namespace) -> int:
    """Take what was not sent of each batch's delivery out of the way."""
    settings, words = given.settings(asked, to_send=False), console_for(asked)
    out = given.out(asked, settings.ledger)
    dropped, back = [], []
    for batch in asked.batches:
        some, again = drop(batch, out, settings)
        dropped += some
        back += again
    for folder in dropped:
        say(words, f"dropped {folder.name}: it is never sent; its folder may be removed")
    if not dropped:
        say(words, "nothing is left to drop")
    for folder in back:
        say(words, f"{folder.name} is what it was before: its correction was dropped")
    if asked.json:
        print_json({"dropped": [str(one) for one in dropped], "restored": [str(one) for one in back]})
    return DONE
