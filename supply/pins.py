"""The lists of pinned packages beside this file."""

import re
from pathlib import Path

FOLDER = Path(__file__).parent
LISTS = ("run", "test", "bench", "spark", "moto", "tools")
PIN = re.compile(r"^([a-z0-9-]+)==(\S+)", re.M)


def canonical(name: str) -> str:
    """The one spelling of a package's name."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pinned(name: str) -> dict[str, set[str]]:
    """The packages of a list with their versions, of which some are for some systems or Pythons only."""
    found: dict[str, set[str]] = {}
    for package, version in PIN.findall((FOLDER / f"{name}.txt").read_text("utf-8")):
        found.setdefault(package, set()).add(version)
    return found
