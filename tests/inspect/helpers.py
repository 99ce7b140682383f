"""Sources made by hand, and the promise that nothing of their values is ever said."""

import csv
import io
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
# Stands in every value that could be told apart, so that a value in an answer would be seen.
MARK = "qzxj"


def table(path: Path, columns: Mapping[str, Sequence[str]], delimiter: str = ",") -> Path:
    """A file with these columns."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    path.write_text(text.getvalue(), "utf-8")
    return path


def command(*words: str | Path, cwd: Path, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """`python -m lexer_pipeline WORDS...` in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "lexer_pipeline", *map(str, words)],
        cwd=cwd, input=stdin, capture_output=True, timeout=60,
        env={"PYTHONPATH": str(ROOT / "pipeline"), "PATH": "/usr/bin:/bin", "PYTHONWARNINGS": "error", "NO_COLOR": "1"},
    )  # fmt: skip


def answer(*words: str | Path, cwd: Path) -> Any:
    """What a command prints with --json."""
    done = command(*words, "--json", cwd=cwd)
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


def says_a_value(*texts: str) -> bool:
    return any(MARK in text.casefold() for text in texts)
