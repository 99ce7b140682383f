"""status: what is prepared, held, sent, in doubt."""

import argparse

from lexer_pipeline.cli import asked as given
from lexer_pipeline.cli import show_sent
from lexer_pipeline.cli.answers import print_json
from lexer_pipeline.cli.console import console_for, say
from lexer_pipeline.cli.exits import DONE
from lexer_pipeline.outbox.moving import move
from lexer_pipeline.uploading.status import overview


def run(asked: argparse.Namespace) -> int:
    """Show what lies in the folder of batches, and how far each is on its way."""
    settings = given.settings(asked, to_send=False)
    if asked.move_ledger:
        moved = move(asked.out, settings.ledger)
        say(
            console_for(asked),
            f"What it knew is in {settings.ledger} now; the file is called {moved} from here on.",
        )
    found = overview(asked.out, settings.ledger)
    if asked.json:
        print_json({"batches": [one.as_json() for one in found.batches], "data": found.data})
    else:
        show_sent.statuses(console_for(asked), found, asked.out, settings.ledger)
    return DONE
