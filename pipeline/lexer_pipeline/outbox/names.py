"""Stage: file names as the vendor's page "Providing JSON data" asks: {specification_name}-{date}-{version}.json."""

import re
from collections.abc import Iterable
from datetime import date as day
from pathlib import Path

from lexer_pipeline.errors import PersonNeeded, UsageError

FILE_NAME = re.compile(
    r"(?P<first>[A-Za-z0-9_]+)-(?P<date>[0-9]{8})(?:-(?P<version>[A-Za-z0-9_-]+))?\.(?:json|csv)"
)
PART = re.compile(r"_part_[0-9]{2,}$")
DATE = re.compile(r"[0-9]{8}")
VERSION = re.compile(r"[A-Za-z0-9_-]+")


def batch_names(first: str, date: str, version: str, parts: int) -> list[str]:
    """The names (without ending) of the parts of one delivery.

    Parts differ before the date, since a file of the same first part and date but a higher version would replace
    another at the vendor's.
    """
    if parts == 1:
        return [f"{first}-{date}-{version}"]
    width = max(2, len(str(parts)))
    return [f"{first}_part_{number:0{width}}-{date}-{version}" for number in range(1, parts + 1)]


def choose_version(first: str, date: str, known: Iterable[str]) -> str:
    """The next version after all that `known` file names have for this first part and date."""
    latest = ""
    for name in known:
        match = FILE_NAME.fullmatch(name)
        if match and match["date"] == date and PART.sub("", match["first"]) == first:
            latest = max(latest, match["version"] or "")
    return _first_above(latest)


def _first_above(latest: str) -> str:
    """The first of the versions that comes after `latest` in plain string order."""
    version = "a"
    while version <= latest:
        version = next_version(version)
    return version


def next_version(version: str) -> str:
    """a, b, ... z, za, zb, ...: plain string order stays the order of the versions."""
    return version + "a" if version.endswith("z") else version[:-1] + chr(ord(version[-1]) + 1)


def check_date(date: str) -> str:
    """`date` if it is a day in basic form, as the vendor's examples write it."""
    try:
        if DATE.fullmatch(date) and day.fromisoformat(date):
            return date
    except ValueError:
        pass  # eight digits that the calendar does not have
    raise UsageError("--date is not a day in the form YYYYMMDD", "Write it as in 20240306.")


def check_version(version: str) -> str:
    """`version` if file names may hold it."""
    if not VERSION.fullmatch(version):
        raise UsageError("--version may hold letters, digits, _ and - alone", "Use a, b, c, ...")
    return version


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
    words = re.sub(r"[^A-Za-z0-9]+", "_", descriptor or path.stem).strip("_")[:100] or "export"
    start = f"{words}-{day}-"
    taken = {name.removesuffix(".csv") for name in known} | {entry.name for entry in out.iterdir()}
    version = _first_above(
        max((name.removeprefix(start) for name in taken if name.startswith(start)), default="")
    )
    while True:
        try:
            (out / f"{start}{version}").mkdir(mode=0o700)
        except FileExistsError:
            version = next_version(version)
        else:
            return f"{start}{version}.csv"
