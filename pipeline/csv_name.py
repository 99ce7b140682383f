"""Names for CSV files that are sent as they are: `{content_descriptor}-{date}-{version}.csv`."""

import re
from collections.abc import Iterator
from pathlib import Path

from pipeline.errors import PersonNeeded, UsageError

VALID = re.compile(r"[A-Za-z0-9_]+-\d{8}(-[A-Za-z0-9]+)?\.csv")


def csv_name(path: Path, descriptor: str | None, day: str, out: Path, known: frozenset[str]) -> str:
    """A name that nothing else in `out` has; a valid name of the file's own is kept.

    The folder of a new name is made here, so that another process cannot take it too.
    """
    if descriptor is None and VALID.fullmatch(path.name):
        if path.name in known:
            raise PersonNeeded(
                f"the name {path.name} was given to other content before",
                "the vendor would replace that; rename the file with a higher version",
            )
        return path.name
    if not re.fullmatch(r"\d{8}", day):
        raise UsageError("the date in a file name has the form YYYYMMDD")
    words = re.sub(r"[^A-Za-z0-9]+", "_", descriptor or path.stem).strip("_")[:100] or "export"
    start = f"{words}-{day}-"
    taken = {name.removesuffix(".csv") for name in known} | {entry.name for entry in out.iterdir()}
    versions = [name.removeprefix(start) for name in taken if name.startswith(start)]
    for version in _versions():
        if all(version > other for other in versions):
            try:
                (out / f"{start}{version}").mkdir(mode=0o700)
            except FileExistsError:
                continue
            return f"{start}{version}.csv"
    raise AssertionError("versions never end")


def _versions() -> Iterator[str]:
    prefix = ""
    while True:
        yield from (prefix + letter for letter in "abcdefghijklmnopqrstuvwxyz")
        prefix += "z"
