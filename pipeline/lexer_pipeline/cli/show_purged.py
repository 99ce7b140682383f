"""What a person reads of what is removed; apart from the other words, since what is known of records needs arrays."""

from collections.abc import Sequence

from rich.console import Console

from lexer_pipeline.cli.console import in_bytes, say
from lexer_pipeline.system.stores import Folder
from lexer_pipeline.uploading.purge import Purge
from lexer_pipeline.uploading.purge_state import PurgedState
from lexer_pipeline.uploading.settings import Settings


def purged_state(console: Console, found: Sequence[PurgedState], settings: Settings, really: bool) -> None:
    """What is forgotten of the records at a destination, or would be, and what follows."""
    if not found:
        say(console, f"Nothing is known of the records at {settings.service} and these datasets.")
        return
    for one in found:
        verb = "is forgotten" if really else "would be forgotten"
        dataset = f"dataset {one.dataset}" if one.dataset else "no dataset"
        say(
            console,
            f"{one.specification} at {one.service}, {dataset}: what {one.records:,} records are {verb}",
        )
    say(
        console,
        "The next --changed sends everything there."
        if really
        else "Nothing was removed; add --yes. After that the next --changed sends everything there.",
    )


def purged(console: Console, done: Purge, out: Folder, really: bool) -> None:
    """What data is removed, or would be."""
    found = done.batches
    if done.waiting:
        sandbox = f"{done.waiting:,} of the batches in {out} were sent to a sandbox alone and wait for {done.service}: they keep their data"
        say(console, sandbox)
    for folder in done.others:
        say(
            console,
            f"{folder}: its manifest.json is broken or that of another batch, so it is left alone; remove it by hand",
        )
    if not found:
        say(console, f"Nothing in {out} is that old and may go.")
        return
    verb = "removed" if really else "would be removed"
    for state in sorted({one.state for one in found}):
        sizes = [one.bytes for one in found if one.state == state]
        batches = "1 batch" if len(sizes) == 1 else f"{len(sizes):,} batches"
        say(console, f"{state}: the data of {batches}, {in_bytes(sum(sizes))}, {verb}")
    kept = "manifests, receipts and the ledger are kept"
    if really:
        say(console, f"Purged: {in_bytes(sum(one.bytes for one in found))}; {kept}.")
    else:
        say(console, f"Add --yes to remove it for good; {kept}.")
