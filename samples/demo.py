"""From exports to receipts, on three samples, against a sandbox on this machine: what `make demo` shows.

Nothing leaves the machine, and nothing stays: all of it happens in a temporary folder. It ends with 1 if the
datasets do not hold what was prepared.
"""

import json
import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from lexer_pipeline.errors import PipelineError  # noqa: E402
from lexer_pipeline.sandbox.server import Sandbox  # noqa: E402

STEPS = (
    (
        "An export of a shop: each line of an order is a row of its own, and rows of one order become one record.",
        "run samples/commerce_purchases/good_csv_rows_of_one_record/input.csv --spec purchase --dataset orders",
    ),
    (
        "Customers from a spreadsheet, most of them wrong. --max-invalid sends the few that are right all the same.",
        "run samples/profile_customer/dirty_csv/input.csv --spec customer_record --dataset customers --max-invalid 100%",
    ),
    (
        "E-mails that bounced, as NDJSON, packed with gzip.",
        "run samples/marketing_email_bounce/good_ndjson_gz/input.ndjson.gz --spec email_bounce --dataset bounces",
    ),
    ("What was sent is known, so a second upload sends nothing.", "upload"),
    ("Everything at a glance.", "status"),
)


def main() -> int:
    """Run the demo."""
    with tempfile.TemporaryDirectory(prefix="lexer-pipeline-") as name:
        folder = Path(name)
        # Seen from here the paths of the samples are those that one would type in the project's folder.
        (folder / "samples").symlink_to(ROOT / "samples")
        try:
            with Sandbox(folder / ".sandbox") as sandbox:
                say(f"A sandbox of the upload API listens on {sandbox.url}, for this machine alone.")
                is_shown = show(folder, environment(sandbox))
                return compare(sandbox, folder) if is_shown else 1
        except PipelineError as problem:
            say(f"error: {problem.message} {problem.hint}")
            return problem.exit_code


def show(folder: Path, settings: dict[str, str]) -> bool:
    """Every step as one would type it, and a receipt; False if one of them fails."""
    for words, command in STEPS:
        say(f"\n# {words}\n$ lexer-pipeline {command}")
        done = subprocess.run(
            [sys.executable, "-m", "lexer_pipeline", *shlex.split(command)],
            env=settings,
            cwd=folder,
            check=False,
        )
        if done.returncode:
            say(f"\nThis ended with exit code {done.returncode}, which the demo did not expect.")
            return False
    receipt = min((folder / "batches").glob("*/receipt.json"))
    say(f"\n# A receipt lies in the folder of each batch.\n$ cat {receipt.relative_to(folder)}")
    say(receipt.read_text("utf-8").rstrip())
    return True


def environment(sandbox: Sandbox) -> dict[str, str]:
    """The caller's, without settings of his own, and with those of the sandbox."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("LEXER_")}
    return {
        **kept,
        "PYTHONPATH": str(ROOT / "pipeline"),
        "LEXER_UPLOAD_API_URL": sandbox.url,
        "LEXER_UPLOAD_API_TOKEN": sandbox.new_token("demo"),
    }


def compare(sandbox: Sandbox, folder: Path) -> int:
    """The datasets beside the manifests; 1 if they differ."""
    if not sandbox.wait_loaded(30):
        say("\nThe sandbox did not load the files in time.")
        return 1
    manifests: dict[str, Any] = {}
    for path in (folder / "batches").glob("*/manifest.json"):
        manifest = json.loads(path.read_bytes())
        manifests[manifest["record_type"]] = manifest
    say("\n# The datasets, as the sandbox counts what arrived, beside what was prepared.")
    say(f"{'dataset':<12}{'record type':<18}{'prepared':>10}{'accepted':>10}{'rejected':>10}")
    seen = set()
    for one in sandbox.datasets():
        prepared = manifests[one["record_type"]]["records"]
        seen.add((prepared, 0) == (one["accepted"], one["rejected"]))
        say(
            f"{one['name']:<12}{one['record_type']:<18}{prepared:>10,}{one['accepted']:>10,}{one['rejected']:>10,}"
        )
    is_same = seen == {True} and len(sandbox.datasets()) == len(manifests)
    say(
        "\nThe datasets hold what was prepared."
        if is_same
        else "\nThe datasets differ from what was prepared."
    )
    return 0 if is_same else 1


def say(text: str) -> None:
    """Print in the order in which things happen, also beside the commands' own output."""
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
