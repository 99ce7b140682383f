"""upload: send prepared batches."""

import argparse

from lexer_pipeline.cli import asked as given
from lexer_pipeline.cli import show_sent
from lexer_pipeline.cli.answers import print_json
from lexer_pipeline.cli.console import console_for
from lexer_pipeline.cli.exits import INTERRUPTED
from lexer_pipeline.cli.sending import stopping, watched_uploads
from lexer_pipeline.errors import UsageError
from lexer_pipeline.system.runtime import Runtime
from lexer_pipeline.uploading.as_is import upload_as_is
from lexer_pipeline.uploading.options import UploadOptions
from lexer_pipeline.uploading.receipts import exit_code
from lexer_pipeline.uploading.send import upload


def run(asked: argparse.Namespace) -> int:
    """Send what waits, or what is named."""
    if asked.name and not asked.as_is:
        raise UsageError("--name is for --as-is: a prepared batch has its name", "Leave it out.")
    settings = given.settings(asked)
    with stopping() as stop, watched_uploads(asked) as progress:
        options, runtime = UploadOptions(asked.resend, asked.even_held, progress), Runtime(stop=stop.is_set)
        if asked.as_is:
            receipts = upload_as_is(asked.batches, asked.out, settings, asked.name, options, runtime)
        else:
            receipts = upload(asked.batches or None, asked.out, settings, options, runtime)
    show_sent.receipts(console_for(asked), receipts, asked.out)
    if asked.json:
        print_json({"uploads": [receipt.as_json() for receipt in receipts]})
    return INTERRUPTED if stop.is_set() else exit_code(receipts)
