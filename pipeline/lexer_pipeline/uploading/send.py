"""From prepared batches to receipts: which batches an upload means, and where they go."""

import os
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from lexer_pipeline.model import PreparedBatch, Receipt
from lexer_pipeline.outbox import batch, ledger, workspace
from lexer_pipeline.system.runtime import Runtime
from lexer_pipeline.uploading import outgoing
from lexer_pipeline.uploading import settings as config
from lexer_pipeline.uploading.context import UploadContext, context_of
from lexer_pipeline.uploading.lexer_api import LexerApi
from lexer_pipeline.uploading.options import UploadOptions
from lexer_pipeline.uploading.scheduler import send_all
from lexer_pipeline.uploading.settings import Settings


def upload(
    batches: Sequence[PreparedBatch | Path | str] | None = None,
    out: Path | str = "batches",
    settings: Settings | None = None,
    options: UploadOptions = UploadOptions(),
    runtime: Runtime = Runtime(),
) -> tuple[Receipt, ...]:
    """Send prepared batches so that nothing is lost and nothing is sent twice; one receipt for each, in order.

    `batches` are what `prepare` returns, or their folders; None means all in the folder `out` that wait to be sent.
    The ledger in `out` remembers each step before it is taken, so calling this again, also after a crash, goes on with
    what was interrupted and leaves alone what was sent. Without `settings`, those of the environment and of
    `pipeline.toml` in the working folder hold; the token is in LEXER_UPLOAD_API_TOKEN.

        from lexer_pipeline import upload

        for receipt in upload(report.batches):
            receipt.state, receipt.upload_id, receipt.reason

    What network and service do is told by the receipts. `state` is `sent`; or `held`, `refused`, `changed` or `in_doubt`,
    where a person is needed; or `prepared`, `asked`, `granted` or `sending`, where the next call goes on. `reason` says
    why it is not `sent`.

    Raises UsageError where a setting is wrong, there is no token, or a folder holds no batch; PersonNeeded where the
    ledger, a batch folder or a receipt cannot be opened or written; ServiceUnavailable where another process has
    the ledger locked. After any exception, that of a callback too, calling this again is safe.
    """
    out = Path(out)
    settings = config.read(os.environ, Path()) if settings is None else settings
    workspace.recover(out)
    if batches is None:
        chosen = _waiting(out, options.even_held)
    else:
        chosen = [one if isinstance(one, PreparedBatch) else batch.read(Path(one)) for one in batches]
    if not chosen:
        return ()
    with closing(ledger.Ledger(out, runtime)) as opened:
        context = context_of(settings, LexerApi(settings), opened, options, runtime, len(chosen))
        return send_batches(chosen, out, context)


def send_batches(batches: Sequence[PreparedBatch], out: Path, context: UploadContext) -> tuple[Receipt, ...]:
    """Send each of these batches once, wherever the context says; one receipt for each, in order."""
    unique = {one.path.resolve(): one for one in batches}
    return send_all([outgoing.of_batch(one, out, context.service) for one in unique.values()], context)


def _waiting(out: Path, even_held: bool) -> list[PreparedBatch]:
    """What is prepared and not sent; what needs a person is among it, so that its state is told each time."""
    sent = {entry.batch for entry in ledger.entries(out) if entry.state == "sent"}
    ready = ("prepared", "held") if even_held else ("prepared",)
    return [one for one in batch.find(out) if one.manifest.state in ready and one.path.name not in sent]
