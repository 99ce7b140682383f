"""What a generated file holds; apart from the generator, so that the runner starts without NumPy."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

SEED = 20240306


@dataclass(frozen=True, slots=True)
class Made:
    """What a generated file holds: rows (lines of orders, or records), records, and how many are invalid."""

    rows: int
    records: int
    invalid: int
    bytes: int


def remember(folder: Path, name: str, made: Made) -> None:
    """Write down what the file holds; its presence says that the file is whole."""
    (folder / f"{name}.facts").write_text(json.dumps(asdict(made)) + "\n")


def facts(folder: Path, name: str) -> Made:
    """What the generated file holds, as `remember` wrote it."""
    return Made(**json.loads((folder / f"{name}.facts").read_text()))
