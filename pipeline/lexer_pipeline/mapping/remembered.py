"""Which mapping was used with success for which header, remembered in the folder of prepared batches."""

import hashlib
import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from lexer_pipeline.errors import PipelineError
from lexer_pipeline.specs.names import normalised
from lexer_pipeline.system import files
from lexer_pipeline.system.stores import Folder

FILE = "mappings.json"


class Remembered(Struct, frozen=True):
    """The mapping that was confirmed for a header; `trouble` says why it cannot be used now, if it cannot."""

    path: Path
    trouble: str = ""


def remember(out: Folder, header: Sequence[str], mapping: Path) -> None:
    """Note that a mapping file fits exports with this header, in place of one noted before."""
    path = mapping.resolve()
    known = _read(out)
    # A delivery that is prepared does not fail because nothing could be noted.
    with suppress(OSError, PipelineError):
        entry = {"mapping": str(path), "sha256": files.sha256_of(path)}
        if known.get(_fingerprint(header)) != entry:
            files.make_folder(out)
            files.write_json(out / FILE, {**known, _fingerprint(header): entry})


def recall(out: Folder, header: Sequence[str]) -> Remembered | None:
    """The mapping noted for exports with this header; one that has gone or changed comes with the trouble."""
    entry = _read(out).get(_fingerprint(header))
    if not isinstance(entry, dict) or not isinstance(entry.get("mapping"), str):
        return None
    path = Path(entry["mapping"])
    try:
        sha256 = files.sha256_of(path)
    except OSError:
        return Remembered(path, "has gone")
    return Remembered(path, "" if sha256 == entry.get("sha256") else "has changed since it was used")


def _fingerprint(header: Sequence[str]) -> str:
    """The header without case, punctuation and order, so that the file shows no name of a column."""
    return hashlib.sha256("\x1f".join(sorted(map(normalised, header))).encode()).hexdigest()


def _read(out: Folder) -> dict[str, object]:
    """What was noted; a file that cannot be read remembers nothing, since it only saves typing."""
    try:
        known = json.loads((out / FILE).read_bytes())
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}
