"""Answers for programs: one JSON object on standard output."""

import json
import sys


def print_json(value: object) -> None:
    """Print the one object that a command answers with."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stdout.flush()
