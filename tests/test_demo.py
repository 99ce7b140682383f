"""`make demo`, as a newcomer runs it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def demo(**environment: str) -> subprocess.CompletedProcess[str]:
    call = [sys.executable, "samples/demo.py"]
    settings = {**os.environ, **environment}
    return subprocess.run(
        call, cwd=ROOT, env=settings, capture_output=True, text=True, check=False, timeout=120
    )


@pytest.fixture(scope="module")
def shown() -> subprocess.CompletedProcess[str]:
    # Settings of the newcomer's own must not reach the real service, or spoil the demo.
    return demo(LEXER_DATASET_ID="mine", LEXER_UPLOAD_API_URL="http://127.0.0.1:9/", LEXER_CA_FILE="/nowhere")


def test_the_demo_ends_well_and_says_so(shown: subprocess.CompletedProcess[str]) -> None:
    assert (0, "") == (shown.returncode, shown.stderr)
    assert shown.stdout.endswith("The datasets hold what was prepared.\n")


def test_the_demo_shows_commands_receipts_and_equal_counts(shown: subprocess.CompletedProcess[str]) -> None:
    assert len(re.findall(r"^\$ lexer-pipeline run samples/", shown.stdout, re.MULTILINE)) == 3
    assert len(re.findall(r"^sent .*, ETag verified, ", shown.stdout, re.MULTILINE)) == 3
    assert '"verified": true' in shown.stdout
    counts = re.findall(r"^\w+ +\w+ +(\d+) +(\d+) +(\d+)$", shown.stdout, re.MULTILINE)
    assert len(counts) == 3
    assert all(prepared == accepted and rejected == "0" for prepared, accepted, rejected in counts)


def test_the_demo_leaves_nothing_behind(shown: subprocess.CompletedProcess[str], tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()

    assert demo(TMPDIR=str(tmp_path / "tmp")).returncode == 0
    assert list((tmp_path / "tmp").iterdir()) == []
