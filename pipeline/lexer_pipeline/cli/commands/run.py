"""run: convert, then upload."""

import argparse
from collections.abc import Sequence

from lexer_pipeline.cli import asked as given
from lexer_pipeline.cli import show_sent
from lexer_pipeline.cli.answers import print_json
from lexer_pipeline.cli.commands import convert
from lexer_pipeline.cli.console import console_for
from lexer_pipeline.cli.exits import INTERRUPTED
from lexer_pipeline.cli.sending import stopping, tell_receipts, watched_uploads
from lexer_pipeline.errors import UsageError
from lexer_pipeline.model import Receipt
from lexer_pipeline.outbox.entry import BatchState
from lexer_pipeline.system.runtime import Runtime
from lexer_pipeline.uploading.options import UploadOptions
from lexer_pipeline.uploading.receipts import exit_code
from lexer_pipeline.uploading.send import upload


def run(asked: argparse.Namespace) -> int:
    """Prepare batches, and send those that may be sent, after what waits of their series."""
    settings = given.settings(asked)
    if settings.token is None:
        raise UsageError(
            "there is no upload token",
            "Type lexer-pipeline login, or put it into LEXER_UPLOAD_API_TOKEN; or use convert.",
        )
    report = convert.prepared(asked)
    good = {one.specification for one in report.verdicts if one.state == BatchState.PREPARED}
    ready = [one for one in report.batches if one.manifest.specification in good]
    receipts: Sequence[Receipt] = ()
    interrupted = False
    if ready:
        with stopping(asked.log) as stop, watched_uploads(asked) as progress:
            options = UploadOptions(asked.resend, asked.older, earlier=True, progress=progress)
            receipts = upload(ready, asked.out, settings, options, Runtime(stop=stop.is_set))
        interrupted = stop.is_set()
        tell_receipts(asked.log, receipts)
        show_sent.receipts(console_for(asked), receipts, asked.out)
        show_sent.later(console_for(asked), receipts, given.address_source())
    if asked.json:
        batches = [batch.as_json() for batch in report.batches]
        print_json({"batches": batches, "uploads": [receipt.as_json() for receipt in receipts]})
    return INTERRUPTED if interrupted else exit_code(receipts) or convert.exit_code(report)
