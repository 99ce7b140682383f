"""upload: send prepared batches."""

import argparse

from lexer_pipeline.cli import asked as given
from lexer_pipeline.cli import show_sent
from lexer_pipeline.cli.answers import print_json
from lexer_pipeline.cli.asked import OUT
from lexer_pipeline.cli.console import console_for
from lexer_pipeline.cli.exits import INTERRUPTED
from lexer_pipeline.cli.sending import stopping, tell_receipts, watched_uploads
from lexer_pipeline.errors import UsageError
from lexer_pipeline.system.runtime import Runtime
from lexer_pipeline.uploading.as_is import upload_as_is
from lexer_pipeline.uploading.options import UploadOptions
from lexer_pipeline.uploading.receipts import exit_code
from lexer_pipeline.uploading.send import upload
from lexer_pipeline.uploading.status import status


def run(asked: argparse.Namespace) -> int:
    """Send what waits, or what is named."""
    if (asked.name or asked.replaces) and not asked.as_is:
        raise UsageError(
            "--name and --replaces are for --as-is: a prepared batch has its name",
            "Leave them out; a correction is made by convert --replaces.",
            without=("--name", "--replaces"),
        )
    if asked.dataset and asked.as_is:
        raise UsageError(
            "--dataset is not for --as-is: people at Lexer place such files",
            "Leave it out.",
            without=("--dataset",),
        )
    settings = given.settings(asked, to_send=not asked.dry_run)
    out = OUT if asked.as_is and asked.out is None else given.out(asked, settings.ledger)
    with stopping(asked.log) as stop, watched_uploads(asked) as progress:
        options = UploadOptions(
            asked.resend,
            asked.older,
            also_there=bool(asked.dataset and asked.batches),
            dry_run=asked.dry_run,
            progress=progress,
        )
        runtime = Runtime(stop=stop.is_set)
        if asked.as_is:
            receipts = upload_as_is(
                asked.batches, out, settings, asked.name, options, runtime, asked.replaces
            )
        else:
            receipts = upload(asked.batches or None, out, settings, options, runtime)
    tell_receipts(asked.log, receipts)
    show_sent.receipts(console_for(asked), receipts, out)
    show_sent.later(console_for(asked), receipts, given.address_source())
    if not receipts and settings.datasets and not asked.quiet:
        show_sent.unplaced(console_for(asked), status(out, settings.ledger), settings)
    if asked.json:
        print_json({"uploads": [receipt.as_json() for receipt in receipts]})
    return INTERRUPTED if stop.is_set() else exit_code(receipts)
