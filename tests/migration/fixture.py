"""An out folder as version 0.1.0 left it, ready to be worked on."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.migration.table import BATCHES

FIXTURE = Path(__file__).parent / "fixture_0_1_0"


def unpack(folder: Path) -> Path:
    """Lay everything into `folder` as it was: `exports/`, and the out folder `batches/` with its ledger, which is returned."""
    shutil.copytree(FIXTURE / "exports", folder / "exports")
    out = folder / "batches"
    shutil.copytree(FIXTURE / "batches", out)
    for batch in BATCHES:
        if batch.there:
            (out / batch.folder).mkdir(exist_ok=True)  # git keeps no empty folder
    with closing(sqlite3.connect(out / "ledger.sqlite3")) as ledger:
        ledger.executescript((FIXTURE / "ledger.sql").read_text("utf-8"))
    for path in (out, *out.rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)
    return out
