"""The command that goes on where a batch needs a person."""

import os
import shlex

from lexer_pipeline.outbox.entry import BatchState, State
from lexer_pipeline.system.store_path import StorePath
from lexer_pipeline.system.stores import Folder

COMMAND = "lexer-pipeline"
PURGED = f"{COMMAND} convert SOURCE --out ANOTHER_FOLDER makes it anew, with a ledger that does not know it as sent"


def shown(folder: Folder) -> str:
    """A folder as a person here would type it."""
    if isinstance(folder, StorePath):
        return shlex.quote(str(folder))
    path = os.path.relpath(folder)
    return shlex.quote(str(folder) if path.startswith(os.pardir) else path)


def as_is(batch: str, flags: str = "") -> str:
    """What to type for a file that waits to be sent as it is, of which the ledger does not know where it lies."""
    return f"{COMMAND} upload FILE --as-is{flags}, with the same file again; or {COMMAND} drop {batch}"


def after(state: str, folder: Folder) -> str:
    """What to type next for a batch in this state; empty where nothing is to be done."""
    batch = shown(folder)
    if state == State.IN_DOUBT:
        return f"look at Hub > Manage > Logs, then {COMMAND} settle {batch} --arrived, or --not-arrived"
    if state == State.REFUSED:
        return f"once that is put right: {COMMAND} upload --resend {batch}; or {COMMAND} drop {batch}"
    if state == State.CHANGED:
        anew = "convert its source again, which makes the file anew where nothing of it was sent"
        return f"{anew}; or {COMMAND} drop {batch}"
    if state in (BatchState.HELD, BatchState.REJECTED) and not folder.is_dir():
        return f"its folder is gone: convert its source again, which makes it anew; or {COMMAND} drop {batch}"
    if state == BatchState.HELD:
        return f"{COMMAND} convert --fix {batch}, or convert its source again with what it takes (--accept CODE, a larger --max-invalid); or {COMMAND} drop {batch}"
    if state == BatchState.REJECTED:
        return f"{COMMAND} convert --fix {batch}, or {COMMAND} drop {batch}"
    return ""
