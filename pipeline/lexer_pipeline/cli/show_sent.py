"""What a person reads of uploads; apart from the other words, so that sending does not wait for what converting needs."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console

from lexer_pipeline.cli.console import in_bytes, point_to_explain, say, table
from lexer_pipeline.model import Receipt
from lexer_pipeline.outbox.address import LedgerPlace
from lexer_pipeline.outbox.ledger import place
from lexer_pipeline.outbox.standing import DONE
from lexer_pipeline.suspicions import is_suspicion
from lexer_pipeline.system import stores
from lexer_pipeline.system.stores import Folder
from lexer_pipeline.uploading import next_steps
from lexer_pipeline.uploading.origins import DEFAULT
from lexer_pipeline.uploading.receipts import PERSON, TIME
from lexer_pipeline.uploading.settings import Settings
from lexer_pipeline.uploading.status import BatchStatus, Overview


def receipts(console: Console, found: Sequence[Receipt], out: Folder) -> None:
    """A line for each upload, with its sha256 and times where it was sent; `out` is where batches would wait."""
    if not found:
        say(console, f"Nothing waits to be sent in {out}.")
    for receipt in found:
        _receipt(console, receipt)
    if len(found) > 1:
        say(console, f"{_summed_up(found)}.")
    unplaced = [one for one in found if one.state in ("sent", "would_send") and one.dataset is None]
    if unplaced:
        one = "One of these names no dataset: a person at Lexer must place it."
        many = f"{len(unplaced):,} of these name no dataset: a person at Lexer must place them."
        say(console, one if len(unplaced) == 1 else many)


def _summed_up(found: Sequence[Receipt]) -> str:
    """How many were sent, wait, or need a person, in a sentence."""
    said = {
        "sent": sum(one.state == "sent" and not one.needs for one in found), "would be sent": sum(one.state == "would_send" for one in found),
        "waiting for the service": sum(one.needs == TIME for one in found), "waiting for you": sum(one.needs == PERSON for one in found),
    }  # fmt: skip
    listed = ", ".join(f"{count:,} {words}" for words, count in said.items() if count)
    return f"Of {len(found):,} batches: {listed}" if listed else f"{len(found):,} batches, nothing to be done"


def later(console: Console, found: Sequence[Receipt], address_from: str) -> None:
    """What was tried, where the address comes from, and what to type, where something waits for the service."""
    waiting = [one for one in found if one.needs == TIME]
    if not waiting:
        return
    usual = "the usual address" if address_from == DEFAULT else f"the address in {address_from}"
    what = "1 batch waits" if len(waiting) == 1 else f"{len(waiting):,} batches wait"
    say(console, f"{what} for {waiting[0].service} ({usual}).")
    say(
        console,
        "  lexer-pipeline doctor says what is in the way; then lexer-pipeline upload goes on from here",
    )


def _receipt(console: Console, receipt: Receipt) -> None:
    many = "record" if receipt.records == 1 else "records"
    records = "" if receipt.records is None else f"{receipt.records:,} {many}, "
    where = f"dataset {receipt.dataset}" if receipt.dataset else "no dataset"
    if receipt.state == "sent" and not receipt.reason:
        verified = "ETag verified" if receipt.verified else "ETag not verifiable"
        day = receipt.finished_at[:16].replace("T", " ")
        say(console, f"sent {receipt.name} on {day} UTC: upload {receipt.upload_id}, {where}, {records}{receipt.bytes:,} bytes, "
                     f"sha256 {receipt.sha256[:12]}…, {verified}, {receipt.seconds:.1f} s, {receipt.service}")  # fmt: skip
    elif receipt.state == "would_send":
        say(console, f"would send {receipt.name}: {receipt.reason}, {where}, {records}{receipt.bytes:,} bytes, to {receipt.service}")  # fmt: skip
    else:
        say(console, f"{receipt.state} {receipt.name or receipt.batch}: {receipt.reason}")
        if receipt.hint:
            say(console, f"  {receipt.hint}")


def unplaced(console: Console, found: Sequence[BatchStatus], settings: Settings) -> None:
    """What this service got without a dataset, where one is named now: a person says whether it goes there too."""
    sent = [
        one for one in found
        if one.state == "sent" and one.service == settings.service and one.dataset is None and one.replaced_by is None
    ]  # fmt: skip
    if sent:
        many = "One batch was" if len(sent) == 1 else f"{len(sent):,} batches were"
        say(
            console,
            f"{many} sent here without a dataset; name what is to go to the one that is named now, too:",
        )
        say(console, f"  lexer-pipeline upload --dataset ID {next_steps.shown(stores.folder(sent[-1].path))}")


def settled(console: Console, found: Sequence[Receipt]) -> None:
    """What a person decided about uploads that were in doubt."""
    for receipt in found:
        what = "counts as sent" if receipt.state == "sent" else "waits to be sent again"
        say(console, f"{receipt.name}: {what} ({receipt.service})")


def statuses(console: Console, overview: Overview, out: Folder, ledger: LedgerPlace | None) -> None:
    """What is prepared, held, sent, in doubt, where it went, which ledger says so, and how much data lies there."""
    found = overview.batches
    if not found:
        say(console, f"There is no batch in {out} yet; lexer-pipeline convert SOURCE makes one.")
        return
    names = [Path(one.path).name for one in found]
    rows = [(name, one.state, one.records, one.rejected, in_bytes(one.bytes))
            for name, one in zip(names, found, strict=True)]  # fmt: skip
    table(console, ("batch", "state", "records", "rejected", "size"), rows, (2, 3, 4))
    for name, one in zip(names, found, strict=True):
        for line in _lines(one):
            say(console, f"{name}: {line}")
        if one.hint:
            say(console, f"  {one.hint}")
    reasons = " ".join(one.reason for one in found if one.reason)
    point_to_explain(console, [word for word in reasons.split() if is_suspicion(word)])
    say(console, f"The ledger is {place(out, ledger)}.")
    if overview.data:
        each = ", ".join(f"{state} {in_bytes(size)}" for state, size in overview.data.items())
        say(console, f"Data in {out}: {each}.")
    if DONE & overview.data.keys():
        say(
            console,
            "  lexer-pipeline purge removes that of old batches which are sent, dropped, superseded or rejected",
        )


def _lines(one: BatchStatus) -> Iterator[str]:
    """What there is to say of a batch beside what stands in the table."""
    where = f"dataset {one.dataset}" if one.dataset else "no dataset"
    if one.service is not None:
        upload = f", upload {one.upload_id}" if one.upload_id else ""
        yield f"{where} at {one.service}{upload}"
    elif one.dataset:
        yield where
    if one.replaces:
        yield f"corrects {one.replaces}"
    if one.replaced_by:
        yield f"{one.replaced_by} took its place"
    if one.reason:
        yield one.reason
