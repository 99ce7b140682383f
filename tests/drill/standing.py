"""What stands in a folder of batches: each file, and what the ledger says of each batch."""

import hashlib
import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

OWN = {".lock", "ledger.sqlite3", "ledger.sqlite3-journal"}
COLUMNS = "folder, file, name, version, state, content, sha256, dataset, replaces, fixes, asides"


@dataclass(frozen=True)
class Standing:
    """The files with their bytes, and the lines of the ledger."""

    files: dict[str, bytes]
    known: list[tuple[object, ...]]

    def deliveries(self) -> dict[object, list[tuple[object, ...]]]:
        """The lines of the ledger by the content of the delivery that they are parts of."""
        found: dict[object, list[tuple[object, ...]]] = {}
        for row in self.known:
            found.setdefault(row[5], []).append(row)
        return found

    def faults(self, strict: bool = True) -> list[str]:
        """What is not whole: litter, a folder that the ledger does not know or that is gone, a file that is not the one it names.

        What was to take the place of a file beside it goes when that file is written the next time.
        """
        folders = {path.split("/")[0] for path in self.files}
        known = {str(row[0]) for row in self.known}
        found = [
            f"litter: {path}"
            for path in self.files
            if not path.endswith(".tmp") and any(part.startswith(".") for part in path.split("/"))
        ]
        found += [f"not in the ledger: {name}" for name in folders - known if not name.startswith(".")]
        for row in self.known:
            folder, file, sha256 = str(row[0]), str(row[1]), row[6]
            if folder not in folders:
                found.append(f"gone: {folder}")
            elif strict and sha256 and _sha256(self.files.get(f"{folder}/{file}", b"")) != sha256:
                found.append(f"not the file that was prepared: {folder}/{file}")
            elif "manifest.json" not in {
                path.split("/")[1] for path in self.files if path.startswith(f"{folder}/")
            }:
                found.append(f"no manifest: {folder}")
        return found


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def standing(out: Path) -> Standing:
    """As it is now."""
    files = {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file() and path.name not in OWN
    }
    folders = {f"{path.name}/": b"" for path in out.glob(".*") if path.is_dir()}
    ledger = out / "ledger.sqlite3"
    if not ledger.exists():
        return Standing(files | folders, [])
    with closing(sqlite3.connect(ledger)) as connection:
        rows = connection.execute(f"SELECT {COLUMNS} FROM batches ORDER BY folder").fetchall()
    return Standing(files | folders, rows)


def records(one: Standing) -> list[str]:
    """All records of batches that may still be sent, so that one that is there twice is seen."""
    found: list[str] = []
    for row in one.known:
        if row[4] in ("prepared", "held"):
            found += one.files.get(f"{row[0]}/{row[1]}", b"").decode().splitlines()
    return sorted(json.dumps(json.loads(line)) for line in found)
