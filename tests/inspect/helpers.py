"""Sources made by hand, and the promise that nothing of their values is ever said."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.running import command

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


def answer(*words: str | Path, cwd: Path) -> Any:
    """What a command prints with --json."""
    done = command(*words, "--json", cwd=cwd)
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


def says_a_value(*texts: str) -> bool:
    return any(MARK in text.casefold() for text in texts)
