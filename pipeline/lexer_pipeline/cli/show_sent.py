"""What a person reads of uploads; apart from the other words, so that sending does not wait for what converting needs."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from lexer_pipeline.cli.console import say, table
from lexer_pipeline.model import Receipt
from lexer_pipeline.uploading.status import BatchStatus


def receipts(console: Console, found: Sequence[Receipt], out: Path) -> None:
    """A line for each upload, with its sha256 and times where it was sent; `out` is where batches would wait."""
    if not found:
        say(console, f"Nothing waits to be sent in {out}.")
    for receipt in found:
        if receipt.state == "sent":
            verified = "ETag verified" if receipt.verified else "ETag not verifiable"
            records = "" if receipt.records is None else f"{receipt.records:,} records, "
            say(console, f"sent {receipt.name}: upload {receipt.upload_id}, {records}{receipt.bytes:,} bytes, "
                         f"sha256 {receipt.sha256[:12]}…, {verified}, {receipt.seconds:.1f} s")  # fmt: skip
        else:
            say(console, f"{receipt.state} {receipt.name or receipt.batch}: {receipt.reason}")


def statuses(console: Console, found: Sequence[BatchStatus]) -> None:
    """What is prepared, held, sent, in doubt."""
    if not found:
        say(console, "There is no batch yet; `lexer-pipeline convert` makes one.")
        return
    names = [Path(one.path).name for one in found]
    rows = [(name, one.state, one.records, one.rejected, _size(one.bytes), one.upload_id)
            for name, one in zip(names, found, strict=True)]  # fmt: skip
    table(console, ("batch", "state", "records", "rejected", "size", "upload"), rows, (2, 3, 4))
    for name, one in zip(names, found, strict=True):
        if one.reason:
            say(console, f"{name}: {one.reason}")


def _size(count: int) -> str:
    """Bytes in three digits or four."""
    size, unit = float(count), "B"
    for larger in ("kB", "MB", "GB"):
        if size < 999.5:
            break
        size, unit = size / 1000, larger
    return f"{size:.0f} {unit}" if unit == "B" or size >= 99.95 else f"{size:.1f} {unit}"
