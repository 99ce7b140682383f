"""Where a batch stands as a whole, since when, and what data of it lies in its folder."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from lexer_pipeline.outbox.batch import MANIFEST, PAGE, REPORT, TRACE
from lexer_pipeline.outbox.entry import UNDER_WAY, BatchEntry, BatchState, Entry, State
from lexer_pipeline.outbox.found import RECEIPTS
from lexer_pipeline.system import files
from lexer_pipeline.system.hosts import is_loopback
from lexer_pipeline.system.store_path import StorePath
from lexer_pipeline.system.stores import Folder, on_disk

# Of several uploads of a batch, the one that is furthest from its end tells where it stands.
FURTHEST = (
    State.IN_DOUBT, State.SENDING, State.GRANTED, State.ASKED, State.CHANGED, State.REFUSED, State.PREPARED, State.SENT,
)  # fmt: skip
# Nothing is to be done with the data of these any more.
DONE = frozenset({State.SENT, BatchState.DROPPED, BatchState.SUPERSEDED, BatchState.REJECTED})
LOCK = ".lock"
KEPT = {MANIFEST, LOCK, REPORT, PAGE, TRACE}


def standing(one: BatchEntry, uploads: Sequence[Entry]) -> str:
    """The state of a batch over all services; what the sandbox of 0.1.0 had does not count."""
    states = _states(uploads)
    if one.state != BatchState.PREPARED:
        busy = states & {*UNDER_WAY, State.IN_DOUBT}
        return next((state for state in FURTHEST if state in busy), one.state)
    return next((state for state in FURTHEST if state in states), State.PREPARED)


def _states(uploads: Sequence[Entry]) -> set[str]:
    return {upload.state for upload in uploads if not is_loopback(upload.service)}


def since(one: BatchEntry, uploads: Sequence[Entry]) -> float:
    """When a batch was sent for the last time or, where it never was, made; in Unix seconds."""
    return max([one.made_at, *(upload.updated_at for upload in uploads if upload.state == State.SENT)])


def data_in(folder: Folder) -> list[Folder]:
    """What lies in the folder of a batch beside its manifest, its receipts, and its report and trace, which hold no value."""
    if not folder.is_dir():
        return []
    lying = {one.name: one for one in folder.iterdir()}
    receipts = {one.name for one in folder.glob(RECEIPTS)}
    return [lying[name] for name in sorted(lying.keys() - receipts - KEPT)]


def size_of(path: Folder) -> int:
    """The bytes of a file, or of all in a folder; what a link leads to does not count."""
    if isinstance(path, StorePath):
        return path.size()
    if path.is_symlink() or not path.is_dir():
        return path.lstat().st_size
    return sum(Path(where, name).lstat().st_size for where, _, found in os.walk(path) for name in found)


def remove_data(folder: Folder) -> None:
    """Leave what `data_in` does not name; what a link leads to stays."""
    if isinstance(folder, StorePath):
        gone = [f"{path}/" for path in data_in(folder)]
        folder.remove(one for one in folder.all_below() if f"{one}/".startswith(tuple(gone)))
        return
    for path in map(on_disk, data_in(folder)):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    files.sync_folder(folder)
