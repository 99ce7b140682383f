"""upload: send prepared batches."""

import argparse
from collections.abc import Sequence

from lexer_pipeline.cli import asked as given
from lexer_pipeline.cli import show_sent
from lexer_pipeline.cli.answers import print_json
from lexer_pipeline.cli.console import console_for
from lexer_pipeline.cli.exits import INTERRUPTED
from lexer_pipeline.cli.sending import stopping, watched_uploads
from lexer_pipeline.errors import UsageError
from lexer_pipeline.model import Receipt
from lexer_pipeline.uploading.scheduler import exit_code
from lexer_pipeline.uploading.send import send, send_as_is


def run(asked: argparse.Namespace) -> int:
    """Send what waits, or what is named."""
    if asked.name and not asked.as_is:
        raise UsageError("--name is for --as-is: a prepared batch has its name", "Leave it out.")
    settings = given.settings(asked)
    receipts: Sequence[Receipt]
    with stopping() as stop, watched_uploads(asked) as progress:
        if asked.as_is:
            receipts = send_as_is(
                asked.batches, asked.out, settings, name=asked.name, resend=asked.resend, progress=progress,
                stop=stop,
            )  # fmt: skip
        else:
            receipts = send(
                asked.batches, asked.out, settings, resend=asked.resend, even_held=asked.even_held,
                progress=progress, stop=stop,
            )  # fmt: skip
    show_sent.receipts(console_for(asked), receipts, asked.out)
    if asked.json:
        print_json({"uploads": [receipt.as_json() for receipt in receipts]})
    return INTERRUPTED if stop.is_set() else exit_code(receipts)
